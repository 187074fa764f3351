"""/dataset: create, import, split, describe, preview and delete datasets."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, request
from pydantic import Field

from paddlex_restful.api.arguments import PartOfList, one_of
from paddlex_restful.api.calls import Arguments, FilePart, call
from paddlex_restful.api.kept import kept_answer
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.dataset import (
    AllDatasets,
    CreatedDataset,
    DatasetDetails,
    OneDataset,
    PartOfDatasets,
    Preview,
)
from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.errors import UserError
from paddlex_restful.messages import upload as sentences
from paddlex_restful.services import Services, datasets, previews, uploads, versions
from paddlex_restful.services.attributes import DESC_LENGTH, NAME_LENGTH

blueprint = Blueprint("dataset", __name__)

DID = "id of a dataset, such as D0001"


class CreateDataset(Arguments):
    """Arguments of POST /dataset."""

    name: str = Field(max_length=NAME_LENGTH, description="what to call the dataset")
    desc: str = Field("", max_length=DESC_LENGTH, description="a description")
    dataset_type: str = Field(description="what its images are for", json_schema_extra=one_of(*TRAINABLE_TYPES))


@call(blueprint, "POST", "/dataset", CreatedDataset)
def create(args: CreateDataset, services: Services) -> dict[str, Any]:
    """Creates an empty dataset."""
    return {"did": datasets.create(services, args.name, args.desc, args.dataset_type)}


class GetDataset(PartOfList):
    """Arguments of GET /dataset; none asks for all datasets."""

    did: str | None = Field(None, description=DID)


@call(blueprint, "GET", "/dataset", OneDataset, AllDatasets, PartOfDatasets)
def get(args: GetDataset, services: Services) -> dict[str, Any]:
    """One dataset and its status, or all of them."""
    if args.did is None:
        return kept_answer("datasets", args, services, lambda: datasets.list_all(services, args.selection))
    with until_changed(versions.of_entry, services, args.did):
        return datasets.get(services, args.did)


class ImportDataset(Arguments):
    """Arguments of PUT /dataset."""

    did: str = Field(description=DID)
    path: str | None = Field(None, description="absolute path of a folder on the server")
    upload_id: str | None = Field(None, description="in place of path: an archive that POST and PUT /upload have taken")
    link: bool = Field(False, description="of a folder: hard-link the files instead of copying them")


_ARCHIVE = FilePart("in place of path: a zip, tar or tar.gz archive of the folder")


@call(blueprint, "PUT", "/dataset", Nothing, body="form", files={"archive": _ARCHIVE})
def import_dataset(args: ImportDataset, services: Services) -> None:
    """Starts to check a folder of the server, or an archive of one, and to copy it into a dataset."""
    archives = _sent("archive")
    sources = (args.path is not None) + (args.upload_id is not None) + len(archives)
    if sources != 1:
        raise UserError(sentences.ONE_SOURCE)
    if args.link and args.path is None:
        raise UserError(sentences.LINK_NEEDS_PATH)
    if archives:
        uploads.import_archive(services, args.did, archives[0])
    elif args.upload_id is not None:
        uploads.import_upload(services, args.did, args.upload_id)
    elif args.path is not None:
        datasets.import_folder(services, args.did, args.path, args.link)


class AddImages(Arguments):
    """Arguments of PUT /dataset/images."""

    did: str = Field(description=DID)
    label: str | None = Field(None, description="in classification: the class of all the images; it may be a new one")


_IMAGES = FilePart("images, by the names that they are to have", many=True)
_ANNOTATIONS = FilePart(
    "except in classification: an .xml (detection) or .png (segmentation) file for each image and named like it, "
    "or one COCO file",
    many=True,
)


@call(
    blueprint,
    "PUT",
    "/dataset/images",
    Nothing,
    body="form",
    files={"images": _IMAGES, "annotations": _ANNOTATIONS},
)
def add_images(args: AddImages, services: Services) -> None:
    """Starts to add images to a dataset that is not split yet; it stays as it is if anything is wrong with them."""
    uploads.add_images(services, args.did, _sent("images"), args.label, _sent("annotations"))


def _sent(name: str) -> list[uploads.SentFile]:
    """The files of this name in the form of the request."""
    return [uploads.SentFile(file.filename or "", file.stream) for file in request.files.getlist(name)]


class DeleteDataset(Arguments):
    """Arguments of DELETE /dataset."""

    did: str = Field(description=DID)


@call(blueprint, "DELETE", "/dataset", Nothing)
def delete(args: DeleteDataset, services: Services) -> None:
    """Deletes a dataset that no project uses."""
    datasets.delete(services, args.did)


class SplitDataset(Arguments):
    """Arguments of PUT /dataset/split."""

    did: str = Field(description=DID)
    val_split: float = Field(description="share of the images for validation, such as 0.2")
    test_split: float = Field(description="share of the images for the test, such as 0.1")


@call(blueprint, "PUT", "/dataset/split", Nothing)
def split(args: SplitDataset, services: Services) -> None:
    """Divides an imported dataset into training, validation and test images."""
    datasets.split(services, args.did, args.val_split, args.test_split)


class GetDetails(Arguments):
    """Arguments of GET /dataset/details."""

    did: str = Field(description=DID)


@call(blueprint, "GET", "/dataset/details", DatasetDetails)
def details(args: GetDetails, services: Services) -> dict[str, Any]:
    """Files, labels and split of a dataset; null before its import."""
    return {"details": datasets.details(services, args.did)}


class GetPreview(Arguments):
    """Arguments of GET /dataset/preview."""

    did: str = Field(description=DID)
    tid: str | None = Field(
        None, description="id of a task of the same type whose parameters apply; by default those of the type"
    )
    n: int = Field(4, ge=1, le=previews.MOST_IMAGES, description="how many images")
    seed: int | None = Field(
        None, ge=0, le=previews.MOST_SEED, description="chooses the images and the changes; by default others each time"
    )


@call(blueprint, "GET", "/dataset/preview", Preview)
def preview(args: GetPreview, services: Services) -> dict[str, Any]:
    """Training images as a training would see them, changed at random, with their labels."""
    seed, drawn = previews.preview(services, args.did, args.tid, args.n, args.seed)
    samples = [{"image": image, "img_data": base64.b64encode(picture).decode("ascii")} for image, picture in drawn]
    return {"samples": samples, "seed": seed}

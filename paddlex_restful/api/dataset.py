"""/dataset: create, import, split, describe, preview and delete datasets."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import PartOfList, one_of
from paddlex_restful.api.calls import Arguments, call
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
from paddlex_restful.services import Services, datasets, previews
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
        return args.answer("datasets", datasets.list_all(services, args.selection))
    return datasets.get(services, args.did)


class ImportDataset(Arguments):
    """Arguments of PUT /dataset."""

    did: str = Field(description=DID)
    path: str = Field(description="absolute path of a folder on the server")
    link: bool = Field(False, description="hard-link the files instead of copying them")


@call(blueprint, "PUT", "/dataset", Nothing)
def import_folder(args: ImportDataset, services: Services) -> None:
    """Starts to check a folder of the server and to copy it into a dataset."""
    datasets.import_folder(services, args.did, args.path, args.link)


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

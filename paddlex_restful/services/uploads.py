"""Uploads: archives in chunks, and archives and images that come in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, NamedTuple

from paddlex_restful import datasets as formats
from paddlex_restful.datasets import coco, pairing
from paddlex_restful.datasets.adding import ADDED_COCO
from paddlex_restful.datasets.source import RESERVED, is_image
from paddlex_restful.datasets.store import load_split, load_statistics
from paddlex_restful.enums import DatasetStatus, ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import upload as sentences
from paddlex_restful.paths import readable
from paddlex_restful.services import Services, datasets
from paddlex_restful.uploads import CONTENT, HOME, Upload
from paddlex_restful.workspace import workspace_pb2 as pb

_LONGEST_NAME = 255


class SentFile(NamedTuple):
    """A file of a form: the name that the client gave it, and its bytes."""

    name: str
    content: IO[bytes]


def in_use(services: Services) -> Mapping[str, str]:
    """The uploads that are being imported: id → dataset."""
    active = [job for job in services.jobs.active() if "upload" in job.args]
    return {PurePosixPath(job.args["upload"]).name: job.subject for job in active}


def begin(services: Services, name: str, size: int, sha256: str) -> Upload:
    """Begins an upload in chunks."""
    return services.uploads.begin(readable(name), size, sha256.lower(), in_use(services))


def delete(services: Services, upload_id: str) -> None:
    """Removes an upload that is not being imported."""
    with services.gate:
        services.uploads.get(upload_id)
        _refuse_in_use(services, upload_id)
        services.uploads.remove(upload_id)


def import_upload(services: Services, did: str, upload_id: str) -> Job:
    """Starts to unpack and check an archive that was uploaded in chunks; what the dataset held before is replaced.

    The upload is removed when its images are in the dataset. If they are not, it stays until it counts as abandoned:
    the disk may have been full, or the dataset of another type.
    """
    services.workspace.dataset(did)
    with services.gate:
        upload = services.uploads.get(upload_id)
        if not upload.complete:
            raise UserError(sentences.INCOMPLETE, name=upload.name, offset=upload.offset, size=upload.size)
        _refuse_in_use(services, upload_id)
        return datasets.start_import(services, did, _archive(upload))


def import_archive(services: Services, did: str, file: SentFile) -> Job:
    """Starts to unpack and check an archive that came with the request; it is removed after a failure, too."""
    services.workspace.dataset(did)
    datasets.refuse_while_used(services, did)
    upload = services.uploads.hold(readable(file.name), [file.content], in_use(services))
    try:
        folder = services.uploads.folder(upload.id)
        (folder / "0").rename(folder / CONTENT)
        return datasets.start_import(services, did, {**_archive(upload), "once": True})
    except BaseException:
        services.uploads.remove(upload.id)
        raise


def _archive(upload: Upload) -> dict[str, str]:
    return {"upload": f"{HOME}/{upload.id}", "name": upload.name, "sha256": upload.sha256}


def _refuse_in_use(services: Services, upload_id: str) -> None:
    if did := in_use(services).get(upload_id):
        raise UserError(sentences.IN_USE, name=services.uploads.get(upload_id).name, did=did)


def add_images(
    services: Services, did: str, images: Sequence[SentFile], label: str | None, annotations: Sequence[SentFile]
) -> Job:
    """Starts to add images to a dataset that is not split; it stays as it is unless all of it is sound with them.

    Args:
        services: of the server.
        did: the dataset, which may be empty.
        images: the images.
        label: in classification the class of all of them, which may be a new one.
        annotations: otherwise their annotations.
    """
    dataset = services.workspace.dataset(did)
    _refuse_to_add(services, dataset)
    paths = _paths(services, dataset, images, label, annotations)
    files = [*images, *annotations]
    upload = services.uploads.hold(f"images of {did}", [file.content for file in files], in_use(services))
    try:
        with services.gate:
            # All of it again: the dataset may have been split, or have got the same images meanwhile.
            dataset = services.workspace.dataset(did)
            holds = _refuse_to_add(services, dataset)
            paths = _paths(services, dataset, images, label, annotations)
            added = {path: str(number) for number, path in enumerate(paths)}
            source = {"upload": f"{HOME}/{upload.id}", "added": added, "holds": holds, "once": True}
            return datasets.start_import(services, did, source)
    except BaseException:
        services.uploads.remove(upload.id)
        raise


def _refuse_to_add(services: Services, dataset: pb.Dataset) -> bool:
    """Whether the dataset holds images to which others can be added.

    Raises:
        UserError: none can be added to it now.
    """
    datasets.refuse_while_used(services, dataset.id)
    state = datasets.state(services, dataset)
    folder = services.workspace.folder(dataset)
    if state is DatasetStatus.XSPLITED or load_split(folder) is not None:
        raise UserError(sentences.SPLIT_ALREADY, did=dataset.id)
    if state is DatasetStatus.XCOPYDONE:
        datasets.ensure_described(services, dataset)
    return formats.details(folder) is not None


def _paths(
    services: Services,
    dataset: pb.Dataset,
    images: Sequence[SentFile],
    label: str | None,
    annotations: Sequence[SentFile],
) -> list[str]:
    """Where the files go in the dataset, images first.

    Raises:
        UserError: a file has no place there, or one that is taken.
    """
    if not images:
        raise UserError(sentences.NO_IMAGES)
    folder = services.workspace.folder(dataset)
    present = load_statistics(folder).file_info if formats.details(folder) is not None else {}
    if dataset.type == ProjectType.CLASSIFICATION:
        paths = [f"{_checked_label(label, annotations)}/{_image_name(image)}" for image in images]
    else:
        if label is not None:
            raise UserError(sentences.LABEL_NOT_WANTED, type=dataset.type)
        paths = [f"{pairing.IMAGES}/{_image_name(image)}" for image in images]
        paths += _annotation_paths(dataset.type, present, annotations)
    taken = {path.casefold() for pair in present.items() for path in pair}
    seen: set[str] = set()
    for path in paths:
        folded = path.casefold()
        if folded in taken:
            raise UserError(sentences.EXISTS, path=readable(path))
        if folded in seen:
            raise UserError(sentences.TWICE, path=readable(path))
        seen.add(folded)
    return paths


def _annotation_paths(type: str, present: Mapping[str, str], annotations: Sequence[SentFile]) -> list[str]:
    kinds = _kinds(type, present)
    told = sentences.KINDS["".join(kinds)]
    if not annotations:
        raise UserError(sentences.NO_ANNOTATIONS, kind=told)
    names = [_name(file) for file in annotations]
    suffixes = {PurePosixPath(name).suffix.lower() for name in names}
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in kinds or len(suffixes) > 1 or (suffix == ".json" and len(names) > 1):
            raise UserError(sentences.WRONG_ANNOTATION, name=readable(name), kind=told)
    return [ADDED_COCO] if suffixes == {".json"} else [f"{pairing.ANNOTATIONS}/{name}" for name in names]


def _kinds(type: str, present: Mapping[str, str]) -> list[str]:
    """The endings of the annotations that a dataset of this type takes, after those that it has."""
    if type == ProjectType.SEGMENTATION:
        return [".png"]
    if type == ProjectType.INSTANCE_SEGMENTATION or coco.ANNOTATIONS_FILE in present.values():
        return [".json"]
    return [".xml"] if present else [".xml", ".json"]


def _checked_label(label: str | None, annotations: Sequence[SentFile]) -> str:
    if annotations:
        raise UserError(sentences.ANNOTATIONS_NOT_WANTED)
    if label is None:
        raise UserError(sentences.NO_LABEL)
    label = label.strip()
    if not _is_name(label) or label in RESERVED:
        raise UserError(sentences.BAD_LABEL, label=readable(label))
    return label


def _image_name(file: SentFile) -> str:
    name = _name(file)
    if not is_image(name):
        raise UserError(sentences.NOT_AN_IMAGE, name=readable(name))
    return name


def _name(file: SentFile) -> str:
    """The last part of a name, which some clients send with its folders."""
    name = file.name.replace("\\", "/").rpartition("/")[2]
    if not _is_name(name):
        raise UserError(sentences.BAD_NAME, name=readable(name) or "''")
    return name


def _is_name(text: str) -> bool:
    """Whether it can be the name of a file or folder on any disk, and is no hidden one."""
    fits = len(text.encode("utf-8", "replace")) <= _LONGEST_NAME
    return bool(text) and fits and text.isprintable() and not text.startswith(".") and not set(text) & set("/\\:")

"""Datasets: create, list, import, split, describe, delete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddlex_restful import datasets as formats
from paddlex_restful.datasets.figures import Figures
from paddlex_restful.datasets.store import load_statistics
from paddlex_restful.diskspace import Disk
from paddlex_restful.enums import TRAINABLE_TYPES, DatasetStatus, ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import dataset as sentences
from paddlex_restful.messages import project as project_sentences
from paddlex_restful.paths import readable
from paddlex_restful.services import Services, status
from paddlex_restful.services.listing import ALL, Listed, Selection
from paddlex_restful.workspace import workspace_pb2 as pb

_IMPORTED = (DatasetStatus.XCOPYDONE, DatasetStatus.XSPLITED)


def checked_type(name: str, argument: str) -> str:
    """The project type of this name; also for datasets, which have the same types.

    Args:
        name: as a client gave it.
        argument: what the client calls it.

    Raises:
        UserError: no such type, or one that is not supported.
    """
    if name == ProjectType.REMOTE_SEGMENTATION:
        raise UserError(project_sentences.REMOTE_SEGMENTATION)
    if name not in TRAINABLE_TYPES:
        raise UserError(
            project_sentences.UNKNOWN_TYPE, argument=argument, type=readable(name), types=", ".join(TRAINABLE_TYPES)
        )
    return name


def create(services: Services, name: str, desc: str, dataset_type: str) -> str:
    """Makes an empty dataset and returns its id."""
    return services.workspace.create_dataset(name, desc, checked_type(dataset_type, "dataset_type"))


def get(services: Services, did: str) -> dict[str, Any]:
    """One dataset, with the projects that are bound to it."""
    dataset = services.workspace.dataset(did)
    job = services.jobs.latest(did, "import")
    state, words = status.dataset_status(dataset, job, services.jobs.progress)
    message: Any = words
    if state is DatasetStatus.XCOPYING and job is not None:
        message = {"pid": job.pid, "percent": services.jobs.progress(job).get("percent", 0.0)}
    pids = [project.id for project in services.workspace.projects_of(did)]
    return {
        "id": did,
        "dataset_status": int(state),
        "message": message,
        "attr": {**_attributes(services, dataset), "pids": pids},
    }


def list_all(services: Services, selection: Selection = ALL) -> Listed:
    """The selected datasets."""
    return selection.apply(services.workspace.datasets(), lambda dataset: _listed(services, dataset))


def search(services: Services, text: str, dataset_type: str | None, selection: Selection) -> Listed:
    """The selected ones of the datasets of a type whose id, name or description holds a text, in any case of letters.

    Args:
        services: of the server.
        text: empty for all.
        dataset_type: None for all types.
        selection: which of those.
    """
    wanted = text.strip().casefold()
    found = [
        dataset
        for dataset in services.workspace.datasets()
        if dataset_type in (None, dataset.type)
        and any(wanted in field.casefold() for field in (dataset.id, dataset.name, dataset.desc))
    ]
    return selection.apply(found, lambda dataset: _listed(services, dataset))


def image_count(services: Services, did: str) -> int:
    """How many images a dataset holds."""
    dataset = services.workspace.dataset(did)
    if not has_images(services, dataset):
        return 0
    job = services.jobs.latest(did, "import")
    if job is not None and job.result is not None and "images" in job.result:
        return int(job.result["images"])
    ensure_described(services, dataset)
    return len(load_statistics(services.workspace.folder(dataset)).file_info)


def _listed(services: Services, dataset: pb.Dataset) -> dict[str, Any]:
    state, message = _status(services, dataset)
    attributes = {**_attributes(services, dataset), "dataset_status": int(state), "message": message}
    return {"id": dataset.id, "attr": attributes}


def _attributes(services: Services, dataset: pb.Dataset) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "name": dataset.name,
        "desc": dataset.desc,
        "type": dataset.type,
        "path": str(services.workspace.folder(dataset)),
        "create_time": dataset.create_time,
    }


def import_folder(services: Services, did: str, source: str, link: bool = False) -> Job:
    """Starts to check and copy a folder of the server into a dataset; what the dataset held before is replaced.

    Args:
        services: of the server.
        did: the dataset.
        source: absolute path of the folder.
        link: hard-link the files in place of copying them.
    """
    workspace = services.workspace
    workspace.dataset(did)
    if not Path(source).is_absolute():
        raise UserError(sentences.SOURCE_RELATIVE, path=readable(source) or "''")
    Disk(workspace.root, services.config.min_free).require()
    folder = formats.check_source(services.roots.to_read(source), workspace.root)
    return start_import(services, did, {"source": str(folder), "link": link})


def start_import(services: Services, did: str, source: Mapping[str, Any]) -> Job:
    """Starts the job that imports images into a dataset.

    Args:
        services: of the server.
        did: the dataset.
        source: those of the job's arguments that say where the images come from.
    """
    workspace = services.workspace
    with services.gate:
        # Looked up here: an import into a dataset that was deleted meanwhile would make its folder anew.
        dataset = workspace.dataset(did)
        refuse_while_used(services, did)
        if dataset.split:
            workspace.update(did, split=False)
        target = workspace.folder(dataset)
        place = {"did": did, "type": dataset.type, "target": workspace.relative(target)}
        args = {**place, **source, "min_free": services.config.min_free}
        return services.jobs.submit("import", did, job_folder(target, "import"), args)


def split(services: Services, did: str, val_split: float, test_split: float) -> None:
    """Divides an imported dataset into training, validation and test images, anew if it was divided before."""
    with services.gate:
        dataset = services.workspace.dataset(did)
        refuse_while_used(services, did)
        require_imported(services, dataset)
        formats.split(services.workspace.folder(dataset), dataset.type, val_split, test_split)
        if not dataset.split:
            services.workspace.update(did, split=True)


def details(services: Services, did: str) -> dict[str, Any] | None:
    """Files, labels and split of a dataset; None before its import."""
    dataset = services.workspace.dataset(did)
    if not has_images(services, dataset):
        return None
    ensure_described(services, dataset)
    return formats.details(services.workspace.folder(dataset))


def figures(services: Services, did: str) -> Figures:
    """What the images and labels of an imported dataset are like. The result is shared: do not change it.

    Raises:
        UserError: it holds no images, or some have become unreadable.
    """
    dataset = services.workspace.dataset(did)
    require_imported(services, dataset)
    return formats.figures(services.workspace.folder(dataset), dataset.type)


def has_images(services: Services, dataset: pb.Dataset) -> bool:
    """Whether a dataset has been imported."""
    return state(services, dataset) in _IMPORTED


def ensure_described(services: Services, dataset: pb.Dataset) -> None:
    """Describes an imported dataset in our form, if it is not yet: what the original server left, the first time.

    Raises:
        UserError: its files cannot be used.
    """
    folder = services.workspace.folder(dataset)
    if formats.described(folder):
        return
    with services.gate:
        # Looked at again: it may have been described, deleted or imported anew meanwhile.
        if has_images(services, dataset) and not formats.described(folder):
            formats.rebuild(folder, dataset.type)


def delete(services: Services, did: str) -> None:
    """Removes a dataset and its files; refused while a project is bound to it or an import runs."""
    workspace = services.workspace
    with services.gate:
        workspace.dataset(did)
        bound = [project.id for project in workspace.projects_of(did)]
        if bound:
            raise UserError(sentences.STILL_BOUND, did=did, pids=", ".join(bound))
        if services.jobs.active(did):
            raise UserError(sentences.IMPORT_RUNS, did=did)
        leftover = workspace.take_out(did)
        services.jobs.forget(did)
    workspace.clear(leftover)


def require_imported(services: Services, dataset: pb.Dataset) -> DatasetStatus:
    """Status of a dataset that holds images; they are described when this returns.

    Raises:
        UserError: it holds none.
    """
    state, message = _status(services, dataset)
    if state not in _IMPORTED:
        raise UserError(sentences.NOT_IMPORTED, did=dataset.id, state=message)
    ensure_described(services, dataset)
    return state


def state(services: Services, dataset: pb.Dataset) -> DatasetStatus:
    """The status of a dataset."""
    return _status(services, dataset)[0]


def _status(services: Services, dataset: pb.Dataset) -> tuple[DatasetStatus, str]:
    job = services.jobs.latest(dataset.id, "import")
    return status.dataset_status(dataset, job, services.jobs.progress)


def refuse_while_used(services: Services, did: str) -> None:
    """Refuses while an import runs into the dataset, or a job works with it."""
    if services.jobs.active(did):
        raise UserError(sentences.IMPORT_RUNS, did=did)
    for project in services.workspace.projects_of(did):
        for task in services.workspace.tasks_of(project.id):
            for job in services.jobs.active(task.id):
                raise UserError(sentences.IN_USE, did=did, tid=task.id, kind=job.kind)

"""Saved models (to start other trainings from) and the list of exported ones."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import CHECKPOINT_FILES, is_complete
from paddlex_restful.durable import sync, sync_folder, write_durably
from paddlex_restful.enums import ExportedModelType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import model as sentences
from paddlex_restful.paths import confine, readable
from paddlex_restful.services import Services, datasets, evaluation, exported, tasks
from paddlex_restful.services.listing import ALL, Listed, Selection
from paddlex_restful.services.roots import Roots
from paddlex_restful.workspace import workspace_pb2 as pb

_DETAILS = "details.json"
_EXPORT_MARK = "inference.yml"
_FACTS = "export"
"""Under this key the details of an exported model tell what its files told."""


def save_pretrained(services: Services, pid: str, tid: str, name: str, source_path: str, eval_results: Any) -> str:
    """Keeps a checkpoint as a model of its own and returns its id.

    Args:
        services: of the server.
        pid: the project of the task.
        tid: the task that was trained.
        name: what to call the model.
        source_path: a checkpoint folder of the workspace, such as ``output/best_model`` of the task.
        eval_results: figures to keep with it; None takes those of the task's evaluation.
    """
    with services.gate:
        task, project = _task_of(services, pid, tid)
        # A training replaces its checkpoints; what is copied meanwhile might be of two.
        tasks.refuse_while_busy(services, tid, "train")
        source = confine(source_path, services.workspace.root)
        if not is_complete(source):
            raise UserError(sentences.NOT_A_CHECKPOINT, path=source_path)
        params = _params(services, task)
        details = _describe(services, project, task, params, eval_results)
        entry = {"name": name, "model": _model(params), "type": project.type, "pid": pid, "tid": tid}
        try:
            with _copied(services, source, details) as beside:
                return _publish(services, beside, entry)
        except OSError as error:
            raise UserError(sentences.COPY_FAILED, path=source_path, reason=os.strerror(error.errno or 0)) from error


@contextmanager
def _copied(services: Services, source: Path, details: dict[str, Any]) -> Iterator[Path]:
    """A hidden folder with the whole model, before anyone is told of it; it vanishes when the block ends.

    Raises:
        OSError: it cannot be written.
    """
    home = services.workspace.root / "pretrain"
    with tempfile.TemporaryDirectory(prefix=".", suffix=".new", dir=home, ignore_cleanup_errors=True) as folder:
        beside = Path(folder)
        for name in CHECKPOINT_FILES:
            if (source / name).is_file():
                _link_or_copy(confine(source / name, services.workspace.root), beside / name)
        write_durably(beside / _DETAILS, json.dumps(details).encode())
        yield beside


def _publish(services: Services, beside: Path, entry: dict[str, str]) -> str:
    """Makes the entry and moves the files into its folder: all that a crash can come between.

    Raises:
        OSError: they cannot be moved; there is no entry then.
    """
    pmid = services.workspace.create_pretrained_model(**entry)
    folder = services.workspace.folder(services.workspace.pretrained_model(pmid))
    try:
        for name in (_DETAILS, *CHECKPOINT_FILES):
            if (beside / name).is_file():
                (beside / name).rename(folder / name)
        sync_folder(folder)
    except OSError:
        services.workspace.delete(pmid)
        raise
    return pmid


def _link_or_copy(source: Path, target: Path) -> None:
    # Checkpoints are never written to once they are complete, so that one file can serve both folders.
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        shutil.copy2(source, target)
        sync(target)


def list_exported(services: Services, pid: str, tid: str, name: str, path: str, exported_type: int | None) -> str:
    """Takes an exported model into the list and returns its id.

    Args:
        services: of the server.
        pid: the project of the task.
        tid: the task that was exported.
        name: what to call the model.
        path: the folder that the export wrote.
        exported_type: an ``ExportedModelType``, or 0 for an inference model and 1 for a lite one, as the first clients
            sent; kept as it is. None takes what the files of the export tell.
    """
    task, project = _task_of(services, pid, tid)
    if exported_type is not None and exported_type not in list(ExportedModelType):
        raise UserError(sentences.EXPORTED_TYPE, value=exported_type)
    if not Path(path).is_absolute():
        raise UserError(sentences.NOT_AN_EXPORT, path=readable(path))
    folder = services.roots.to_read(path)
    if not folder.exists():
        raise UserError(sentences.NOT_AN_EXPORT, path=readable(path))
    params = _params(services, task)
    facts = exported.read(folder)
    details = {**_describe(services, project, task, params, None), _FACTS: facts}
    kind = exported.kind(facts) if exported_type is None else exported_type
    workspace = services.workspace
    emid = workspace.create_exported_model(name, _model(params), project.type, pid, tid, str(folder), kind)
    file = _exported_details(services, emid)
    file.parent.mkdir(exist_ok=True)
    write_durably(file, json.dumps(details).encode())
    return emid


def _exported_details(services: Services, emid: str) -> Path:
    return services.workspace.root / "exported" / f"{emid}.json"


def _task_of(services: Services, pid: str, tid: str) -> tuple[pb.Task, pb.Project]:
    project = services.workspace.project(pid)
    task = services.workspace.task(tid)
    if task.pid != pid:
        raise UserError(sentences.TASK_OF_OTHER_PROJECT, tid=tid, other=task.pid, pid=pid)
    return task, project


def _params(services: Services, task: pb.Task) -> dict[str, Any] | None:
    return tasks.get_params(services, task.id) if task.configured else None


def _model(params: dict[str, Any] | None) -> str:
    return str((params or {}).get("model", ""))


def _describe(
    services: Services, project: pb.Project, task: pb.Task, params: dict[str, Any] | None, eval_results: Any
) -> dict[str, Any]:
    """What is told of a model: kept with it, because task and dataset may be deleted before it."""
    result = eval_results if eval_results is not None else evaluation.result(services, task.id)
    return {
        "dataset_attr": _dataset_attributes(services, project.did),
        "task_params": json.dumps(params),
        "eval_result": json.dumps(result),
    }


def _dataset_attributes(services: Services, did: str) -> dict[str, Any] | None:
    if not did:
        return None
    dataset = services.workspace.dataset(did)
    found = datasets.details(services, did) or {}
    return {
        "name": dataset.name,
        "desc": dataset.desc,
        "labels": found.get("labels", []),
        "train_num": len(found.get("train_files", [])),
        "val_num": len(found.get("val_files", [])),
        "test_num": len(found.get("test_files", [])),
    }


def list_all(services: Services, kind: str, selection: Selection = ALL) -> Listed:
    """The selected models of a kind (pretrained or exported); exported ones with what ``exported.read`` told."""
    workspace = services.workspace
    if kind == "pretrained":
        return selection.apply(workspace.pretrained_models(), lambda model: _attributes(services, model))
    return selection.apply(workspace.exported_models(), lambda model: _exported(services, model))


def _exported(services: Services, model: pb.ExportedModel) -> dict[str, Any]:
    return {**_attributes(services, model), "exported_type": model.exported_type, **facts(services, model)}


def facts(services: Services, model: pb.PretrainedModel | pb.ExportedModel) -> dict[str, Any]:
    """What ``exported.read`` tells of a model, or told when it was listed."""
    return _facts(services.roots, str(_details_file(services, model)), str(services.workspace.folder(model)))


def _details_file(services: Services, model: pb.PretrainedModel | pb.ExportedModel) -> Path:
    if isinstance(model, pb.ExportedModel):
        return _exported_details(services, model.id)
    return services.workspace.folder(model) / _DETAILS


@lru_cache(maxsize=4096)
def _facts(roots: Roots, details: str, folder: str) -> dict[str, Any]:
    """What is known of a model; a list reads no file twice, and ids are never reused.

    Args:
        roots: of the server.
        details: file of what was kept with the model; of exported ones it has the facts, but of earlier versions.
        folder: of the model.
    """
    file = Path(details)
    kept: dict[str, Any] = json.loads(file.read_bytes()) if file.is_file() else {}
    known: dict[str, Any] | None = kept.get(_FACTS)
    if known:
        return known
    try:
        place = roots.to_read(folder)
    except UserError:
        return exported.nothing()
    return exported.read(place)


def _attributes(services: Services, model: pb.PretrainedModel | pb.ExportedModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "model": model.model,
        "type": model.type,
        "pid": model.pid,
        "tid": model.tid,
        "create_time": model.create_time,
        "path": str(services.workspace.folder(model)),
    }


def details(services: Services, mid: str) -> dict[str, Any]:
    """Dataset, parameters and evaluation of a model, as they were when it was kept."""
    workspace = services.workspace
    model = entry(services, mid)
    file = _details_file(services, model)
    if file.is_file():
        kept: dict[str, Any] = json.loads(file.read_bytes())
        kept.pop(_FACTS, None)
        return kept
    # A model of an original workspace, or one whose details a power cut took: what its task still tells.
    task, project = workspace.state.tasks.get(model.tid), workspace.state.projects.get(model.pid)
    if task is None or project is None:
        raise UserError(sentences.NO_DETAILS, mid=mid, tid=model.tid)
    return _describe(services, project, task, _params(services, task), None)


def entry(services: Services, mid: str) -> pb.PretrainedModel | pb.ExportedModel:
    """The entry of a model of either kind.

    Raises:
        UserError: there is no such model.
    """
    workspace = services.workspace
    return workspace.exported_model(mid) if mid.startswith("EM") else workspace.pretrained_model(mid)


def delete(services: Services, mid: str) -> None:
    """Removes a model of either kind, as the next two do."""
    exported = isinstance(entry(services, mid), pb.ExportedModel)
    (delete_exported if exported else delete_pretrained)(services, mid)


def delete_pretrained(services: Services, pmid: str) -> None:
    """Removes a saved model and its files."""
    services.workspace.pretrained_model(pmid)
    services.workspace.delete(pmid)


def delete_exported(services: Services, emid: str) -> None:
    """Takes an exported model off the list; its files go with it only where they are an export inside the workspace
    that no other entry names."""
    model = services.workspace.exported_model(emid)
    services.workspace.delete(emid)
    _exported_details(services, emid).unlink(missing_ok=True)
    folder = _own_folder(services, model)
    if folder is not None:
        shutil.rmtree(folder)


def owns_files(services: Services, emid: str) -> bool:
    """Whether the files of an exported model go with its entry when it is deleted."""
    return _own_folder(services, services.workspace.exported_model(emid)) is not None


def _own_folder(services: Services, model: pb.ExportedModel) -> Path | None:
    """The folder of an exported model where it is an export in the workspace that no other entry names."""
    workspace = services.workspace
    folder = workspace.folder(model).resolve()
    others = (workspace.folder(other).resolve() for other in workspace.exported_models() if other.id != model.id)
    own = (
        folder.is_relative_to(workspace.root)
        and (folder / _EXPORT_MARK).is_file()
        and not any(other.is_relative_to(folder) for other in others)
    )
    return folder if own else None

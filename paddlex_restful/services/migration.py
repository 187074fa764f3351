"""The statuses that the original server left, taken over once as finished jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.messages import migration as sentences
from paddlex_restful.services import Services
from paddlex_restful.workspace import original_statuses

_IMPORTED = ("XCOPYDONE", "XSPLITED")

_TASK_JOBS: dict[str, tuple[tuple[str, states.State, str], ...]] = {
    "XTRAINDONE": (("train", states.DONE, ""),),
    "XEVALUATING": (("train", states.DONE, ""),),
    "XEVALUATED": (("train", states.DONE, ""),),
    "XEVALUATEFAIL": (("train", states.DONE, ""),),
    "XEXPORTING": (("train", states.DONE, ""),),
    "XEXPORTED": (("train", states.DONE, ""), ("export", states.DONE, "")),
    "XEXPORTFAIL": (("train", states.DONE, ""),),
    "XPRUNEING": (("train", states.DONE, ""),),
    "XTRAINEXIT": (("train", states.STOPPED, ""),),
    "XTRAINING": (("train", states.STOPPED, ""),),
    "XPRUNETRAIN": (("train", states.STOPPED, ""),),
    "XDOWNLOADING": (("train", states.STOPPED, ""),),
    "XTRAINFAIL": (("train", states.FAILED, "error"),),
    "XDOWNLOADFAIL": (("train", states.FAILED, "download"),),
}
"""What must have happened to a task that was left in a status. Evaluations are not taken over: their results are
pickles, which are not read. The model of such a task can start other trainings. It is not evaluated, exported or
trained on, because the original prepared its images otherwise and kept no place in the training."""


def record_original_statuses(services: Services) -> None:
    """Records a finished job for every status that the original server left in a dataset or task folder.

    May run again after a crash: what already has a job is left as it is.
    """
    workspace = services.workspace
    for dataset in workspace.datasets():
        _record_import(services, dataset.id, workspace.folder(dataset))
    for task in workspace.tasks():
        folder = workspace.folder(task)
        found = original_statuses(folder)
        for kind, state, reason in _TASK_JOBS.get(found[0] if found else "", ()):
            message = sentences.TRAINING_FAILED if state == states.FAILED else ""
            _record(services, kind, task.id, folder, state, message, reason)


def _record_import(services: Services, did: str, folder: Path) -> None:
    found = original_statuses(folder)
    if found is not None and found[0] in _IMPORTED:
        _record(services, "import", did, folder, states.DONE, result={"split": found[0] == "XSPLITED"})
    elif found is not None and found[0] != "XEMPTY":
        _record(services, "import", did, folder, states.FAILED, sentences.IMPORT_FAILED, "check")


def _record(
    services: Services,
    kind: str,
    subject: str,
    folder: Path,
    state: states.State,
    message: str = "",
    reason: str = "",
    result: dict[str, Any] | None = None,
) -> None:
    if services.jobs.latest(subject, kind) is None:
        services.jobs.record(kind, subject, job_folder(folder, kind), state, message, reason, result)

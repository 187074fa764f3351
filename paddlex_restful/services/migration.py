"""The statuses that the original server left, taken over once as finished jobs."""

from __future__ import annotations

from paddlex_restful.jobs import JobState
from paddlex_restful.messages import migration as sentences
from paddlex_restful.services import Services
from paddlex_restful.workspace import original_statuses

_IMPORTED = ("XCOPYDONE", "XSPLITED")

_TASK_JOBS: dict[str, tuple[tuple[str, JobState, str], ...]] = {
    "XTRAINDONE": (("train", JobState.DONE, ""),),
    "XEVALUATING": (("train", JobState.DONE, ""),),
    "XEVALUATED": (("train", JobState.DONE, ""),),
    "XEVALUATEFAIL": (("train", JobState.DONE, ""),),
    "XEXPORTING": (("train", JobState.DONE, ""),),
    "XEXPORTED": (("train", JobState.DONE, ""), ("export", JobState.DONE, "")),
    "XEXPORTFAIL": (("train", JobState.DONE, ""),),
    "XPRUNEING": (("train", JobState.DONE, ""),),
    "XTRAINEXIT": (("train", JobState.STOPPED, ""),),
    "XTRAINING": (("train", JobState.STOPPED, ""),),
    "XPRUNETRAIN": (("train", JobState.STOPPED, ""),),
    "XDOWNLOADING": (("train", JobState.STOPPED, ""),),
    "XTRAINFAIL": (("train", JobState.FAILED, "error"),),
    "XDOWNLOADFAIL": (("train", JobState.FAILED, "download"),),
}
"""What must have happened to a task that was left in a status. Evaluations are not taken over: their results are
pickles, which are not read, so that such a task is trained and can be evaluated again."""


def record_original_statuses(services: Services) -> None:
    """Records a finished job for every status that the original server left in a dataset or task folder."""
    workspace = services.workspace
    for dataset in workspace.datasets():
        folder = workspace.folder(dataset)
        found = original_statuses(folder)
        if found is not None and found[0] in _IMPORTED:
            result = {"split": found[0] == "XSPLITED"}
            services.jobs.record("import", dataset.id, folder / "job" / "import", JobState.DONE, result=result)
        elif found is not None and found[0] in ("XCHECKFAIL", "XCOPYFAIL"):
            services.jobs.record(
                "import", dataset.id, folder / "job" / "import", JobState.FAILED, sentences.IMPORT_FAILED, "check"
            )
    for task in workspace.tasks():
        folder = workspace.folder(task)
        found = original_statuses(folder)
        for kind, state, reason in _TASK_JOBS.get(found[0] if found else "", ()):
            message = sentences.TRAINING_FAILED if state is JobState.FAILED else ""
            services.jobs.record(kind, task.id, folder / "job" / kind, state, message, reason)

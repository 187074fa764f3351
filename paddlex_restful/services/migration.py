"""The statuses that the original server left, taken over once as finished jobs."""

from __future__ import annotations

from paddlex_restful.jobs import states
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
pickles, which are not read, so that such a task is trained and can be evaluated again."""


def record_original_statuses(services: Services) -> None:
    """Records a finished job for every status that the original server left in a dataset or task folder."""
    workspace = services.workspace
    for dataset in workspace.datasets():
        folder = workspace.folder(dataset)
        found = original_statuses(folder)
        if found is not None and found[0] in _IMPORTED:
            result = {"split": found[0] == "XSPLITED"}
            services.jobs.record("import", dataset.id, folder / "job" / "import", states.DONE, result=result)
        elif found is not None and found[0] in ("XCHECKFAIL", "XCOPYFAIL"):
            services.jobs.record(
                "import", dataset.id, folder / "job" / "import", states.FAILED, sentences.IMPORT_FAILED, "check"
            )
    for task in workspace.tasks():
        folder = workspace.folder(task)
        found = original_statuses(folder)
        for kind, state, reason in _TASK_JOBS.get(found[0] if found else "", ()):
            message = sentences.TRAINING_FAILED if state == states.FAILED else ""
            services.jobs.record(kind, task.id, folder / "job" / kind, state, message, reason)

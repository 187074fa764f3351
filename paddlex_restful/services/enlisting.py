"""Exports that enter the list of models by themselves once they are done."""

from __future__ import annotations

import threading
from pathlib import Path

from paddlex_restful.jobs.job import Job
from paddlex_restful.services import Services, models

NAME = "listed_as"
"""Argument of an export's job: what to call the model."""


def enlist(services: Services, job: Job) -> None:
    """List what an export makes: now, or when it is done.

    Args:
        services: of the server.
        job: of the export, with the argument ``NAME`` and a folder that is the workspace's.
    """
    if job.active:
        threading.Thread(target=_list, args=(services, job), name="export-lister", daemon=True).start()
    else:
        _list(services, job)


def take_up(services: Services) -> None:
    """List what an earlier server did not live to list, and what still runs when it is done."""
    for task in services.workspace.tasks():
        job = services.jobs.latest(task.id, "export")
        if job is not None and NAME in job.args:
            enlist(services, job)


def _list(services: Services, job: Job) -> None:
    services.jobs.wait(job)
    workspace = services.workspace
    # It is complete or absent. A model that is taken off the list loses its folder in the workspace: what lies there
    # unlisted has never been listed.
    folder = Path(job.args["save_dir"])
    with services.gate:
        task = workspace.state.tasks.get(job.subject)
        known = any(workspace.folder(model) == folder for model in workspace.exported_models())
        if task is not None and folder.is_dir() and not known:
            models.list_exported(services, task.pid, task.id, job.args[NAME], str(folder), None)

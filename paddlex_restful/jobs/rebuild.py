"""The records of the jobs from the folders of the workspace, for when the database is lost."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from paddlex_restful.jobs import outcome, states
from paddlex_restful.jobs.files import JOB_FILE, PROCESS_FILE, read_json
from paddlex_restful.jobs.identity import Identity
from paddlex_restful.jobs.job import Job

_DEPTHS = ("*", "*/*", "*/*/*")
"""How deep the folders of subjects lie in a workspace."""

_log = logging.getLogger(__name__)


def set_aside(database: Path) -> None:
    """Rename a damaged database and the files that belong to it, so that nothing of it is lost."""
    suffix = time.strftime("damaged-%Y%m%d-%H%M%S")
    for part in ("", "-wal", "-shm"):
        path = database.with_name(database.name + part)
        if path.exists():
            path.rename(path.with_name(f"{path.name}.{suffix}"))


def jobs_in(root: Path) -> list[Job]:
    """All jobs whose folders lie in a workspace, in the order in which they were submitted.

    A job with an outcome has ended so; one whose process was on record is running, alive or not; others are queued.
    """
    found = []
    for depth in _DEPTHS:
        for path in root.glob(f"{depth}/job/*/{JOB_FILE}"):
            job = _read(root, path)
            if job is None:
                _log.warning("%s is damaged and is left out", path)
            else:
                found.append(job)
    return sorted(found, key=lambda job: job.submitted)


def _read(root: Path, path: Path) -> Job | None:
    value = read_json(path)
    folder = path.parent
    if value is None:
        return None
    try:
        identity = _identity(folder)
        end = outcome.read(folder)
        return Job(
            id=0,
            kind=value["kind"],
            subject=value["subject"],
            root=root,
            location=folder.relative_to(root).as_posix(),
            args=value["args"],
            gpus=tuple(value["gpus"]),
            state=end.state if end else states.RUNNING if identity else states.QUEUED,
            message=end.message if end else "",
            reason=end.reason if end else "",
            result=end.result if end else None,
            pid=identity.pid if identity else None,
            start_time=identity.start_time if identity else None,
            boot_id=identity.boot_id if identity else None,
            submitted=value["submitted"],
            ended=end.ended if end else None,
        )
    except (KeyError, TypeError):
        return None


def _identity(folder: Path) -> Identity | None:
    value = read_json(folder / PROCESS_FILE)
    return None if value is None else Identity(value["pid"], value["start_time"], value["boot_id"])

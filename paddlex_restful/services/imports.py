"""How the import of a dataset goes on, and what its check found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paddlex_restful.datasets import findings
from paddlex_restful.datasets.findings import BadFiles
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.messages import dataset as sentences
from paddlex_restful.services import Services

Stage = Literal["waiting", "unpacking", "checking", "copying"]


@dataclass(frozen=True)
class Import:
    """The newest import of a dataset.

    Attributes:
        job: number of its job.
        active: whether it goes on.
        stage: what it does, or did last.
        percent: how much of that is done; None where that cannot be told.
        message: what it waits for, or why it failed.
    """

    job: int
    active: bool
    stage: Stage
    percent: float | None
    message: str


def latest(services: Services, did: str) -> Import | None:
    """The newest import of a dataset; None before the first."""
    services.workspace.dataset(did)
    job = services.jobs.latest(did, "import")
    if job is None:
        return None
    progress = services.jobs.progress(job)
    stage: Stage = progress.get("stage", "waiting")
    percent = progress.get("percent") if stage in ("checking", "copying") else None
    return Import(job.id, job.active, stage, percent, job.message)


def succeeded(services: Services, did: str) -> bool:
    """Whether the newest import of a dataset brought its images."""
    job = services.jobs.latest(did, "import")
    return job is not None and job.state == states.DONE


def stop(services: Services, did: str) -> None:
    """Stops the import of a dataset, which leaves what was there before.

    Raises:
        UserError: none goes on.
    """
    services.workspace.dataset(did)
    job = services.jobs.latest(did, "import")
    if job is None or not job.active:
        raise UserError(sentences.NO_IMPORT_RUNS, did=did)
    services.jobs.stop(job)


def bad_files(services: Services, did: str) -> BadFiles | None:
    """What the check of the newest import found wrong; None where it found nothing, or did not get so far."""
    folder = _failed(services, did)
    return None if folder is None else findings.load(folder)


def picture(services: Services, did: str, number: int) -> Path | None:
    """The picture of a bad file, by its place in ``bad_files``; None where there is none."""
    folder = _failed(services, did)
    found = None if folder is None else findings.picture_file(folder, number)
    return found if found is not None and found.is_file() else None


def _failed(services: Services, did: str) -> Path | None:
    services.workspace.dataset(did)
    job = services.jobs.latest(did, "import")
    return job.folder if job is not None and job.state == states.FAILED else None

"""Demo projects: download their data, stop, load them into the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddlex_restful.datasets.archive import inner
from paddlex_restful.demo import DIGITS
from paddlex_restful.enums import PROJECT_TYPES, DownloadStatus
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import demo_service as sentences
from paddlex_restful.services import Services, datasets, projects, status

_ARCHIVES = {
    "classification": "vegetables_cls.tar.gz",
    "detection": "insect_det.tar.gz",
    "segmentation": "optic_disc_seg.tar.gz",
    "instance_segmentation": "xiaoduxiong_ins_det.tar.gz",
}
_LOAD_TIMEOUT = 60.0
"""Seconds that writing the digits may take."""


def project_type(prj_type: int | str) -> str:
    """A project type named by its word or by its number, which may come as text.

    Raises:
        UserError: no such type, or one without a demo.
    """
    text = str(prj_type).strip()
    numbered = {str(number): kind.value for number, kind in enumerate(PROJECT_TYPES)}
    return datasets.checked_type(numbered.get(text, text), "prj_type")


def download(services: Services, prj_type: int | str) -> Job:
    """Starts the download of the data of a demo."""
    kind = project_type(prj_type)
    address = f"{services.config.demo_url.rstrip('/')}/{_ARCHIVES[kind]}"
    return _fetch(services, kind, address)


def _fetch(services: Services, kind: str, address: str) -> Job:
    args = {"prj_type": kind, "url": address, "target": f"demos/{kind}"}
    folder = job_folder(services.workspace.root / "demos" / f".{kind}", "download")
    return services.jobs.submit("download", _subject(kind), folder, args)


def _subject(kind: str) -> str:
    return f"demo/{kind}"


def download_progress(services: Services, prj_type: int | str) -> dict[str, Any]:
    """Status and percentage of the download of a demo; status null before the first."""
    job = services.jobs.latest(_subject(project_type(prj_type)), "download")
    if job is None:
        return {"status": None, "progress": 0.0, "message": sentences.NOT_DOWNLOADED}
    progress = services.jobs.progress(job)
    state = status.download_status(job, services.jobs.progress)
    percent = 100.0 if state is DownloadStatus.XDDECOMPRESSED else progress.get("percent", 0.0)
    return {"status": int(state), "progress": percent, "message": job.message}


def stop(services: Services, prj_type: int | str) -> None:
    """Stops the download of a demo."""
    kind = project_type(prj_type)
    job = services.jobs.latest(_subject(kind), "download")
    if job is None or not job.active:
        raise UserError(sentences.NOT_DOWNLOADING, type=kind)
    services.jobs.stop(job)


def load(services: Services, prj_type: int | str) -> tuple[str, str]:
    """Makes a dataset and a project from a demo, and starts to import its images.

    The data must have been downloaded; only classification has a demo, the digits, that needs no download.

    Returns:
        id of the dataset, id of the project.
    """
    kind = project_type(prj_type)
    folder = _data(services, kind)
    name = sentences.NAME.format(type=kind)
    did = datasets.create(services, name, sentences.DESCRIPTION, kind)
    pid = projects.create(services, name, sentences.DESCRIPTION, kind)
    projects.change(services, pid, {"did": did})
    datasets.import_folder(services, did, str(folder), link=True)
    return did, pid


def _data(services: Services, kind: str) -> Path:
    folder = services.workspace.root / "demos" / kind
    job = services.jobs.latest(_subject(kind), "download")
    if job is not None and job.active:
        raise UserError(sentences.STILL_DOWNLOADING, type=kind)
    if folder.is_dir():
        return inner(folder)
    if kind != "classification":
        raise UserError(sentences.DOWNLOAD_FIRST, type=kind)
    job = services.jobs.wait(_fetch(services, kind, DIGITS), _LOAD_TIMEOUT)
    if job.state != states.DONE:
        raise UserError(sentences.DIGITS_FAILED, reason=job.message)
    return inner(folder)

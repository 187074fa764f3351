"""The files of a job's folder, written so that a crash leaves the old or the new."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson

from paddlex_restful.durable import sync_folder, write_durably
from paddlex_restful.paths import unmoved

JOB_FILE = "job.json"
PROCESS_FILE = "process.json"
OUTCOME_FILE = "outcome.json"

_JSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def to_json(value: object) -> bytes:
    """Strict JSON: figures that are not finite are null, numpy figures and arrays are taken, others become text."""
    return orjson.dumps(value, default=str, option=_JSON_OPTIONS)


def write_atomically(path: Path, value: object, *, durable: bool) -> None:
    """Replace a JSON file by renaming.

    Args:
        path: the file; its folder exists.
        value: what it is to hold.
        durable: it survives a power cut once this returns.

    Raises:
        OSError: it cannot be written.
    """
    if durable:
        write_durably(path, to_json(value))
        return
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(to_json(value))
    beside.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None when the file is missing or holds something else."""
    try:
        value = orjson.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError):
        return None
    return value if isinstance(value, dict) else None


def job_folder(subject: Path, kind: str) -> Path:
    """The folder of the newest job of a kind.

    Args:
        subject: folder of what the job works on.
        kind: name of the kind.
    """
    return subject / "job" / kind


def prepare(folder: Path, job: dict[str, Any]) -> None:
    """Make the folder of a new job, with its ``job.json``, beside the one that it will replace.

    Args:
        folder: the job's folder, ``…/job/<kind>``.
        job: what ``job.json`` is to hold.

    Raises:
        UserError: a symbolic link has taken the place of a folder on the way to it.
    """
    new = _beside(unmoved(folder))
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(parents=True)
    write_atomically(new / JOB_FILE, job, durable=True)


def put_in_place(folder: Path) -> None:
    """Replace a job's folder durably by the one that ``prepare`` made."""
    if folder.exists():
        shutil.rmtree(folder)
    _beside(folder).rename(folder)
    sync_folder(folder.parent)


def belongs_to(folder: Path, job: dict[str, Any]) -> bool:
    """Whether a folder is that of a job, and not what an earlier one left or a crash damaged."""
    found = read_json(folder / JOB_FILE)
    return found is not None and found.get("submitted") == job["submitted"]


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")

"""The export job: a folder that is complete or absent."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paddlex_restful.durable import sync
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.train import use_device

_NO_ROOM = 1 << 16
"""Bytes of free space with which a disk is as good as full."""


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``export``: the project type's export of a checkpoint.

    Args:
        context: args ``type``, ``model``, ``save_dir`` (absolute), ``format`` (``infer``).

    Raises:
        JobFailed: the format or the project type cannot be exported.
    """
    if context.args["format"] != "infer":
        raise JobFailed("not_available", messages.UNKNOWN_FORMAT, format=context.args["format"])
    use_device(context)
    return adapter(context.args["type"]).export(context)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into that becomes ``folder`` when the block ends, and vanishes when it raises.

    It lies beside ``folder`` under a hidden name, so that a process that is killed leaves ``folder`` as it was.

    Args:
        folder: does not exist or is empty; its parents are made.

    Raises:
        JobFailed: it holds files or cannot be written.
        OSError: the disk is full.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise JobFailed("save_dir", messages.NOT_EMPTY, folder=folder)
    # A name of its own for each export, independent of the length of the folder's name.
    beside = folder.with_name(f".{secrets.token_hex(8)}.new")
    try:
        beside.mkdir(parents=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield beside
        _publish(beside, folder)
    except (RuntimeError, ValueError) as error:
        # Paddle writes without a look at what the disk took, and fails where it reads the file again.
        if shutil.disk_usage(beside).free < _NO_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _publish(beside: Path, folder: Path) -> None:
    for path in (*beside.rglob("*"), beside):
        sync(path)
    try:
        # An empty folder is replaced; one that meanwhile got files is not, and neither is a mount point.
        beside.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    sync(folder.parent)


def _unwritable(folder: Path, error: OSError) -> JobFailed:
    return JobFailed("save_dir", messages.UNWRITABLE, folder=folder, problem=os.strerror(error.errno or 0))

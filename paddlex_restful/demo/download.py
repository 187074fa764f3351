"""The job that fetches the data of a demo: download, unpack, put in its place."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from paddlex_restful.datasets.archive import unpack
from paddlex_restful.datasets.copying import sync_file_system
from paddlex_restful.demo import DIGITS
from paddlex_restful.demo.digits import write_digits, write_split
from paddlex_restful.download import download
from paddlex_restful.durable import sync_folder
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed


def run(context: JobContext) -> dict[str, Any]:
    """Fetch the data of a demo.

    The folder is complete or absent: it is made beside its place and renamed. A download that was stopped or broke
    off goes on the next time.

    Args:
        context: its arguments are ``url``, the address of a ``.tar.gz`` or ``.zip`` archive or ``digits:``, and
            ``target``, the folder that is made, relative to the workspace. What the folder held before is replaced.

    Returns:
        ``files``, the number of files.

    Raises:
        JobFailed: the archive cannot be had (reason ``download``) or unpacked (reason ``unpack``).
        JobStopped: the job was asked to stop.
    """
    url = context.args["url"]
    target = context.path(context.args["target"])
    target.parent.mkdir(parents=True, exist_ok=True)
    unpacked = target.with_name(f".{target.name}.unpacking")
    archive = None if url == DIGITS else _fetch(context, url, target)
    context.progress(stage="decompressing", percent=100.0)
    if unpacked.exists():
        shutil.rmtree(unpacked)
    try:
        files = _write(context, archive, unpacked)
        _put(unpacked, target)
    except BaseException:
        shutil.rmtree(unpacked, ignore_errors=True)
        raise
    finally:
        # Also one that cannot be unpacked: the next attempt fetches it anew.
        if archive is not None and not context.stop_requested():
            archive.unlink()
    context.progress(stage="done", percent=100.0, flush=True)
    return {"files": files}


def _fetch(context: JobContext, url: str, target: Path) -> Path:
    def show(done: int, total: int | None) -> None:
        context.progress(percent=round(100 * done / total, 1) if total else 0.0)

    context.progress(stage="downloading", percent=0.0)
    # Another address is another file, which must not go on where the first broke off.
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "archive"
    archive = target.with_name(f".{target.name}-{name}")
    if archive.exists():
        return archive
    try:
        return download(url, archive, progress=show, check_stop=context.check_stop)
    except UserError as error:
        raise JobFailed("download", error.template, **error.values) from error


def _write(context: JobContext, archive: Path | None, folder: Path) -> int:
    try:
        if archive is None:
            count = write_digits(folder)
            write_split(folder)
            return count
        return unpack(archive, folder, context.check_stop)
    except UserError as error:
        raise JobFailed("unpack", error.template, **error.values) from error


def _put(unpacked: Path, target: Path) -> None:
    """Rename a complete folder into its place, aside what is there.

    Its files reach the disk before its name does, so that also a power cut leaves it complete or absent.
    """
    sync_file_system(unpacked)
    old = target.with_name(f".{target.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if target.exists():
        target.rename(old)
    unpacked.rename(target)
    sync_folder(target.parent)
    if old.exists():
        shutil.rmtree(old)

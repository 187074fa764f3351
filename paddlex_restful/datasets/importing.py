"""The job that brings images into a dataset of the workspace: check, copy, publish.

They come from a folder, an archive or the client itself; what is not a folder yet is made one first, in ``.gathered``.

Nothing is visible before it is complete. The copies are made in a folder beside; then they are moved into place, and
``statis.json``, written last, makes them a dataset. What an import left that was killed is removed by the next.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paddlex_restful.datasets import adding, findings, store, work
from paddlex_restful.datasets.archive import inner, unpack
from paddlex_restful.datasets.copying import Copier, SourceChangedError, sync_file_system
from paddlex_restful.datasets.formats import format_of
from paddlex_restful.datasets.inspection import Content, Inspection
from paddlex_restful.datasets.source import RESERVED, Source
from paddlex_restful.diskspace import Disk
from paddlex_restful.durable import sync_folder, write_durably
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import dataset as messages
from paddlex_restful.messages.diskspace import NO_SPACE
from paddlex_restful.messages.upload import WRONG_CHECKSUM
from paddlex_restful.paths import readable, unmoved
from paddlex_restful.uploads import CONTENT

STAGING = ".import"
GATHERED = ".gathered"
DEMOS = "demos"
"""Folder of the workspace that holds the demos' data; the only one of it that can be imported."""

_BLOCK = 4096
_LOOK = 1.0
"""Seconds between two looks at the free space of the disk."""


def run(context: JobContext) -> dict[str, Any]:
    """Import a dataset, or add images to one.

    Args:
        context: its args are ``type`` (project type's name), ``target`` (the dataset's folder in the workspace) and
            where the images come from: ``source`` (absolute path of a folder) and ``link`` (hard-link instead of
            copying); or ``upload`` (folder of an archive) with ``name`` and ``sha256`` (empty for none); or ``upload``
            (folder of files) with ``added`` (path in the dataset → name of the file), which are added to what is there.
            An upload is removed once the images are in the dataset, and after a failure too where it is ``once``.

    Returns:
        ``split``: whether the folder brought its own split; ``images``: number of images.

    Raises:
        JobFailed: with the reason ``check`` or ``copy``.
        JobStopped: the job was asked to stop. As after a failure, the target is what it was before.
    """
    target = context.path(context.args["target"])
    _sweep(target)
    imported = False
    try:
        source, content = _check(context, _folder(context, target / GATHERED))
        if "added" in context.args:
            _add(context, source, content, target)
        else:
            _copy(context, source, content, target / STAGING)
            _publish(target / STAGING, target, context.args["type"], content)
        imported = True
    finally:
        _sweep(target)
        if "upload" in context.args and (imported or context.args.get("once")):
            shutil.rmtree(context.path(context.args["upload"]), ignore_errors=True)
    return {"split": content.split is not None, "images": len(content.file_info)}


def check_source(source: Path, root: Path) -> Path:
    """The folder that an import is asked to read.

    Args:
        source: absolute path, without symbolic links.
        root: the workspace.

    Raises:
        UserError: it is no readable folder, or overlaps with the workspace; the demos' data in it may be imported.
    """
    if not source.is_dir():
        raise UserError(messages.SOURCE_MISSING, path=readable(str(source)))
    if not os.access(source, os.R_OK | os.X_OK):
        raise UserError(messages.SOURCE_UNREADABLE, path=source)
    workspace = root.resolve()
    inside = source.is_relative_to(workspace) and not source.is_relative_to(workspace / DEMOS)
    if inside or workspace.is_relative_to(source):
        raise UserError(messages.SOURCE_IN_WORKSPACE, path=source)
    return source


def rebuild(folder: Path, type: str) -> dict[str, Any]:
    """Describe a dataset that already lies in its place, such as that of an opened original workspace.

    Checks the files as an import does and writes ``statis.json`` and, where the folder has the conventional lists of
    a split, ``split.json``. All other files stay as they are.

    Args:
        folder: the dataset.
        type: project type's name.

    Returns:
        ``split`` and ``images`` as ``run`` does.

    Raises:
        UserError: the check found bad files.
    """
    inspection = Inspection(folder, lambda percent: None, skip=RESERVED)
    content = format_of(type).check(inspection)
    inspection.report.raise_if_bad()
    for name, data in content.made.items():
        write_durably(folder / name, data)
    _describe(folder, type, content)
    return {"split": content.split is not None, "images": len(content.file_info)}


def _sweep(target: Path) -> None:
    for name in (STAGING, GATHERED):
        shutil.rmtree(target / name, ignore_errors=True)


def _folder(context: JobContext, gathered: Path) -> Path:
    """The folder that is to be checked, made where the images lie in none yet."""
    args = context.args
    try:
        if "added" in args:
            adding.gather(context.path(args["target"]), context.path(args["upload"]), args["added"], gathered)
            return gathered
        if "upload" in args:
            return _unpacked(context, context.path(args["upload"]) / CONTENT, gathered)
        return check_source(unmoved(Path(args["source"])), context.root)
    except SourceChangedError:
        raise JobFailed("copy", messages.SOURCE_CHANGED, file=args["target"]) from None
    except UserError as error:
        raise JobFailed("check", error.template, **error.values) from None
    except OSError as error:
        raise _failure(error, str(error.filename or gathered.name)) from error


def _unpacked(context: JobContext, archive: Path, folder: Path) -> Path:
    context.progress(stage="unpacking", percent=0.0)
    name, expected = context.args["name"], context.args["sha256"]
    if expected and _checksum(archive, context.check_stop) != expected:
        raise UserError(WRONG_CHECKSUM, name=name)
    disk = Disk(folder, context.args.get("min_free", 0))
    looked = -_LOOK

    def look() -> None:
        nonlocal looked
        context.check_stop()
        if time.monotonic() - looked > _LOOK:
            looked = time.monotonic()
            disk.require()

    unpack(archive, folder, look, name)
    return inner(folder)


def _checksum(path: Path, check_stop: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            check_stop()
    return digest.hexdigest()


def _check(context: JobContext, folder: Path) -> tuple[Source, Content]:
    step = _stepper(context, "checking")
    try:
        inspection = Inspection(folder, step, growing="added" in context.args)
        content = format_of(context.args["type"]).check(inspection)
        for name in sorted({file.partition("/")[0] for file in content.file_info} & RESERVED):
            inspection.report.add(name, messages.RESERVED_NAME)
        if len(inspection.report):
            findings.save(context.folder, inspection.source)
        inspection.report.raise_if_bad()
    except UserError as error:
        raise JobFailed("check", error.template, **error.values) from None
    return inspection.source, content


def _copy(context: JobContext, source: Source, content: Content, staging: Path) -> None:
    step = _stepper(context, "copying")
    files = content.files(source)
    # What was unpacked is nobody else's.
    copier = Copier(source.root, link=bool(context.args.get("link") or "upload" in context.args))

    def copy(file: str) -> None:
        try:
            copier.copy(source.path(file), f"{staging}/{file}")
        except (FileNotFoundError, NotADirectoryError, SourceChangedError):
            raise JobFailed("copy", messages.SOURCE_CHANGED, file=file) from None
        except OSError as error:
            raise _failure(error, file) from error

    try:
        staging.mkdir(parents=True)
        for folder in sorted({os.path.dirname(file) for file in files}):  # noqa: PTH120  ten times faster
            (staging / folder).mkdir(parents=True, exist_ok=True)
        copy(files[0])
        if copier.needs_space:
            _check_space(source, files, Disk(staging, context.args.get("min_free", 0)))
        work.each(copy, files[1:], step, work.workers_for([source.path(file) for file in files]))
        for name, data in content.made.items():
            (staging / name).write_bytes(data)
        sync_file_system(staging)
    except OSError as error:
        raise _failure(error, str(error.filename or staging.name)) from error


def _publish(staging: Path, target: Path, type: str, content: Content) -> None:
    """Moves the copies into place. Only from the first step on an earlier import is lost."""
    try:
        for name in (store.STATISTICS_FILE, store.SPLIT_FILE):
            (target / name).unlink(missing_ok=True)
        sync_folder(target)
        _empty(target)
        for entry in list(staging.iterdir()):
            entry.rename(target / entry.name)
        sync_folder(target)
        _describe(target, type, content)
    except OSError as error:
        raise _failure(error, str(error.filename or target.name)) from error


def _add(context: JobContext, source: Source, content: Content, target: Path) -> None:
    """Moves the new files into place, beside those that are there."""
    step = _stepper(context, "copying")
    try:
        if store.details(target) is None:
            _empty(target)
        adding.publish(target, source.root, content.files(source), context.args["added"])
        _describe(target, context.args["type"], content)
    except OSError as error:
        raise _failure(error, str(error.filename or target.name)) from error
    step(100.0)


def _empty(target: Path) -> None:
    """Removes all that belongs to the images of a dataset."""
    for entry in list(target.iterdir()):
        if entry.name.startswith("info.pb") or entry.name in ("job", STAGING, GATHERED):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _describe(folder: Path, type: str, content: Content) -> None:
    if content.split is not None:
        store.save_split(folder, content.split)
    store.save_statistics(folder, store.Statistics(type, content.labels, content.file_info, content.label_info))


def _check_space(source: Source, files: list[str], disk: Disk) -> None:
    """Refuses what cannot fit; each file takes whole blocks."""
    need = sum(-(-work.size_of(source.path(file)) // _BLOCK) * _BLOCK for file in files)
    if (shortage := disk.shortage(need)) is not None:
        raise JobFailed("copy", NO_SPACE, **shortage)


def _failure(error: OSError, file: str) -> JobFailed:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobFailed("copy", messages.DISK_FULL_NOW)
    return JobFailed("copy", messages.COPY_FAILED, file=file, problem=error.strerror or error)


def _stepper(context: JobContext, stage: str) -> Callable[[float], None]:
    context.progress(stage=stage, percent=0.0)

    def step(percent: float) -> None:
        context.check_stop()
        context.progress(percent=round(percent, 1))

    return step

"""The export job: a folder that is complete or absent."""

from __future__ import annotations

import errno
import importlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import INFO_FILE, WEIGHTS_FILE
from paddlex_restful.diskspace import Disk
from paddlex_restful.durable import sync
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.messages.diskspace import NO_SPACE
from paddlex_restful.paths import unmoved
from paddlex_restful.training import formats, inference_model, yamlfile
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.formats import children, facts
from paddlex_restful.training.formats.facts import Facts
from paddlex_restful.training.formats.model import Model
from paddlex_restful.training.formats.restoring import restored
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device

ALLOWED_DIFFERENCE = 1e-3
"""Of a score, and of a side of a box as a share of the image. Other kernels round otherwise, by 1e-6 on a processor and
by up to some 1e-4 on a GPU; a wrong export is off by far more."""

_NO_ROOM = 1 << 16
"""Bytes of free space with which a disk is as good as full."""


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``export``: the project type's export of a checkpoint.

    Args:
        context: args ``type``, ``model``, ``save_dir`` (absolute), ``format`` (one of ``_WRITERS``).

    Raises:
        JobFailed: the format or the project type cannot be exported.
    """
    if context.args["format"] not in _WRITERS:
        raise JobFailed("not_available", messages.UNKNOWN_FORMAT, format=context.args["format"])
    use_device(context)
    return adapter(context.args["type"]).export(context)


Writer = Callable[[JobContext, Model, Path], Facts]
"""Writes a model in one format into a folder."""

_WRITERS = ("infer", "onnx", "quantised", "lite")
"""What the job can be asked for: modules of ``formats``, imported when asked for, as each imports its own runtime."""


def export_model(context: JobContext, load: type[Model]) -> dict[str, Any]:
    """Exports a checkpoint into a folder of its own, and compares it with what it was made of before it is there.

    The folder holds the model in its format, ``inference.yml`` (preprocessing and labels, as PaddleX 3 reads them),
    ``model.yml`` (what the net is, as in checkpoints), ``example.py`` (a short program that uses it) and
    ``export.json`` (see ``formats.facts``).

    Args:
        context: args ``model``, a checkpoint or, with ``exported``, what an export wrote; ``save_dir``, ``format`` and
            what that needs.
        load: reads a checkpoint.

    Returns:
        ``save_dir`` and the content of ``export.json``.

    Raises:
        JobFailed: the checkpoint is damaged, the folder is not empty or cannot be written, or the export answers
            otherwise than the net.
        JobStopped: the job was asked to stop.
    """
    target = Path(context.args["save_dir"])
    context.progress(stage="loading", percent=0)
    write: Writer = importlib.import_module(f"{formats.__name__}.{context.args['format']}").write
    source = context.path(context.args["model"])
    disk = Disk(target, context.args.get("min_free", 0))
    if (shortage := disk.shortage(_size_of_weights(source))) is not None:
        raise JobFailed("disk_full", NO_SPACE, **shortage)
    if context.args.get("exported"):
        with children.work_folder(context) as work:
            model = restored(source, load, work)
    else:
        model = load(source)
    name = model.info["model"]
    with new_folder(target) as folder:
        context.check_stop()
        found = write(context, model, folder)
        if found.difference is not None and not found.difference <= ALLOWED_DIFFERENCE and not found.quantised:
            raise JobFailed(
                "mismatch", messages.MISMATCH, model=name, difference=found.difference, allowed=ALLOWED_DIFFERENCE
            )
        context.check_stop()
        context.progress(stage="saving", percent=90)
        yamlfile.write(folder / inference_model.CONFIG_FILE, model.config())
        yamlfile.write(folder / INFO_FILE, model.info)
        content = facts.write(folder, found, model.info)
    log(f"Exported {name} to {target}: {content}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"save_dir": str(target), **content}


def _size_of_weights(source: Path) -> int:
    """Bytes of the weights in a checkpoint or an export, which are most of what an export of it takes."""
    files = (source / WEIGHTS_FILE, source / inference_model.WEIGHTS_FILE)
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into that becomes ``folder`` when the block ends, and vanishes when it raises.

    It lies beside ``folder`` under a hidden name, so that a process that is killed leaves ``folder`` as it was.

    Args:
        folder: does not exist or is empty; its parents are made.

    Raises:
        JobFailed: it holds files or cannot be written.
        UserError: it lies elsewhere than when it was named.
        OSError: the disk is full.
    """
    if unmoved(folder).exists() and not (folder.is_dir() and not any(folder.iterdir())):
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
    unmoved(beside)
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

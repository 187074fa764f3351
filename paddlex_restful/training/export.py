"""The export job: a folder that is complete or absent."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import INFO_FILE
from paddlex_restful.durable import sync
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import inference_model
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device

_ALLOWED_DIFFERENCE = 1e-3
"""Of a score, and of a side of a box as a share of the image. Other kernels round otherwise, by 1e-6 on a processor and
by up to some 1e-4 on a GPU; a wrong export is off by far more."""

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


@dataclass(frozen=True)
class Model:
    """A trained model that is to be exported.

    Attributes:
        info: ``model.yml`` of its checkpoint.
        paddlex_name: the name under which PaddleX 3 loads it.
        save: writes it as an inference model into a folder.
        difference: how far what lies in a folder answers from the net, at most 1e-3 where it is right.
        config: the content of ``inference.yml``.
        example: a short program that uses it; none is written without.
    """

    info: Mapping[str, Any]
    paddlex_name: str
    save: Callable[[Path], None]
    difference: Callable[[Path], float]
    config: Mapping[str, Any]
    example: str | None = None


def export_model(context: JobContext, load: Callable[[], Model]) -> dict[str, Any]:
    """Exports a checkpoint into a folder of its own, and compares it with the net before it is there.

    The folder holds ``inference.json`` (the net), ``inference.pdiparams`` (its weights), ``inference.yml``
    (preprocessing and labels, as PaddleX 3 reads them), ``model.yml`` (what the net is, as in checkpoints) and, where
    the model has one, ``example.py``.

    Args:
        context: args ``save_dir``.
        load: reads the checkpoint.

    Returns:
        ``save_dir``, ``model_name`` (for ``paddlex.create_model``) and ``difference``.

    Raises:
        JobFailed: the checkpoint is damaged, the folder is not empty or cannot be written, or the export answers
            otherwise than the net.
        JobStopped: the job was asked to stop.
    """
    target = Path(context.args["save_dir"])
    context.progress(stage="loading", percent=0)
    model = load()
    name = model.info["model"]
    with new_folder(target) as folder:
        context.check_stop()
        context.progress(stage="tracing", percent=20)
        model.save(folder)
        context.check_stop()
        context.progress(stage="checking", percent=60)
        difference = model.difference(folder)
        if not difference <= _ALLOWED_DIFFERENCE:
            raise JobFailed(
                "mismatch", messages.MISMATCH, model=name, difference=difference, allowed=_ALLOWED_DIFFERENCE
            )
        context.check_stop()
        context.progress(stage="saving", percent=90)
        inference_model.write_yaml(folder / inference_model.CONFIG_FILE, model.config)
        inference_model.write_yaml(folder / INFO_FILE, model.info)
        if model.example is not None:
            (folder / inference_model.EXAMPLE_FILE).write_text(model.example, encoding="utf-8")
    log(f"Exported {name} to {target}; its answers differ from the net's by at most {difference:.2g}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"save_dir": str(target), "model_name": model.paddlex_name, "difference": difference}


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

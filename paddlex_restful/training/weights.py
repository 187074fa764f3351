"""Where a training's first weights come from: the net's own address, a file, or chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock

from paddlex_restful.checkpoints import BEST_MODEL, PUBLISHED_WEIGHTS, WEIGHTS_FILE
from paddlex_restful.download import checksum, download
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.paths import confine
from paddlex_restful.training import checkpoint
from paddlex_restful.training.adapters import Training
from paddlex_restful.training.reporter import log

FOLDER = "pretrain"

_BACKBONE = "backbone."
_LOCK_WAIT = 0.2


def initialise(training: Training, context: JobContext) -> None:
    """Give a fresh net the weights that its task asks for.

    The job's argument ``weights`` names a file or a folder, relative to the workspace or absolute; without it the
    parameter ``pretrain_weights`` names a published set, or nothing, and the weights stay as chance made them.

    Args:
        training: its net is filled.
        context: the job.

    Raises:
        JobFailed: the weights cannot be had, are damaged, or do not fit at all.
        JobStopped: the job was asked to stop.
    """
    source = context.args["params"].get("pretrain_weights") or None
    if context.args.get("weights"):
        file = _weights_file(context.path(context.args["weights"]), context.args["weights"])
    elif source in PUBLISHED_WEIGHTS:
        file = _published(training, source, context)
    elif source is None:
        log("Training from random weights")
        return
    else:
        raise JobFailed("weights", messages.WEIGHTS_MISSING, source=source)
    fill(training, file)


def fill(training: Training, file: Path) -> None:
    """Fill a net with all weights that fit by name and shape; the others stay as they are, and the log names them.

    Weights of a backbone alone fit the net's backbone.

    Args:
        training: its net is filled.
        file: a ``.pdparams`` file; it may come from strangers.

    Raises:
        JobFailed: the file is damaged, or none of its weights fit.
    """
    try:
        weights = checkpoint.load_weights(file)
    except JobFailed as error:
        raise JobFailed("weights", messages.WEIGHTS_DAMAGED, file=file.name) from error
    own = training.net.state_dict()
    found = {name: weights.get(name, weights.get(name.removeprefix(_BACKBONE))) for name in own}
    fitting = {
        name: value for name, value in found.items() if value is not None and value.shape == tuple(own[name].shape)
    }
    if not fitting:
        raise JobFailed("weights", messages.WEIGHTS_DO_NOT_FIT, file=file.name, model=training.info["model"])
    for name, value in fitting.items():
        own[name].set_value(value.astype(_numpy_type(own[name]), copy=False))
    fresh = [name for name in own if name not in fitting]
    log(f"Filled {len(fitting)} of {len(own)} weights from {file.name}; fresh: {', '.join(fresh) or 'none'}")


def _numpy_type(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("paddle.")


def _weights_file(path: Path, source: str) -> Path:
    for file in (path, path / WEIGHTS_FILE, path / BEST_MODEL / WEIGHTS_FILE):
        if file.is_file():
            return confine(file, path)
    raise JobFailed("weights", messages.WEIGHTS_MISSING, source=source)


def _published(training: Training, source: str, context: JobContext) -> Path:
    """Download published weights into the workspace, or find them there."""
    model = training.info["model"]
    url = training.weights_url(source)
    if url is None:
        raise JobFailed("weights", messages.NO_WEIGHTS_FOR_MODEL, source=source, model=model)
    file = context.path(FOLDER) / file_name(url)
    file.parent.mkdir(parents=True, exist_ok=True)
    context.progress(stage="downloading", download_status={"percent": 0.0, "bytes": 0, "total": None})
    with _only_one(file, context):
        if _is_sound(file, context):
            log(f"Found {file.name} in the workspace")
        else:
            _fetch(mirrored(url, context.args.get("weights_url") or ""), file, model, context)
    context.progress(download_status=None)
    return file


def file_name(url: str) -> str:
    """What downloaded weights are called: as in the address, or as its folder where the files of all nets are alike."""
    *_, folder, name = urlsplit(url).path.split("/")
    return f"{folder}.pdparams" if name == WEIGHTS_FILE else name


def mirrored(url: str, mirror: str) -> str:
    """An address with another one in the place of its scheme and host.

    Args:
        url: such as ``https://host/path/file``.
        mirror: such as ``http://mirror:8000/weights``, which gives ``http://mirror:8000/weights/path/file``; empty
            changes nothing.
    """
    return mirror.rstrip("/") + urlsplit(url).path if mirror else url


@contextmanager
def _only_one(file: Path, context: JobContext) -> Iterator[None]:
    """Hold the file's lock: one process downloads, the others wait and find what it got."""
    lock = filelock.FileLock(file.with_name(f"{file.name}.lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_LOCK_WAIT)
        except filelock.Timeout:
            context.check_stop()
    try:
        yield
    finally:
        lock.release()


def _is_sound(file: Path, context: JobContext) -> bool:
    """Whether the file is there and has the checksum that it had when it came."""
    kept = _checksum_file(file)
    if not file.is_file() or not kept.is_file():
        return False
    return checksum(file, check_stop=context.check_stop) == kept.read_text(encoding="ascii", errors="replace").strip()


def _fetch(url: str, file: Path, model: str, context: JobContext) -> None:
    def progress(done: int, total: int | None) -> None:
        percent = round(100 * done / total, 1) if total else None
        context.progress(download_status={"percent": percent, "bytes": done, "total": total})

    log(f"Downloading {url}")
    try:
        download(url, file, progress=progress, check_stop=context.check_stop)
    except UserError as error:
        raise JobFailed("download", messages.DOWNLOAD_FAILED, model=model, problem=error) from error
    _checksum_file(file).write_text(checksum(file, check_stop=context.check_stop), encoding="ascii")


def _checksum_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")

"""From the exception of a job, or the way its process ended, to a word for programs and a sentence for people."""

from __future__ import annotations

import errno
import signal
from pathlib import Path
from typing import NamedTuple

from PIL import UnidentifiedImageError

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import jobs as messages

OUTCOME_NOT_WRITTEN = 74
"""Exit code of a job that could not leave its outcome: EX_IOERR of sysexits.h."""

_REQUIREMENTS = {
    "paddle": "paddlepaddle==3.1.1",
    "paddleclas": "--no-deps paddleclas==2.6.0",
    "ppdet": "--no-deps paddledet==2.6.0",
    "paddleseg": "--no-deps paddleseg==2.8.0",
    "paddleslim": "--no-deps paddleslim==2.6.0",
    "cv2": "opencv-contrib-python==4.10.0.84",
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "yaml": "PyYAML",
}
"""What pip calls a package that Python calls otherwise, in the versions of requirements.txt."""

_MEMORY_WORDS = ("ResourceExhausted", "Out of memory", "out of memory", "Cannot allocate memory", "bad_alloc")
_GPU_WORDS = ("CUDA", "cuda", "GPU")


class Failure(NamedTuple):
    """Why a job failed.

    Attributes:
        reason: one lower-case word.
        message: one sentence with its remedy.
    """

    reason: str
    message: str


def of_exception(error: BaseException, log: Path) -> Failure:
    """Recognise the exception with which a job's function ended.

    Args:
        error: the exception.
        log: the job's log, which holds the traceback.
    """
    if isinstance(error, JobFailed):
        return Failure(error.reason, str(error))
    if isinstance(error, UserError):
        return Failure("error", str(error))
    if isinstance(error, SystemExit):
        return Failure("exit", messages.EXITED_ITSELF.format(code=error.code, log=log))
    text = str(error)
    if isinstance(error, MemoryError) or any(word in text for word in _MEMORY_WORDS):
        on_gpu = any(word in text for word in _GPU_WORDS)
        return Failure("out_of_memory", messages.OUT_OF_GPU_MEMORY if on_gpu else messages.OUT_OF_MEMORY)
    if isinstance(error, ImportError) and error.name:
        package = error.name.partition(".")[0]
        requirement = _REQUIREMENTS.get(package, package)
        template = messages.PACKAGE_MISSING if isinstance(error, ModuleNotFoundError) else messages.PACKAGE_BROKEN
        return Failure("package_missing", template.format(package=package, requirement=requirement, error=error))
    if isinstance(error, UnidentifiedImageError):
        return Failure("image", messages.UNREADABLE_IMAGE.format(error=text))
    if isinstance(error, OSError):
        return _of_os_error(error, log)
    return _unexpected(log)


def _of_os_error(error: OSError, log: Path) -> Failure:
    path = error.filename or log.parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("disk_full", messages.DISK_FULL.format(path=path))
    if error.errno == errno.ENOMEM:
        return Failure("out_of_memory", messages.OUT_OF_MEMORY)
    if error.errno is None and "image" in str(error):  # Pillow's truncated and broken files
        return Failure("image", messages.UNREADABLE_IMAGE.format(error=error))
    if error.filename and isinstance(error, FileNotFoundError):
        return Failure("file", messages.FILE_MISSING.format(path=path))
    if error.filename and isinstance(error, PermissionError):
        return Failure("file", messages.FILE_REFUSED.format(path=path, error=error.strerror))
    return _unexpected(log)


def _unexpected(log: Path) -> Failure:
    return Failure("error", messages.UNEXPECTED.format(log=log))


def of_exit(code: int | None, log: Path) -> Failure:
    """Say how a process ended that left no outcome.

    Args:
        code: its exit code, negative for a signal; None when nobody could see it.
        log: the job's log.
    """
    if code is None:
        return Failure("vanished", messages.VANISHED.format(log=log))
    if code == OUTCOME_NOT_WRITTEN:
        return Failure("disk_full", messages.OUTCOME_NOT_WRITTEN.format(log=log))
    if code >= 0:
        return Failure("exit", messages.EXITED.format(code=code, log=log))
    number = -code
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    if number == signal.SIGKILL:
        return Failure("signal", messages.KILLED_9)
    template = messages.BUS_ERROR if number == signal.SIGBUS else messages.KILLED
    return Failure("signal", template.format(number=number, name=name, log=log))

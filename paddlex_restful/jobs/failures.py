"""From the exception of a job, or the way its process ended, to a word for programs and a sentence for people."""

from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Iterator
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

_DISK_FULL = re.compile(
    # numpy tells of a file that took only some of an array by these numbers alone.
    "|".join(
        [re.escape(os.strerror(errno.ENOSPC)), re.escape(os.strerror(errno.EDQUOT)), r"\d+ requested and \d+ written"]
    )
)
_IMAGE_WORDS = ("image file", "data stream")
"""How Pillow tells of truncated and broken files."""

_ENGINE_ERROR = re.compile(r"^\s*(?:\((?P<short>[A-Z]\w+)\)|(?P<long>[A-Z]\w+)Error:) (?P<summary>.+)$", re.MULTILINE)
"""The line in which paddle sums an error up, with or without the trace of its C++ code above it."""

_REFUSALS = ("InvalidArgument", "OutOfRange", "PreconditionNotMet", "Unimplemented", "EnforceNotMet")
"""Paddle's kinds of errors that tell of what was asked of it, and not of the machine (paddle/common/enforce.h)."""

_SHAPES = re.compile(r"broadcast|mismatch|must match|same shape|into shape|inhomogeneous shape")
"""How numpy tells of arrays that do not fit together."""

_LONGEST_SUMMARY = 300
"""Characters of an engine's own words in a sentence."""

_MACHINE = ("disk_full", "out_of_memory")


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

    Where it says nothing itself, what it was raised from does; of what was only being handled when it was raised,
    a full disk and a lack of memory count, for other exceptions are handled in the normal course of things.

    Args:
        error: the exception.
        log: the job's log, which holds the traceback.
    """
    for each, caused_it in _chain(error):
        failure = _recognised(each, log)
        if failure is not None and (caused_it or failure.reason in _MACHINE):
            return failure
    return Failure("error", messages.UNEXPECTED.format(log=log))


def _chain(error: BaseException) -> Iterator[tuple[BaseException, bool]]:
    """An exception and those behind it, and whether each was named as the cause of the one before."""
    seen: set[int] = set()
    each: BaseException | None = error
    caused_it = True
    while each is not None and id(each) not in seen:
        yield each, caused_it
        seen.add(id(each))
        if each.__cause__ is not None:
            each = each.__cause__
        else:
            each, caused_it = None if each.__suppress_context__ else each.__context__, False


def _recognised(error: BaseException, log: Path) -> Failure | None:
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
    if _DISK_FULL.search(text) is not None:
        path = error.filename if isinstance(error, OSError) else None
        template = messages.DISK_FULL if path else messages.A_DISK_FULL
        return Failure("disk_full", template.format(path=path or log.parent))
    if isinstance(error, ImportError):
        return _of_import_error(error)
    if isinstance(error, UnidentifiedImageError):
        return Failure("image", messages.UNREADABLE_IMAGE.format(error=text))
    if isinstance(error, OSError) and error.errno is not None:
        return _of_os_error(error)
    summary = _refusal(error, text)
    if summary is not None:
        return Failure("parameters", messages.PARAMETERS.format(summary=summary, log=log))
    if isinstance(error, OSError) and any(word in text for word in _IMAGE_WORDS):
        return Failure("image", messages.UNREADABLE_IMAGE.format(error=text))
    return None


def _of_import_error(error: ImportError) -> Failure:
    if not error.name:
        return Failure("package_missing", messages.IMPORT_FAILED.format(error=error))
    package = error.name.partition(".")[0]
    requirement = _REQUIREMENTS.get(package, package)
    template = messages.PACKAGE_MISSING if isinstance(error, ModuleNotFoundError) else messages.PACKAGE_BROKEN
    return Failure("package_missing", template.format(package=package, requirement=requirement, error=error))


def _of_os_error(error: OSError) -> Failure | None:
    if error.errno == errno.ENOMEM:
        return Failure("out_of_memory", messages.OUT_OF_MEMORY)
    if error.filename and isinstance(error, FileNotFoundError):
        return Failure("file", messages.FILE_MISSING.format(path=error.filename))
    if error.filename and isinstance(error, PermissionError):
        return Failure("file", messages.FILE_REFUSED.format(path=error.filename, error=error.strerror))
    return None


def _refusal(error: BaseException, text: str) -> str | None:
    """What an engine says of parameters that it cannot compute with, in one line; None for any other error."""
    found = _ENGINE_ERROR.search(text)
    if found is not None:
        kind = found["short"] or found["long"]
        return _one_line(found["summary"]) if kind in _REFUSALS else None
    if isinstance(error, ValueError) and _SHAPES.search(text) is not None:
        return _one_line(text)
    return None


def _one_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    if len(line) > _LONGEST_SUMMARY:
        line = f"{line[:_LONGEST_SUMMARY]}…"
    return line.rstrip(" .")


def of_exit(code: int | None, log: Path, *, out_of_memory: bool | None = None) -> Failure:
    """Say how a process ended that left no outcome.

    Args:
        code: its exit code, negative for a signal; None when nobody could see it.
        log: the job's log.
        out_of_memory: whether the kernel ended processes for want of memory while it ran; None if that is not known.
    """
    if code in (None, -signal.SIGKILL) and out_of_memory:
        return Failure("out_of_memory", messages.KILLED_BY_KERNEL)
    if code is None:
        return Failure("vanished", messages.VANISHED.format(log=log))
    if code == OUTCOME_NOT_WRITTEN:
        return Failure("disk_full", messages.OUTCOME_NOT_WRITTEN.format(log=log))
    if code >= 0:
        return Failure("exit", messages.EXITED.format(code=code, log=log))
    number = -code
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    if number == signal.SIGKILL:
        return Failure("signal", messages.KILLED_9 if out_of_memory is None else messages.KILLED_9_BY_SOMEONE)
    template = messages.BUS_ERROR if number == signal.SIGBUS else messages.KILLED
    return Failure("signal", template.format(number=number, name=name, log=log))

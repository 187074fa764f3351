"""Programs that a job runs beside itself, where a library may end or abort its process, or needs one of its own."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.jobs.identity import wait_process

_LOOK = 0.1
"""Seconds between two looks whether the job was asked to stop."""

_LAST_BYTES = 8192
_LONGEST_WORDS = 300
_PR_SET_PDEATHSIG = 1

_TELLING = re.compile(r"error|unsupported|not support|fail|exception", re.IGNORECASE)
_TRACE = re.compile(r"^\s*(File \"|\[(TimeInfo|SignalInfo)|-{5,}|\(at )|Error Message Summary|operating system\.$")


class ChildFailed(Exception):  # noqa: N818  like JobFailed
    """A program ended otherwise than it should.

    Args:
        code: its exit code, negative for a signal.
        words: what it said last that tells of an error, or nothing.
    """

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{words or 'no words'} (exit code {code})")
        self.code = code
        self.words = words


def run(
    context: JobContext,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    look: Callable[[], None] | None = None,
) -> None:
    """Run a program to its end; what it prints goes to the job's log.

    Args:
        context: the job; its wish to stop is followed.
        command: the program, which should call ``die_with_parent`` first, and its arguments.
        environment: variables for it, besides the job's own.
        look: called now and then while it runs.

    Raises:
        ChildFailed: it ended with another code than 0.
        JobStopped: the job was asked to stop; the program is gone.
    """
    with context.log_file.open("ab") as log:
        start = log.seek(0, os.SEEK_END)
        process = subprocess.Popen(  # noqa: S603  programs of ours, with paths as arguments and no shell
            [str(part) for part in command],
            cwd=context.folder,  # where libraries put what they forget
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
    try:
        while process.poll() is None:
            context.check_stop()
            if look is not None:
                look()
            wait_process(process.pid, _LOOK)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise ChildFailed(process.returncode, _last_words(context.log_file, start))


def python(module: str) -> list[str]:
    """The beginning of a command that runs a module of ours in this interpreter."""
    return [sys.executable, "-m", module]


def own_path() -> dict[str, str]:
    """What makes another process of this interpreter find the same modules."""
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUNBUFFERED": "1"}


@contextmanager
def work_folder(context: JobContext) -> Iterator[Path]:
    """A folder for what lies between the steps of a job; what a killed job left in it goes with the job's folder."""
    folder = context.folder / "work"
    rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def die_with_parent() -> None:
    """Called in a program: it ends at once when the job that started it does, whatever it is doing then.

    Linux only; elsewhere it goes on to its end.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before this was known to the kernel
        os._exit(1)


def _last_words(log: Path, start: int) -> str:
    with log.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(start, end - _LAST_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and _TRACE.search(line) is None]
    telling = [line for line in lines if _TELLING.search(line) is not None]
    words = (telling or lines or [""])[-1]
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}…"

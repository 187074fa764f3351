"""Starts the processes of jobs on this machine.

With paddle built for the processor they are forked from a fork server that has imported it, which gives a ready process
in some 20 ms. Importing a paddle built for CUDA touches the driver, which does not survive a fork: there each job is a
fresh interpreter. Which build is installed is read from the installed packages, for the server never imports paddle.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from importlib import metadata
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Protocol

from paddlex_restful.jobs.identity import Identity, wait_process, wait_readable

_CUDA_BUILD = "paddlepaddle-gpu"
_DYING = 2.0
"""Seconds that a killed fork server is given to end."""

_ATTEMPTS = 4
"""How often a process is asked for of a fork server that dies before it answers."""

PRELOAD = ("paddlex_restful.jobs.preload",)


RUNNER = "paddlex_restful.jobs.runner"
WORKER = "paddlex_restful.jobs.worker"


class Task(Protocol):
    """What a process can be told to do: a job, or a service of the server's."""

    def to_line(self) -> bytes:
        """It as one line of JSON, for a fresh interpreter."""

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        """Do it; called in a process that was forked."""


class Process(ABC):
    """A process that was started and waits to be told what to do.

    Attributes:
        identity: which process it is.
    """

    identity: Identity

    @abstractmethod
    def assign(self, task: Task) -> None:
        """Tell it what to do."""

    @abstractmethod
    def abandon(self) -> None:
        """Let it end without having done anything."""

    @abstractmethod
    def exit_code(self, timeout: float) -> int | None:
        """Its exit code, negative for a signal; None if it cannot be learned within some seconds."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held for it; the process goes on."""


class _Forked(Process):
    def __init__(self, channel: socket.socket | None) -> None:
        # The fork server answers with the pid and later, in the same pipe, with the exit code. The child waits for
        # two pickles in the other pipe (the protocol of multiprocessing.spawn), and ends when the pipe does before.
        self._status, self._to_child = forkserver.connect_to_new_process([] if channel is None else [channel.fileno()])
        try:
            pid = forkserver.read_signed(self._status)  # type: ignore[attr-defined]
            identity = Identity.of(pid)
            if identity is None:
                raise ChildProcessError(f"process {pid} ended at once")
        except BaseException:
            os.close(self._to_child)
            self.close()
            raise
        self.identity = identity

    def assign(self, task: Task) -> None:
        self._send({"sys_path": [path or str(Path.cwd()) for path in sys.path]}, task)

    def abandon(self) -> None:
        self._send({}, _Nothing())

    def _send(self, preparation: dict[str, Any], task: object) -> None:
        try:
            with os.fdopen(self._to_child, "wb") as pipe:
                pipe.write(pickle.dumps(preparation) + pickle.dumps(task))
        except BrokenPipeError:  # it is dead already, which whoever watches it learns
            return

    def exit_code(self, timeout: float) -> int | None:
        if not wait_readable(self._status, timeout):
            return None
        try:
            code: int = forkserver.read_signed(self._status)  # type: ignore[attr-defined]
        except EOFError:  # the fork server ended before the job
            return None
        return code

    def close(self) -> None:
        os.close(self._status)


class _Nothing:
    """The task of a child that is not needed after all."""

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        return 0


class _Spawned(Process):
    def __init__(self, channel: socket.socket | None) -> None:
        program, descriptors = (RUNNER, ()) if channel is None else (WORKER, (channel.fileno(),))
        self._popen = subprocess.Popen(  # noqa: S603  our own modules
            [sys.executable, "-m", program, *map(str, descriptors)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        identity = Identity.of(self._popen.pid)
        if identity is None:
            raise ChildProcessError(f"process {self._popen.pid} ended at once")
        self.identity = identity

    def assign(self, task: Task) -> None:
        self._send(task.to_line())

    def abandon(self) -> None:
        self._send(b"")
        self._popen.wait()

    def _send(self, line: bytes) -> None:
        assert self._popen.stdin is not None
        try:
            with self._popen.stdin as pipe:
                pipe.write(line)
        except BrokenPipeError:  # as above
            return

    def exit_code(self, timeout: float) -> int | None:
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        # Nobody will wait for it any more: without this Popen would complain of a process that is still running.
        self._popen.returncode = self._popen.returncode or 0


class Executor:
    """Starts processes in the way that fits the installed paddle.

    Args:
        method: ``forkserver`` or ``spawn``; chosen by the installed build of paddle unless given.
        preload: modules that the fork server imports ahead.
    """

    def __init__(self, method: str | None = None, preload: tuple[str, ...] = PRELOAD) -> None:
        self.method = method or start_method()
        self._started_any = False
        if self.method == "forkserver":
            forkserver.set_forkserver_preload(list(preload))
            # Only starts it: the imports go on behind, and the first job waits for what is left of them.
            forkserver.ensure_running()

    def start(self, channel: socket.socket | None = None) -> Process:
        """Start a process that waits for its task.

        Args:
            channel: one end of a socket for a process that is no job but works for the server; the caller closes it.

        Raises:
            OSError: the machine gives no process.
        """
        self._started_any = True
        if self.method == "spawn":
            return _Spawned(channel)
        for _ in range(_ATTEMPTS):
            try:
                return _Forked(channel)
            except ChildProcessError:  # somebody killed it before it could be looked at
                continue
            except (ConnectionError, EOFError):
                # The fork server was killed; once it is gone altogether the next connection starts another.
                dying = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
                if dying is not None:
                    wait_process(dying, _DYING)
        raise ChildProcessError("the fork server does not stay alive")

    def close(self) -> None:
        """End a fork server that nothing was started from, as the last thing of this process.

        It would end by itself, but not before it has imported everything for jobs that will not come.
        """
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        if self.method == "forkserver" and not self._started_any and server is not None:
            os.kill(server, signal.SIGKILL)


def start_method() -> str:
    """``spawn`` where paddle is built for CUDA or the system cannot fork, else ``forkserver``."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    try:
        metadata.distribution(_CUDA_BUILD)
    except metadata.PackageNotFoundError:
        return "forkserver"
    return "spawn"

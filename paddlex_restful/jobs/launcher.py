"""Runs a job in several processes, its *ranks*, one a GPU: starts them, watches them, and ends them together.

The job's own process does no work then. Its ranks belong to its process group, so whoever ends the group ends them, and
each has a pipe from it whose end tells them that it is gone: no rank outlives it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from paddlex_restful.cores import THREADS_VARIABLE, cores_of_job
from paddlex_restful.jobs import failures, outcome, states
from paddlex_restful.jobs.context import LOG_FILE, JobContext, JobFailed, JobStopped
from paddlex_restful.jobs.identity import wait_process
from paddlex_restful.jobs.oom import OomKills
from paddlex_restful.jobs.outcome import Outcome
from paddlex_restful.jobs.rank import Part, rank_folder
from paddlex_restful.messages import ranks as messages

RENDEZVOUS = "rendezvous"
"""The reason of ranks that could not connect to one another; another program may have taken their port."""

CONNECTION = "connection"
"""The reason of ranks that lost the connection to another: a consequence, where another has failed."""

_ATTEMPTS = 3
_LOOK = 0.1
"""Seconds between two looks whether a stop was asked for or a rank has ended."""

_CAUSE = 5.0
"""Seconds to wait for the end of another rank when one has lost its connection, which it may see a little earlier."""

_HOST = "127.0.0.1"
_NO_TIMEOUT = str(7 * 24 * 3600 * 1000)
"""Milliseconds after which a collective operation on GPUs may be given up; a rank that ends is noticed otherwise."""


def run(context: JobContext, function: str, size: int) -> dict[str, Any] | None:
    """Run a function in so many processes.

    The first rank speaks for all: its context is the job's, so that it reports and follows the wish to stop, and what
    it returns is returned. The contexts of the others have folders of their own within the job's, with their logs.

    Args:
        context: the job; its GPUs, one a rank, or none.
        function: ``module:function``, called in each rank with its context.
        size: how many ranks.

    Raises:
        JobStopped: the first rank followed the wish to stop.
        JobFailed: a rank ended otherwise; its sentence names it.
    """
    attempts_left = _ATTEMPTS
    while True:
        attempts_left -= 1
        with Ranks(context, function, size) as ranks:
            ranks.watch()
            if attempts_left and ranks.could_not_meet():
                continue
            return ranks.conclude()


class Ranks:
    """The processes of one job; a context manager that ends them.

    Args:
        context: the job.
        function: see ``run``.
        size: how many.
    """

    def __init__(self, context: JobContext, function: str, size: int) -> None:
        self._context = context
        self._size = size
        self._kills = OomKills.now()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._outcomes: dict[int, Outcome | None] = {}
        self._lost_since: float | None = None
        endpoints = _free_endpoints(size)
        with ExitStack() as on_failure:
            on_failure.callback(self.end)
            for rank in range(size):
                self._processes.append(_start(context, function, rank, endpoints))
            on_failure.pop_all()

    def __enter__(self) -> Ranks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def watch(self) -> None:
        """Wait until the first rank has ended, or another one without having done its part; hand on a wish to stop."""
        told = False
        while not self._is_decided():
            if self._context.stop_requested() and not told:
                self._processes[0].send_signal(signal.SIGTERM)
                told = True
            running = next(process for process in self._processes if process.returncode is None)
            wait_process(running.pid, _LOOK)

    def _is_decided(self) -> bool:
        for rank, process in enumerate(self._processes):
            if rank not in self._outcomes and process.poll() is not None:
                self._outcomes[rank] = outcome.read(rank_folder(self._context.folder, rank))
        failed = self._failed()
        if len(self._outcomes) == self._size or any(failure.reason != CONNECTION for failure in failed.values()):
            return True
        if failed:
            self._lost_since = self._lost_since or time.monotonic()
            return time.monotonic() - self._lost_since > _CAUSE
        return 0 in self._outcomes

    def could_not_meet(self) -> bool:
        """Whether the ranks failed before they had begun, so that another attempt may do."""
        return any(end is not None and end.reason == RENDEZVOUS for end in self._outcomes.values())

    def conclude(self) -> dict[str, Any] | None:
        """The result of the first rank.

        Raises:
            JobStopped: the ranks were stopped.
            JobFailed: a rank failed.
        """
        first = self._outcomes.get(0)
        if first is not None and first.state == states.DONE:
            return first.result
        stopped = any(end is not None and end.state == states.STOPPED for end in self._outcomes.values())
        if stopped or self._context.stop_requested():
            raise JobStopped
        # A lost connection is what the others see of a rank that has ended; the cause is one without that.
        rank, failure = min(self._failed().items(), key=lambda item: (item[1].reason == CONNECTION, item[0]))
        gpus = self._context.gpus
        template = messages.FAILED_ON_GPU if gpus else messages.FAILED
        where = {"gpu": gpus[rank]} if gpus else {}
        raise JobFailed(failure.reason, template, rank=rank, size=self._size, problem=failure.message, **where)

    def _failed(self) -> dict[int, failures.Failure]:
        failed = {}
        for rank, end in self._outcomes.items():
            if end is None:
                grown = None if self._kills is None else self._kills.grown()
                code = self._processes[rank].returncode
                failed[rank] = failures.of_exit(code, _log_file(self._context.folder, rank), out_of_memory=grown)
            elif end.state != states.DONE:
                failed[rank] = failures.Failure(end.reason, end.message)
        return failed

    def end(self) -> None:
        """End them all at once; what they save is complete or absent."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


def _start(context: JobContext, function: str, rank: int, endpoints: list[str]) -> subprocess.Popen[bytes]:
    folder = rank_folder(context.folder, rank)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with _log_file(context.folder, rank).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "paddlex_restful.jobs.rank"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            bufsize=0,
            env={**os.environ, **_environment(context, rank, endpoints)},
        )
    assert process.stdin is not None
    part = Part(str(context.root), str(context.folder), function, rank, context.gpus[rank : rank + 1])
    try:
        # The pipe stays open: its end is how the rank learns that this process is gone.
        process.stdin.write(part.to_line())
    except BrokenPipeError:  # it is dead already, which ``watch`` finds out
        return process
    return process


def _environment(context: JobContext, rank: int, endpoints: list[str]) -> dict[str, str]:
    """What paddle.distributed reads, and the rank's share of the processor and the GPUs."""
    size = len(endpoints)
    host, _, port = endpoints[0].partition(":")
    own = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        THREADS_VARIABLE: str(max(1, cores_of_job() // size)),
        "PADDLE_TRAINER_ID": str(rank),
        "PADDLE_TRAINERS_NUM": str(size),
        "PADDLE_TRAINER_ENDPOINTS": ",".join(endpoints),
        "PADDLE_CURRENT_ENDPOINT": endpoints[rank],
        # Paddle looks at these two first, and the server may have been given others for a purpose of its own.
        "MASTER_ADDR": host,
        "MASTER_PORT": port,
        "PADDLE_DISTRI_BACKEND": "nccl" if context.gpus else "gloo",
        "PADDLE_PG_TIMEOUT": _NO_TIMEOUT,
        "GLOO_SOCKET_IFNAME": _loopback(),
        "NCCL_SOCKET_IFNAME": _loopback(),
    }
    if context.gpus:
        # Each sees its own GPU alone: nothing in it can by mistake use memory of the first one. NCCL finds the ways
        # between GPUs by their places on the bus, which this does not hide.
        own |= {"CUDA_VISIBLE_DEVICES": str(context.gpus[rank]), "FLAGS_selected_gpus": "0"}
    return own


def _free_endpoints(count: int) -> list[str]:
    """Addresses on which nobody listens now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((_HOST, 0))
        return [f"{_HOST}:{each.getsockname()[1]}" for each in sockets]


def _loopback() -> str:
    """Name of the network interface that does not leave the machine."""
    names = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    return names[0] if names else "lo"


def _log_file(folder: Path, rank: int) -> Path:
    return (rank_folder(folder, rank) if rank else folder) / LOG_FILE

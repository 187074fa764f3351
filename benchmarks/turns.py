"""Trainings in processes of their own that train one epoch each in turn, so that they are measured side by side.

A machine that others use too grows faster and slower from minute to minute; only what is measured in turn compares.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import psutil

_PROCESSES = multiprocessing.get_context("spawn")
_PATIENCE = 10.0


class Seconds(NamedTuple):
    """What a step took.

    Attributes:
        wall: by the clock.
        cpu: of the processor, in the process and in those that read for it.
    """

    wall: float
    cpu: float


class Turns:
    """The side of the process that trains.

    Args:
        connection: to the other side.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._steps = 0
        self._first = Seconds(0, 0)

    def begin(self) -> str:
        """Wait for the turn; gives what the epoch is to be fed from."""
        self._steps = 0
        return str(self._connection.recv())

    def step(self) -> None:
        """A step is done."""
        self._steps += 1
        if self._steps == 1:
            self._first = _now()

    def end(self) -> None:
        """The epoch is done: tell the seconds of a step, without the first one, in which readers start."""
        taken = (end - begun for begun, end in zip(self._first, _now(), strict=True))
        self._connection.send(Seconds(*(seconds / (self._steps - 1) for seconds in taken)))


class Contestant:
    """The side of the process that measures.

    Args:
        log: file for what it prints.
        train: called in a process of its own with its ``Turns`` and the arguments; trains until it is ended.
        arguments: of ``train``.
    """

    def __init__(self, log: Path, train: Callable[..., None], *arguments: Any) -> None:
        self._log = log
        self._connection, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=_run, args=(log, train, theirs, arguments))
        self._process.start()
        theirs.close()

    def epoch(self, source: str) -> Seconds:
        """Let it train an epoch.

        Args:
            source: what it is fed from: ``files`` or ``memory``.

        Returns:
            Mean of its steps.

        Raises:
            RuntimeError: the training ended.
        """
        try:
            self._connection.send(source)
            return Seconds(*self._connection.recv())
        except (EOFError, OSError):
            self._process.join(_PATIENCE)
            raise RuntimeError(f"the training ended before the measurement did:\n{self._log.read_text()}") from None

    def close(self) -> None:
        """End it, with the processes that read for it."""
        if self._process.is_alive():
            assert self._process.pid is not None
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join(_PATIENCE)


def _now() -> Seconds:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = [each.cpu_times() for each in psutil.Process().children(recursive=True)]
    cpu = time.process_time() + ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in living)
    return Seconds(time.perf_counter(), cpu)


def _run(log: Path, train: Callable[..., None], connection: Connection, arguments: tuple[Any, ...]) -> None:
    os.setsid()
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    train(Turns(connection), *arguments)

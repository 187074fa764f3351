"""The prediction processes of one server: a process for each recently used model, within limits."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Expired
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.kinds import PREDICTIONS
from paddlex_restful.messages import jobs as job_messages
from paddlex_restful.messages import serving as messages
from paddlex_restful.serving import memory
from paddlex_restful.serving.model import Answer, Model, Request
from paddlex_restful.serving.worker import Interrupted, Worker

T = TypeVar("T")

MOST_WAITING = 64
"""Images that are worked on or wait, of all requests together; each request holds one of the server's threads."""

_WORTH = 2
"""Requests after which a model is worth a process that is faster, and takes seconds to be ready."""

_PATIENCE = 120.0
"""Seconds that loading a model, or an answer, may take."""

_LOOK = 1.0
"""Seconds between two looks for processes that are needed no longer."""

_LOOK_AT_MEMORY = 5.0
"""Seconds between two looks at their memory, which the kernel takes some milliseconds to count."""

_LEASE = 5.0
"""Seconds that requests have to finish on a GPU that a job has been given."""

_LOGS = 8
"""Logs that are kept at least."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Held:
    """A process, and one that is to take its place, as soon as it has loaded the model: it will be faster."""

    worker: Worker
    successor: Worker | None = None
    succeeded: bool = False
    answered: int = 0
    users: int = 0
    used: float = field(default_factory=time.monotonic)
    ending: bool = False


class Pool:
    """Answers for images with models that stay loaded. Safe to use from several threads.

    Args:
        executor: starts the processes.
        logs: folder of their logs.
        most: processes at once; the model that was used longest ago makes room for another.
        idle: seconds after which a process that nobody uses ends.
        threads: processor cores that each may use.
        taken: the GPUs that jobs have for themselves.
        most_bytes: memory of all processes together; a quarter of the machine's if None.
        function: what they do, ``module:function``.
    """

    def __init__(
        self,
        executor: Executor,
        logs: Path,
        most: int,
        idle: float,
        threads: int,
        taken: Callable[[], Collection[int]],
        most_bytes: int | None = None,
        function: str = PREDICTIONS,
    ) -> None:
        self._executor = executor
        self._logs = logs
        self._most = most
        self._idle = idle
        self._threads = threads
        self._taken = taken
        self._most_bytes = memory.most_bytes() if most_bytes is None else most_bytes
        self._function = function
        self._changed = threading.Condition()
        self._held: dict[Model, _Held] = {}
        self._leaving: list[_Held] = []
        self._waiting = 0
        self._numbers = itertools.count()
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None
        self._memory_seen = 0.0

    def predict(self, model: Model, requests: Sequence[Request], *, leased: bool = False) -> list[Answer]:
        """Predict images; those of requests that come at the same time are predicted together.

        Args:
            model: what answers.
            requests: the images.
            leased: its GPUs are the caller's; else the processor answers in their place while a job has them.

        Returns:
            Of each image the answer, or an error: it cannot be read, or was too much for the process.

        Raises:
            UserError: the model cannot be loaded, too many requests wait, or the server shuts down.
        """
        answers: dict[int, Answer] = {}
        alone = False
        with self._places(len(requests)):
            while left := [number for number in range(len(requests)) if number not in answers]:
                with self._using(model, leased) as worker:
                    if problem := _within(worker, worker.loaded):
                        raise UserError(problem)
                    asked = [(number, worker.ask(requests[number], alone=alone)) for number in left]
                    for number, answer in asked:
                        try:
                            answers[number] = _within(worker, answer)
                        except Interrupted:
                            continue
                # Whatever ended the process, it is found out at the next attempt.
                alone = True
        return [answers[number] for number in range(len(requests))]

    @contextmanager
    def _places(self, count: int) -> Iterator[None]:
        with self._changed:
            if self._waiting + count > MOST_WAITING:
                raise UserError(messages.TOO_MANY_WAITING, waiting=self._waiting, most=MOST_WAITING)
            self._waiting += count
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= count

    @contextmanager
    def _using(self, model: Model, leased: bool) -> Iterator[Worker]:
        with self._changed:
            held = self._find(model, leased)
            held.users += 1
        try:
            yield held.worker
        finally:
            with self._changed:
                held.users -= 1
                held.answered += 1
                held.used = time.monotonic()
                self._changed.notify_all()
            self._end_those_that_left()

    def _find(self, model: Model, leased: bool) -> _Held:
        if self._closed.is_set():
            raise UserError(job_messages.SHUTTING_DOWN)
        if not leased and not set(self._taken()).isdisjoint(model.gpus):
            model = replace(model, gpus=())
        held = self._held.pop(model, None)
        if held is not None and not held.worker.usable:
            self._retire(held)
            held = None
        if held is None:
            self._make_room()
            held = _Held(self._start(model, traced=False))
        # The one that was used last is the last.
        self._held[model] = held
        return held

    def _start(self, model: Model, *, traced: bool) -> Worker:
        self._logs.mkdir(exist_ok=True)
        log = self._logs / f"predict-{next(self._numbers) % max(_LOGS, 2 * self._most)}.log"
        try:
            worker = Worker(self._executor, model, self._threads, log, traced, self._function)
        except OSError as error:
            _log.exception("No process for the model %s", model.folder)
            raise UserError(messages.NO_PROCESS, error=error.strerror or error) from error
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="prediction-sweeper", daemon=True)
            self._sweeper.start()
        return worker

    def _make_room(self) -> None:
        self._retire_those_that_are_over()
        while len(self._held) >= self._most:
            self._retire(next(iter(self._held.values())))

    def _retire(self, held: _Held) -> None:
        """Give it no more requests, and end it when it has answered those that it has."""
        self._held.pop(held.worker.model, None)
        self._leaving.append(held)
        if held.successor is not None:
            self._leaving.append(_Held(held.successor))

    def _retire_those_that_are_over(self) -> None:
        now = time.monotonic()
        for held in list(self._held.values()):
            idle = not held.users and now - held.used >= self._idle
            if idle or not held.worker.usable or not held.worker.model.is_current():
                self._retire(held)

    def _end_those_that_left(self) -> None:
        with self._changed:
            over = [held for held in self._leaving if not held.users and not held.ending]
            for held in over:
                held.ending = True
        for held in over:
            self._end(held)

    def _end(self, held: _Held) -> None:
        held.worker.end()
        with self._changed:
            self._leaving = [other for other in self._leaving if other is not held]
            self._changed.notify_all()

    def _sweep(self) -> None:
        while not self._closed.wait(_LOOK):
            with self._changed:
                self._retire_those_that_are_over()
                self._replace_by_faster_ones()
            self._keep_within_memory()
            self._end_those_that_left()

    def _replace_by_faster_ones(self) -> None:
        for model, held in list(self._held.items()):
            if held.successor is None:
                if held.worker.faster and held.answered >= _WORTH and not held.succeeded:
                    held.succeeded = True
                    held.successor = self._start(model, traced=True)
            elif held.successor.loaded.done():
                successor, held.successor = held.successor, None
                if successor.usable:
                    self._retire(held)
                    self._held[model] = _Held(successor, succeeded=True, used=held.used)
                else:
                    self._leaving.append(_Held(successor))

    def _keep_within_memory(self) -> None:
        if time.monotonic() - self._memory_seen < _LOOK_AT_MEMORY:
            return
        with self._changed:
            held = list(self._held.values())
        sizes = [memory.own_bytes(each.worker.pid) for each in held]
        # The one that was used last stays, however large it is: ended, it would be started again.
        for place, each in enumerate(held[:-1]):
            if sum(sizes[place:]) <= self._most_bytes:
                break
            _log.info("The model %s makes room: prediction processes have %s bytes", each.worker.model, sum(sizes))
            with self._changed:
                if self._held.get(each.worker.model) is each:
                    self._retire(each)
        self._memory_seen = time.monotonic()

    def give_back(self, gpus: Collection[int]) -> None:
        """End the processes on GPUs that a job has been given; returns when they are gone."""
        wanted = set(gpus)

        def on_them() -> list[_Held]:
            return [held for held in self._leaving if not wanted.isdisjoint(held.worker.model.gpus)]

        with self._changed:
            for held in list(self._held.values()):
                if not wanted.isdisjoint(held.worker.model.gpus):
                    self._retire(held)
        self._end_those_that_left()
        with self._changed:
            self._changed.wait_for(lambda: not on_them(), _LEASE)
            over = on_them()
        for held in over:
            self._end(held)

    def close(self) -> None:
        """End all processes, whatever they are doing."""
        self._closed.set()
        with self._changed:
            for held in list(self._held.values()):
                self._retire(held)
            leaving = list(self._leaving)
        for held in leaving:
            self._end(held)


def _within(worker: Worker, future: Future[T]) -> T:
    """What a future comes to, which must not take for ever."""
    try:
        return future.result(_PATIENCE)
    except Expired:
        worker.end()
        raise UserError(messages.TOO_SLOW, seconds=_PATIENCE, log=worker.log) from None

"""One prediction process, seen from the server."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful.channel import Channel, Message
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.identity import wait_process
from paddlex_restful.jobs.kinds import PREDICTIONS
from paddlex_restful.jobs.worker import Service
from paddlex_restful.messages import serving as messages
from paddlex_restful.serving.model import Answer, Model, Request

_EXIT_CODE = 1.0
"""Seconds to wait for the exit code of a process that has ended."""

_END = 1.0
"""Seconds to wait for the end of a process that was killed."""

_log = logging.getLogger(__name__)


class Interrupted(Exception):  # noqa: N818  another attempt will do
    """The process ended before it came to the request, or while it worked on several at once."""


@dataclass(eq=False)
class _Asked:
    alone: bool
    answer: Future[Answer]
    sent: bool = False


class Worker:
    """A process that has one model loaded, or is loading it. Safe to use from several threads.

    Args:
        executor: starts the process.
        model: what it loads.
        threads: processor cores that it may use.
        log: takes its output.
        traced: makes a program of the net first, which takes some seconds and answers faster.
        function: what it does, ``module:function``.

    Attributes:
        model: what it has loaded.
        log: its output.
        loaded: done when it has; tells a sentence if it cannot, else the empty text.
        faster: known then: one that is traced would answer faster.

    Raises:
        OSError: the machine gives no process.
    """

    def __init__(
        self, executor: Executor, model: Model, threads: int, log: Path, traced: bool, function: str = PREDICTIONS
    ) -> None:
        self.model = model
        self.log = log
        self.loaded: Future[str] = Future()
        self.faster = False
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._asked: dict[int, _Asked] = {}
        self._number = 0
        self._dead = False
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = executor.start(theirs)
                args = {"type": model.type, "model": str(model.folder), "gpus": model.gpus, "traced": traced}
                self._process.assign(Service(function, args, model.gpus, threads, str(log)))
        except BaseException:
            ours.close()
            raise
        self._channel = Channel(ours)
        self._reader = threading.Thread(target=self._receive, name="prediction-answers", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.identity.pid

    @property
    def usable(self) -> bool:
        """Whether it answers or will: the process lives, and has not said that it cannot load the model."""
        return not self._dead and not (self.loaded.done() and self.loaded.result())

    def ask(self, request: Request, *, alone: bool) -> Future[Answer]:
        """Ask for a prediction.

        Args:
            request: the image.
            alone: the process works on nothing else meanwhile, so that it is known what ended it.

        Returns:
            The answer; ``Interrupted`` if the process ended without anybody knowing that this request was the cause.
        """
        asked = _Asked(alone, Future())
        # The process gets them in the order of their numbers, by which it is known what it was working on.
        with self._sending:
            self._send(asked, request)
        return asked.answer

    def _send(self, asked: _Asked, request: Request) -> None:
        with self._lock:
            if self._dead:
                asked.answer.set_exception(Interrupted())
                return
            self._number += 1
            number = self._number
            self._asked[number] = asked
        fields = {
            "number": number,
            "name": request.name,
            "score_thresh": request.score_thresh,
            "picture": request.picture,
            "mask": request.mask,
            "alone": asked.alone,
        }
        try:
            self._channel.send(fields, [request.data])
        except OSError:  # it has just ended
            with self._lock:
                self._dead = True
                waits = self._asked.pop(number, None) is not None
            if waits:
                asked.answer.set_exception(Interrupted())
            return
        asked.sent = True

    def end(self) -> None:
        """End the process, which has nothing to lose; returns when it is gone."""
        self._process.identity.send(signal.SIGKILL)
        self._channel.close()
        wait_process(self.pid, _END)
        self._reader.join(_EXIT_CODE + _END)

    def _receive(self) -> None:
        while (message := self._channel.receive()) is not None:
            self._take(message)
        # Of a process that closed its end and lives on nothing is to be expected.
        self._process.identity.send(signal.SIGKILL)
        how = _told(self._process.exit_code(_EXIT_CODE))
        self._process.close()
        with self._lock:
            self._dead = True
            left = [self._asked.pop(number) for number in sorted(self._asked)]
        sentence = messages.CRASHED.format(how=how, log=self.log)
        if not self.loaded.done():
            self.loaded.set_result(messages.NOT_LOADED.format(how=how, log=self.log))
        for place, asked in enumerate(left):
            # Those that are alone are worked on in their order. Others get another chance: it may have been anyone's
            # doing, and an image that ends a process ends the next one, too.
            if place == 0 and asked.alone and asked.sent:
                asked.answer.set_result(Answer({}, {}, sentence))
            else:
                asked.answer.set_exception(Interrupted())
        if left:
            _log.warning("The prediction process of %s ended (%s) with %s requests", self.model.folder, how, len(left))

    def _take(self, message: Message) -> None:
        fields = message.fields
        if "ready" in fields or "failed" in fields:
            self.faster = fields.get("faster", False)
            self.loaded.set_result(fields.get("failed", ""))
            return
        with self._lock:
            asked = self._asked.pop(fields["number"])
        if "error" in fields:
            asked.answer.set_result(Answer({}, {}, fields["error"]))
        else:
            files = dict(zip(fields["files"], message.parts, strict=True))
            asked.answer.set_result(Answer(fields["told"], files))


def _told(code: int | None) -> str:
    if code is None:
        return messages.VANISHED
    if code >= 0:
        return messages.EXITED.format(code=code)
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
    return messages.KILLED.format(number=-code, name=name)

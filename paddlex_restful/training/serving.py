"""A trained model that stays loaded and answers for images as they come: the work of a prediction process.

Images are decoded and drawn in threads. The net takes what is ready as one batch; it waits a moment for images that are
being decoded, and never for those that might come.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from paddlex_restful.channel import Channel
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import decode_image
from paddlex_restful.jobs import failures
from paddlex_restful.messages import prediction as messages
from paddlex_restful.paths import unmoved
from paddlex_restful.training import predict, reading
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.train import use_gpus

_GATHER = 0.003
"""Seconds that a batch waits for images that are being decoded."""

_log = logging.getLogger(__name__)


def serve(channel: Channel, args: dict[str, Any], log: Path) -> None:
    """Load a model, say that it is ready, and answer until the server is gone.

    Args:
        channel: to the server. The first message tells ``failed``, a sentence, or that it is ``ready``, and whether it
            would be ``faster`` traced. A request has
            ``number``, ``name`` (what sentences call the image), ``score_thresh``, ``picture`` and ``mask`` (whether
            these are wanted), ``alone``, and one part, the file. The answer has ``number``, and ``error``, a sentence,
            or ``told`` with the names of its parts in ``files``.
        args: ``type``, ``model`` (absolute path of a checkpoint), ``gpus`` and ``traced``, see ``predict.Predictor``.
        log: of this process.
    """
    try:
        use_gpus(args["gpus"])
        predictor = adapter(args["type"]).predictor(unmoved(Path(args["model"])))
        if args["traced"] and predictor.trace is not None:
            predictor.trace()
    except Exception as error:  # noqa: BLE001  whatever it is, the server is told
        _log.exception("The model cannot be loaded")
        channel.send({"failed": failures.of_exception(error, log).message})
        return
    channel.send({"ready": True, "faster": not (args["traced"] or args["gpus"]) and predictor.trace is not None})
    Desk(channel, predictor, log).run()


@dataclass(frozen=True)
class _Request:
    number: int
    name: str
    score_thresh: float
    picture: bool
    mask: bool
    alone: bool


@dataclass(frozen=True)
class _Prepared:
    request: _Request
    image: Any
    picture: Image.Image | None


class Desk:
    """Answers the requests of one channel with one model; see ``serve``.

    Args:
        channel: to the server.
        predictor: the model.
        log: of this process.
    """

    def __init__(self, channel: Channel, predictor: predict.Predictor, log: Path) -> None:
        self._channel = channel
        self._predictor = predictor
        self._log_file = log
        self._pool = ThreadPoolExecutor(reading.threads(), thread_name_prefix="image")
        self._changed = threading.Condition()
        self._open = 0
        self._decoding = 0
        self._ready: deque[_Prepared] = deque()

    def run(self) -> None:
        """Answer until the process ends, which it does when the server closes the channel."""
        threading.Thread(target=self._receive, name="requests", daemon=True).start()
        while True:
            self._answer(self._next_batch())

    def _receive(self) -> None:
        while (message := self._channel.receive()) is not None:
            request = _Request(**message.fields)
            if request.alone:
                self._wait_for_all()
            with self._changed:
                self._open += 1
                self._decoding += 1
            self._pool.submit(self._prepare, request, message.parts[0])
            if request.alone:
                self._wait_for_all()
        os._exit(0)

    def _wait_for_all(self) -> None:
        """Wait until everything is answered: should the process be killed by an image, nobody doubts which it was."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open)

    def _prepare(self, request: _Request, data: bytes) -> None:
        ready = None
        try:
            image = decode_image(data)
            picture = predict.shown(image) if request.picture else None
            ready = _Prepared(request, self._predictor.prepare(image), picture)
        except UserError:
            self._send(request, {"error": messages.UNREADABLE.format(image=request.name)})
        except Exception as error:  # noqa: BLE001  of one image, whatever it is
            self._fail(request, error)
        with self._changed:
            self._decoding -= 1
            if ready is not None:
                self._ready.append(ready)
            self._changed.notify_all()

    def _next_batch(self) -> list[_Prepared]:
        size = self._predictor.batch_size
        with self._changed:
            self._changed.wait_for(lambda: self._ready)
            self._changed.wait_for(lambda: not self._decoding or len(self._ready) >= size, _GATHER)
            return [self._ready.popleft() for _ in range(min(size, len(self._ready)))]

    def _answer(self, batch: Sequence[_Prepared]) -> None:
        try:
            answers = self._predictor.predict([one.image for one in batch])
        except Exception as error:  # noqa: BLE001  the others of the batch may do
            if len(batch) == 1:
                self._fail(batch[0].request, error)
                return
            for one in batch:
                self._answer([one])
            return
        for one, answer in zip(batch, answers, strict=True):
            self._pool.submit(self._tell, one, answer)

    def _tell(self, one: _Prepared, answer: Any) -> None:
        try:
            told = self._predictor.tell(answer, one.request.score_thresh)
            files = {}
            if one.picture is not None:
                files["picture"] = _png(told.draw(one.picture), **predict.FAST_PNG)
            if one.request.mask and told.mask is not None:
                files["mask"] = _png(told.mask, bits=8)
        except Exception as error:  # noqa: BLE001  of one image, whatever it is
            self._fail(one.request, error)
            return
        self._send(one.request, {"told": told.fields, "files": list(files)}, list(files.values()))

    def _fail(self, request: _Request, error: Exception) -> None:
        _log.error("%s cannot be predicted", request.name, exc_info=error)
        self._send(request, {"error": failures.of_exception(error, self._log_file).message})

    def _send(self, request: _Request, fields: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
        try:
            self._channel.send({"number": request.number, **fields}, parts)
        except OSError:  # the server is gone
            os._exit(0)
        with self._changed:
            self._open -= 1
            self._changed.notify_all()


def _png(image: Image.Image, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()

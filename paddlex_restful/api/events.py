"""/project/task/events: what happens to a task, as server-sent events."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, current_app, request
from pydantic import Field

from paddlex_restful import language
from paddlex_restful.api.answers import encode, in_language
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.sentences import HERE, Places, retold
from paddlex_restful.api.task import TID
from paddlex_restful.connection import ENVIRONMENT_KEY, Connection
from paddlex_restful.errors import UserError
from paddlex_restful.messages import events as sentences
from paddlex_restful.services import Services
from paddlex_restful.services.events import Event, Follower, Position

blueprint = Blueprint("events", __name__)

MOST_STREAMS = 32
"""Streams at once; each holds one of the server's threads."""

LOOK = 0.25
"""Seconds between two looks at what happened."""

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, for proxies and readers that end silent connections."""

PATIENCE = 60.0
"""Seconds after which a reader that takes nothing of what was sent to it is given up."""

MOST_UNSENT = 256 << 10
"""Bytes that may wait for a reader before nothing more is read for it."""

# A browser gives up for good when it is answered with an error, so it had better come back when the server has ended.
_EVENTS = "text/event-stream"
_RETRY = b"retry: 3000\n\n"
_COMMENT = b": nothing more for now\n\n"

_SENTENCES: Mapping[str, Places] = {
    "state": {"message": HERE, "task": {"message": HERE}},
    "progress": {"progress": {"waiting": HERE}},
}
"""Where the data of an event have sentences, by its type."""

_log = logging.getLogger(__name__)


class FollowTask(Arguments):
    """Arguments of GET /project/task/events."""

    tid: str = Field(description=TID)
    last_event_id: str | None = Field(
        None, description="id of the last event that was read, to go on after it; the header Last-Event-ID goes before"
    )


@call(blueprint, "GET", "/project/task/events", media=[_EVENTS])
def follow(args: FollowTask, services: Services) -> Response:
    """What happens to a task, from now on, as server-sent events."""
    last = request.headers.get("Last-Event-ID", "").strip() or args.last_event_id
    follower = Follower(services, args.tid, Position.parse(last) if last else None)
    streams: threading.BoundedSemaphore = current_app.extensions["streams"]
    # A reader that has just left, such as a page that is loaded anew, gives its place back at the next look.
    if not streams.acquire(timeout=2 * LOOK):
        raise UserError(sentences.TOO_MANY_STREAMS, most=MOST_STREAMS)
    reader = language.current()
    response = Response(
        _stream(follower, request.environ[ENVIRONMENT_KEY], current_app.extensions["closing"], reader),
        content_type=_EVENTS,
        headers={"Cache-Control": "no-store"},
    )
    # Called by the server also for a stream that never began.
    response.call_on_close(follower.close)
    response.call_on_close(streams.release)
    return in_language(reader, response)


def _stream(follower: Follower, connection: Connection, closing: threading.Event, reader: str) -> Iterator[bytes]:
    """Tell what a follower sees, in a language, until the task is deleted, the reader leaves or the server ends."""
    yield _RETRY
    spoken = time.monotonic()
    caught_up = False
    while not closing.is_set() and not connection.gone():
        if connection.stalled() > PATIENCE:
            _log.info("A reader of %s took nothing for %.0f s and was given up", follower.tid, PATIENCE)
            connection.cut()
            return
        if connection.unsent() > MOST_UNSENT:
            closing.wait(LOOK)
            continue
        events = follower.look()
        if events is None:
            return
        text = b"".join(_encoded(event, reader) for event in events)
        if not caught_up and not follower.behind:
            caught_up = True
            text += _COMMENT
        elif not text and time.monotonic() - spoken >= HEARTBEAT:
            text = _COMMENT
        if text:
            spoken = time.monotonic()
            connection.forget_sent()
            yield text
        if not follower.behind:
            closing.wait(LOOK)


def _encoded(event: Event, reader: str) -> bytes:
    data = event.data
    if reader != language.SOURCE and (where := _SENTENCES.get(event.type)):
        data = retold(data, where, lambda text: language.sentence(text, reader))
    # JSON has no line ends of its own.
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        str(event.position).encode(),
        event.type.encode(),
        encode(data),
    )

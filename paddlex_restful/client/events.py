"""What happens in a task, as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from paddlex_restful.client.transport import Transport

_PATH = "/project/task/events"


@dataclass(frozen=True)
class Event:
    """One event of a task.

    Attributes:
        name: state, progress, metrics or log.
        data: what it tells.
    """

    name: str
    data: dict[str, Any]


def follow(transport: Transport, tid: str) -> Iterator[Event]:
    """The events of a task, without an end; after a broken connection it goes on where it was.

    Args:
        transport: to the server.
        tid: the task.

    Raises:
        ApiError: there is no such task, or no longer.
        NoAnswer: the server is gone.
    """
    last = ""
    while True:
        headers = {"Last-Event-ID": last} if last else {}
        response = transport.request("GET", _PATH, params={"tid": tid}, headers=headers, stream=True)
        with response:
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise transport.refusal(response, "GET", _PATH)
            fields: dict[str, str] = {}
            try:
                for line in response.iter_lines(chunk_size=None):
                    if line:
                        name, _, value = line.decode("utf-8").partition(":")
                        fields[name] = value.removeprefix(" ")
                        continue
                    last = fields.get("id", last)
                    if "data" in fields:
                        yield Event(fields.get("event", "message"), json.loads(fields["data"]))
                    fields = {}
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                continue

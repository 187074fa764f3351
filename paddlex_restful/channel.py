"""Messages between the server and a process that works for it: JSON, and bytes that are no JSON."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

_LENGTH = struct.Struct("!I")
_PARTS = "parts"


class Message(NamedTuple):
    """What came.

    Attributes:
        fields: plain JSON.
        parts: bytes.
    """

    fields: dict[str, Any]
    parts: Sequence[bytes]


class Channel:
    """One end of a socket between two processes of one machine, of which one started the other.

    Any thread may send; one receives.

    Args:
        end: the socket, which the channel closes.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._reader = end.makefile("rb")
        self._sending = threading.Lock()

    def send(self, fields: Mapping[str, Any], parts: Sequence[bytes] = ()) -> None:
        """Send a message; waits while the other end has no room for it.

        Args:
            fields: plain JSON values; numpy figures are taken too.
            parts: bytes.

        Raises:
            OSError: the other end is gone.
        """
        head = orjson.dumps({**fields, _PARTS: list(map(len, parts))}, option=orjson.OPT_SERIALIZE_NUMPY)
        data = b"".join((_LENGTH.pack(len(head)), head, *parts))
        with self._sending:
            self._socket.sendall(data)

    def receive(self) -> Message | None:
        """The next message; None once the other end is gone."""
        try:
            length = self._reader.read(_LENGTH.size)
            if len(length) < _LENGTH.size:
                return None
            fields = orjson.loads(self._reader.read(*_LENGTH.unpack(length)))
            sizes = fields.pop(_PARTS)
            parts = [self._reader.read(size) for size in sizes]
        except (OSError, ValueError):  # it was cut off, in the middle of a message even, or closed on this side
            return None
        return Message(fields, parts) if list(map(len, parts)) == sizes else None

    def close(self) -> None:
        """End it for both sides; who receives gets None."""
        with contextlib.suppress(OSError):  # the other end is gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        # The reading thread, if it waits, is at the end now.
        self._reader.close()
        self._socket.close()

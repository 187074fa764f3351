"""The connection of a request, for an answer that goes on for long: is its reader there, and does it read?"""

from __future__ import annotations

import socket
import time
from typing import Any

ENVIRONMENT_KEY = "paddlex_restful.connection"
"""Under this key the server puts the connection of a request into its WSGI environment."""


class Connection:
    """The connection of a request that is being answered.

    Args:
        channel: waitress's channel of it.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def gone(self) -> bool:
        """Whether the reader has closed it."""
        try:
            # Nobody else reads from it: waitress takes no further request before this one is answered, and so does not
            # see the end of the connection either.
            return not self._channel.connected or self._channel.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def unsent(self) -> int:
        """How many bytes of the answer wait until the reader takes what was sent before."""
        return int(self._channel.total_outbufs_len)

    def stalled(self) -> float:
        """For how many seconds the reader has taken nothing although something waits for it."""
        return time.time() - self._channel.last_activity if self._channel.total_outbufs_len else 0.0

    def wait_for_reader(self, seconds: float) -> None:
        """Wait until the reader has taken something of what waits, but no longer than this."""
        # Waitress tells it whoever waits for this lock.
        with self._channel.outbuf_lock:
            if self._channel.connected and self._channel.total_outbufs_len:
                self._channel.outbuf_lock.wait(seconds)

    def forget_sent(self) -> None:
        """Give back the memory of what was sent, which waitress does only after 16 MiB or at the end of an answer."""
        # As waitress does between two answers: what is written next gets a buffer of its own.
        self._channel.current_outbuf_count = self._channel.adj.outbuf_high_watermark

    def cut(self) -> None:
        """Close it without waiting for a reader that does not read."""
        try:
            # Waitress would keep what waits, and the connection, until it has been read.
            self._channel.socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it was closed meanwhile
            return

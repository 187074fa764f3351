"""What was answered to requests with a key of their own, so that a repeated one does nothing again (SQLite)."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences

FILE = "replies.db"

KEPT_SECONDS = 24 * 3600
"""How long a key is remembered."""

MOST = 10_000
"""How many keys are remembered at most, the newest."""

_BETWEEN_CLEARINGS = 1000
"""New keys from one look for old ones to the next."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE, request BLOB NOT NULL, began REAL NOT NULL, code INTEGER, body BLOB
)
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What was answered.

    Attributes:
        code: HTTP status.
        body: the bytes.
    """

    code: int
    body: bytes


class Replies:
    """The answers of one workspace by the keys of their requests; the file is made with the first key.

    A key is on the disk before its request begins to do anything, so that what a killed server was doing is never done
    twice.

    Args:
        root: folder of the workspace.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._changed = threading.Condition()
        self._under_way: set[str] = set()
        self._connection: sqlite3.Connection | None = None

    def begin(self, key: str, request: bytes) -> Reply | None:
        """Take a key for a request, or give what was answered to the first request with it; waits for one under way.

        Args:
            key: of the request, with the call that it belongs to.
            request: what tells the request from others.

        Returns:
            The answer to give; None where the request is the first, which ``finish`` or ``forget`` must follow.

        Raises:
            UserError: the key was used for another request, or it is not known what became of the first one.
            sqlite3.Error: the file cannot be written.
        """
        with self._changed:
            self._changed.wait_for(lambda: key not in self._under_way)
            execute = self._opened().execute
            found = execute("SELECT request, code, body FROM replies WHERE key = ?", (key,)).fetchone()
            if found is None:
                values = (key, request, time.time())
                added = execute("INSERT INTO replies (key, request, began) VALUES (?, ?, ?)", values)
                self._under_way.add(key)
                if (added.lastrowid or 0) % _BETWEEN_CLEARINGS == 0:
                    _clear(self._opened())
                return None
        told, code, body = found
        if told != request:
            raise UserError(sentences.KEY_OF_ANOTHER)
        if code is None:
            raise UserError(sentences.KEY_CUT_OFF)
        return Reply(code, body)

    def finish(self, key: str, reply: Reply) -> None:
        """Keep the answer to the request of a key."""
        with self._changed:
            self._opened().execute("UPDATE replies SET code = ?, body = ? WHERE key = ?", (reply.code, reply.body, key))
            self._end(key)

    def forget(self, key: str) -> None:
        """Give a key back whose request did nothing."""
        with self._changed:
            self._opened().execute("DELETE FROM replies WHERE key = ?", (key,))
            self._end(key)

    def abandon(self, key: str) -> None:
        """Leave open what became of the request of a key."""
        with self._changed:
            self._end(key)

    def close(self) -> None:
        """Close the file."""
        with self._changed:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _end(self, key: str) -> None:
        self._under_way.remove(key)
        self._changed.notify_all()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                # A day's answers are less than a server that refuses all keys.
                _log.warning(sentences.REPLIES_DAMAGED.format(path=self._path, problem=error))
                self._path.unlink()
                self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(_SCHEMA)
            _clear(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _clear(connection: sqlite3.Connection) -> None:
    """Forget old keys, and the oldest where there are too many."""
    connection.execute(
        "DELETE FROM replies WHERE began < ? OR id <= (SELECT max(id) FROM replies) - ?",
        (time.time() - KEPT_SECONDS, MOST),
    )

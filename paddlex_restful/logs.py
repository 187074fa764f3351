"""The server's log: lines of JSON in a file of the workspace that rotates, beside the readable ones on stderr."""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timezone
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

FILE = Path("logs") / "server.log"
"""Its place in the workspace."""

MOST_BYTES = 16 << 20
"""A file that has become as large as this is set aside."""

KEPT = 4
"""Files that were set aside and are kept, the newest with the ending ``.1``."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that a thread works on; empty where it works on none."""

_GATHER_SECONDS = 0.05
"""So long lines are gathered before they are written: a thread that woke for each would cost more than the lines."""

_MOST_WAITING = 20_000
_BATCH = 1000
_CLOSE_SECONDS = 0.3

_log = logging.getLogger(__name__)


class RequestFilter(logging.Filter):
    """Gives each record the text ``request``, that a readable line tells of the request during which it was written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let all records pass."""
        current = request_id.get()
        record.request = f" [{current}]" if current else ""
        return True


class _Entry(NamedTuple):
    created: float
    request_id: str
    told: logging.LogRecord | Mapping[str, Any]


class ServerLog(logging.Handler):
    """Writes records and requests to the file in a thread of its own, so that nobody who logs waits for the disk.

    Lines that the disk does not take are lost, which is told once on the other handlers of the root logger.

    Args:
        root: folder of the workspace.
        most_bytes: size at which a file is set aside.
    """

    def __init__(self, root: Path, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._file = _RotatingFile(root / FILE, most_bytes)
        self._waiting: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server-log", daemon=True)
        self._thread.start()

    def attach(self) -> None:
        """Take the records of all loggers."""
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Have a record written soon."""
        self._put(_Entry(record.created, request_id.get(), record))

    def note(self, fields: Mapping[str, Any]) -> None:
        """Have a line about the request under work written soon: past the loggers, which take longer than some calls.

        Args:
            fields: what the line tells, as JSON has it.
        """
        self._put(_Entry(time.time(), request_id.get(), fields))

    def _put(self, entry: _Entry) -> None:
        # A disk that answers no more must not fill the memory.
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(entry)

    def close(self) -> None:
        """Write what waits, and end."""
        logging.getLogger().removeHandler(self)
        self._ending.set()
        self._waiting.put(None)
        self._thread.join(_CLOSE_SECONDS)
        super().close()

    def _run(self) -> None:
        told = False
        # The first time around the file is made, so that it is there as long as the server is.
        batch: list[_Entry | None] = []
        while True:
            try:
                self._file.write(b"".join(_line(entry) for entry in batch if entry is not None))
                told = False
            except OSError as error:
                if not told:
                    told = True
                    _log.warning("The log cannot be written, lines are lost until it can: %s", error)
            if None in batch:
                break
            batch = self._gather()
        self._file.close()

    def _gather(self) -> list[_Entry | None]:
        batch = [self._waiting.get()]
        self._ending.wait(_GATHER_SECONDS)
        while len(batch) < _BATCH and not self._waiting.empty():
            batch.append(self._waiting.get())
        return batch


class _RotatingFile:
    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._opened: IO[bytes] | None = None

    def write(self, data: bytes) -> None:
        if self._opened is None:
            self._path.parent.mkdir(exist_ok=True)
            self._opened = self._path.open("ab", buffering=0)
        self._opened.write(data)
        if self._opened.tell() >= self._most_bytes:
            self.close()
            self._set_aside()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _set_aside(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{number + 1}") for number in range(KEPT))]
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)


def _line(entry: _Entry) -> bytes:
    fields: dict[str, Any] = {
        "time": f"{_second(int(entry.created))}.{int(entry.created % 1 * 1000):03d}+00:00",
        "level": "info",
        "request_id": entry.request_id or None,
    }
    if isinstance(entry.told, logging.LogRecord):
        record = entry.told
        fields |= {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
    else:
        fields |= entry.told
    try:
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # lone surrogates, by which file names that are not UTF-8 are carried
        plain = {name: str(value).encode("utf-8", "replace").decode() for name, value in fields.items()}
        return orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)


@lru_cache(maxsize=4)
def _second(number: int) -> str:
    return datetime.fromtimestamp(number, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")

"""The lines of a file that grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

BLOCK = 1 << 16
"""So many bytes are read at once, and kept of a line that is longer."""

_CUT = "…".encode()


def fields_of(line: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None for one that a crash or a full disk left broken."""
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None


class Lines:
    """Gives the whole lines of a file from an offset on, and later those that were added.

    The file is held open, so that another one which takes its name is never mixed up with it. Not more than ``BLOCK``
    bytes of it are in memory; a longer line is cut off.

    Args:
        path: the file.
        offset: where to begin, in bytes; an offset at which no line begins stands for the beginning of the file.

    Attributes:
        offset: where the next line begins.
        behind: whether there may be more to read at once.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._file = path.open("rb", buffering=0)
        self.offset = offset if self._begins_line(offset) else 0
        self.behind = True
        self._searched = self.offset
        self._head = b""

    def _begins_line(self, offset: int) -> bool:
        if offset == 0:
            return True
        self._file.seek(offset - 1)
        return self._file.read(1) == b"\n"

    def read(self) -> list[tuple[bytes, int]]:
        """Read on by one block.

        Returns:
            The lines whose end was found, without it, and of each the offset behind it.
        """
        self._file.seek(self._searched)
        block = self._file.read(BLOCK)
        self.behind = len(block) == BLOCK
        if self._head:
            return self._rest_of_long_line(block)
        *whole, rest = block.split(b"\n")
        found = []
        for line in whole:
            self.offset += len(line) + 1
            found.append((line, self.offset))
        self._searched = self.offset
        if len(rest) == BLOCK:
            self._head = rest
            self._searched += BLOCK
        return found

    def _rest_of_long_line(self, block: bytes) -> list[tuple[bytes, int]]:
        rest, end, _ = block.partition(b"\n")
        self._searched += len(rest) + len(end)
        if not end:
            return []
        line, self._head = self._head + _CUT, b""
        self.offset = self._searched
        self.behind = True
        return [(line, self.offset)]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

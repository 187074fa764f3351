"""What tells a file from the one that takes its place."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int]
"""Time of the last change in nanoseconds, bytes and inode of a file."""


def stamp(file: Path) -> Stamp:
    """Of a file; another one whenever it has been replaced.

    Raises:
        OSError: there is none, or it cannot be looked at.
    """
    found = file.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino

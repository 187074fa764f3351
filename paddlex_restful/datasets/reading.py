"""Reads one file of a dataset."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages


class BadFile(UserError):  # noqa: N818
    """The file cannot be used; the message follows its name."""


def read_whole(path: str | Path, limit: int, inside: Path | None = None) -> bytes:
    """The content of a regular file.

    Args:
        path: the file.
        limit: bytes from which on it is refused.
        inside: the folder, without symbolic links, in which the file must really lie. It is asked of what is open,
            because a link may have taken the file's place after its folder was listed.

    Raises:
        BadFile: it is too large, lies elsewhere or cannot be read.
    """
    try:
        # Not waiting: in the place of a file there may be a pipe now, which nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if inside is not None and inside not in Path(f"/proc/self/fd/{descriptor}").readlink().parents:
                raise BadFile(messages.LEAVES_SOURCE)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise BadFile(messages.NOT_A_FILE)
            length = found.st_size
            if length > limit:
                raise BadFile(messages.FILE_TOO_LARGE, limit=limit >> 20)
            data = os.read(descriptor, length)
            # More than two gigabytes are not read at once.
            while len(data) < length and (piece := os.read(descriptor, length - len(data))):
                data += piece
            return data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadFile(messages.UNREADABLE_FILE, reason=error.strerror) from None

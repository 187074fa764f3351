"""Reads one file of a dataset."""

from __future__ import annotations

import os
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages


class BadFile(UserError):  # noqa: N818
    """The file cannot be used; the message follows its name."""


def read_whole(path: str | Path, limit: int) -> bytes:
    """The content of a regular file.

    Args:
        path: the file.
        limit: bytes from which on it is refused.

    Raises:
        BadFile: it is too large or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            length = os.fstat(descriptor).st_size
            if length > limit:
                raise BadFile(messages.FILE_TOO_LARGE, limit=limit >> 20)
            return os.read(descriptor, length)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadFile(messages.UNREADABLE_FILE, reason=error.strerror) from None

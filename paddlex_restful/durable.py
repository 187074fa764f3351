"""File operations that have reached the disk when they return, unless they say otherwise.

A file is replaced as a whole or not at all: its new content is written beside it, synced, renamed over it, and the
folder is synced, because a rename lives in the folder and not in the file. Who keeps two copies and knows a torn one
(``workspace.statefile``) may write into them in turn, which is quicker. Every system call of a save is made here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"
"""How the names of unfinished files end; they begin with a dot. One that a crash left holds nothing of worth."""

_WRITE_OVER = os.O_WRONLY | getattr(os, "O_BINARY", 0)
_WRITE_NEW = _WRITE_OVER | os.O_CREAT | os.O_TRUNC


def write_durably(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Replaces the content of a file, atomically and durably.

    Args:
        path: the file; its folder must exist. A symbolic link is replaced, not followed.
        data: the whole new content.
        mode: the permissions that it has from its first instant, less those that the process's umask takes away.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    # A name of its own for each writer, independent of the length of the file's name.
    temporary = path.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        _write(temporary, data, mode, synced=True)
        rename(temporary, path)
    except OSError:
        remove_if_there(temporary)
        raise
    sync_folder(path.parent)


def write_unsynced(path: Path, data: bytes) -> None:
    """Writes a file in place. It outlives the process, but a loss of power may leave it empty, torn or missing."""
    _write(path, data, 0o666, synced=False)


def _write(path: Path, data: bytes, mode: int, *, synced: bool) -> None:
    descriptor = os.open(path, _WRITE_NEW, mode)
    try:
        _write_all(descriptor, data)
        if synced:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def overwrite(path: Path, data: bytes, place: int = 0) -> None:
    """Writes over a part of a file that is there, and syncs it; not atomic.

    It takes a fraction of the time of replacing the file, since the disk need not order anything but the content.

    Args:
        path: the file.
        data: what is to be there.
        place: offset of the first byte.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it could not be written. The file is as it was if the disk had no room for more, else a mixture.
    """
    descriptor = os.open(path, _WRITE_OVER)
    try:
        if os.fstat(descriptor).st_size < place + len(data) and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, place + len(data))
        os.lseek(descriptor, place, os.SEEK_SET)
        _write_all(descriptor, data)
        # Without the times of the file, which would cost another write.
        (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def make_folder(path: Path) -> None:
    """Makes one folder; durable once its parent is synced.

    Raises:
        FileExistsError: something of that name is there.
        OSError: it cannot be made.
    """
    os.mkdir(path)  # noqa: PTH102 - all calls of this module are plain os functions, so that tests can make each of them fail


def rename(source: Path, target: Path) -> None:
    """Renames over what is there, atomically; durable once the folder is synced."""
    os.replace(source, target)  # noqa: PTH105 - as in make_folder


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable. Windows cannot sync a folder and keeps names in its own journal."""
    if os.name != "nt":
        sync(folder)


def sync(path: Path) -> None:
    """Makes the content of a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_if_there(path: Path) -> None:
    """Removes a file whose presence does no harm; a failure leaves it for the next opening to sweep up."""
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - as in make_folder

"""Copies files the cheapest way that the file systems allow."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from pathlib import Path

_FICLONE = 0x40049409
"""Linux: let a file share another's blocks until one of them is written (ioctl_ficlone(2))."""

_CANNOT = frozenset(
    {errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOTTY, errno.EPERM, errno.EBADF, errno.EMLINK}
)
"""Errors by which a file system says that it has no such short cut."""


class SourceChangedError(Exception):
    """A file became shorter while it was copied, or a symbolic link to elsewhere took its place."""


class Copier:
    """Copies files, and remembers which short cuts the file systems refused.

    Args:
        root: the folder that files are taken from, without symbolic links. What lies elsewhere when it is opened is not
            copied: a link may have taken the place of a file or of a folder after it was checked.
        link: hard-link instead of copying, where that is possible.
    """

    def __init__(self, root: Path, *, link: bool) -> None:
        self._inside = f"{root}/".replace("//", "/")
        self._link = link
        self._reflink = True
        self._in_kernel = True

    @property
    def needs_space(self) -> bool:
        """Whether what is copied from now on takes space on the disk, as far as the copies so far have shown."""
        return not self._link and not self._reflink

    def copy(self, source: str, target: str) -> None:
        """Make ``target``, which must not exist, with the content of the regular file ``source``.

        Raises:
            OSError: reading or writing failed.
            SourceChangedError: the source became shorter meanwhile, or lies elsewhere now.
        """
        # Not waiting: in the place of a file there may be a pipe now, which nobody writes to.
        reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            # Asked of what is open, so that nothing can be exchanged between the question and the copying.
            if not os.readlink(f"/proc/self/fd/{reading}").startswith(self._inside):  # noqa: PTH115  ten times faster
                raise SourceChangedError
            if not (self._link and self._linked(reading, target)):
                self._copied(reading, target)
        finally:
            os.close(reading)

    def _linked(self, reading: int, target: str) -> bool:
        try:
            # Without a folder's descriptor Python calls link(2), which would link the link.
            os.link(f"/proc/self/fd/{reading}", target, src_dir_fd=reading, follow_symlinks=True)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            self._link = False
            return False
        return True

    def _copied(self, reading: int, target: str) -> None:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            if not (self._reflink and self._reflinked(reading, writing)):
                self._transfer(reading, writing)
        finally:
            os.close(writing)

    def _reflinked(self, reading: int, writing: int) -> bool:
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            self._reflink = False
            return False
        return True

    def _transfer(self, reading: int, writing: int) -> None:
        left = os.fstat(reading).st_size
        while left and self._in_kernel:
            try:
                moved = os.copy_file_range(reading, writing, left)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                moved = 0
            if moved == 0:
                # Some file systems say 0 instead of an error; reading shows whether the file really ended.
                self._in_kernel = False
            left -= moved
        if left:
            with open(reading, "rb", closefd=False) as old, open(writing, "wb", closefd=False) as new:
                start = new.tell()
                shutil.copyfileobj(old, new, 1 << 20)
                left -= new.tell() - start
        if left > 0:
            raise SourceChangedError


def sync_file_system(folder: Path) -> None:
    """Makes all that a file system was given durable: for thousands of files far quicker than each alone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)

"""One server a workspace: a file lock of the operating system, which is given back however the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences

NAME = "workspace.lock"

if sys.platform == "win32":
    import msvcrt

    # Beyond the text, because other processes cannot read bytes that are locked on Windows.
    _LOCKED_BYTE = 1 << 20

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class WorkspaceLock:
    """Holds ``workspace.lock``. The file keeps the holder's pid and is never removed; its presence means nothing.

    Args:
        root: the workspace folder.

    Raises:
        UserError: another server holds it.
        OSError: the file cannot be opened for writing.
    """

    def __init__(self, root: Path) -> None:
        self._descriptor = os.open(root / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _try_lock(self._descriptor):
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                pid = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
                raise UserError(sentences.IN_USE, path=root, pid=pid or "unknown")
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Gives the workspace back, also when a child that is just being started still has a copy of the descriptor."""
        _unlock(self._descriptor)
        os.close(self._descriptor)

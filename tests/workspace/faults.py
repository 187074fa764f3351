"""Stand-ins for the ``os`` module that fail, or die, at one chosen system call."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = frozenset({"open", "posix_fallocate", "write", "fsync", "fdatasync", "close", "replace", "unlink", "mkdir"})
"""The system calls of a save."""


class Died(BaseException):
    """The process is dead from here on: no handler of the code under test may go on."""


class FaultyOs:
    """Passes everything on to ``os`` but one call.

    Args:
        at: number of the call that goes wrong, from 0.
        dies: from that call on nothing is done any more, as after a kill; else that one call fails with a full disk.

    Attributes:
        names: the calls that were made, in their order.
    """

    def __init__(self, at: int, *, dies: bool) -> None:
        self._at = at
        self._dies = dies
        self.names: list[str] = []

    @property
    def reached(self) -> bool:
        """Whether the chosen call was made."""
        return len(self.names) > self._at

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._wrapped(name, real) if name in CALLS else real

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            number = len(self.names)
            self.names.append(name)
            if number < self._at or (number > self._at and not self._dies):
                return real(*args)
            if name == "close":
                real(*args)  # the descriptor goes with the process; a failing close releases it as well
            if name == "write" and number == self._at:
                real(args[0], args[1][: len(args[1]) // 2])
            if self._dies:
                raise Died
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return call

    def lose_what_was_not_synced(self) -> None:
        """A killed process loses nothing that its system calls did."""


class PowerlessOs(FaultyOs):
    """At the death the power goes too: names of folders and contents of files that were not synced are lost."""

    def __init__(self, at: int, *, dies: bool) -> None:
        super().__init__(at, dies=dies)
        self._paths: dict[int, Path] = {}
        self._unsynced_contents: set[Path] = set()
        self._undo: list[tuple[Path, Callable[[], None]]] = []

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        watched = {
            "open": self._open,
            "write": self._write,
            "fsync": self._fsync,
            "fdatasync": self._fsync,
            "replace": self._replace,
            "mkdir": self._mkdir,
            "unlink": self._unlink,
        }
        return super()._wrapped(name, watched.get(name, real))

    def _open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        if not path.exists():
            self._undo.append((path.parent, lambda: path.unlink(missing_ok=True)))
        descriptor = os.open(path, flags, mode)
        self._paths[descriptor] = path
        return descriptor

    def _write(self, descriptor: int, data: memoryview) -> int:
        self._unsynced_contents.add(self._paths[descriptor])
        return os.write(descriptor, data)

    def _fsync(self, descriptor: int) -> None:
        path = self._paths[descriptor]
        self._unsynced_contents.discard(path)
        self._undo = [(folder, undo) for folder, undo in self._undo if folder != path]
        os.fsync(descriptor)

    def _replace(self, source: Path, target: Path) -> None:
        self._restore_later(target)
        if source in self._unsynced_contents:
            self._unsynced_contents.add(target)
        source.replace(target)

    def _mkdir(self, path: Path) -> None:
        path.mkdir()
        self._undo.append((path.parent, lambda: shutil.rmtree(path, ignore_errors=True)))

    def _unlink(self, path: Path) -> None:
        if path.exists() and path.parent.exists():
            self._restore_later(path)
        path.unlink()

    def _restore_later(self, path: Path) -> None:
        old = path.read_bytes() if path.exists() else None

        def restore() -> None:
            if old is None:
                path.unlink(missing_ok=True)
            elif path.parent.is_dir():
                path.write_bytes(old)

        self._undo.append((path.parent, restore))

    def lose_what_was_not_synced(self) -> None:
        """Undoes what was done to folders since their last sync and tears files that were not synced."""
        for path in self._unsynced_contents:
            if path.is_file():
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        for _, undo in reversed(self._undo):
            undo()

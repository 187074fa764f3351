"""How much may still be written to a disk before it is as good as full."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import diskspace as sentences

WAITING_STAGE = "waiting for disk space"
"""The stage of a training that waits; its progress tells why under ``waiting``."""

LOOK_SECONDS = 3.0
"""Between two looks of who waits for space."""

_STOP_SECONDS = 0.2


@dataclass(frozen=True)
class Disk:
    """The disk that a folder lies on, some of which is to stay free.

    Attributes:
        folder: any folder on it; one that does not exist yet lies on that of the nearest one above.
        min_free: bytes that are to stay free.
    """

    folder: Path
    min_free: int = 0

    def shortage(self, need: int = 0) -> dict[str, object] | None:
        """What the sentences tell of a disk that is too full; None where there is room.

        Args:
            need: bytes that are to be written, as far as that is known.

        Raises:
            OSError: the disk cannot be asked.
        """
        existing = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        free = shutil.disk_usage(existing).free
        if need + self.min_free <= free:
            return None
        sizes = {"free": free, "need": need + self.min_free, "kept": self.min_free}
        return {"folder": self.folder, **{name: _shown(size) for name, size in sizes.items()}}

    def require(self, need: int = 0) -> None:
        """Refuse what would fill the disk.

        Args:
            need: bytes that are to be written, as far as that is known.

        Raises:
            UserError: there is no room for it.
        """
        if (shortage := self.shortage(need)) is not None:
            raise UserError(sentences.NO_SPACE, **shortage)

    def wait(self, need: int, tell: Callable[[str], None], check_stop: Callable[[], None]) -> None:
        """Return when there is room.

        Args:
            need: bytes that are to be written.
            tell: is given a sentence at each look that finds none.
            check_stop: called all the while; what it raises ends the waiting.
        """
        while (shortage := self.shortage(need)) is not None:
            tell(sentences.WAITING.format(**shortage))
            look = time.monotonic() + LOOK_SECONDS
            while time.monotonic() < look:
                check_stop()
                time.sleep(_STOP_SECONDS)


def _shown(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{-(-size // (1 << 20))} MB"

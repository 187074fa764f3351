"""The folders that the clients of one server may have read and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paddlex_restful.config import Config
from paddlex_restful.errors import UserError
from paddlex_restful.messages import paths as sentences
from paddlex_restful.paths import confine, readable

_ANY = (Path("/"),)
_SYSTEM = (Path("/proc"), Path("/sys"), Path("/dev"))
"""What the kernel shows as files: no data of anyone, and reading some of it never ends."""


@dataclass(frozen=True)
class Roots:
    """Which paths the clients of a server may name.

    Attributes:
        workspace: the workspace folder, resolved.
        data: folders outside of it that may be read.
        exports: folders outside of it below which may be written.
    """

    workspace: Path
    data: tuple[Path, ...]
    exports: tuple[Path, ...]

    @classmethod
    def of(cls, config: Config, workspace: Path) -> Roots:
        """The folders that the settings name; none named are all on a loopback address, and none elsewhere."""
        otherwise = _ANY if config.local else ()
        return cls(workspace, config.data_dirs or otherwise, config.export_dirs or otherwise)

    def to_read(self, path: str | Path) -> Path:
        """The path, resolved, if clients may have it read; a relative one is one of the workspace.

        Raises:
            UserError: they may not, or it is no path.
        """
        found = confine(path, self.workspace, *self.data)
        if self.data == _ANY:
            self._refuse_system(found)
        return found

    def to_write(self, path: str | Path) -> Path:
        """The path of a folder, resolved, if clients may have it written; it lies below one of the roots.

        Raises:
            UserError: they may not, or it is no path.
        """
        found = confine(path, self.workspace, *self.exports)
        if self.exports == _ANY:
            self._refuse_system(found)
        elif found in [root.resolve() for root in self.exports]:
            # What is written grows beside the folder first, and that would be outside.
            raise UserError(sentences.PATH_IS_ROOT, path=found)
        return found

    def _refuse_system(self, found: Path) -> None:
        # A workspace in memory may lie below /dev/shm.
        if not found.is_relative_to(self.workspace) and any(found.is_relative_to(folder) for folder in _SYSTEM):
            raise UserError(sentences.PATH_OF_SYSTEM, path=readable(str(found)))

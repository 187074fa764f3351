"""The folders of the server that clients may have read, to choose one from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful.datasets.importing import DEMOS
from paddlex_restful.datasets.source import is_image
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as dataset_sentences
from paddlex_restful.paths import readable
from paddlex_restful.services import Services

MOST = 1000
"""Entries of a folder that are looked at."""


@dataclass(frozen=True)
class Folder:
    """A folder and what lies in it.

    Attributes:
        path: absolute; None stands above all folders that may be read.
        parent: the folder above it, as far as that may be read; None stands above all.
        folders: names and absolute paths of the folders in it, by name.
        images: how many images lie directly in it.
        cut: whether it holds more entries than were looked at.
    """

    path: str | None
    parent: str | None
    folders: list[tuple[str, str]]
    images: int
    cut: bool


def look(services: Services, path: str | None = None) -> Folder:
    """Look into a folder of the server.

    Args:
        services: of the server.
        path: absolute; None asks for the folders below which clients may have anything read.

    Raises:
        UserError: clients may not have it read, or it is no folder that the server can read.
    """
    if path is None:
        return Folder(None, None, [(str(root), str(root)) for root in _roots(services)], 0, cut=False)
    if not Path(path).is_absolute():
        raise UserError(dataset_sentences.SOURCE_RELATIVE, path=readable(path))
    folder = _to_list(services, path)
    folders: list[tuple[str, str]] = []
    images = seen = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST:
                    break
                if entry.name.startswith(".") or not entry.name.isprintable():
                    continue
                if not os.path.isdir(entry.path):  # noqa: PTH112  false for what cannot be looked at
                    images += is_image(entry.name)
                elif _listable(services, entry.path):
                    folders.append((entry.name, entry.path))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(dataset_sentences.SOURCE_MISSING, path=readable(str(folder))) from None
    except PermissionError:
        raise UserError(dataset_sentences.SOURCE_UNREADABLE, path=readable(str(folder))) from None
    top = folder.parent == folder or not _listable(services, str(folder.parent))
    parent = None if top else str(folder.parent)
    return Folder(str(folder), parent, sorted(folders), images, cut=seen > MOST)


def _roots(services: Services) -> list[Path]:
    roots = [root.resolve() for root in services.roots.data]
    home = [Path.home().resolve()] if Path("/") in roots else []
    demos = services.workspace.root / DEMOS
    return [*home, *roots, *([demos] if demos.is_dir() else [])]


def _to_list(services: Services, path: str) -> Path:
    """The folder, resolved, if clients may have it read and it is none of the server's own."""
    found = services.roots.to_read(path)
    workspace = services.workspace.root
    if found.is_relative_to(workspace) and not found.is_relative_to(workspace / DEMOS):
        raise UserError(dataset_sentences.SOURCE_IN_WORKSPACE, path=readable(str(found)))
    return found


def _listable(services: Services, path: str) -> bool:
    try:
        _to_list(services, path)
    except UserError:
        return False
    return True

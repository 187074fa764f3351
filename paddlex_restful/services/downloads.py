"""Models as one file to take away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful import zipped
from paddlex_restful.errors import UserError
from paddlex_restful.messages import model as sentences
from paddlex_restful.paths import confine
from paddlex_restful.services import Services

_NETS = frozenset({".pdiparams", ".pdmodel", ".pdparams", ".onnx", ".nb"})
"""Endings of the files that hold a net or its weights: a folder without any is no model."""

_NETS_OF_PADDLEX_1 = frozenset({"__model__", "__params__"})

_KINDS = _NETS | {".data", ".info", ".json", ".md", ".pdopt", ".py", ".txt", ".yaml", ".yml"}
"""Endings of the files that models consist of."""

_MOST_ENTRIES = 10_000
"""Files and folders that are looked at: those of a model are a few, and clients may name the root of the disk."""


@dataclass(frozen=True)
class Download:
    """A model that can be read as a zip archive.

    Attributes:
        name: what to call the file.
        archive: its layout.
    """

    name: str
    archive: zipped.Archive


def find(services: Services, emid: str | None, pmid: str | None) -> Download:
    """The archive of an exported or a saved model; the first time, its files are read for their checksums.

    Args:
        services: of the server.
        emid: id of an exported model.
        pmid: id of a saved model; one of the two.

    Raises:
        UserError: there is no such model, its files may not be read, are gone or no model, or are being written.
    """
    if (emid is None) == (pmid is None):
        raise UserError(sentences.ONE_ID)
    workspace = services.workspace
    model = workspace.exported_model(emid) if emid else workspace.pretrained_model(pmid or "")
    folder = services.roots.to_read(workspace.folder(model))
    try:
        found = tuple(members(folder))
        archive = zipped.lay_out(found) if _is_model(found) else None
    except (FileNotFoundError, NotADirectoryError):
        archive = None
    except zipped.FileChanged:
        raise UserError(sentences.BEING_WRITTEN, mid=model.id) from None
    if archive is None:
        raise UserError(sentences.NOTHING_TO_DOWNLOAD, mid=model.id, path=folder)
    return Download(f"{model.name.strip() or model.id}.zip", archive)


def members(folder: Path) -> Iterator[zipped.Member]:
    """The files of a model in a fixed order, named as in its folder.

    Args:
        folder: of the model, or its one file; no symbolic link.

    Raises:
        UserError: a link leads out of the folder, or there are too many files.
        OSError: the folder is gone or cannot be read.
    """
    if folder.is_file():
        yield zipped.Member.of(folder.name, folder)
        return
    for name in sorted(_files(folder)):
        target = confine(folder / name, folder)
        if target.is_file():
            yield zipped.Member.of(name, target)


def _is_model(found: tuple[zipped.Member, ...]) -> bool:
    # Clients may list any folder of the machine as an exported model; that alone makes it none that is given away.
    return any(
        "/" not in member.name and (member.path.suffix.lower() in _NETS or member.name in _NETS_OF_PADDLEX_1)
        for member in found
    )


def _files(folder: Path) -> list[str]:
    """Names of the files below a folder that are of a model, relative to it, without those of linked folders."""
    names: list[str] = []
    waiting = [""]
    seen = 0
    while waiting:
        prefix = waiting.pop()
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                seen += 1
                if seen > _MOST_ENTRIES:
                    raise UserError(sentences.TOO_MANY_FILES, path=folder, most=_MOST_ENTRIES)
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{prefix}{entry.name}/")
                elif _is_of_models(entry.name):
                    names.append(f"{prefix}{entry.name}")
    return names


def _is_of_models(name: str) -> bool:
    # Names that are no text in UTF-8 have no form in the archive either.
    return name.isprintable() and (Path(name).suffix.lower() in _KINDS or name in _NETS_OF_PADDLEX_1)

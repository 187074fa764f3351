"""The findings of a check as files beside its job: what is wrong with each file, and the picture that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import orjson

from paddlex_restful.datasets import pairing
from paddlex_restful.datasets.imagefile import MAX_BYTES
from paddlex_restful.datasets.pictures import encoded, reduced
from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.datasets.source import Source, is_image

FINDINGS_FILE = "findings.json"

MOST = 100
"""Bad files that are told."""

_SIDE = 240
"""Pixels of the longer side of a picture."""


@dataclass(frozen=True)
class BadFiles:
    """What a check found.

    Attributes:
        total: how many files are bad.
        files: the first of them.
    """

    total: int
    files: list[BadFileFound]


@dataclass(frozen=True)
class BadFileFound:
    """A bad file.

    Attributes:
        file: its path, relative to the folder that was checked.
        problems: what is wrong with it, clauses that go on after its name.
        pictured: whether there is a picture of it, or of the image that it annotates.
    """

    file: str
    problems: list[str]
    pictured: bool


def save(folder: Path, source: Source) -> None:
    """Write what the report of a checked folder tells, and the pictures of the bad files that can be shown.

    Args:
        folder: where to; it exists.
        source: what was checked.
    """
    partners = {PurePosixPath(name).stem: name for name in source.listing(pairing.IMAGES).files if is_image(name)}
    files = []
    for number, one in enumerate(source.report.first(MOST)):
        partner = partners.get(PurePosixPath(one.file).stem)
        image = one.file if is_image(one.file) or partner is None else f"{pairing.IMAGES}/{partner}"
        pictured = _draw(source, image, picture_file(folder, number))
        files.append(BadFileFound(one.file, one.problems, pictured))
    (folder / FINDINGS_FILE).write_bytes(orjson.dumps(BadFiles(len(source.report), files)))


def load(folder: Path) -> BadFiles | None:
    """What ``save`` wrote; None where it wrote nothing."""
    try:
        content = orjson.loads((folder / FINDINGS_FILE).read_bytes())
    except FileNotFoundError:
        return None
    return BadFiles(content["total"], [BadFileFound(**one) for one in content["files"]])


def picture_file(folder: Path, number: int) -> Path:
    """The picture of a bad file, a file of the type ``pictures.MEDIA``, by its place among those that are told."""
    return folder / f"finding_{number}.webp"


def _draw(source: Source, image: str, target: Path) -> bool:
    if not source.has(image) or not is_image(image):
        return False
    try:
        picture, _ = reduced(read_whole(source.path(image), MAX_BYTES, source.root), _SIDE)
    except BadFile:
        return False
    target.write_bytes(encoded(picture))
    return True

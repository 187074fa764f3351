"""Pascal VOC annotation files, read so that a hostile one can do no harm."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from paddlex_restful.datasets.source import decode
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages

MAX_BYTES = 16 << 20

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class BadAnnotation(UserError):  # noqa: N818
    """The file is not a sound annotation; the message follows the file's name."""


@dataclass(frozen=True)
class VocObject:
    """One object: its class, its box [xmin, ymin, xmax, ymax] in pixels, and whether it is hard to see (0 or 1)."""

    name: str
    box: tuple[float, float, float, float]
    difficult: int


@dataclass(frozen=True)
class VocFile:
    """One annotation: declared width and height, if they are, and the objects."""

    size: tuple[int, int] | None
    objects: tuple[VocObject, ...]


class _Builder(ElementTree.TreeBuilder):
    """Refuses document type declarations, the only place where entities can be declared."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise BadAnnotation(messages.XML_DOCTYPE)


def read(path: Path) -> VocFile:
    """Read an annotation file.

    Args:
        path: the file, in any encoding that XML knows, or in GB18030 and its kin.

    Raises:
        BadAnnotation: the file cannot be read, is too large, is no XML or lacks a name or box.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadAnnotation(messages.FILE_TOO_LARGE, size=size >> 20, limit=MAX_BYTES >> 20)
        data = path.read_bytes()
    except OSError as error:
        raise BadAnnotation(messages.UNREADABLE_FILE, reason=error.strerror) from None
    root = _parse(data)
    objects = tuple(_object(element, number) for number, element in enumerate(root.iterfind("object"), start=1))
    width, height = _number(root, "size/width"), _number(root, "size/height")
    return VocFile(None if width is None or height is None else (int(width), int(height)), objects)


def _parse(data: bytes) -> ElementTree.Element:
    try:
        return _feed(data)
    except ElementTree.ParseError as error:
        raise BadAnnotation(messages.XML_BROKEN, reason=error) from None
    except (ValueError, LookupError):
        # expat knows no multi-byte encodings but UTF-8 and UTF-16; the declaration names another.
        text = decode(data)
    if text is None:
        raise BadAnnotation(messages.TEXT_UNREADABLE)
    try:
        return _feed(_DECLARATION.sub("", text))
    except (ElementTree.ParseError, ValueError) as error:
        raise BadAnnotation(messages.XML_BROKEN, reason=error) from None


def _feed(data: bytes | str) -> ElementTree.Element:
    # Without declared entities there is nothing to fetch and nothing to multiply.
    parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314
    parser.feed(data)
    root: ElementTree.Element = parser.close()
    return root


def _object(element: ElementTree.Element, number: int) -> VocObject:
    name = (element.findtext("name") or "").strip()
    if not name or not name.isprintable():
        raise BadAnnotation(messages.XML_NO_NAME, number=number)
    x0, y0, x1, y1 = (_number(element, f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax"))
    if x0 is None or y0 is None or x1 is None or y1 is None:
        raise BadAnnotation(messages.XML_NO_BOX, number=number)
    return VocObject(name, (x0, y0, x1, y1), int(_number(element, "difficult") == 1))


def _number(element: ElementTree.Element, path: str) -> float | None:
    try:
        value = float(element.findtext(path) or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None

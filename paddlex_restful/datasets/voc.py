"""Pascal VOC annotation files, read so that a hostile one can do no harm."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.datasets.source import decode
from paddlex_restful.messages import dataset as messages

MAX_BYTES = 16 << 20

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class BadAnnotation(BadFile):
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


def read(path: str | Path) -> VocFile:
    """Read an annotation file.

    Args:
        path: the file, in any encoding that XML knows, or in GB18030 and its kin.

    Raises:
        BadFile: the file cannot be read or is too large; ``BadAnnotation``: it is no XML, or lacks a name or box.
    """
    root = _parse(read_whole(path, MAX_BYTES))
    objects = tuple(_object(element, number) for number, element in enumerate(root.findall("object"), start=1))
    size = _texts(root.find("size"))
    width, height = _number(size.get("width")), _number(size.get("height"))
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
    texts = _texts(element)
    name = texts.get("name", "").strip()
    if not name or not name.isprintable():
        raise BadAnnotation(messages.XML_NO_NAME, number=number)
    box = _texts(element.find("bndbox"))
    x0, y0, x1, y1 = (_number(box.get(side)) for side in ("xmin", "ymin", "xmax", "ymax"))
    if x0 is None or y0 is None or x1 is None or y1 is None:
        raise BadAnnotation(messages.XML_NO_BOX, number=number)
    return VocObject(name, (x0, y0, x1, y1), int(_number(texts.get("difficult")) == 1))


def _texts(element: ElementTree.Element | None) -> dict[str, str]:
    """The texts of an element's children by their tags."""
    return {} if element is None else {child.tag: child.text or "" for child in element}


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None

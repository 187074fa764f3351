"""Labels drawn onto images, with Pillow alone."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]
Drawn = tuple[Sequence[float], str, int]
"""A box [x0, y0, x1, y1], the name and the index of its class."""

Pixel = TypeVar("Pixel", bound="np.generic")

OPACITY = 0.45
_SMALLEST = 10
"""Size of the smallest names."""

_GAP = 6
"""Pixels between pictures that stand in a row."""

_NAMES_OF_CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "simhei.ttf",
    "msyh.ttc",
)


def colour(index: int) -> Colour:
    """A colour for a class index; neighbours differ well (the golden angle apart on the colour wheel)."""
    red, green, blue = colorsys.hsv_to_rgb(index * 0.618034 % 1.0, 0.85, 0.95 - 0.25 * (index // 8 % 2))
    return int(red * 255), int(green * 255), int(blue * 255)


def caption(image: Image.Image, name: str, index: int, score: float | None = None) -> Image.Image:
    """A copy of an RGB image with the name of its class, and the score if there is one, in the upper left corner."""
    image = image.copy()
    _text(image, (0, 0), name, index, score)
    return image


def boxes(
    image: Image.Image,
    objects: Sequence[Drawn],
    scores: Sequence[float] | None = None,
    *,
    named: bool = True,
) -> Image.Image:
    """A copy of an RGB image with boxes and names.

    Args:
        image: what to draw on.
        objects: a box [x0, y0, x1, y1], a name and a class index each.
        scores: one an object, written behind its name.
        named: with the names.
    """
    image = image.copy()
    draw = ImageDraw.Draw(image)
    line = max(1, round(max(image.size) / 400))
    shown: Sequence[float | None] = [None] * len(objects) if scores is None else scores
    for (box, name, index), score in zip(objects, shown, strict=True):
        x0, y0, x1, y1 = box
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=colour(index), width=line)
        if named:
            _text(image, (int(x0), int(y0)), name, index, score, above=True)
    return image


def scaled(objects: Sequence[Mapping[str, Any]], labels: Sequence[str], scale: float) -> list[Drawn]:
    """What ``boxes`` takes, for a copy of an image.

    Args:
        objects: those of ``Sample.label``.
        labels: names of the classes.
        scale: sides of the copy as a multiple of the image's.
    """
    return [([value * scale for value in one["bbox"]], labels[one["category"]], one["category"]) for one in objects]


def resized(values: NDArray[Pixel], size: tuple[int, int]) -> NDArray[Pixel]:
    """A mask or class ids [height, width] for a copy of the image of this width and height, without new values."""
    height, width = values.shape
    if (width, height) == size:
        return values
    import numpy as np

    rows = np.arange(size[1]) * height // size[1]
    columns = np.arange(size[0]) * width // size[0]
    chosen: NDArray[Pixel] = values[rows[:, None], columns]
    return chosen


def masks(image: Image.Image, regions: Sequence[tuple[NDArray[np.bool_], int]]) -> Image.Image:
    """A copy of an RGB image with translucent regions.

    Args:
        image: what to draw on.
        regions: a mask [height, width] and a class index each; later ones lie above.
    """
    import numpy as np

    pixels = np.asarray(image).copy()
    for mask, index in regions:
        pixels[mask] = (pixels[mask] * (1 - OPACITY) + np.array(colour(index)) * OPACITY).astype(np.uint8)
    return Image.fromarray(pixels)


def legend(image: Image.Image, names: Sequence[tuple[str, int]]) -> Image.Image:
    """The image with a strip below it that names the classes, a line each, in their colours.

    Args:
        image: an RGB image.
        names: name and class index.
    """
    font = _font(_text_size(image))
    heights = [_extent(font, _drawable(font, name, index))[1] + 6 for name, index in names]
    whole = Image.new("RGB", (image.width, image.height + sum(heights)), (255, 255, 255))
    whole.paste(image, (0, 0))
    draw = ImageDraw.Draw(whole)
    top = image.height
    for (name, index), height in zip(names, heights, strict=True):
        draw.rectangle((2, top + 2, height - 2, top + height - 3), fill=colour(index), outline=(0, 0, 0))
        draw.text((height + 2, top + 2), _drawable(font, name, index), fill=(0, 0, 0), font=font)
        top += height
    return whole


def beside(pictures: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """RGB images in a row on white, each below its heading."""
    font = _font(max(12, min(24, max(picture.height for _, picture in pictures) // 24)))
    strip = max(_extent(font, heading)[1] for heading, _ in pictures) + 2 * _GAP
    width = sum(picture.width for _, picture in pictures) + _GAP * (len(pictures) - 1)
    whole = Image.new("RGB", (width, strip + max(picture.height for _, picture in pictures)), (255, 255, 255))
    draw = ImageDraw.Draw(whole)
    left = 0
    for heading, picture in pictures:
        draw.text((left + _GAP, _GAP - _offset(font, heading)), heading, fill=(0, 0, 0), font=font)
        whole.paste(picture, (left, strip))
        left += picture.width + _GAP
    return whole


def polygon_mask(size: tuple[int, int], polygons: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """The mask [height, width] of polygons [x, y, x, y, …] in an image of this width and height."""
    import numpy as np

    canvas = Image.new("1", size)
    draw = ImageDraw.Draw(canvas)
    for polygon in polygons:
        draw.polygon([float(value) for value in polygon], fill=1)
    return np.array(canvas, dtype=bool)


def is_writable(text: str) -> bool:
    """Whether the font of pictures has the characters of a text; few machines lack a Chinese one."""
    font = _font(_SMALLEST)
    return all(_has_glyph(font, char) for char in text)


def _text(
    image: Image.Image, at: tuple[int, int], name: str, index: int, score: float | None = None, *, above: bool = False
) -> None:
    """Writes a name on a ground of the class's colour, kept inside the image where it fits."""
    font = _font(_text_size(image))
    text = _drawable(font, name, index)
    if score is not None:
        text = f"{text} {score:.2f}"
    width, height = _extent(font, text)
    left = max(0, min(at[0], image.width - width - 4))
    top = max(0, at[1] - height - 4) if above else at[1]
    ground = colour(index)
    ink = (0, 0, 0) if sum(ground) > 380 else (255, 255, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, left + width + 3, top + height + 3), fill=ground)
    draw.text((left + 2, top + 2 - _offset(font, text)), text, fill=ink, font=font)


def _text_size(image: Image.Image) -> int:
    return max(_SMALLEST, min(32, min(image.size) // 24))


def _extent(font: Font, text: str) -> tuple[int, int]:
    left, top, right, bottom = font.getbbox(text)
    return int(right - left), int(bottom - top)


def _offset(font: Font, text: str) -> int:
    return int(font.getbbox(text)[1])


@lru_cache(maxsize=32)
def _font(size: int) -> Font:
    """A font with Chinese characters where the machine has one, else the one that matplotlib brings."""
    bundled = find_spec("matplotlib")
    names = list(_NAMES_OF_CHINESE_FONTS)
    if bundled is not None and bundled.origin is not None:
        names.append(str(Path(bundled.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"))
    for name in names:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _drawable(font: Font, text: str, index: int) -> str:
    """The text, or the number of the class where the font lacks one of its characters."""
    return text if all(_has_glyph(font, char) for char in set(text[:200])) else f"#{index}"


@lru_cache(maxsize=4096)
def _has_glyph(font: Font, char: str) -> bool:
    if char.isspace():
        return True
    try:
        return bytes(font.getmask(char)) != bytes(font.getmask("\U0010fffe"))
    except UnicodeError:
        return False

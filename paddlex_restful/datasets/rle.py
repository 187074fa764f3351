"""Run-length encoded masks of COCO, checked before any library sees them.

The compressed form writes each run length in groups of five bits from the lowest, a character each, offset by 48;
bit 5 tells that another group follows, bit 4 of the last is the sign, and from the fourth run on the difference to
the run before the last is kept (the format of the COCO API's ``rleToString``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_GROUPS = 7


def rle_is_valid(rle: dict[str, Any], size: tuple[int, int]) -> bool:
    """Whether an RLE is sound and fits an image of this width and height."""
    width, height = size
    if rle.get("size") != [height, width]:
        return False
    runs = _runs(rle.get("counts"))
    return runs is not None and min(runs, default=0) >= 0 and sum(runs) == width * height


def rle_mask(rle: dict[str, Any]) -> NDArray[np.bool_]:
    """The mask [height, width] of a valid RLE."""
    import numpy as np

    height, width = rle["size"]
    runs = _runs(rle["counts"])
    assert runs is not None
    values = np.arange(len(runs)) % 2 == 1
    mask: NDArray[np.bool_] = np.repeat(values, runs).reshape((height, width), order="F")
    return mask


def _runs(counts: object) -> list[int] | None:
    if isinstance(counts, list):
        return counts if all(isinstance(run, int) and not isinstance(run, bool) for run in counts) else None
    return _decompressed(counts) if isinstance(counts, str) else None


def _decompressed(text: str) -> list[int] | None:
    runs: list[int] = []
    value = groups = 0
    for char in text:
        code = ord(char) - 48
        if not 0 <= code < 64 or groups == _MAX_GROUPS:
            return None
        value |= (code & 0x1F) << 5 * groups
        groups += 1
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << 5 * groups
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = groups = 0
    return runs if groups == 0 else None

"""Handwritten digits as a classification dataset: ``python -m paddlex_restful.demo.digits FOLDER``.

The 1,797 pictures are those that scikit-learn ships: the test set of "Optical Recognition of Handwritten Digits"
(E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998), 8 by 8 pixels with values from 0 to 16.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

SIDE = 32


def write_digits(folder: Path, side: int = SIDE) -> int:
    """Write the digits as ``<folder>/<digit>/<number>.png``; the same call writes the same bytes.

    Args:
        folder: where they go; made if it is missing, else empty.
        side: width and height of a picture in pixels, enlarged by bicubic interpolation.

    Returns:
        The number of pictures.

    Raises:
        UserError: the folder holds files, the side is too small, or scikit-learn is missing.
        OSError: a picture cannot be written.
    """
    if side < 8:
        raise UserError(messages.SIDE_TOO_SMALL, side=side)
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise UserError(messages.NO_DIGITS) from None
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UserError(messages.FOLDER_NOT_EMPTY, folder=folder)
    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype("uint8")
    for digit in range(10):
        (folder / str(digit)).mkdir()
    for number, (picture, digit) in enumerate(zip(pixels, digits.target, strict=True)):
        large = Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC)
        large.save(folder / str(digit) / f"{number:04}.png")
    return len(pixels)


def write_split(folder: Path) -> None:
    """Divide the digits in a folder as a dataset does that brings its own split, so that its import is ready to train.

    Of every ten pictures seven are for training, two for validation and one for the test.

    Args:
        folder: what ``write_digits`` made.
    """
    parts: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    labels = sorted(path.name for path in folder.iterdir())
    for label, name in enumerate(labels):
        for number, picture in enumerate(sorted((folder / name).iterdir())):
            part = "train" if number % 10 < 7 else "val" if number % 10 < 9 else "test"
            parts[part].append(f"{name}/{picture.name} {label}\n")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    for part, lines in parts.items():
        (folder / f"{part}_list.txt").write_text("".join(lines), encoding="utf-8")


def main() -> int:
    """Run as a program; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m paddlex_restful.demo.digits",
        description="Write scikit-learn's handwritten digits as a classification dataset.",
    )
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels a side (default: %(default)s)")
    args = parser.parse_args()
    try:
        count = write_digits(args.folder, args.side)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} pictures in {args.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

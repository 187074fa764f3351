"""Images to measure with: noise around a colour of the class, so that they compress as photographs do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 10


def write_classes(folder: Path, count: int, size: int = 64) -> None:
    """Write a classification dataset of ``count`` JPEG images of ``size`` x ``size`` pixels, in ten classes."""
    random = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / f"class_{label}").mkdir(parents=True)
    for number in range(count):
        label = number % CLASSES
        pixels = random.normal(25 * label, 30, (size // 4, size // 4, 3)).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(pixels).resize((size, size))
        image.save(folder / f"class_{label}" / f"{number:05}.jpg", quality=90)

"""Import of many images, beside the least that it can take: a plain copy of the folder, and decoding in one process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from PIL import Image

from benchmarks.images import CLASSES, write_classes
from benchmarks.results import Figure
from benchmarks.serving import Server, serve

SETS = ((5001, 32), (1000, 1000))
"""Numbers of images, and pixels of a side."""


def measure(runs: int) -> Iterator[Figure]:
    """Measure from POST /dataset until the dataset is ready to be split."""
    with serve() as server:
        # The first job of a server may wait until the engines are imported.
        write_classes(server.folder / "first", CLASSES)
        server.import_dataset(server.folder / "first")
        for count, side in SETS:
            name = f"{count:,} images of {side} x {side}"
            source = server.folder / f"source-{count}"
            write_classes(source, count, side)
            copies, decodings, imports, cores = [], [], [], []
            for run in range(runs):
                copies.append(_copy(source, server.folder / f"copy-{count}-{run}"))
                decodings.append(_decode(source))
                taken, busy = _import(server, source)
                imports.append(taken)
                cores.append(busy)
            yield Figure("imports", name, "s", tuple(imports))
            yield Figure("imports", f"{name}, plain copy", "s", tuple(copies))
            yield Figure("imports", f"{name}, decoding in one process", "s", tuple(decodings))
            floors = (copied + decoded for copied, decoded in zip(copies, decodings, strict=True))
            ratios = tuple(taken / floor for taken, floor in zip(imports, floors, strict=True))
            yield Figure("imports", f"{name}, import / (copy + decoding)", "x", ratios)
            yield Figure("imports", f"{name}, cores of the machine busy", "%", tuple(cores))


def _copy(source: Path, target: Path) -> float:
    begun = time.perf_counter()
    shutil.copytree(source, target)
    # Not removed here: for five minutes ext4 avoids the inodes of removed files, and looks at each of them whenever a
    # file is made, which takes ten times as long then.
    return time.perf_counter() - begun


def _decode(source: Path) -> float:
    begun = time.perf_counter()
    for file in source.rglob("*.jpg"):
        with Image.open(file) as image:
            image.load()
    return time.perf_counter() - begun


def _import(server: Server, source: Path) -> tuple[float, float]:
    """Seconds, and the share of the cores that was busy meanwhile, in percent."""
    psutil.cpu_percent()
    begun = time.perf_counter()
    server.import_dataset(source)
    return time.perf_counter() - begun, psutil.cpu_percent()

"""Import of many small images, beside the least that it can take: a plain copy of the folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.images import CLASSES, write_classes
from benchmarks.results import Figure
from benchmarks.serving import Server, serve

COUNTS = (1000, 5000)


def measure(runs: int) -> Iterator[Figure]:
    """Measure from POST /dataset until the dataset is ready to be split."""
    with serve() as server:
        # The first job of a server may wait until the engines are imported.
        write_classes(server.folder / "first", CLASSES)
        server.import_dataset(server.folder / "first")
        for count in COUNTS:
            source = server.folder / f"source-{count}"
            write_classes(source, count)
            copies = [_copy(source, server.folder / "copy") for _ in range(runs)]
            imports = [_import(server, source) for _ in range(runs)]
            yield Figure("imports", f"{count} images", "s", tuple(imports))
            yield Figure("imports", f"{count} images, plain copy", "s", tuple(copies))
            ratios = tuple(taken / floor for taken, floor in zip(imports, copies, strict=True))
            yield Figure("imports", f"{count} images, import / plain copy", "x", ratios)


def _copy(source: Path, target: Path) -> float:
    begun = time.perf_counter()
    shutil.copytree(source, target)
    taken = time.perf_counter() - begun
    shutil.rmtree(target)
    return taken


def _import(server: Server, source: Path) -> float:
    begun = time.perf_counter()
    server.import_dataset(source)
    return time.perf_counter() - begun

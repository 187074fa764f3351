"""Import of many small images, beside the least that it can take: a plain copy of the folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.images import write_classes
from benchmarks.results import Figure
from benchmarks.serving import Server, serve

COUNTS = (1000, 5000)
_DONE = (4, 6)
_FAILED = (2, 5)


def measure(runs: int) -> Iterator[Figure]:
    """Measure from PUT /dataset until the dataset is ready to be split."""
    with serve() as server:
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
    did = server.call("POST", "/dataset", name=source.name, dataset_type="classification")["did"]

    def is_done() -> bool:
        state = server.call("GET", "/dataset", did=did)
        if state["dataset_status"] in _FAILED:
            raise RuntimeError(state["message"])
        return state["dataset_status"] in _DONE

    begun = time.perf_counter()
    server.call("PUT", "/dataset", did=did, path=str(source))
    server.until(is_done)
    return time.perf_counter() - begun

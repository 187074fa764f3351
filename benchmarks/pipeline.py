"""What the data pipeline costs: training from files with augmentation against the same net fed from memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.results import Figure
from benchmarks.serving import serve
from paddlex_restful.config import default_cpu_jobs

IMAGES = 200
SIZE = 128
PAIRS = 3
"""Epochs from files, each beside one from memory, that make one run."""


def measure(runs: int) -> Iterator[Figure]:
    """Measure images a second in the real training loop, from files and from memory in turn."""
    with serve() as server:
        did = server.split_dataset(IMAGES, SIZE)
        folder = server.folder / "workspace" / "datasets" / did
        threads = max(1, (os.cpu_count() or 1) // default_cpu_jobs())
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.trainer", str(folder), str(server.folder / "output"), str(runs * PAIRS)],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"the training failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for kind in ("files", "memory"):
        speeds = tuple(measured["images"] / seconds for seconds in measured["wall"][kind])
        yield Figure("pipeline", f"training from {kind}", "images/s", speeds)
    for clock, name in (("wall", "time"), ("cpu", "processor time")):
        pairs = zip(measured[clock]["files"], measured[clock]["memory"], strict=True)
        yield Figure("pipeline", f"share of the pipeline, {name}", "%", tuple(100 * (1 - m / f) for f, m in pairs))

"""What the data pipeline costs: training from files with augmentation against the same net fed from memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.results import Figure
from benchmarks.serving import serve
from paddlex_restful.config import default_cpu_jobs

IMAGES = 400
SIZE = 128


def measure(runs: int) -> Iterator[Figure]:
    """Measure images a second in the real training loop, from files and from memory in turn."""
    with serve() as server:
        did = server.split_dataset(IMAGES, SIZE)
        folder = server.folder / "workspace" / "datasets" / did
        threads = max(1, (os.cpu_count() or 1) // default_cpu_jobs())
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.trainer", str(folder), str(server.folder / "output"), str(runs)],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"the training failed:\n{done.stderr}")
    speeds: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    files, memory = speeds["files"], speeds["memory"]
    yield Figure("pipeline", "training from files", "images/s", tuple(files))
    yield Figure("pipeline", "training from memory", "images/s", tuple(memory))
    costs = tuple(100 * (1 - slow / fast) for slow, fast in zip(files, memory, strict=True))
    yield Figure("pipeline", "cost of the pipeline", "%", costs)

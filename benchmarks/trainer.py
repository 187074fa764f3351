"""A training in a process of its own, its epochs from files and from memory in turn.

``python -m benchmarks.trainer DATASET OUTPUT RUNS`` prints images a second as JSON in its last line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddlex_restful.params import default_params
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.loop import Loop

MODEL = "MobileNetV3_small"
SIZE = 96
BATCH = 32
WARM_UP = 1


class Alternating:
    """A training whose odd epochs come from files, and whose even ones repeat batches that are kept in memory."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._kept = list(training.batches(1))
        self.seconds: dict[bool, list[float]] = {True: [], False: []}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._training, name)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch; the time from the first to the end of the last step is noted."""
        from_files = bool(epoch % 2)
        begun = time.perf_counter()
        yield from self._training.batches(epoch) if from_files else self._kept
        self.seconds[from_files].append(time.perf_counter() - begun)


def main(dataset: Path, output: Path, runs: int) -> None:
    """Train ``runs`` epochs of both kinds, after one of each that does not count."""
    params = default_params("classification", MODEL)
    epochs = 2 * (runs + WARM_UP)
    params.update(image_shape=[SIZE, SIZE], batch_size=BATCH, num_epochs=epochs, save_interval_epochs=epochs)
    output.mkdir()
    training = Alternating(adapter("classification").training(params, dataset, 0, lambda done, total: None))
    Loop(training, params, output, _ignore_progress, lambda: None, 0).run()
    speeds = {
        name: [training.samples / seconds for seconds in training.seconds[from_files][WARM_UP:]]
        for name, from_files in (("files", True), ("memory", False))
    }
    print(json.dumps(speeds))


def _ignore_progress(*, flush: bool = False, **fields: Any) -> None:
    """A training of a benchmark tells nobody."""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

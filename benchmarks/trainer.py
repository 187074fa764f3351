"""A training in a process of its own, its epochs from files and from memory in turn.

``python -m benchmarks.trainer DATASET OUTPUT PAIRS`` prints, as JSON in its last line, the seconds that the
epochs of each kind took by the clock and of the processor, and the images of an epoch.
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
from paddlex_restful.training.parallel import World

MODEL = "MobileNetV3_small"
SIZE = 96
BATCH = 32
WARM_UP = 1


class Alternating:
    """A training whose epochs come from files and repeat batches that are kept in memory, in turn.

    Which of the two comes first changes from pair to pair, so that a machine that grows slower favours neither.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._kept = list(training.batches(1))
        self.wall: dict[str, list[float]] = {"files": [], "memory": []}
        self.cpu: dict[str, list[float]] = {"files": [], "memory": []}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._training, name)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch; the time from the first to the end of the last step is noted."""
        kind = "files" if epoch % 4 in (0, 1) else "memory"
        begun, worked = time.perf_counter(), time.process_time()
        yield from self._training.batches(epoch) if kind == "files" else self._kept
        self.wall[kind].append(time.perf_counter() - begun)
        self.cpu[kind].append(time.process_time() - worked)


def main(dataset: Path, output: Path, pairs: int) -> None:
    """Train so many epochs of both kinds, after one of each that does not count."""
    params = default_params("classification", MODEL)
    epochs = 2 * (pairs + WARM_UP)
    params.update(image_shape=[SIZE, SIZE], batch_size=BATCH, num_epochs=epochs, save_interval_epochs=epochs)
    output.mkdir()
    training = Alternating(adapter("classification").training(params, dataset, 0, lambda done, total: None, World()))
    Loop(training, params, output, _ignore_progress, lambda: None, 0).run()
    seconds = {
        clock: {kind: taken[WARM_UP:] for kind, taken in kinds.items()}
        for clock, kinds in (("wall", training.wall), ("cpu", training.cpu))
    }
    print(json.dumps({"images": training.samples, **seconds}))


def _ignore_progress(*, flush: bool = False, **fields: Any) -> None:
    """A training of a benchmark tells nobody."""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

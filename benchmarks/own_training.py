"""Our own training, an epoch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.turns import Turns
from paddlex_restful.params import check_params
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.loop import Loop
from paddlex_restful.training.parallel import World

EPOCHS = 1000
"""More than any measurement takes; the last one is never reached."""


class TakingTurns:
    """A training whose epochs wait for their turn, and come from files or repeat batches that are kept in memory."""

    def __init__(self, training: Training, turns: Turns) -> None:
        self._training = training
        self._turns = turns
        self._kept = list(training.batches(1))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._training, name)

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch."""
        source = self._turns.begin()
        for batch in self._training.batches(epoch) if source == "files" else self._kept:
            yield batch
            self._turns.step()
        self._turns.end()


def train(turns: Turns, project_type: str, params: Mapping[str, Any], dataset: Path, output: Path) -> None:
    """Train, without an evaluation.

    Args:
        turns: of this training.
        project_type: such as ``detection``.
        params: the training parameters that differ from the defaults.
        dataset: a dataset's folder, split.
        output: a folder for reports; made.
    """
    whole = check_params(project_type, {**params, "num_epochs": EPOCHS, "save_interval_epochs": EPOCHS})
    output.mkdir()
    training = adapter(project_type).training(whole, dataset, 0, lambda done, total: None, World())
    Loop(TakingTurns(training, turns), whole, output, _ignore_progress, lambda: None, 0).run()


def _ignore_progress(*, flush: bool = False, **fields: Any) -> None:
    """A training of a benchmark tells nobody."""

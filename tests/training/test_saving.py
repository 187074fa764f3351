"""Checkpoints that are written while the training goes on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import paddle
import pytest

from paddlex_restful.jobs.context import JobFailed, JobStopped
from paddlex_restful.training import checkpoint
from paddlex_restful.training.loop import Loop
from paddlex_restful.training.saving import Saving
from tests.training.test_loop import PARAMS, Line, Told, run

PATIENCE = 300.0


class Disk:
    """Stands before the writing of checkpoints: holds it up until it is told otherwise, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Event()
        self.goes_on = threading.Event()
        self.error: OSError | None = None
        self._write = checkpoint.write
        monkeypatch.setattr(checkpoint, "write", self.write)

    def write(self, folder: Path, content: checkpoint.Content) -> None:
        self.begun.set()
        assert self.goes_on.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        self._write(folder, content)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that writes nothing until it is told to."""
    return Disk(monkeypatch)


class Held(Line):
    """Trains on in the second epoch while the checkpoint of the first is held up."""

    def __init__(self, disk: Disk, told: Told) -> None:
        super().__init__({1: 0.5, 2: 0.6})
        self._disk = disk
        self._told = told
        self._steps = 0
        self.first: list[float] = []
        self.told_meanwhile: list[Any] = []

    def loss(self, batch: Any) -> tuple[paddle.Tensor, Any]:
        self._steps += 1
        if self._steps == self.steps + 1:
            self.first = self.net.weight.numpy().tolist()
        if self._steps == self.steps + 5:
            assert self._disk.begun.wait(PATIENCE)
            self.told_meanwhile = [saved for saved in self._told.saved if saved]
            self._disk.goes_on.set()
        return super().loss(batch)


def test_the_training_goes_on_while_a_checkpoint_is_written(tmp_path: Path, disk: Disk) -> None:
    told = Told()
    training = Held(disk, told)
    run(tmp_path, training, told, num_epochs=2)
    assert training.told_meanwhile == []
    assert [saved for saved in told.saved if saved] == [1, 2]
    # It holds the net as it was when it was saved.
    weights = checkpoint.load_weights(tmp_path / "epoch_1/model.pdparams")
    assert weights["weight"].tolist() == training.first
    assert training.net.weight.numpy().tolist() != training.first


def test_a_checkpoint_that_cannot_be_written_ends_the_training(tmp_path: Path, disk: Disk) -> None:
    told = Told()
    disk.error = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, Held(disk, told), told)
    assert not any(told.saved)
    assert told.stages[-1] != "complete"


def test_a_stop_waits_for_the_checkpoint_and_tells_of_it(tmp_path: Path, disk: Disk) -> None:
    told = Told()
    training = Held(disk, told)

    def check_stop() -> None:
        if disk.begun.is_set():
            disk.goes_on.set()
            raise JobStopped

    with paddle.utils.unique_name.guard(), pytest.raises(JobStopped):
        Loop(training, PARAMS, tmp_path, told, check_stop, 0).run()
    assert told.saved[-1] == 1
    assert checkpoint.read_info(tmp_path / "epoch_1")["epoch"] == 1


def test_why_a_training_failed_stays_the_reason_where_its_checkpoint_fails_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def write() -> None:
        raise OSError(28, "No space left on device")

    def train() -> None:
        with Saving() as saving:
            saving.begin(write)
            raise JobFailed("nan_loss", "The loss is no longer a number.")

    with pytest.raises(JobFailed, match="no longer a number"):
        train()
    assert "The last checkpoint could not be written: [Errno 28] No space left on device" in capsys.readouterr().out

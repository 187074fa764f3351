from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.jobs import context as context_module
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext("train", "T0001", tmp_path, tmp_path, {})


class Clock:
    """A time that stands still unless a test moves it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(context_module, "time", made)
    return made


def written(context: JobContext) -> dict[str, object]:
    """What progress says beside the time that the job has run."""
    value = json.loads((context.folder / "progress.json").read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    del value["running_seconds"]
    return value


def test_progress_is_merged_and_written_at_most_ten_times_a_second(context: JobContext, clock: Clock) -> None:
    context.progress(stage="training", step=1)
    context.progress(step=2)
    assert written(context) == {"stage": "training", "step": 1}
    context.flush_progress()
    assert written(context) == {"stage": "training", "step": 2}
    clock.now += 0.05
    context.progress(step=3)
    assert written(context)["step"] == 2
    clock.now += 0.06
    context.progress(step=4)
    assert written(context)["step"] == 4


def test_new_stage_is_written_at_once(context: JobContext) -> None:
    context.progress(stage="training")
    context.progress(stage="saving")
    assert written(context) == {"stage": "saving"}


def test_flush_is_written_at_once(context: JobContext) -> None:
    context.progress(a=1)
    context.progress(a=2, flush=True)
    assert written(context) == {"a": 2}


def test_each_writing_says_how_long_the_job_has_run(clock: Clock, tmp_path: Path) -> None:
    context = JobContext("train", "T0001", tmp_path, tmp_path, {})
    clock.now += 75.04
    context.progress(step=1)
    assert json.loads((tmp_path / "progress.json").read_bytes()) == {"step": 1, "running_seconds": 75.0}


def test_progress_is_strict_json(context: JobContext) -> None:
    context.progress(loss=float("nan"), lr=np.float32(0.5), epochs={1: np.float64("inf")}, path=Path("a"))
    assert written(context) == {"loss": None, "lr": 0.5, "epochs": {"1": None}, "path": "a"}


def test_stop_is_seen_between_steps(context: JobContext) -> None:
    context.check_stop()
    context.request_stop()
    assert context.stop_requested()
    with pytest.raises(JobStopped):
        context.check_stop()


def test_job_failed_is_a_user_error_that_survives_a_pickle() -> None:
    error = JobFailed("check", "The file {name} is wrong.", name="a")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, UserError)
    assert (again.reason, str(again)) == ("check", "The file a is wrong.")

"""The contract's statuses follow from the jobs."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.enums import DatasetStatus, DownloadStatus, PredictStatus, PruneStatus, TaskStatus
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import status
from paddlex_restful.workspace import workspace_pb2 as pb

ACTIVE = sorted(states.ACTIVE)
_numbers = count(1)


def job(kind: str, state: states.State, **fields: Any) -> Job:
    """A job that was submitted after those made before it."""
    return Job(next(_numbers), kind, "T0001", Path("/nowhere"), f"job/{kind}", {}, (), state, **fields)


def no_progress(_: Job) -> dict[str, Any]:
    return {}


def stage(name: str) -> status.Progress:
    return lambda _: {"stage": name}


def status_of(
    *jobs: Job, configured: bool = True, parent: str = "", progress: status.Progress = no_progress
) -> TaskStatus:
    task = pb.Task(id="T0001", configured=configured, parent_id=parent)
    return status.task_status(task, {job.kind: job for job in jobs}, progress)[0]


def test_a_task_without_jobs_is_what_its_parameters_make_it() -> None:
    assert status_of(configured=False) == TaskStatus.XUNINIT
    assert status_of() == TaskStatus.XINIT


@pytest.mark.parametrize(
    ("kind", "state", "reason", "expected"),
    [
        ("train", states.DONE, "", TaskStatus.XTRAINDONE),
        ("train", states.STOPPED, "", TaskStatus.XTRAINEXIT),
        ("train", states.FAILED, "signal", TaskStatus.XTRAINFAIL),
        ("train", states.FAILED, "download", TaskStatus.XDOWNLOADFAIL),
        ("evaluate", states.DONE, "", TaskStatus.XEVALUATED),
        ("evaluate", states.FAILED, "error", TaskStatus.XEVALUATEFAIL),
        ("export", states.DONE, "", TaskStatus.XEXPORTED),
        ("export", states.FAILED, "error", TaskStatus.XEXPORTFAIL),
    ],
)
def test_the_job_that_ended_last_decides(kind: str, state: states.State, reason: str, expected: TaskStatus) -> None:
    earlier = [job("train", states.DONE)] if kind != "train" else []
    assert status_of(*earlier, job(kind, state, reason=reason)) == expected


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("evaluate", states.STOPPED),
        ("export", states.STOPPED),
        ("prune", states.DONE),
        ("prune", states.STOPPED),
        ("prune", states.FAILED),
        ("predict", states.DONE),
        ("predict", states.FAILED),
    ],
)
def test_what_leaves_nothing_behind_leaves_the_task_as_it_was(kind: str, state: states.State) -> None:
    assert status_of(job("train", states.DONE), job(kind, state)) == TaskStatus.XTRAINDONE


def test_a_new_training_outdates_the_evaluation_of_the_old_one() -> None:
    evaluated = job("evaluate", states.DONE)
    assert status_of(evaluated, job("train", states.DONE)) == TaskStatus.XTRAINDONE


@pytest.mark.parametrize("state", sorted(states.ACTIVE - {states.QUEUED}))
def test_an_active_job_decides_before_any_ended_one(state: states.State) -> None:
    old = job("export", states.DONE)
    assert status_of(job("train", state), old) == TaskStatus.XTRAINING
    assert status_of(job("train", state), old, parent="T0009") == TaskStatus.XPRUNETRAIN
    assert status_of(job("train", state), old, progress=stage("downloading")) == TaskStatus.XDOWNLOADING
    assert status_of(job("evaluate", state), old) == TaskStatus.XEVALUATING
    assert status_of(job("export", state)) == TaskStatus.XEXPORTING
    assert status_of(job("prune", state), old) == TaskStatus.XPRUNEING


def message_of(train: Job, told: dict[str, Any], *others: Job) -> str:
    jobs = {job.kind: job for job in (train, *others)}
    return status.task_status(pb.Task(id="T0001", configured=True), jobs, lambda _: told)[1]


@pytest.mark.parametrize("state", [states.STOPPED, states.FAILED])
def test_a_training_that_saved_an_epoch_says_from_where_it_can_go_on(state: states.State) -> None:
    ended = job("train", state, message="Why.")
    hint = "Why. It can go on after epoch 4: call PUT /project/task/train with tid T0001 and act resume."
    assert message_of(ended, {"saved_epoch": 4, "num_epochs": 9}) == hint
    assert message_of(ended, {"saved_epoch": None, "num_epochs": 9}) == "Why."
    assert message_of(ended, {"saved_epoch": 9, "num_epochs": 9}) == "Why."
    assert message_of(ended, {}) == "Why."


def test_a_resumed_training_that_ended_before_it_told_anything_can_go_on_again() -> None:
    ended = replace(job("train", states.STOPPED, message="Why."), args={"resume_epoch": 3})
    assert "after epoch 3" in message_of(ended, {})
    assert "after epoch 5" in message_of(ended, {"saved_epoch": 5, "num_epochs": 9})


def test_only_a_training_that_ended_early_can_go_on() -> None:
    told = {"saved_epoch": 4, "num_epochs": 9}
    for state in (states.DONE, *ACTIVE):
        assert "go on" not in message_of(job("train", state), told)
    stopped = job("train", states.STOPPED)
    assert "go on" not in message_of(stopped, told, job("evaluate", states.FAILED, message="Why."))


def test_a_queued_training_reads_as_ready_and_says_what_it_waits_for() -> None:
    task = pb.Task(id="T0001", configured=True)
    queued = job("train", states.QUEUED, message="Second in the queue for GPU 0.")
    assert status.task_status(task, {"train": queued}, no_progress) == (TaskStatus.XINIT, queued.message)


def dataset_of(
    import_job: Job | None, *, split: bool = False, progress: status.Progress = no_progress
) -> DatasetStatus:
    return status.dataset_status(pb.Dataset(id="D0001", split=split), import_job, progress)[0]


def test_a_dataset_is_what_its_import_made_it() -> None:
    done = job("import", states.DONE, result={"split": False})
    assert dataset_of(None) == DatasetStatus.XEMPTY
    assert dataset_of(done) == DatasetStatus.XCOPYDONE
    assert dataset_of(done, split=True) == DatasetStatus.XSPLITED
    assert dataset_of(job("import", states.DONE, result={"split": True})) == DatasetStatus.XSPLITED


@pytest.mark.parametrize("state", ACTIVE)
def test_a_dataset_that_is_imported_is_checked_then_copied(state: states.State) -> None:
    assert dataset_of(job("import", state)) == DatasetStatus.XCHECKING
    assert dataset_of(job("import", state), progress=stage("copying")) == DatasetStatus.XCOPYING


@pytest.mark.parametrize("state", [states.FAILED, states.STOPPED])
def test_an_import_fails_where_it_stood(state: states.State) -> None:
    assert dataset_of(job("import", state)) == DatasetStatus.XCHECKFAIL
    assert dataset_of(job("import", state), progress=stage("copying")) == DatasetStatus.XCOPYFAIL


def test_predictions_analyses_and_downloads() -> None:
    for state in ACTIVE:
        assert status.predict_status(job("predict", state)) == PredictStatus.XPRESTART
        assert status.prune_status(job("prune", state), no_progress) == PruneStatus.XSPRUNESTART
        assert status.prune_status(job("prune", state), stage("x")) == PruneStatus.XSPRUNEING
        assert status.download_status(job("download", state), no_progress) == DownloadStatus.XDDOWNLOADING
        unpacking = status.download_status(job("download", state), stage("decompressing"))
        assert unpacking == DownloadStatus.XDDOWNLOADDONE
    assert status.predict_status(job("predict", states.DONE)) == PredictStatus.XPREDONE
    assert status.predict_status(job("predict", states.FAILED)) == PredictStatus.XPREFAIL
    assert status.prune_status(job("prune", states.STOPPED), no_progress) == PruneStatus.XSPRUNEEXIT
    assert status.download_status(job("download", states.DONE), no_progress) == DownloadStatus.XDDECOMPRESSED
    assert status.download_status(job("download", states.FAILED), no_progress) == DownloadStatus.XDDOWNLOADFAIL


def of_its_own(*jobs: Job) -> tuple[TaskStatus, str]:
    """Status of the last of these jobs by itself."""
    newest = {job.kind: job for job in jobs}
    return status.inference_status(jobs[-1], pb.Task(id="T0001", configured=True), newest, no_progress)


def test_an_evaluation_or_export_by_itself_reads_as_the_task_does_after_it() -> None:
    train = job("train", states.DONE)
    assert of_its_own(train, job("export", states.DONE))[0] == TaskStatus.XEXPORTED
    assert of_its_own(train, job("evaluate", states.FAILED, message="Why."))[0:2] == (TaskStatus.XEVALUATEFAIL, "Why.")
    assert of_its_own(train, job("export", states.STOPPED))[0] == TaskStatus.XTRAINDONE
    assert of_its_own(train, job("export", states.QUEUED, message="Next.")) == (TaskStatus.XEXPORTING, "Next.")


def test_what_came_before_the_newest_training_is_not_of_the_model_any_more() -> None:
    old, train = job("evaluate", states.DONE), job("train", states.DONE)
    assert status.current("evaluate", {"evaluate": old}) is old
    assert status.current("evaluate", {"evaluate": old, "train": train}) is None
    new = job("evaluate", states.DONE)
    assert status.current("evaluate", {"evaluate": new, "train": train}) is new

"""What is told of a job that failed, and for how long a job has run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import Services, evaluation, exporting, files, prediction, training
from tests.jobs.conftest import until
from tests.jobs.toys import KINDS


@pytest.fixture
def tid(toy_services: Services, monkeypatch: pytest.MonkeyPatch) -> str:
    """A task whose jobs of every kind are toys."""
    monkeypatch.setattr(toy_services.jobs, "_kinds", {**KINDS, **dict.fromkeys(ANSWERS, KINDS["train"])})
    workspace = toy_services.workspace
    return workspace.create_task(workspace.create_project("p", "", "classification"), "", "")


def folder_of(services: Services, tid: str, kind: str) -> Path:
    return job_folder(services.workspace.folder(services.workspace.task(tid)), kind)


def ended(services: Services, tid: str, kind: str, state: states.State, log: bytes | None) -> Path:
    """A job of the task on record that ended so; gives its log."""
    folder = folder_of(services, tid, kind)
    folder.mkdir(parents=True)
    if log is not None:
        (folder / "out.log").write_bytes(log)
    services.jobs.record(kind, tid, folder, state, "Why it failed." if state == states.FAILED else "")
    return folder / "out.log"


ANSWERS: dict[str, Any] = {
    "train": training.train_log,
    "evaluate": evaluation.get,
    "predict": prediction.get,
    "export": exporting.get,
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_failed_job_shows_the_end_of_its_log(toy_services: Services, tid: str, kind: str) -> None:
    assert ANSWERS[kind](toy_services, tid)["log_tail"] == []
    lines = [f"line {number}" for number in range(50_000)]
    log = ended(toy_services, tid, kind, states.FAILED, "\n".join([*lines, "é" * 900, "the end\n"]).encode())
    answer = ANSWERS[kind](toy_services, tid)
    assert answer["log_file"] == str(log)
    assert answer["log_tail"] == [*lines[-18:], "é" * 500, "the end"]
    assert answer["train_error" if kind == "train" else "message"] == "Why it failed."


@pytest.mark.parametrize("state", [states.STOPPED])
def test_a_job_that_did_not_fail_shows_no_log(toy_services: Services, tid: str, state: states.State) -> None:
    ended(toy_services, tid, "train", state, b"line\n")
    assert training.train_log(toy_services, tid)["log_tail"] == []
    assert training.train_log(toy_services, tid)["train_error"] is None


@pytest.mark.parametrize(
    ("log", "tail"),
    [
        (None, []),
        (b"", []),
        (b"one", ["one"]),
        (b"x" * 200_000, ["x" * 500]),
        (b"\xff\n\n", ["\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_the_end_of_odd_logs(toy_services: Services, tid: str, log: bytes | None, tail: list[str]) -> None:
    ended(toy_services, tid, "train", states.FAILED, log)
    assert training.train_log(toy_services, tid)["log_tail"] == tail


def test_not_more_than_the_end_of_a_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    blocks = files._blocks_from_end

    def counted(path: Path) -> Any:
        for block in blocks(path):
            asked.append(len(block))
            yield block

    monkeypatch.setattr(files, "_blocks_from_end", counted)
    (tmp_path / "out.log").write_bytes(b"\r".join([b"progress"] * 1_000_000))
    job = Job(1, "train", "T0001", tmp_path, ".", {}, (), states.FAILED)
    assert len(files.failure_log(tmp_path, job)["log_tail"]) == 1
    assert asked == [1 << 16]


def duration(state: states.State, seconds: float | None = None, **fields: Any) -> str | None:
    job = Job(1, "train", "T0001", Path("/nowhere"), "job", {}, (), state, **fields)
    return training.running_duration(job, {} if seconds is None else {"running_seconds": seconds})


def test_the_duration_is_the_time_that_the_job_counted() -> None:
    hours_ago = time.time() - 9000
    assert duration(states.QUEUED, submitted=hours_ago) is None
    # The machine slept, or its clock was set: the wall clock says two and a half hours.
    assert duration(states.RUNNING, 65.4, submitted=hours_ago, started=hours_ago) == "0小时1分5秒"
    assert duration(states.DONE, 3725.0, started=hours_ago, ended=hours_ago + 1) == "1小时2分5秒"
    # The records were made anew from the folders, which do not hold the time of the start.
    assert duration(states.FAILED, 7.0) == "0小时0分7秒"


def test_before_the_first_progress_the_time_since_the_start_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    assert duration(states.RUNNING, started=now - 3.5) == "0小时0分3秒"
    assert duration(states.FAILED, started=now, ended=now + 61.5) == "0小时1分1秒"
    assert duration(states.FAILED, started=now, ended=now - 100) == "0小时0分0秒"
    assert duration(states.DONE) is None
    assert training.running_duration(None, {}) is None


def test_time_in_the_queue_and_after_the_end_does_not_count(toy_services: Services, tid: str) -> None:
    services = toy_services
    first = services.jobs.submit("train", "T0009", services.workspace.root / "T0009/job/train", {})
    job = services.jobs.submit("train", tid, folder_of(services, tid, "train"), {})

    def log() -> dict[str, Any]:
        return training.train_log(services, tid)

    until(lambda: services.jobs.progress(first))
    assert (log()["running_duration"], log()["train_stage"]) == (None, "waiting")
    time.sleep(2)  # the time in the queue that must not count
    left_queue = time.monotonic()
    services.jobs.stop(first)
    until(lambda: services.jobs.progress(job).get("running_seconds", 0) > 0.2)
    assert services.jobs.stop(job).state == "stopped"
    counted = services.jobs.progress(job)["running_seconds"]
    assert 0.2 < counted <= time.monotonic() - left_queue + 0.1
    shown = log()["running_duration"]
    time.sleep(1.1)
    assert log()["running_duration"] == shown == f"0小时0分{int(counted)}秒"

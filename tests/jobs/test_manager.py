from __future__ import annotations

import errno
import os
import signal
import sqlite3
import time
from contextlib import closing
from typing import Any, NoReturn

import pytest

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import PROGRESS_FILE
from paddlex_restful.jobs.identity import Identity
from paddlex_restful.jobs.stopper import Patience
from paddlex_restful.jobs.watcher import Watcher
from tests.jobs.conftest import LONG, PRELOAD, SHORT, Held, Jobs, until


def test_job_that_returns_is_done_with_its_result(jobs: Jobs) -> None:
    job = jobs.run("small", numbers=[1, 2, 3])
    assert (job.state, job.result, job.message) == ("done", {"sum": 6}, "")
    assert jobs.manager.progress(job).items() >= {"stage": "adding", "percent": 100}.items()
    assert "加 added" in (job.folder / "out.log").read_text(encoding="utf-8")
    assert job.submitted <= job.started <= job.ended  # type: ignore[operator]


def test_what_the_jobs_of_a_subject_tell_differs_after_each_report_and_after_a_second(jobs: Jobs) -> None:
    nothing = jobs.manager.reports("T0001")
    assert jobs.manager.reports("T0001") == nothing
    job = jobs.running("patient")
    told = {nothing, jobs.manager.reports("T0001")}
    step = jobs.manager.progress(job)["step"]
    until(lambda: jobs.manager.progress(job)["step"] > step)
    told.add(jobs.manager.reports("T0001"))
    assert len(told) == 3
    assert jobs.manager.reports("T0002") == nothing
    jobs.manager.stop(job)
    before = jobs.manager.reports("T0001")
    assert jobs.manager.reports("T0001") == before
    (job.folder / PROGRESS_FILE).write_text("{}")
    assert jobs.manager.reports("T0001") != before
    # Nothing is reported by a job that waits; its place and the time that it waits are told all the same.
    _, waiting = (jobs.submit("train", subject) for subject in ("T0003", "T0004"))
    assert jobs.now(waiting).state == "queued"
    before = jobs.manager.reports("T0004")
    until(lambda: jobs.manager.reports("T0004") != before)
    assert jobs.now(waiting).state == "queued"


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("fail", "check", "The file a b.png is wrong."),
        ("crash", "error", "The job failed unexpectedly. Its log says more: "),
        ("exit_early", "exit", "exit code 7"),
        ("vanish", "exit", "exit code 5"),
        ("lack_package", "package_missing", "pip install paddle_of_tomorrow"),
    ],
)
def test_failed_job_says_why(jobs: Jobs, kind: str, reason: str, words: str) -> None:
    job = jobs.run(kind)
    assert (job.state, job.reason) == ("failed", reason)
    assert words in job.message
    assert "Traceback" not in job.message
    assert "surprise" not in job.message


def test_traceback_of_a_failed_job_is_in_its_log(jobs: Jobs) -> None:
    job = jobs.run("crash")
    log = (job.folder / "out.log").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "ValueError: a surprise" in log


def test_killed_job_fails_and_names_the_signal(jobs: Jobs) -> None:
    job = jobs.running("patient")
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    job = jobs.manager.wait(job, LONG)
    assert (job.state, job.reason) == ("failed", "signal")
    assert "signal 9 (SIGKILL)" in job.message


def test_workers_of_a_killed_job_are_ended_before_it_is_concluded(jobs: Jobs) -> None:
    job = jobs.running("with_workers")
    assert job.pid is not None
    assert job.identity is not None
    until(lambda: len(list(job.folder.glob("worker-*"))) == 2)
    assert len(job.identity.group()) == 3
    os.kill(job.pid, signal.SIGKILL)
    assert jobs.manager.wait(job, LONG).state == "failed"
    assert job.identity.group() == []


def test_stop_ends_job_and_workers(jobs: Jobs) -> None:
    job = jobs.running("with_workers")
    assert job.identity is not None
    stopped = jobs.manager.stop(job)
    assert (stopped.state, stopped.message) == ("stopped", "Stopped on request.")
    assert job.identity.group() == []


def test_stop_ends_a_job_that_ignores_it(jobs: Jobs) -> None:
    jobs.options["patience"] = SHORT
    jobs.restart()
    job = jobs.running("stubborn")
    stopped = jobs.manager.stop(job)
    assert stopped.state == "stopped"
    assert "by force" in stopped.message
    assert job.identity is not None
    assert not job.identity.alive()


def test_stop_of_a_job_and_workers_that_ignore_it_answers_in_twenty_seconds(jobs: Jobs) -> None:
    jobs.options["patience"] = Patience()
    jobs.restart()
    job = jobs.running("stubborn_with_workers")
    until(lambda: len(list(job.folder.glob("worker-*"))) == 2)
    assert job.identity is not None
    assert len(job.identity.group()) == 3
    begun = time.monotonic()
    stopped = jobs.manager.stop(job)
    assert time.monotonic() - begun < 20
    assert stopped.state == "stopped"
    assert job.identity.group() == []


def test_stop_of_an_ended_job_leaves_it_as_it_is(jobs: Jobs) -> None:
    job = jobs.run("small", numbers=[])
    assert jobs.manager.stop(job) == job


def test_stop_never_touches_a_process_that_got_the_pid_later(jobs: Jobs) -> None:
    job = jobs.running("patient")
    stranger = jobs.running("patient", "T0002")
    assert stranger.identity is not None
    assert stranger.pid is not None
    reused = Identity(stranger.pid, stranger.identity.start_time - 1, stranger.identity.boot_id)
    for number in (signal.SIGTERM, signal.SIGKILL):
        reused.send(number)
        reused.send_group(number)
    other_boot = Identity(stranger.pid, stranger.identity.start_time, "another boot")
    other_boot.send(signal.SIGKILL)
    other_boot.send_group(signal.SIGKILL)
    assert not reused.alive()
    assert not other_boot.alive()
    jobs.manager.stop(job)
    assert stranger.identity.alive()
    assert jobs.now(stranger).state == "running"


def test_second_job_of_a_subject_and_kind_is_refused_while_one_is_active(jobs: Jobs) -> None:
    job = jobs.running("patient")
    with pytest.raises(UserError, match="patient job of T0001 is running already"):
        jobs.submit("patient")
    jobs.manager.stop(job)
    again = jobs.running("patient")
    assert again.id > job.id


def test_new_job_leaves_nothing_of_the_last_in_the_folder(jobs: Jobs) -> None:
    jobs.run("fail")
    job = jobs.submit("fail")
    assert jobs.manager.wait(job, LONG).state == "failed"
    assert {path.name for path in job.folder.iterdir()} == {"job.json", "process.json", "outcome.json", "out.log"}
    assert [path.name for path in job.folder.parent.iterdir()] == ["fail"]


def test_submit_does_not_wait_for_a_process(jobs: Jobs) -> None:
    held = Held(preload=PRELOAD)
    jobs.options["executor"] = held
    jobs.restart()
    made = [jobs.submit("small", f"T{number:04}", numbers=[number]) for number in range(5)]
    until(held.asked.is_set)
    assert {jobs.now(job).state for job in made} == {"queued", "starting"}
    held.gate.set()
    assert {jobs.manager.wait(job, LONG).state for job in made} == {"done"}


@pytest.mark.parametrize("fault", [OSError(errno.EMFILE, os.strerror(errno.EMFILE)), ValueError("a fault")])
def test_end_is_noticed_after_any_fault(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    faults = []

    def broken(*_: Any, **__: Any) -> NoReturn:
        faults.append(fault)
        raise fault

    job = jobs.running("patient")
    assert job.identity is not None
    with monkeypatch.context() as patched:
        patched.setattr(Watcher, "conclude", broken)
        job.identity.send(signal.SIGKILL)
        until(lambda: len(faults) > 1)
        assert "cannot be put on record" in jobs.now(job).message
    assert jobs.manager.wait(job, LONG).state == "failed"


def test_process_that_cannot_be_looked_at_for_a_while_is_not_lost(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = []

    def full(number: int) -> NoReturn:
        refusals.append(number)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    held = Held(preload=PRELOAD)
    jobs.options["executor"] = held
    jobs.restart()
    job = jobs.submit("patient")
    until(held.asked.is_set)
    with monkeypatch.context() as patched:
        patched.setattr(Identity, "open", lambda own: full(own.pid))
        patched.setattr(Identity, "alive", lambda own: full(own.pid))
        held.gate.set()
        until(lambda: len(refusals) > 2)
        assert jobs.now(job).message == ""
    assert jobs.manager.stop(job).state == "stopped"


def test_submit_says_that_the_server_shuts_down(jobs: Jobs) -> None:
    jobs.manager.close()
    with pytest.raises(UserError, match="shutting down"):
        jobs.submit("small")
    jobs.restart()


def test_full_disk_refuses_the_job(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(durable.os, "fsync", full)
        with pytest.raises(UserError, match="disk is full"):
            jobs.submit("small")
    assert jobs.manager.latest("T0001", "small") is None
    assert jobs.run("small", numbers=[2]).state == "done"


def test_end_that_cannot_be_recorded_is_recorded_later(jobs: Jobs) -> None:
    job = jobs.running("patient")
    jobs.manager._store._connection.execute("PRAGMA busy_timeout=20")
    assert job.identity is not None
    with closing(sqlite3.connect(jobs.root / "jobs.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        job.identity.send(signal.SIGKILL)
        with pytest.raises(UserError, match="database is locked"):
            jobs.submit("small")
        assert jobs.manager.wait(job, 0.5).state == "running"
        other.execute("ROLLBACK")
    ended = jobs.manager.wait(job, LONG)
    assert (ended.state, "SIGKILL" in ended.message) == ("failed", True)


def test_record_shows_a_job_that_ended_elsewhere(jobs: Jobs) -> None:
    folder = jobs.folder("train")
    job = jobs.manager.record("train", "T0001", folder, "failed", message="It was killed.", reason="signal")
    assert jobs.manager.jobs_of("T0001") == {"train": job}
    jobs.restart()
    again = jobs.manager.latest("T0001", "train")
    assert again == job


def test_forget_removes_the_records_and_is_refused_while_a_job_is_active(jobs: Jobs) -> None:
    job = jobs.running("patient")
    with pytest.raises(UserError, match="Stop it before you delete T0001"):
        jobs.manager.forget("T0001")
    jobs.manager.stop(job)
    jobs.manager.forget("T0001")
    assert jobs.manager.jobs_of("T0001") == {}
    jobs.restart()
    assert jobs.manager.latest("T0001", "patient") is None


def test_wait_gives_the_active_record_when_the_time_is_over(jobs: Jobs) -> None:
    job = jobs.running("patient")
    assert jobs.manager.wait(job, 0.05).state == "running"

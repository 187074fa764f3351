"""A job whose end the disk refuses is told as ended, and why it ended is told once there is room."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from paddlex_restful.api.answers import register_failures
from paddlex_restful.enums import TaskStatus
from paddlex_restful.jobs import failures, states
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.services import status
from paddlex_restful.workspace import workspace_pb2 as pb
from tests.jobs.conftest import Jobs, until


def test_an_end_that_cannot_be_recorded_is_told_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = Jobs(tmp_path)
    try:
        job = jobs.running("patient")
        jobs.manager._store._connection.execute("PRAGMA busy_timeout=20")
        assert job.identity is not None
        with closing(sqlite3.connect(jobs.root / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            job.identity.send(signal.SIGKILL)
            until(lambda: "free some space" in jobs.now(job).message)
            assert jobs.manager.wait(job, 1).state == "running"
            other.execute("ROLLBACK")
        ended = jobs.manager.wait(job, 90)
        # Which signal it was can be asked of the system once only.
        assert (ended.state, "SIGKILL" in ended.message) == ("failed", True)
        assert sum("cannot be put on record yet" in record.message for record in caplog.records) == 1
    finally:
        jobs.end()


def test_a_server_starts_where_the_end_of_a_job_cannot_be_recorded(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    try:
        job = jobs.running("patient")
        jobs.manager.close()
        assert job.identity is not None
        job.identity.send(signal.SIGKILL)
        assert job.identity.wait_group(90)
        with closing(sqlite3.connect(jobs.root / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            jobs.manager = JobManager(jobs.root, **jobs.options)
            assert jobs.now(job).state == "running"
            other.execute("ROLLBACK")
        assert jobs.manager.wait(job, 90).state == "failed"
    finally:
        jobs.end()


def test_a_running_job_whose_end_cannot_be_recorded_says_so_as_the_status_of_its_task(tmp_path: Path) -> None:
    ended = Job(1, "train", "T0001", tmp_path, "job", {}, (), states.RUNNING, "The job has ended, but …")
    task = pb.Task(id="T0001", configured=True)
    assert status.task_status(task, {"train": ended}, lambda job: {}) == (TaskStatus.XTRAINING, ended.message)


def test_a_job_that_could_not_write_its_outcome_names_the_disk(tmp_path: Path) -> None:
    failure = failures.of_exit(failures.OUTCOME_NOT_WRITTEN, tmp_path / "out.log")
    assert failure.reason == "disk_full"
    assert "Free some space" in failure.message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/data/workspace"), "read-only"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/data/workspace"), "may not read or write"),
        (OSError(errno.ELOOP, os.strerror(errno.ELOOP), "/data/loop"), "in a circle"),
        (sqlite3.OperationalError("database or disk is full"), "free some space"),
    ],
)
def test_what_the_system_refuses_is_no_internal_error(error: Exception, words: str) -> None:
    app = Flask(__name__)
    register_failures(app)

    @app.get("/")
    def fail() -> Any:
        raise error

    message = app.test_client().get("/").json["message"]
    assert words in message
    assert "internal error" not in message

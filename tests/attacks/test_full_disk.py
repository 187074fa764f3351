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
from paddlex_restful.jobs import failures
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
        ended = jobs.manager.wait(job, 10)
        # Which signal it was can be asked of the system once only.
        assert (ended.state, "SIGKILL" in ended.message) == ("failed", True)
        assert sum("cannot be put on record yet" in record.message for record in caplog.records) == 1
    finally:
        jobs.end()


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

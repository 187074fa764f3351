"""A start that the disk interrupts is made up for once the disk works again."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from paddlex_restful.jobs.executor import Executor, Process
from tests.jobs.conftest import PRELOAD, Jobs


class Blocking(Executor):
    """Makes a process, and the database unwritable with the first one."""

    def __init__(self, database: Path) -> None:
        super().__init__(preload=PRELOAD)
        self._database = database
        self.other: sqlite3.Connection | None = None
        self.made = threading.Event()

    def start(self) -> Process:
        process = super().start()
        if self.other is None:
            self.other = sqlite3.connect(self._database, isolation_level=None, check_same_thread=False)
            self.other.execute("BEGIN IMMEDIATE")
            self.made.set()
        return process


def test_a_job_whose_start_could_not_be_recorded_is_started_later(tmp_path: Path) -> None:
    blocking = Blocking(tmp_path / "jobs.db")
    jobs = Jobs(tmp_path, executor=blocking)
    try:
        jobs.manager._store._connection.execute("PRAGMA busy_timeout=20")
        job = jobs.submit("small", numbers=[1])
        assert blocking.made.wait(90)
        assert blocking.other is not None
        assert jobs.manager.wait(job, 0.5).state == "starting"
        blocking.other.execute("ROLLBACK")
        assert jobs.manager.wait(job, 90).state == "done"
    finally:
        if blocking.other is not None:
            blocking.other.close()
        jobs.end()

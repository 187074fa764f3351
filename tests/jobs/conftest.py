from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.jobs.executor import Executor, Process
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.jobs.stopper import Patience
from tests.jobs.toys import KINDS

PRELOAD = ("paddlex_restful.jobs.runner", "tests.jobs.toys")
LONG = 300.0
"""Seconds that nothing but a hang takes: several processes import paddle, from a cold disk and on a busy machine."""

PATIENT = Patience(asked=LONG, terminated=0.3, killed=LONG)
"""For jobs that follow the request, however long that takes them."""

SHORT = Patience(asked=1.0, terminated=0.3, killed=LONG)
"""For jobs that do not hear it."""


def until(condition: Callable[[], Any], timeout: float = LONG) -> Any:
    """Wait until a condition gives something true, and return that."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("waited in vain")


class Held(Executor):
    """Starts processes only once its gate is open."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.gate = threading.Event()
        self.asked = threading.Event()

    def start(self) -> Process:
        self.asked.set()
        assert self.gate.wait(LONG)
        return super().start()


class Jobs:
    """A manager with the toy kinds, and the workspace in which it works."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.root = root
        self.options = {"executor": Executor(preload=PRELOAD), "patience": PATIENT, "kinds": KINDS, **options}
        self.manager = JobManager(root, **self.options)

    def folder(self, kind: str, subject: str = "T0001") -> Path:
        return self.root / "projects" / "P0001" / subject / "job" / kind

    def submit(self, kind: str, subject: str = "T0001", gpus: tuple[int, ...] = (), **args: Any) -> Job:
        return self.manager.submit(kind, subject, self.folder(kind, subject), args, gpus)

    def run(self, kind: str, subject: str = "T0001", **args: Any) -> Job:
        job = self.manager.wait(self.submit(kind, subject, **args), LONG)
        assert not job.active
        return job

    def running(self, kind: str, subject: str = "T0001", gpus: tuple[int, ...] = ()) -> Job:
        """Submit a job and wait for its first progress."""
        job = self.submit(kind, subject, gpus)
        until(lambda: self.manager.progress(job))
        return self.now(job)

    def now(self, job: Job) -> Job:
        now = self.manager.latest(job.subject, job.kind)
        assert now is not None
        assert now.id == job.id
        return now

    def restart(self) -> None:
        """Close the manager and open another, as a restarted server does."""
        self.manager.close()
        self.manager = JobManager(self.root, **self.options)

    def end(self) -> None:
        for job in self.manager.active():
            self.manager.stop(job)
        self.manager.close()


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """A manager in a workspace whose path has spaces and Chinese characters."""
    root = tmp_path / "工作 区"
    root.mkdir()
    made = Jobs(root)
    yield made
    made.end()

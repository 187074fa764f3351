"""What a client reads of a task that waits in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddlex_restful.enums import TaskStatus
from tests.conftest import Server
from tests.flow import running_task, task, task_status, until


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Server]:
    """A server that does one heavy job at a time."""
    running = Server(tmp_path, "--cpu_jobs", "1")
    yield running
    running.close()


def test_a_waiting_task_tells_its_place_and_what_it_waits_for(single: Server, tmp_path: Path) -> None:
    busy = running_task(single, tmp_path / "shapes", epochs=4000, saved=1)
    pid = single.ok("GET", "/project/task")["tasks"][0]["pid"]
    first, second = (task(single, pid, num_epochs=1) for _ in range(2))
    for tid in (first, second):
        single.ok("POST", "/project/task/train", tid=tid)
    waiting = until(lambda: single.ok("GET", "/project/task", tid=second), lambda seen: "place" in seen["message"])
    assert waiting["task_status"] == TaskStatus.XINIT
    assert waiting["message"] == (
        f"Waiting in the queue, place 2: 1 of 1 processor slots are taken by train of {busy}."
    )
    single.restart()
    until(
        lambda: single.ok("GET", "/project/task", tid=first)["message"],
        lambda message: message.startswith("Waiting in the queue, place 1: "),
    )

    single.ok("PUT", "/project/task/train", tid=first, act="stop")
    single.ok("PUT", "/project/task/train", tid=busy, act="stop")
    until(lambda: task_status(single, second), lambda seen: seen == TaskStatus.XTRAINDONE)
    log = single.ok("GET", "/project/task/metrics", tid=first, type="train")["train_log"]
    assert log["train_metrics"] is None

"""A workspace with many tasks: a durable change, and opening it again."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.results import Figure
from paddlex_restful.workspace import Draft, Workspace
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import TASK

TASKS = (10, 100, 1_000, 10_000)
CHANGES = 100


def measure(runs: int) -> Iterator[Figure]:
    """Measure the workspace alone, without a server around it."""
    for count in TASKS:
        yield from _with_tasks(count, runs)


def _with_tasks(count: int, runs: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        root = Path(name)
        workspace = Workspace.open(root)
        pid = workspace.create_project("benchmark", "", "classification")
        tid = workspace.create_task(pid, "task", "")
        workspace.change(lambda draft: _fill(draft, workspace.task(tid), count))
        changes = [
            _milliseconds(partial(workspace.update, tid, name=f"name {number}")) for number in range(runs * CHANGES)
        ]
        workspace.close()
        openings = [_milliseconds(lambda: Workspace.open(root).close()) for _ in range(runs)]
    yield Figure("workspace", f"a change with {count:,} tasks", "ms", tuple(changes))
    yield Figure("workspace", f"opening with {count:,} tasks", "ms", tuple(openings))


def _fill(draft: Draft, pattern: pb.Task, count: int) -> None:
    """Add entries alone: the folders of so many tasks would take minutes to make, and nothing here looks at them."""
    for number in range(2, count + 1):
        task = pb.Task()
        task.CopyFrom(pattern)
        task.id, task.desc, task.path = f"T{number:04d}", "描述" * 10, f"{Path(pattern.path).parent}/T{number:04d}"
        draft.put(TASK, task)


def _milliseconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return 1e3 * (time.perf_counter() - begun)

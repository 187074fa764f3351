"""What lists and polls cost as a workspace grows: of datasets, of tasks, and of a training with a long log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from benchmarks.load import Load, request_bytes, run
from benchmarks.results import Figure
from benchmarks.serving import Server, run_server, serve, temporary_folder
from paddlex_restful.workspace import Draft, Workspace
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import DATASET, TASK

EntryT = TypeVar("EntryT", pb.Dataset, pb.Task)

COUNTS = (10, 100, 1_000, 10_000)
LOG_LINES = (100, 10_000)
CLIENTS = 8
SECONDS = 1.5
SIZE = 32


def measure(runs: int) -> Iterator[Figure]:
    """Measure the calls that a page with many entries asks for again and again."""
    for count in COUNTS:
        with temporary_folder() as folder:
            _fill(folder / "workspace", count)
            with run_server(folder) as server:
                yield from _figures(f"GET /dataset, {count:,} datasets", server, "/dataset", CLIENTS, runs)
                yield from _figures(f"GET /project/task, {count:,} tasks", server, "/project/task", CLIENTS, runs)
    with serve() as server:
        pid = server.project(40, SIZE)
        tid = server.long_task(pid, SIZE)
        server.train(tid)
        server.call("PUT", "/project/task/train", tid=tid, act="stop")
        [log] = (server.folder / "workspace").glob("projects/*/*/job/train/out.log")
        [metrics] = (server.folder / "workspace").glob("projects/*/*/output/metrics.jsonl")
        path = f"/project/task/metrics?tid={tid}&type=train"
        for lines in LOG_LINES:
            for file in (log, metrics):
                _lengthen(file, lines)
            yield from _figures(f"GET metrics of a training, {lines:,} lines of log", server, path, 1, runs)


def _figures(name: str, server: Server, path: str, clients: int, runs: int) -> Iterator[Figure]:
    loads = [run(server.port, request_bytes("GET", path), clients, SECONDS) for _ in range(runs)]
    quantities: tuple[tuple[str, str, Callable[[Load], float]], ...] = (
        ("", "req/s", lambda load: load.requests_per_second),
        (", p50", "ms", lambda load: load.p50),
    )
    for suffix, unit, quantity in quantities:
        yield Figure(
            "lists", f"{name}, {clients} client{'s' * (clients > 1)}{suffix}", unit, tuple(map(quantity, loads))
        )


def _fill(root: Path, count: int) -> None:
    """Add entries alone: the folders of so many would take minutes to make, and no list looks at them."""
    root.mkdir()
    workspace = Workspace.open(root)
    did = workspace.create_dataset("dataset", "描述" * 10, "classification")
    pid = workspace.create_project("benchmark", "", "classification")
    tid = workspace.create_task(pid, "task", "描述" * 10)
    dataset, task = workspace.dataset(did), workspace.task(tid)

    def multiply(draft: Draft) -> None:
        for number in range(2, count + 1):
            draft.put(DATASET, _copy(dataset, f"D{number:04d}"))
            draft.put(TASK, _copy(task, f"T{number:04d}"))

    workspace.change(multiply)
    workspace.close()


def _copy(pattern: EntryT, entry_id: str) -> EntryT:
    entry = type(pattern)()
    entry.CopyFrom(pattern)
    entry.id = entry_id
    entry.path = str(Path(pattern.path).parent / entry_id)
    return entry


def _lengthen(file: Path, lines: int) -> None:
    last = file.read_bytes().splitlines(keepends=True)[-1]
    file.write_bytes(last * lines)

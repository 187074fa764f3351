"""Jobs that users wait for: from the request until the job is accepted, and until what it does is done."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator

from benchmarks.results import Figure
from benchmarks.serving import Server, serve
from paddlex_restful.enums import TaskStatus

IMAGES = 100
"""Of which the test split takes ten."""

SIZE = 64
TIMES = 5


def measure(runs: int) -> Iterator[Figure]:
    """Measure evaluations and exports of a MobileNetV3_small, the first of a server and those that follow."""
    accepted: list[float] = []
    first: dict[str, list[float]] = {"evaluate": [], "export": []}
    later: dict[str, list[float]] = {"evaluate": [], "export": []}
    for _ in range(runs):
        with serve() as server:
            tid = server.trained_task(server.project(IMAGES, SIZE), SIZE)
            for kind, work in (("evaluate", _evaluate), ("export", _export)):
                for number in range(TIMES):
                    until_accepted, until_done = work(server, tid)
                    accepted.append(until_accepted)
                    (later if number else first)[kind].append(until_done)
    yield Figure("short_jobs", "request to job accepted", "s", tuple(accepted))
    for kind, name in (("evaluate", f"evaluate {IMAGES // 10} images"), ("export", "export a classifier")):
        yield Figure("short_jobs", f"{name}, first of a server", "s", tuple(first[kind]))
        yield Figure("short_jobs", f"{name}, later", "s", tuple(later[kind]))


def _evaluate(server: Server, tid: str) -> tuple[float, float]:
    return _timed(
        lambda: server.call("POST", "/project/task/evaluate", tid=tid),
        lambda: server.wait("/project/task/evaluate", "evaluate_status", tid, TaskStatus.XEVALUATED),
    )


def _export(server: Server, tid: str) -> tuple[float, float]:
    folder = server.folder / "exported"
    shutil.rmtree(folder, ignore_errors=True)
    return _timed(
        lambda: server.call("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(folder)),
        lambda: server.wait("/project/task/export", "export_status", tid, TaskStatus.XEXPORTED),
    )


def _timed(ask: Callable[[], object], wait: Callable[[], None]) -> tuple[float, float]:
    """Seconds until the answer to a request, and until what it began is done."""
    begun = time.perf_counter()
    ask()
    accepted = time.perf_counter() - begun
    wait()
    return accepted, time.perf_counter() - begun

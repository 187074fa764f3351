"""Time from the request to train to the first training step that a client sees."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.results import Figure
from benchmarks.serving import Server, serve

IMAGES = 80
SIZE = 64


def measure(runs: int) -> Iterator[Figure]:
    """Measure the first training after the server's start, and the second."""
    first: list[float] = []
    second: list[float] = []
    for _ in range(runs):
        with serve() as server:
            pid = server.project(IMAGES, SIZE)
            for seconds in (first, second):
                seconds.append(_first_step(server, pid))
    yield Figure("first_step", "first training of a server", "s", tuple(first))
    yield Figure("first_step", "second training of a server", "s", tuple(second))


def _first_step(server: Server, pid: str) -> float:
    tid = server.long_task(pid, SIZE)
    begun = time.perf_counter()
    server.train(tid)
    taken = time.perf_counter() - begun
    server.call("PUT", "/project/task/train", tid=tid, act="stop")
    return taken

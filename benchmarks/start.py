"""What a server costs that does nothing: the time to its first answer, and its memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from benchmarks.results import Figure
from benchmarks.serving import run_server, temporary_folder


def measure(runs: int) -> Iterator[Figure]:
    """Start servers in empty workspaces, one after the other."""
    seconds, memories = [], []
    for _ in range(runs):
        with temporary_folder() as folder:
            begun = time.perf_counter()
            with run_server(folder) as server:
                server.call("GET", "/workspace")
                seconds.append(time.perf_counter() - begun)
                memories.append(psutil.Process(server.pid).memory_info().rss / (1 << 20))
    yield Figure("start", "start of a server to its first answer", "s", tuple(seconds))
    yield Figure("start", "memory of a server that does nothing", "MiB", tuple(memories))

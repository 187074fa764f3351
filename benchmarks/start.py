"""What a server costs that does nothing: the time to its first answer, and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from benchmarks.results import Figure
from benchmarks.serving import run_server, temporary_folder

LIBRARIES = "flask, waitress, pydantic, google.protobuf.message, orjson, PIL.Image"


def measure(runs: int) -> Iterator[Figure]:
    """Start servers in empty workspaces, one after the other."""
    seconds, memories, floors = [], [], []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {LIBRARIES}"], check=True)
        floors.append(time.perf_counter() - begun)
        with temporary_folder() as folder:
            begun = time.perf_counter()
            with run_server(folder) as server:
                server.call("GET", "/workspace")
                seconds.append(time.perf_counter() - begun)
                memories.append(psutil.Process(server.pid).memory_info().rss / (1 << 20))
    yield Figure("start", "start of a server to its first answer", "s", tuple(seconds))
    yield Figure("start", "an interpreter that imports the server's libraries alone", "s", tuple(floors))
    yield Figure("start", "memory of a server that does nothing", "MiB", tuple(memories))

"""Time until a stopped training is gone, and until a server with many jobs on record serves again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.results import Figure
from benchmarks.serving import Server, run_server, serve, temporary_folder
from paddlex_restful.jobs.files import PROCESS_FILE, job_folder, read_json
from paddlex_restful.jobs.identity import Identity

IMAGES = 80
SIZE = 64
STOPS = 5
JOBS = 100
STOPPED = 60


def measure(runs: int) -> Iterator[Figure]:
    """Measure stops of a running training, and starts of a server beside those in an empty workspace."""
    yield Figure("jobs", "stop to processes gone", "s", tuple(_stops(runs * STOPS)))
    with temporary_folder() as folder:
        with run_server(folder) as server:
            _submit_many(server)
        full = [_time_to_serve(folder) for _ in range(runs)]
        with run_server(folder) as server:
            server.close()
    with temporary_folder() as folder:
        # The first makes the workspace, the others open it.
        empty = [_time_to_serve(folder) for _ in range(runs + 1)][1:]
    yield Figure("jobs", f"restart with {JOBS} jobs to serving", "s", tuple(full))
    yield Figure("jobs", "restart of an empty workspace to serving", "s", tuple(empty))


def _stops(number: int) -> Iterator[float]:
    with serve() as server:
        pid = server.project(IMAGES, SIZE)
        for _ in range(number):
            tid = server.long_task(pid, SIZE)
            server.train(tid)
            subject = Path(server.call("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]["path"])
            found = read_json(job_folder(subject, "train") / PROCESS_FILE) or {}
            process = Identity(found["pid"], found["start_time"], found["boot_id"])
            begun = time.perf_counter()
            server.call("PUT", "/project/task/train", tid=tid, act="stop")
            if not process.wait_group(10):
                raise RuntimeError("the processes of a stopped training do not end")
            yield time.perf_counter() - begun


def _submit_many(server: Server) -> None:
    """One training that runs, many that wait for it, and more that were stopped."""
    pid = server.project(IMAGES, SIZE)
    tids = [server.long_task(pid, SIZE) for _ in range(JOBS)]
    server.train(tids[0])
    for tid in tids[1:]:
        server.call("POST", "/project/task/train", tid=tid)
    for tid in tids[-STOPPED:]:
        server.call("PUT", "/project/task/train", tid=tid, act="stop")


def _time_to_serve(folder: Path) -> float:
    begun = time.perf_counter()
    with run_server(folder) as server:
        server.call("GET", "/project/task")
        return time.perf_counter() - begun

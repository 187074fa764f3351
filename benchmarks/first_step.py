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
            did = server.split_dataset(IMAGES, SIZE)
            pid = server.call("POST", "/project", name="benchmark", project_type="classification")["pid"]
            server.call("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
            for seconds in (first, second):
                seconds.append(_first_step(server, pid))
    yield Figure("first_step", "first training of a server", "s", tuple(first))
    yield Figure("first_step", "second training of a server", "s", tuple(second))


def _first_step(server: Server, pid: str) -> float:
    train = server.call("GET", "/project/task/params", pid=pid, model_type="MobileNetV3_small")["train"]
    train.update(image_shape=[SIZE, SIZE], num_epochs=100, pretrain_weights=None)
    tid = server.call("POST", "/project/task", pid=pid, train=train)["tid"]

    def has_begun() -> bool:
        log = server.call("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
        if log["train_error"]:
            raise RuntimeError(log["train_error"])
        return log["train_metrics"] is not None

    begun = time.perf_counter()
    server.call("POST", "/project/task/train", tid=tid)
    server.until(has_begun)
    taken = time.perf_counter() - begun
    server.call("PUT", "/project/task/train", tid=tid, act="stop")
    return taken

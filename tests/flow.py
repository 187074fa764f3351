"""Steps of the classification flow, as a client takes them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.conftest import Server
from tests.images import make_classification

T = TypeVar("T")

TINY = {
    "model": "MobileNetV3_small",
    "image_shape": [32, 32],
    "num_epochs": 3,
    "save_interval_epochs": 1,
    "batch_size": 8,
    "learning_rate": 0.01,
    "lr_policy": "Cosine",
    "pretrain_weights": None,
    "vertical_flip": False,
    "rotate": False,
}
"""Parameters of a training that takes a second."""


@dataclass(frozen=True)
class Trained:
    """A server with one trained task."""

    server: Server
    source: Path
    did: str
    pid: str
    tid: str


def until(look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 600) -> T:
    """What ``look`` sees once it is wanted; fails with the last sight after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"after {seconds} s still {seen}"
        time.sleep(0.02)


@contextmanager
def held(job: Path) -> Iterator[None]:
    """The job that has its files in this folder has begun, and gets no further meanwhile."""
    file = job / "process.json"
    process = json.loads(until(lambda: file.read_bytes() if file.exists() else b"", bool))["pid"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def import_dataset(server: Server, source: Path, dataset_type: str = "classification", **args: Any) -> str:
    """Make a dataset, import a folder into it and wait for the end; gives its id."""
    did: str = server.ok("POST", "/dataset", name=f"images of {source.name}", dataset_type=dataset_type)["did"]
    server.ok("PUT", "/dataset", did=did, path=str(source), **args)
    wait_import(server, did)
    return did


def wait_import(server: Server, did: str) -> None:
    """Wait for the end of an import that has begun."""
    until(lambda: server.ok("GET", "/dataset", did=did), lambda answer: answer["dataset_status"] not in (0, 1, 3))


def bound_project(server: Server, did: str, project_type: str = "classification") -> str:
    """Make a project and bind it to a dataset; gives its id."""
    pid: str = server.ok("POST", "/project", name="project", desc="", project_type=project_type)["pid"]
    server.ok("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
    return pid


def task(server: Server, pid: str, **changes: Any) -> str:
    """Make a task with the default parameters of its project and some changes; gives its id."""
    params = server.ok("GET", "/project/task/params", pid=pid)["train"]
    tid: str = server.ok("POST", "/project/task", pid=pid, train={**params, **TINY, **changes}, desc="tiny")["tid"]
    return tid


def task_status(server: Server, tid: str) -> int:
    """The TaskStatus of a task."""
    return int(server.ok("GET", "/project/task", tid=tid)["task_status"])


def train(server: Server, tid: str) -> None:
    """Train a task to its end; fails with the reason if the training does."""
    server.ok("POST", "/project/task/train", tid=tid)
    answer = until(
        lambda: server.ok("GET", "/project/task", tid=tid), lambda answer: answer["task_status"] in (4, 8, 9, 10)
    )
    assert answer["task_status"] == 4, answer["message"]


def running_task(server: Server, source: Path, epochs: int, saved: int, **params: Any) -> str:
    """Start a training of so many epochs on new images, and wait until some are saved; gives the task's id."""
    make_classification(source, per_class=12, size=32)
    did = import_dataset(server, source)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0)
    tid = task(server, bound_project(server, did), num_epochs=epochs, **params)
    server.ok("POST", "/project/task/train", tid=tid)
    if saved:
        until(
            lambda: server.ok("GET", "/project/task", tid=tid, resume=True),
            lambda answer: answer["max_saved_epochs"] >= saved,
        )
    return tid


def trained_task(server: Server, source: Path) -> Trained:
    """Take the whole way from a folder of images to a trained task."""
    make_classification(source, per_class=12, size=32)
    did = import_dataset(server, source)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.2)
    pid = bound_project(server, did)
    tid = task(server, pid)
    train(server, tid)
    return Trained(server, source, did, pid, tid)

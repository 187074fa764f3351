"""A real server in a process and a workspace of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.images import write_classes
from paddlex_restful.enums import DatasetStatus, TaskStatus

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 300


class Server:
    """A running server.

    Attributes:
        pid: its process.
        port: its port on 127.0.0.1.
        folder: a temporary folder for what a benchmark needs; the workspace is inside.
    """

    def __init__(self, pid: int, port: int, folder: Path) -> None:
        self.pid = pid
        self.port = port
        self.folder = folder
        self._session = requests.Session()

    def call(self, method: str, path: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a call that must succeed."""
        url = f"http://127.0.0.1:{self.port}{path}"
        answer: dict[str, Any] = self._session.request(method, url, json=arguments, timeout=60).json()
        if answer["status"] != 1:
            raise RuntimeError(f"{method} {path}: {answer['message']}")
        return answer

    def until(self, condition: Callable[[], bool]) -> None:
        """Ask again and again until the server's answer fulfils a condition."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not get there")
            time.sleep(POLL_SECONDS)

    def import_dataset(self, source: Path) -> str:
        """Create a classification dataset and import a folder; gives its id when that is done."""
        did = str(self.call("POST", "/dataset", name=source.name, dataset_type="classification")["did"])
        self.call("PUT", "/dataset", did=did, path=str(source))

        def is_done() -> bool:
            state = self.call("GET", "/dataset", did=did)
            if state["dataset_status"] in (DatasetStatus.XCHECKFAIL, DatasetStatus.XCOPYFAIL):
                raise RuntimeError(state["message"])
            return state["dataset_status"] in (DatasetStatus.XCOPYDONE, DatasetStatus.XSPLITED)

        self.until(is_done)
        return did

    def split_dataset(self, images: int, size: int) -> str:
        """Make, import and split a dataset of so many images of ``size`` x ``size`` pixels; gives its id."""
        source = self.folder / "source"
        write_classes(source, images, size)
        did = self.import_dataset(source)
        self.call("PUT", "/dataset/split", did=did, val_split=0.1, test_split=0.1)
        return did

    def project(self, images: int, size: int) -> str:
        """Make a project with a split dataset of so many images of ``size`` x ``size`` pixels; gives its id."""
        did = self.split_dataset(images, size)
        pid = str(self.call("POST", "/project", name="benchmark", project_type="classification")["pid"])
        self.call("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
        return pid

    def long_task(self, pid: str, size: int, epochs: int = 100_000) -> str:
        """Make a task that trains a small net, for longer than any measurement lasts unless told; gives its id."""
        train = self.call("GET", "/project/task/params", pid=pid, model_type="MobileNetV3_small")["train"]
        train.update(
            image_shape=[size, size], num_epochs=epochs, save_interval_epochs=min(1000, epochs), pretrain_weights=None
        )
        return str(self.call("POST", "/project/task", pid=pid, train=train)["tid"])

    def trained_task(self, pid: str, size: int) -> str:
        """Train a small net for an epoch; gives the id of its task."""
        tid = self.long_task(pid, size, epochs=1)
        self.call("POST", "/project/task/train", tid=tid)
        self.wait("/project/task", "task_status", tid, TaskStatus.XTRAINDONE)
        return tid

    def wait(self, path: str, field: str, tid: str, done: int) -> None:
        """Ask for the state of a task's job until it is the one that says that the job is done."""
        self.until(lambda: self.call("GET", path, tid=tid)[field] == done)

    def train(self, tid: str) -> None:
        """Start a training, and wait until a client sees its first step."""

        def has_begun() -> bool:
            log = self.call("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
            if log["train_error"]:
                raise RuntimeError(log["train_error"])
            return log["train_metrics"] is not None

        self.call("POST", "/project/task/train", tid=tid)
        self.until(has_begun)

    def close(self) -> None:
        """Stop the jobs and give the connection back."""
        self.call("DELETE", "/system")
        self._session.close()


@contextmanager
def serve() -> Iterator[Server]:
    """Start a server in a fresh workspace on a free port, and end it with its jobs."""
    with temporary_folder() as folder, run_server(folder) as server:
        yield server
        server.close()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for a workspace and what belongs to it."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def run_server(folder: Path, *flags: str) -> Iterator[Server]:
    """Start a server on a free port and end it; its jobs go on.

    Args:
        folder: the workspace is the folder ``workspace`` in it, old or new.
        flags: more of its command line.
    """
    workspace = str(folder / "workspace")
    command = [sys.executable, "-m", "paddlex_restful", "--port", "0", "--workspace_dir", workspace, *flags]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if " at http://" not in line:
            raise RuntimeError(f"the server did not start: {(folder / 'server.log').read_text()}")
        yield Server(process.pid, int(line.rpartition(":")[2]), folder)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()

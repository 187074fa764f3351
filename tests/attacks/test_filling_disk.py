"""A disk that fills up: what would fill it is refused, and a training waits and goes on when there is space."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from paddlex_restful.config import DEFAULT_MIN_FREE
from paddlex_restful.diskspace import WAITING_STAGE
from tests.conftest import Server
from tests.flow import bound_project, held, import_dataset, task, trained_task, until
from tests.images import make_classification

GB = 1 << 30
MARGIN = 3 * GB
"""Of free space above the floor at the start; other programs may use the disk, too."""


@contextmanager
def filled(folder: Path, size: int) -> Iterator[None]:
    """Some space of the disk of a folder is taken meanwhile."""
    file = folder / "filling"
    with file.open("wb") as filling:
        os.posix_fallocate(filling.fileno(), 0, size)
    try:
        yield
    finally:
        file.unlink()


@pytest.fixture
def nearly_full(tmp_path: Path) -> Iterator[Server]:
    """A server that keeps free all but some gigabytes of what is free now."""
    free = shutil.disk_usage(tmp_path).free
    if free < 4 * MARGIN:
        pytest.skip("needs a disk with more space to take")
    running = Server(tmp_path, "--min_free_gb", str((free - MARGIN) / GB))
    yield running
    running.close()


def test_what_would_fill_the_disk_is_refused_at_the_request(nearly_full: Server, tmp_path: Path) -> None:
    trained = trained_task(nearly_full, tmp_path / "shapes")
    did = nearly_full.ok("POST", "/dataset", name="d", dataset_type="classification")["did"]
    with filled(tmp_path, 2 * MARGIN):
        refusals = [
            nearly_full.refused("PUT", "/dataset", did=did, path=str(trained.source)),
            nearly_full.refused("POST", "/project/task/train", tid=task(nearly_full, trained.pid)),
            nearly_full.refused("POST", "/project/task/export", tid=trained.tid, save_dir=str(tmp_path / "new/export")),
        ]
        for message in refusals:
            assert "GB free and" in message
            assert message.endswith("free some space and try again.")
        assert nearly_full.ok("GET", "/dataset", did=did)["dataset_status"] == 0
        assert not (tmp_path / "new").exists()
    nearly_full.ok("PUT", "/dataset", did=did, path=str(trained.source))


def test_a_training_waits_for_space_before_it_saves_and_goes_on(nearly_full: Server, tmp_path: Path) -> None:
    server = nearly_full
    did = import_dataset(server, make_classification(tmp_path / "shapes", per_class=12, size=32))
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0)
    tid = task(server, bound_project(server, did), num_epochs=30, save_interval_epochs=15)

    def stage() -> str | None:
        log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
        return log["train_stage"]  # type: ignore[no-any-return]

    def start_and_fill(taken: ExitStack) -> None:
        server.ok("POST", "/project/task/train", tid=tid)
        # A start is refused on a full disk; and it must be full before the first epoch is saved.
        with held(server.workspace / f"projects/P0001/{tid}/job/train"):
            taken.enter_context(filled(tmp_path, 2 * MARGIN))

    with ExitStack() as taken:
        start_and_fill(taken)
        until(stage, lambda seen: seen == WAITING_STAGE)
        answer = server.ok("GET", "/project/task", tid=tid)
        assert answer["task_status"] == 3
        assert "the training waits" in answer["message"]
        assert not list((server.workspace / f"projects/P0001/{tid}/output").glob("epoch_*"))
        server.ok("PUT", "/project/task/train", tid=tid, act="stop")
        assert server.ok("GET", "/project/task", tid=tid)["task_status"] == 8
    with ExitStack() as taken:
        start_and_fill(taken)
        until(stage, lambda seen: seen == WAITING_STAGE)
    until(lambda: server.ok("GET", "/project/task", tid=tid), lambda seen: seen["task_status"] == 4)
    saved = server.ok("GET", "/project/task", tid=tid, resume=True)["max_saved_epochs"]
    assert saved == 30


def test_some_space_stays_free_by_default() -> None:
    assert DEFAULT_MIN_FREE == GB

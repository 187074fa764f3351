from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.jobs.store import JobStore


def new(root: Path, subject: str = "T0001", kind: str = "train") -> Job:
    return Job(0, kind, subject, root, f"{subject}/job/{kind}", {"名": [1]}, (0, 1), "queued", submitted=1.5)


def test_record_comes_back_as_it_was(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    job = store.insert(new(tmp_path))
    moved = store.move(job, ("queued",), "starting", started=2.5)
    moved = store.move(job, ("starting",), "running", pid=5, start_time=6.0, boot_id="b")
    moved = store.move(job, ("running",), "done", result={"a": None}, ended=7.0)
    store.close()
    again = JobStore(tmp_path / "jobs.db", tmp_path)
    assert again.latest("T0001", "train") == moved
    assert moved is not None
    assert (moved.state, moved.result, moved.gpus, moved.args) == ("done", {"a": None}, (0, 1), {"名": [1]})
    again.close()


def test_of_many_that_change_a_state_one_wins(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    job = store.insert(new(tmp_path))
    won = []
    threads = [threading.Thread(target=lambda: won.append(store.move(job, ("queued",), "starting"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([record for record in won if record is not None]) == 1
    store.close()


def test_old_record_changes_nothing_of_the_new_one(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    old = store.insert(new(tmp_path))
    store.move(old, ("queued",), "stopped")
    job = store.insert(new(tmp_path))
    assert job.id > old.id
    assert store.move(old, ("queued",), "starting") is None
    assert store.jobs_of("T0001") == {"train": job}
    store.close()


def test_active_job_cannot_be_replaced(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    job = store.insert(new(tmp_path))
    with pytest.raises(sqlite3.IntegrityError):
        store.insert(new(tmp_path))
    assert store.active() == [job]
    store.close()


def test_folder_that_cannot_be_put_in_place_leaves_no_record(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)

    def fail() -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        store.insert(new(tmp_path), fail)
    assert store.active() == []
    store.close()
    again = JobStore(tmp_path / "jobs.db", tmp_path)
    assert again.active() == []
    again.close()


def test_folder_that_cannot_be_put_in_place_leaves_the_earlier_record(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    earlier = store.move(store.insert(new(tmp_path)), ("queued",), "stopped", message="Stopped.", ended=2.5)

    def fail() -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        store.insert(new(tmp_path), fail)
    assert store.latest("T0001", "train") == earlier
    store.close()
    again = JobStore(tmp_path / "jobs.db", tmp_path)
    assert again.latest("T0001", "train") == earlier
    again.close()


def test_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(UserError, match="newer version"):
        JobManager(tmp_path)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_twenty_thousand_jobs_are_read_from_memory(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    store.insert_all(new(tmp_path, f"T{number:05}", kind) for number in range(10_000) for kind in ("train", "evaluate"))
    store.close()
    store = JobStore(tmp_path / "jobs.db", tmp_path)
    store.close()
    # The database is closed: what can still be told was in memory.
    assert [store.jobs_of(f"T{number:05}")["train"].state for number in range(10_000)] == ["queued"] * 10_000
    assert len(store.active()) == 20_000

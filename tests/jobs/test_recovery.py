"""What a new manager makes of the jobs of an earlier one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from paddlex_restful.jobs.executor import _Forked
from paddlex_restful.jobs.identity import Identity
from paddlex_restful.jobs.manager import DATABASE
from paddlex_restful.jobs.store import JobStore
from tests.jobs.conftest import LONG, SHORT, Jobs, until

SERVER = """
import sys, time
from pathlib import Path
from tests.jobs.conftest import Jobs

if __name__ == "__main__":
    jobs = Jobs(Path(sys.argv[1]))
    jobs.running("with_workers", "T0001")
    jobs.running("train", "T0002")
    jobs.submit("train", "T0003")
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Path]:
    """A workspace whose server was killed with two jobs running and one queued."""
    with subprocess.Popen([sys.executable, "-c", SERVER, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        server.kill()
    yield tmp_path


def test_jobs_of_a_killed_server_are_found_again_and_can_be_stopped(killed: Path) -> None:
    jobs = Jobs(killed)
    try:
        found = jobs.manager.latest("T0001", "with_workers")
        assert found is not None
        assert found.identity is not None
        assert (found.state, found.identity.alive()) == ("running", True)
        step = jobs.manager.progress(found)["step"]
        until(lambda: jobs.manager.progress(found)["step"] > step)
        assert jobs.manager.stop(found).state == "stopped"
        assert found.identity.group() == []
        queued = jobs.manager.latest("T0003", "train")
        assert queued is not None
        assert queued.state == "queued"
        running = jobs.manager.latest("T0002", "train")
        assert running is not None
        jobs.manager.stop(running)
        until(lambda: jobs.now(queued).state == "running")
    finally:
        jobs.end()


def test_what_happened_while_no_server_ran_is_found_out(killed: Path) -> None:
    store = JobStore(killed / DATABASE, killed)
    first, second, third = store.active()
    store.close()
    assert first.identity is not None
    assert second.identity is not None
    first.identity.send(signal.SIGTERM)
    second.identity.send(signal.SIGKILL)
    until(lambda: not first.identity.alive() and not second.identity.alive())  # type: ignore[union-attr]
    jobs = Jobs(killed)
    try:
        assert (jobs.now(first).state, jobs.now(first).message) == ("stopped", "Stopped on request.")
        assert (jobs.now(second).state, jobs.now(second).reason) == ("failed", "vanished")
        assert "without a result" in jobs.now(second).message
        until(lambda: jobs.now(third).state == "running")
    finally:
        jobs.end()


def test_close_leaves_jobs_alone(jobs: Jobs) -> None:
    job = jobs.running("patient")
    jobs.manager.close()
    assert job.identity is not None
    assert job.identity.alive()
    jobs.restart()
    assert jobs.manager.stop(job).state == "stopped"


def test_job_of_a_reused_pid_or_an_earlier_boot_is_named_dead_and_the_stranger_lives(jobs: Jobs) -> None:
    stranger = jobs.running("patient", "T0009")
    jobs.manager.close()
    store = JobStore(jobs.root / DATABASE, jobs.root)
    for subject, start_time, boot_id in (("T0001", 1.0, stranger.boot_id), ("T0002", stranger.start_time, "earlier")):
        store.insert(
            replace(
                stranger,
                subject=subject,
                location=f"{subject}/job/patient",
                start_time=start_time,
                boot_id=boot_id,
            )
        )
    store.close()
    for subject in ("T0001", "T0002"):
        folder = jobs.root / subject / "job" / "patient"
        folder.mkdir(parents=True)
        (folder / "process.json").write_bytes((stranger.folder / "process.json").read_bytes())
    jobs.restart()
    messages = [job.message for subject in ("T0001", "T0002") for job in jobs.manager.jobs_of(subject).values()]
    assert "without a result" in messages[0]
    assert "machine was restarted" in messages[1]
    assert jobs.manager.jobs_of("T0002")["patient"].reason == "restart"
    assert jobs.now(stranger).state == "running"


def test_after_a_restart_of_the_machine_what_ran_has_failed_and_what_waited_goes_on(jobs: Jobs) -> None:
    ran = jobs.running("train", "T0001")
    waiting = [jobs.submit("train", subject) for subject in ("T0002", "T0003")]
    jobs.manager.close()
    assert ran.identity is not None
    ran.identity.send_group(signal.SIGKILL)
    assert ran.identity.wait_group(LONG)
    # The number of the process is another's now, which may even have begun at the same time after the start.
    own = Identity.of(os.getpid())
    assert own is not None
    with closing(sqlite3.connect(jobs.root / DATABASE)) as database, database:
        database.execute(
            "UPDATE jobs SET pid=?, start_time=?, boot_id='earlier' WHERE id=?", (own.pid, own.start_time, ran.id)
        )
    jobs.restart()
    assert (jobs.now(ran).state, jobs.now(ran).reason) == ("failed", "restart")
    until(lambda: jobs.now(waiting[0]).state == "running")
    assert "place 1: " in jobs.now(waiting[1]).message


@pytest.mark.parametrize("alive", [True, False])
def test_job_whose_process_was_never_told_is_queued_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    # The server dies after the process is on record, and before it is told which job it is.
    untold: list[_Forked] = []
    with monkeypatch.context() as patched:
        patched.setattr(_Forked, "assign", lambda process, assignment: untold.append(process))
        job = jobs.submit("small", numbers=[4])
        until(lambda: untold and jobs.now(job).state == "running")
        jobs.manager.close()
    identity = untold[0].identity
    if alive:
        jobs.restart()
        assert jobs.now(job).identity == identity
    os.close(untold[0]._to_child)
    if not alive:
        until(lambda: not identity.alive())
        jobs.restart()
    ended = jobs.manager.wait(job, LONG)
    assert (ended.state, ended.result) == ("done", {"sum": 4})
    assert ended.identity != identity


def test_job_that_was_starting_is_queued_again(jobs: Jobs) -> None:
    first = jobs.running("train", "T0001")
    job = jobs.submit("train", "T0002")
    jobs.manager.close()
    store = JobStore(jobs.root / DATABASE, jobs.root)
    assert store.move(job, ("queued",), "starting", started=1.0) is not None
    store.close()
    jobs.restart()
    assert jobs.now(job).state == "queued"
    jobs.manager.stop(first)
    until(lambda: jobs.now(job).state == "running")


def test_stop_goes_on_after_a_restart(jobs: Jobs) -> None:
    job = jobs.running("stubborn")
    jobs.manager._store.move(job, ("running",), "stopping")
    jobs.options["patience"] = SHORT
    jobs.restart()
    assert jobs.manager.wait(job, LONG).state == "stopped"


def test_folder_that_a_crash_left_of_the_job_before_is_made_anew(jobs: Jobs) -> None:
    first = jobs.running("train", "T0001")
    job = jobs.submit("train", "T0002")
    jobs.manager.close()
    job.folder.rename(job.folder.with_name(".train.new"))
    job.folder.mkdir()
    (job.folder / "job.json").write_text('{"submitted": 1.5}')
    (job.folder / "outcome.json").write_text('{"state": "done"}')
    jobs.restart()
    assert [path.name for path in job.folder.iterdir()] == ["job.json"]
    assert [path.name for path in job.folder.parent.iterdir()] == ["train"]
    jobs.manager.stop(first)


@pytest.mark.parametrize("damage", ["missing", "garbage", "torn"])
def test_lost_database_is_made_anew_from_the_folders(jobs: Jobs, damage: str) -> None:
    done = jobs.run("small", "T0001", numbers=[5])
    failed = jobs.run("fail", "T0001")
    running = jobs.running("train", "T0002")
    queued = jobs.submit("train", "T0003")
    jobs.manager.close()
    database = jobs.root / DATABASE
    for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (jobs.root / name).unlink(missing_ok=True)
    if damage == "missing":
        database.unlink()
    elif damage == "garbage":
        database.write_bytes(os.urandom(9000))
    else:
        content = bytearray(database.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        database.write_bytes(content)
    jobs.restart()
    assert bool(list(jobs.root.glob("jobs.db.damaged-*"))) == (damage != "missing")
    found = {
        (job.subject, job.kind): job
        for subject in ("T0001", "T0002", "T0003")
        for job in jobs.manager.jobs_of(subject).values()
    }
    assert found["T0001", "small"].result == done.result
    assert found["T0001", "fail"].message == failed.message
    assert found["T0002", "train"].identity == running.identity
    assert found["T0003", "train"].state == "queued"
    assert jobs.manager.stop(found["T0002", "train"]).state == "stopped"
    until(lambda: jobs.manager.latest(queued.subject, queued.kind).state == "running")  # type: ignore[union-attr]


def test_moved_workspace_keeps_its_jobs(jobs: Jobs) -> None:
    job = jobs.run("small", numbers=[5])
    jobs.manager.close()
    moved = jobs.root.rename(jobs.root.with_name("moved"))
    jobs.root = moved
    jobs.restart()
    found = jobs.manager.latest("T0001", "small")
    assert found is not None
    assert found.result == {"sum": 5}
    assert found.folder == moved / job.location


def test_identity_of_this_process_is_alive() -> None:
    identity = Identity.of(os.getpid())
    assert identity is not None
    assert identity.alive()

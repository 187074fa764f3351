from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from importlib import metadata
from multiprocessing import forkserver
from pathlib import Path

import pytest

from paddlex_restful.cores import usable_cores
from paddlex_restful.jobs import executor
from paddlex_restful.jobs.executor import Executor, Process
from paddlex_restful.jobs.identity import Identity
from tests.jobs.conftest import LONG, PRELOAD, Held, Jobs, until


def test_build_of_paddle_for_cuda_is_spawned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert executor.start_method() == "forkserver"
    installed = tmp_path / "paddlepaddle_gpu-3.1.1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: paddlepaddle-gpu\nVersion: 3.1.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.version("paddlepaddle-gpu") == "3.1.1"
    assert executor.start_method() == "spawn"


def test_jobs_outlive_the_fork_server_and_the_next_starts_another(jobs: Jobs) -> None:
    job = jobs.running("patient")
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    os.kill(server, signal.SIGKILL)
    assert jobs.run("small", "T0002", numbers=[4]).result == {"sum": 4}
    assert jobs.now(job).state == "running"
    assert jobs.manager.stop(job).state == "stopped"


def test_job_killed_after_the_fork_server_is_noticed(jobs: Jobs) -> None:
    job = jobs.running("patient")
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # type: ignore[attr-defined]
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    ended = jobs.manager.wait(job, LONG)
    assert (ended.state, ended.reason) == ("failed", "vanished")


def test_spawned_job_runs_is_stopped_and_is_reaped(jobs: Jobs) -> None:
    jobs.options["executor"] = Executor("spawn")
    jobs.restart()
    assert jobs.run("small", numbers=[1, 2]).result == {"sum": 3}
    job = jobs.running("with_workers")
    assert jobs.manager.stop(job).state == "stopped"
    until(lambda: not Path(f"/proc/{job.pid}").exists())
    killed = jobs.running("patient", "T0003")
    assert killed.pid is not None
    os.kill(killed.pid, signal.SIGKILL)
    assert "SIGKILL" in jobs.manager.wait(killed, LONG).message


DYING_SERVER = """
import sys, time
from paddlex_restful.jobs.executor import Executor, Process
from paddlex_restful.jobs.identity import Identity

if __name__ == "__main__":
    process = Executor(sys.argv[1], preload=()).start()
    print(process.identity.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_process_whose_server_dies_before_it_was_assigned_ends(method: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DYING_SERVER, method], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        identity = Identity.of(int(server.stdout.readline()))
        assert identity is not None
        assert identity.alive()
        server.kill()
    until(lambda: not identity.alive())


def test_job_stopped_while_its_process_is_made_never_begins(jobs: Jobs) -> None:
    held = Held(preload=PRELOAD)
    jobs.options["executor"] = held
    jobs.restart()
    job = jobs.submit("small", numbers=[])
    until(lambda: jobs.now(job).state == "starting")
    stopped = jobs.manager.stop(job)
    assert stopped.state == "stopped"
    held.gate.set()
    assert jobs.run("small", "T0002", numbers=[]).state == "done"
    assert jobs.now(job) == stopped
    assert not (job.folder / "out.log").exists()


def test_job_stopped_before_it_worked_has_lost_nothing(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    # On record as running, and waiting for its assignment still when the stop comes.
    waiting: list[executor._Forked] = []
    monkeypatch.setattr(executor._Forked, "assign", lambda process, assignment: waiting.append(process))
    job = jobs.submit("small", numbers=[])
    until(lambda: waiting)
    stopped = jobs.manager.stop(job)
    os.close(waiting[0]._to_child)
    assert (stopped.state, stopped.message) == ("stopped", "Stopped on request before it began.")


class Refused(Executor):
    """A machine that gives no more processes."""

    def start(self) -> Process:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_job_without_a_process_fails_and_says_so(jobs: Jobs) -> None:
    jobs.options["executor"] = Refused(preload=PRELOAD)
    jobs.restart()
    job = jobs.run("small", numbers=[])
    assert (job.state, job.reason) == ("failed", "start")
    assert "No process could be started for the small job: Resource temporarily unavailable." in job.message


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_training_with_paddle_is_stopped_between_steps(jobs: Jobs, method: str) -> None:
    jobs.options["executor"] = Executor(method, preload=PRELOAD)
    jobs.restart()
    job = jobs.running("train_net")
    assert jobs.manager.stop(job).message == "Stopped on request."


def test_jobs_keep_neither_the_fork_server_nor_the_output_of_the_server_open(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", LEAVING_SERVER, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    output, _ = server.communicate(timeout=LONG)
    identity = Identity.of(int(output))
    assert identity is not None
    assert identity.alive()
    identity.send(signal.SIGTERM)
    until(lambda: not identity.alive())


LEAVING_SERVER = """
import sys
from pathlib import Path
from tests.jobs.conftest import Jobs

if __name__ == "__main__":
    jobs = Jobs(Path(sys.argv[1]))
    print(jobs.running("patient").pid, flush=True)
    jobs.manager.close()
"""

PADDLE_PROGRAM = """
import json, sys
from pathlib import Path
from paddlex_restful.jobs.manager import JobManager
from tests.jobs.toys import KINDS

if __name__ == "__main__":
    root = Path(sys.argv[1])
    manager = JobManager(root, kinds=KINDS)
    job = manager.wait(manager.submit("count_threads", "T0001", root / "T0001/job/count_threads", {}), 240)
    print(json.dumps([job.state, job.message, job.result, "paddle" in sys.modules]))
    manager.close()
"""


def test_paddle_is_imported_ahead_uses_the_cores_and_never_enters_the_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PADDLE_PROGRAM, tmp_path], capture_output=True, text=True, timeout=LONG, check=True
    )
    state, message, result, in_server = json.loads(done.stdout.splitlines()[-1])
    assert state == "done", message
    assert result["libiomp"] == usable_cores()
    assert not in_server


def test_what_is_imported_ahead_is_left_out_of_the_garbage_collections_of_jobs() -> None:
    counts = "print('paddle' in sys.modules, gc.get_freeze_count(), len(gc.get_objects()))"
    code = f"import gc, sys, paddlex_restful.jobs.preload; {counts}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    imported, frozen, looked_at = told[0], int(told[1]), int(told[2])
    assert imported == "True"
    assert looked_at < frozen / 100


def test_ctrl_c_while_the_fork_server_imports_is_not_its_business() -> None:
    code = "import os, signal, paddlex_restful.jobs.preload; os.kill(os.getpid(), signal.SIGINT); print('goes on')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG)
    assert done.stdout.strip() == "goes on"
    assert "Traceback" not in done.stderr

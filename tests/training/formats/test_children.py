"""Programs beside a job: what they print, how they fail, and that none outlives the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from paddlex_restful.jobs.context import JobContext, JobStopped
from paddlex_restful.training.formats import children
from tests.flow import until

JOB = """
import sys
from pathlib import Path
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training.formats import children
folder = Path(sys.argv[1])
children.run(JobContext("export", "T0001", folder, folder, {}), [sys.executable, "-c", sys.argv[2], str(folder)])
"""

SLEEPER = """
import os, sys, time
from pathlib import Path
from paddlex_restful.training.formats.children import die_with_parent
die_with_parent()
Path(sys.argv[1], "pid").write_text(str(os.getpid()))
while True:
    time.sleep(1)
"""


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    context = JobContext("export", "T0001", tmp_path, tmp_path, {})
    context.log_file.write_text("Error: of the job before\n")
    return context


def program(text: str, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-c", text, *arguments]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        # Also between the two looks.
        return True


def test_what_it_prints_goes_to_the_log(context: JobContext) -> None:
    looks: list[int] = []
    text = "import os, time; print(os.environ['TOLD']); time.sleep(0.3)"
    children.run(context, program(text), {"TOLD": "说"}, lambda: looks.append(1))
    assert context.log_file.read_text("utf-8").endswith("before\n说\n")
    assert looks


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("raise SystemExit('[ERROR] This operator is not supported')", 1, "[ERROR] This operator is not supported"),
        ("import os; print('going', flush=True); print('on', flush=True); os.abort()", -signal.SIGABRT, "on"),
        ("import os; print('FatalError: wrong', flush=True); print('bye', flush=True); os._exit(3)", 3, "FatalError"),
        ("import os; os._exit(4)", 4, ""),
        ("print('error ' + 'x' * 20_000); raise SystemExit(5)", 5, "x…"),
    ],
)
def test_its_last_words_are_told(context: JobContext, text: str, code: int, words: str) -> None:
    with pytest.raises(children.ChildFailed) as caught:
        children.run(context, program(text))
    assert caught.value.code == code
    assert words in caught.value.words
    assert "job before" not in caught.value.words


def test_a_stop_ends_it(context: JobContext, tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def stop_when_it_runs() -> None:
        # It is there before its number is in it.
        until(lambda: pid.exists() and pid.read_text(), bool)
        context.request_stop()

    stopper = threading.Thread(target=stop_when_it_runs)
    stopper.start()
    with pytest.raises(JobStopped):
        children.run(context, program(SLEEPER, tmp_path))
    stopper.join()
    assert gone(int(pid.read_text()))


def test_it_dies_with_a_job_that_is_killed(tmp_path: Path) -> None:
    job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path), SLEEPER])
    written = tmp_path / "pid"
    try:
        until(written.exists, bool)
        pid = int(until(written.read_text, bool))
        assert not gone(pid)
    finally:
        job.kill()
        job.wait()
    until(lambda: gone(pid), bool)


def test_the_work_folder_goes_with_what_is_in_it(context: JobContext) -> None:
    (context.folder / "work").mkdir()
    (context.folder / "work/left").touch()
    with pytest.raises(ZeroDivisionError), children.work_folder(context) as work:
        assert list(work.iterdir()) == []
        (work / "new").touch()
        raise ZeroDivisionError
    assert not (context.folder / "work").exists()

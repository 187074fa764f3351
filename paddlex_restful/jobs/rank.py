"""One of the processes of a job that runs in several; see ``launcher``."""

from __future__ import annotations

import logging
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from paddlex_restful.jobs import failures, runner, states
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.jobs.files import JOB_FILE, read_json


@dataclass(frozen=True)
class Part:
    """What a process is to do.

    Attributes:
        root: folder of the workspace.
        folder: folder of the job, with its ``job.json``.
        function: ``module:function`` that does the work.
        rank: its number, from 0.
        gpus: its GPU, or none.
    """

    root: str
    folder: str
    function: str
    rank: int
    gpus: tuple[int, ...]

    def to_line(self) -> bytes:
        """One line of JSON."""
        return orjson.dumps(asdict(self)) + b"\n"


def rank_folder(folder: Path, rank: int) -> Path:
    """Where a rank leaves its outcome and, but for the first, its log and progress.

    Args:
        folder: that of the job.
        rank: its number.
    """
    return folder / f"rank{rank}"


def main() -> None:
    """Read a part from stdin and do it."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return
    threading.Thread(target=_end_with_launcher, name="launcher-watch", daemon=True).start()
    logging.basicConfig(level=logging.INFO, format=runner.LOG_FORMAT, stream=sys.stderr, force=True)
    part = Part(**orjson.loads(line))
    folder, own = Path(part.folder), rank_folder(Path(part.folder), part.rank)
    job = read_json(folder / JOB_FILE)
    assert job is not None, "the launcher has read it"
    context = JobContext(
        job["kind"], job["subject"], own if part.rank else folder, Path(part.root), job["args"], tuple(part.gpus)
    )
    runner.follow_signals(context)
    outcome = runner.work(context, {**job, "function": part.function})
    try:
        context.flush_progress()
        outcome.write(own)
    except OSError:
        logging.getLogger(__name__).exception("The outcome %s cannot be written", outcome)
        os._exit(failures.OUTCOME_NOT_WRITTEN)
    # Not by way of the interpreter: threads of the engines, or a queue for another rank, could hold it up.
    os._exit(1 if outcome.state == states.FAILED else 0)


def _end_with_launcher() -> None:
    while os.read(0, 4096):
        continue
    os._exit(1)


if __name__ == "__main__":
    main()

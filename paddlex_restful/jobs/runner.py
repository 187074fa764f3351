"""The process of a job, from its first act to its last.

Started by ``executor``: forked from a process that has imported the engines, or by ``python -m`` in a fresh one. It
begins only when it is told which job it is, and it is told that only once it is on record: a server that dies before
leaves no job that nobody knows.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing import forkserver
from multiprocessing.resource_tracker import _resource_tracker
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import orjson

from paddlex_restful import instructions
from paddlex_restful.cores import THREADS_VARIABLE
from paddlex_restful.jobs import failures, states
from paddlex_restful.jobs.context import LOG_FILE, JobContext, JobStopped
from paddlex_restful.jobs.files import JOB_FILE, PROCESS_FILE, read_json, write_atomically
from paddlex_restful.jobs.identity import Identity
from paddlex_restful.jobs.oom import OomKills
from paddlex_restful.jobs.outcome import Outcome
from paddlex_restful.messages import jobs as messages

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True)
class Assignment:
    """Which job a process is to be.

    Attributes:
        root: folder of the workspace.
        folder: folder of the job, with its ``job.json``.
        threads: processor cores that it may use.
    """

    root: str
    folder: str
    threads: int

    def to_line(self) -> bytes:
        """One line of JSON."""
        return orjson.dumps(asdict(self)) + b"\n"

    def _bootstrap(self, parent_sentinel: int | None = None) -> NoReturn:
        """Be the job; called under this name by ``multiprocessing``'s fork server."""
        let_go_of_server(parent_sentinel)
        run(self)


def let_go_of_server(parent_sentinel: int | None) -> None:
    """Close, in a process that was just forked, what is open of the server that asked for it.

    Args:
        parent_sentinel: what ``multiprocessing``'s fork server gives each process.
    """
    if parent_sentinel is not None:
        os.close(parent_sentinel)
    # With these a job would keep the helpers of a server alive that ended long ago, and its terminal open.
    for helper, name in ((forkserver._forkserver, "_forkserver_alive_fd"), (_resource_tracker, "_fd")):
        descriptor = getattr(helper, name)
        if descriptor is not None:
            os.close(descriptor)
            setattr(helper, name, None)


def run(assignment: Assignment) -> NoReturn:
    """Run one job in this process, write its outcome, and end the process."""
    folder = Path(assignment.folder)
    detach(folder / LOG_FILE)
    log = logging.getLogger(__name__)
    job = read_json(folder / JOB_FILE)
    if job is None:
        log.error("%s is missing or damaged", folder / JOB_FILE)
        os._exit(2)
    gpus = tuple(job["gpus"])
    settle(gpus, assignment.threads)
    context = JobContext(job["kind"], job["subject"], folder, Path(assignment.root), job["args"], gpus)
    follow_signals(context)
    own = Identity.of(os.getpid())
    if own is not None:
        # Not before: a job that a stop ended without this file had not begun.
        kills = OomKills.now()
        noted = {**asdict(own), "oom_kills": None if kills is None else asdict(kills)}
        write_atomically(folder / PROCESS_FILE, noted, durable=False)
    outcome = work(context, job)
    try:
        context.flush_progress()
        outcome.write(folder)
    except OSError:
        log.exception("The outcome %s cannot be written", outcome)
        _end(failures.OUTCOME_NOT_WRITTEN)
    log.info("%s of %s: %s %s", context.kind, context.subject, outcome.state, outcome.message)
    _end(0 if outcome.state != states.FAILED else 1)


def settle(gpus: Sequence[int], threads: int) -> None:
    """Tell the engines which GPUs and how many cores are theirs, before they compute anything.

    Args:
        gpus: numbers as the machine counts them.
        threads: processor cores.
    """
    # The numbers are NVML's, which follow the bus; CUDA by itself would count the fastest first.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, gpus))
    # Read by paddle's OpenMP library at its first use, which is after this also where paddle is imported already.
    os.environ[THREADS_VARIABLE] = str(threads)
    if (kernels := instructions.fastest_kernels()) is not None:
        os.environ.setdefault(instructions.VARIABLE, kernels)


def detach(log_file: Path) -> None:
    """Become a session of its own whose output goes to a file, so that no terminal of the server's concerns it."""
    if os.getpgid(0) != os.getpid():
        os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stderr, force=True)


def follow_signals(context: JobContext) -> None:
    """Take SIGTERM as the wish to stop; ctrl-C in the server's terminal is none of the job's."""
    quiet_engine()
    faulthandler.enable()

    def ask(number: int, frame: FrameType | None) -> None:
        context.request_stop()

    signal.signal(signal.SIGTERM, ask)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def quiet_engine() -> None:
    """Take paddle's own handlers of signals away, which would end the process at once, amid a checkpoint."""
    paddle = sys.modules.get("paddle")
    if paddle is not None:
        paddle.disable_signal_handler()


def work(context: JobContext, job: dict[str, Any]) -> Outcome:
    """Call a job's function and tell how it ended.

    Args:
        context: what the function is given.
        job: the content of ``job.json``, of which ``engine`` and ``function`` are used.
    """
    try:
        # Workers of a data loader are forked from here, where everything is imported.
        multiprocessing.set_start_method("fork", force=True)
        if job["engine"]:
            importlib.import_module("paddle")
        module, _, name = job["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        follow_signals(context)
        context.check_stop()
        return Outcome(states.DONE, result=function(context))
    except JobStopped:
        return Outcome(states.STOPPED, messages.STOPPED)
    except BaseException as error:  # SystemExit too: some engines end their failures with it
        logging.getLogger(__name__).exception("The job failed")
        if context.stop_requested():  # what broke was broken by the stop, a data loader's worker for instance
            return Outcome(states.STOPPED, messages.STOPPED)
        failure = failures.of_exception(error, context.log_file)
        return Outcome(states.FAILED, failure.message, failure.reason)


def _end(code: int) -> NoReturn:
    """End without waiting for the threads and processes that the engines leave behind."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    own = Identity.of(os.getpid())
    for pid in own.group() if own is not None else ():
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    os._exit(code)


def main() -> None:
    """Wait for the assignment on stdin and run it; an end of file instead means that there is none."""
    line = sys.stdin.buffer.readline()
    if line.endswith(b"\n"):
        run(Assignment(**orjson.loads(line)))


if __name__ == "__main__":
    main()

"""The control loop that starts queued jobs when their turn comes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from paddlex_restful.cores import cores_of_slot
from paddlex_restful.jobs import leases, states
from paddlex_restful.jobs.executor import Executor, Process
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import Kind
from paddlex_restful.jobs.outcome import Outcome
from paddlex_restful.jobs.runner import Assignment
from paddlex_restful.jobs.store import JobStore
from paddlex_restful.jobs.watcher import Watcher
from paddlex_restful.messages import jobs as messages

_AGAIN = 1.0
"""Seconds after which a round is tried again that failed, for want of disk space for instance."""

_CLOSE = 0.5
"""Seconds that ``close`` waits for a start that is under way."""

_log = logging.getLogger(__name__)

Conclude = Callable[[dict[str, Any]], None]
"""Concludes a job, given its result."""


class Assistant(Protocol):
    """Somebody in the server who does some jobs without a process of their own, and may use GPUs that no job has."""

    def takes(self, job: Job) -> bool:
        """Whether it is worth the attempt to do a job."""

    def do(self, job: Job, conclude: Conclude) -> bool:
        """Do a job; called in a thread.

        Args:
            job: is ``starting``.
            conclude: puts on record that it is done, with its result.

        Returns:
            Whether it was concluded; if not, a process does it.
        """

    def give_back(self, gpus: Sequence[int]) -> None:
        """Stop using GPUs; returns when they are free."""


class Scheduler:
    """Starts jobs in one thread, so that two jobs never take the same lease.

    Args:
        root: folder of the workspace.
        store: the records.
        executor: starts the processes.
        watcher: takes over the processes that were started.
        kinds: the table of kinds.
        rules: what may run at once.

    Attributes:
        assistant: does some of the jobs, where there is somebody.
    """

    def __init__(
        self,
        root: Path,
        store: JobStore,
        executor: Executor,
        watcher: Watcher,
        kinds: Mapping[str, Kind],
        rules: leases.Rules,
    ) -> None:
        self._root = root
        self._store = store
        self._executor = executor
        self._watcher = watcher
        self._kinds = kinds
        self._rules = rules
        self._threads = cores_of_slot(rules.cpu_jobs)
        self.assistant: Assistant | None = None
        self._assisted: set[int] = set()
        self._declined: set[int] = set()
        self._plan = leases.Plan((), kinds, rules)
        self._woken = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="job-scheduler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self.wake()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Look at the queue: a job came, ended or was stopped."""
        self._woken.set()

    def waits_for(self, job: Job) -> str:
        """The sentence about a queued job's place and what it waits for; empty before it was looked at."""
        return self._plan.message(job)

    def leased_gpus(self) -> frozenset[int]:
        """See ``leases.leased_gpus``."""
        return leases.leased_gpus(self._store.active(), self._rules)

    def close(self) -> None:
        """End the thread; a process that is being started then does nothing, and its job is queued again."""
        self._closing = True
        self.wake()
        self._thread.join(_CLOSE)

    def _run(self) -> None:
        timeout: float | None = None
        while True:
            self._woken.wait(timeout)
            self._woken.clear()
            if self._closing:
                return
            try:
                if timeout is not None:
                    self._take_back()
                    timeout = None
                self._round()
            except Exception:  # noqa: BLE001  without this loop no job would begin any more
                if self._closing:
                    return
                _log.exception("The queue cannot be served now")
                timeout = _AGAIN

    def _round(self) -> None:
        self._plan = leases.Plan(self._store.active(), self._kinds, self._rules)
        for job in self._plan.start:
            if self._closing:
                return
            self._begin(job)

    def _take_back(self) -> None:
        """Queue again what a failed round left: only this thread starts jobs, and at this moment it starts none."""
        for job in self._store.active():
            if job.state == states.STARTING and job.id not in self._assisted:
                self._store.move(job, (states.STARTING,), states.QUEUED, started=None)

    def _begin(self, job: Job) -> None:
        starting = self._store.move(job, (states.QUEUED,), states.STARTING, started=time.time())
        if starting is None:
            return
        if self.assistant is not None:
            if job.id not in self._declined and self.assistant.takes(starting):
                self._assisted.add(job.id)
                name = f"assisted-{job.kind}"
                threading.Thread(target=self._assist, args=(self.assistant, starting), name=name, daemon=True).start()
                return
            self._declined.discard(job.id)
            if job.gpus and not self._rules.share_gpus:
                self.assistant.give_back(job.gpus)
        try:
            process = self._executor.start()
        except OSError as error:
            _log.exception("No process for %s %s", job.kind, job.subject)
            self._fail(starting, error)
            return
        begun = False
        try:
            begun = not self._closing and self._put_on_record(starting, process)
        finally:
            if not begun:
                process.abandon()
                process.close()

    def _assist(self, assistant: Assistant, job: Job) -> None:
        try:
            if not assistant.do(job, partial(self._conclude, job)):
                self._decline(job)
        except Exception:  # noqa: BLE001  whatever it is, a process may do better
            if self._closing:  # the job is on record as one that has not begun
                return
            _log.exception("%s of %s is done by a process of its own", job.kind, job.subject)
            self._decline(job)
        finally:
            self._assisted.discard(job.id)
            self.wake()

    def _conclude(self, job: Job, result: dict[str, Any]) -> None:
        end = Outcome(states.DONE, result=result)
        end.write(job.folder)
        if self._store.move(job, (states.STARTING,), states.DONE, result=end.result, ended=end.ended) is None:
            # It was stopped meanwhile, and its folder must not say otherwise.
            now = self._store.latest(job.subject, job.kind)
            if now is not None and now.id == job.id:
                Outcome(now.state, now.message).write(job.folder)

    def _decline(self, job: Job) -> None:
        self._declined.add(job.id)
        if self._store.move(job, (states.STARTING,), states.QUEUED, started=None) is None:  # it was stopped
            self._declined.discard(job.id)

    def _put_on_record(self, job: Job, process: Process) -> bool:
        identity = process.identity
        running = self._store.move(
            job,
            (states.STARTING,),
            states.RUNNING,
            pid=identity.pid,
            start_time=identity.start_time,
            boot_id=identity.boot_id,
        )
        if running is None:
            return False
        process.assign(Assignment(str(self._root), str(job.folder), self._threads))
        self._watcher.watch(running, process)
        return True

    def _fail(self, job: Job, error: OSError) -> None:
        message = messages.NOT_STARTED.format(kind=job.kind, error=error.strerror or error)
        end = Outcome(states.FAILED, message, "start")
        end.write_if_missing(job.folder)
        self._store.move(
            job, (states.STARTING,), states.FAILED, message=end.message, reason=end.reason, ended=end.ended
        )
        self.wake()

"""The control loop that starts queued jobs when their turn comes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

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


class Scheduler:
    """Starts jobs in one thread, so that two jobs never take the same lease.

    Args:
        root: folder of the workspace.
        store: the records.
        executor: starts the processes.
        watcher: takes over the processes that were started.
        kinds: the table of kinds.
        rules: what may run at once.
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
            if job.state == states.STARTING:
                self._store.move(job, (states.STARTING,), states.QUEUED, started=None)

    def _begin(self, job: Job) -> None:
        starting = self._store.move(job, (states.QUEUED,), states.STARTING, started=time.time())
        if starting is None:
            return
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

"""The jobs of one server: everything that the services call."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.jobs import files, rebuild, states, stopper
from paddlex_restful.jobs.context import PROGRESS_FILE
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import KINDS, Kind
from paddlex_restful.jobs.leases import Rules
from paddlex_restful.jobs.outcome import Outcome
from paddlex_restful.jobs.scheduler import Assistant, Scheduler
from paddlex_restful.jobs.stopper import Patience
from paddlex_restful.jobs.store import JobStore
from paddlex_restful.jobs.watcher import Watcher
from paddlex_restful.messages import jobs as messages
from paddlex_restful.stamps import Stamp, stamp

DATABASE = "jobs.db"

_log = logging.getLogger(__name__)


class JobManager:
    """Queues, starts, stops and watches the jobs of a workspace, and finds them again after a restart.

    Only one may exist for a workspace at a time; the workspace's lock sees to that.

    Args:
        root: folder of the workspace.
        cpu_jobs: how many heavy jobs share the processor at once.
        share_gpus: light jobs use their GPUs beside the job that has them.
        kinds: the table of kinds.
        executor: starts the processes; the one that fits the installed paddle unless given.
        patience: how long a stop waits for each of its steps.

    Attributes:
        executor: starts the processes.

    Raises:
        UserError: the database cannot be opened, or belongs to a newer version of this server.
    """

    def __init__(
        self,
        root: Path,
        *,
        cpu_jobs: int = 1,
        share_gpus: bool = False,
        kinds: Mapping[str, Kind] = KINDS,
        executor: Executor | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._root = _absolute(root)
        self._kinds = kinds
        self._patience = patience or Patience()
        self._submitting: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._progress: dict[tuple[str, str], tuple[Stamp, dict[str, Any]]] = {}
        self._closed = False
        self._store = _open_store(self._root)
        self.executor = executor = executor or Executor()
        self._watcher = Watcher(self._store, self._wake)
        rules = Rules(cpu_jobs=cpu_jobs, share_gpus=share_gpus)
        self._scheduler = Scheduler(self._root, self._store, executor, self._watcher, kinds, rules)
        self._recover()
        self._scheduler.start()

    def _wake(self) -> None:
        self._scheduler.wake()

    def submit(self, kind: str, subject: str, folder: Path, args: dict[str, Any], gpus: Sequence[int] = ()) -> Job:
        """Queue a job; it is durable when this returns, and starts when its turn comes.

        Args:
            kind: name of a kind.
            subject: id that it works on.
            folder: its folder, ``<subject folder>/job/<kind>`` in the workspace; what an earlier job of this subject
                and kind left there is removed.
            args: arguments of the kind, plain JSON values.
            gpus: GPUs that it takes for itself; none for the processor.

        Raises:
            UserError: a job of this subject and kind is active, the job cannot be stored, or the server shuts down.
        """
        job = Job(
            0,
            kind,
            subject,
            self._root,
            self._location(folder),
            args,
            tuple(gpus),
            states.QUEUED,
            submitted=time.time(),
        )
        with self._reserved(job):
            try:
                files.prepare(job.folder, self._job_file(job))
                job = self._store.insert(job, lambda: files.put_in_place(job.folder))
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise UserError(messages.DISK_FULL, path=job.folder) from error
            except sqlite3.OperationalError as error:
                raise UserError(
                    messages.NOT_RECORDED, kind=job.kind, path=self._root / DATABASE, error=error
                ) from error
        self._scheduler.wake()
        return job

    def _location(self, folder: Path) -> str:
        return _absolute(folder).relative_to(self._root).as_posix()

    def _job_file(self, job: Job) -> dict[str, Any]:
        kind = self._kinds[job.kind]
        return {
            "kind": job.kind,
            "subject": job.subject,
            "args": job.args,
            "gpus": job.gpus,
            "submitted": job.submitted,
            "function": kind.function,
            "engine": kind.engine,
        }

    @contextmanager
    def _reserved(self, job: Job) -> Iterator[None]:
        place = (job.subject, job.kind)
        with self._lock:
            if self._closed:
                raise UserError(messages.SHUTTING_DOWN)
            last = self._store.latest(job.subject, job.kind)
            if place in self._submitting or (last is not None and last.active):
                state = last.state if last is not None and last.active else states.QUEUED
                raise UserError(messages.ALREADY_ACTIVE, kind=job.kind, subject=job.subject, state=state)
            self._submitting.add(place)
        try:
            yield
        except sqlite3.ProgrammingError as error:
            if not self._closed:
                raise
            raise UserError(messages.SHUTTING_DOWN) from error
        finally:
            self._submitting.discard(place)

    def latest(self, subject: str, kind: str) -> Job | None:
        """The newest job of a subject and kind, from memory."""
        job = self._store.latest(subject, kind)
        return None if job is None else self._told(job)

    def jobs_of(self, subject: str) -> Mapping[str, Job]:
        """The newest job of each kind of a subject, from memory."""
        return {kind: self._told(job) for kind, job in self._store.jobs_of(subject).items()}

    def active(self, subject: str | None = None) -> list[Job]:
        """The jobs that have not ended, of one subject or of all, first submitted first."""
        return [self._told(job) for job in self._store.active() if subject is None or job.subject == subject]

    def leased_gpus(self) -> frozenset[int]:
        """The GPUs that nobody but the jobs that have them may use now."""
        return self._scheduler.leased_gpus()

    def assist(self, assistant: Assistant) -> None:
        """From now on let somebody do the jobs that need no process of their own."""
        self._scheduler.assistant = assistant

    def counts(self) -> Counter[tuple[str, states.State]]:
        """How many jobs of each kind are in each state, the newest of each subject and kind."""
        return self._store.counts()

    @property
    def revision(self) -> int:
        """Another number after each change of a record."""
        return self._store.revision

    def stages(self) -> tuple[tuple[int, object], ...]:
        """Of each job that runs its id and the stage that it reported last: what changes without its record."""
        running = (job for job in self._store.active() if job.state in states.ALIVE)
        return tuple((job.id, self.progress(job).get("stage")) for job in running)

    def reports(self, subject: str) -> Hashable:
        """Another value after each report of the jobs of a subject, and after a second where one of them is active.

        What changes with the time alone, the duration of a job and how many wait before it, is as new as that.
        """
        jobs = self._store.jobs_of(subject).values()
        second = int(time.monotonic()) if any(job.active for job in jobs) else None
        return second, *map(_last_report, jobs)

    @property
    def attended(self) -> bool:
        """Whether the threads live that start jobs and see them end."""
        return self._scheduler.alive and self._watcher.alive

    def _told(self, job: Job) -> Job:
        # Said when it is asked for: the places of all that wait change whenever one job ends.
        return replace(job, message=self._scheduler.waits_for(job)) if job.state == states.QUEUED else job

    def progress(self, job: Job) -> dict[str, Any]:
        """What a job reported last; empty before it reported anything."""
        version = _last_report(job)
        if version is None:
            return {}
        known = self._progress.get((job.subject, job.kind))
        if known is None or known[0] != version:
            known = (version, files.read_json(job.folder / PROGRESS_FILE) or {})
            self._progress[job.subject, job.kind] = known
        return dict(known[1])

    def stop(self, job: Job) -> Job:
        """Stop a job; answers when its processes are gone, in 20 seconds at most.

        Returns:
            Its record: ``stopped``, or how it ended by itself meanwhile.
        """
        ended = stopper.stop(self._store, job, self._patience)
        self._scheduler.wake()
        return ended

    def wait(self, job: Job, timeout: float | None = None) -> Job:
        """Wait until a job has ended.

        Args:
            job: any record of it.
            timeout: seconds to wait at most.

        Returns:
            Its newest record, active still when the time is over.
        """
        return self._told(self._store.wait(job, timeout))

    def record(
        self,
        kind: str,
        subject: str,
        folder: Path,
        state: states.State,
        message: str = "",
        reason: str = "",
        result: dict[str, Any] | None = None,
    ) -> Job:
        """Put a job on record that ended elsewhere, such as one of the original server's.

        Args:
            kind: name of a kind.
            subject: id that it worked on.
            folder: its folder in the workspace; made if it is missing.
            state: how it ended.
            message: sentence for people.
            reason: word for programs when it failed.
            result: what it returned.

        Raises:
            UserError: a job of this subject and kind is active.
        """
        now = time.time()
        job = Job(
            0,
            kind,
            subject,
            self._root,
            self._location(folder),
            {},
            (),
            state,
            message,
            reason,
            result,
            submitted=now,
            ended=now,
        )
        with self._reserved(job):
            job.folder.mkdir(parents=True, exist_ok=True)
            files.write_atomically(job.folder / files.JOB_FILE, self._job_file(job), durable=False)
            Outcome(state, message, reason, result, now).write(job.folder)
            return self._store.insert(job)

    def forget(self, subject: str) -> None:
        """Remove the records of a subject that is deleted.

        Raises:
            UserError: a job of it is active.
        """
        kinds = self._store.jobs_of(subject)
        self._store.forget(subject)
        for kind in kinds:
            self._progress.pop((subject, kind), None)

    def close(self) -> None:
        """End the threads; running jobs go on and are found again by the next manager."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._scheduler.close()
        self._watcher.close()
        self._store.close()

    def _recover(self) -> None:
        for job in self._store.active():
            if job.state in (states.QUEUED, states.STARTING):
                self._recover_queued(job)
            elif job.identity is None or not job.identity.alive():
                self._conclude(job)
            else:
                _log.info("%s of %s runs on as process %s", job.kind, job.subject, job.pid)
                self._watcher.watch(job)
                if job.state == states.STOPPING:
                    threading.Thread(target=self.stop, args=(job,), name="job-stopper", daemon=True).start()

    def _conclude(self, job: Job) -> None:
        try:
            self._watcher.conclude(job, inherited=True)
        except sqlite3.OperationalError:  # a full disk is no reason not to start: the watcher tries again
            self._watcher.watch(job)

    def _recover_queued(self, job: Job) -> None:
        content = self._job_file(job)
        if not files.belongs_to(job.folder, content):
            files.prepare(job.folder, content)
            files.put_in_place(job.folder)
        if job.state == states.STARTING:
            # Its process was not on record, so it was never told to begin.
            self._store.move(job, (states.STARTING,), states.QUEUED, started=None)


def _last_report(job: Job) -> Stamp | None:
    """Of the file with the progress of a job, None before there is one."""
    try:
        return stamp(job.folder / PROGRESS_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _absolute(path: Path) -> Path:
    # Not resolved: a symbolic link on the way to the workspace is the user's choice.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _open_store(root: Path) -> JobStore:
    database = root / DATABASE
    lost = not database.exists()
    try:
        store = JobStore(database, root)
    except sqlite3.OperationalError as error:
        raise UserError(messages.DATABASE_UNUSABLE, path=database, error=error) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        _log.warning("%s is damaged (%s): it is set aside and made anew from the folders", database, error)
        rebuild.set_aside(database)
        lost = True
        store = JobStore(database, root)
    if lost:
        jobs = rebuild.jobs_in(root)
        if jobs:
            _log.warning("%s was made anew from the folders of %s jobs", database, len(jobs))
            store.insert_all(jobs)
    return store

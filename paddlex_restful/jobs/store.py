"""The durable records of the jobs (SQLite), with the newest of each subject and kind kept in memory."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from paddlex_restful.durable import sync_folder
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.files import to_json
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import jobs as messages

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, subject TEXT NOT NULL, folder TEXT NOT NULL, args TEXT NOT NULL, gpus TEXT NOT NULL,
    state TEXT NOT NULL, message TEXT NOT NULL, reason TEXT NOT NULL, result TEXT,
    pid INTEGER, start_time REAL, boot_id TEXT, submitted REAL NOT NULL, started REAL, ended REAL,
    UNIQUE (subject, kind)
)
"""
_COLUMNS = (
    "id, kind, subject, folder, args, gpus, state, message, reason, result, "
    "pid, start_time, boot_id, submitted, started, ended"
)
_INSERT = f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_NO_JOBS: Mapping[str, Job] = MappingProxyType({})


class JobStore:
    """All jobs of one workspace: the newest of each subject and kind.

    A change is on the disk before it is seen in memory, and every reader reads memory only. One process writes.

    Args:
        path: the database; made when it is missing.
        root: folder of the workspace, to which the folders on record are relative.

    Attributes:
        changed: notified after every change; waited on for the end of a job.
        revision: another number after every change.

    Raises:
        sqlite3.DatabaseError: the file is damaged.
        UserError: the file belongs to a newer version.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self._root = root
        self._writing = threading.Lock()
        self.changed = threading.Condition()
        self._subjects: dict[str, dict[str, Job]] = {}
        self._active: dict[int, Job] = {}
        self._closed = False
        self.revision = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._open(path)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, path: Path) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise UserError(messages.NEWER_DATABASE, path=path)
        if version < _VERSION:
            execute(_SCHEMA)
            execute(f"PRAGMA user_version={_VERSION}")
            sync_folder(path.parent)
        for row in execute(f"SELECT {_COLUMNS} FROM jobs ORDER BY id"):  # noqa: S608
            self._publish(self._to_job(row))

    def _to_job(self, row: tuple[Any, ...]) -> Job:
        number, kind, subject, location, args, gpus, state, message, reason, result, *rest = row
        return Job(
            number,
            kind,
            subject,
            self._root,
            location,
            orjson.loads(args),
            tuple(orjson.loads(gpus)),
            state,
            message,
            reason,
            None if result is None else orjson.loads(result),
            *rest,
        )

    def _publish(self, job: Job) -> None:
        # A new inner mapping each time, so that a reader's one never changes under it.
        self._subjects[job.subject] = {**self._subjects.get(job.subject, _NO_JOBS), job.kind: job}
        if job.active:
            self._active[job.id] = job
        else:
            self._active.pop(job.id, None)
        self._count()

    def _count(self) -> None:
        # After the change: who reads the number before it reads the records may find newer ones, never older ones.
        self.revision += 1

    def _notify(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def latest(self, subject: str, kind: str) -> Job | None:
        """The newest job of a subject and kind."""
        return self._subjects.get(subject, _NO_JOBS).get(kind)

    def jobs_of(self, subject: str) -> Mapping[str, Job]:
        """The newest job of each kind; a mapping that never changes."""
        return self._subjects.get(subject, _NO_JOBS)

    def active(self) -> list[Job]:
        """The jobs that have not ended, first submitted first."""
        return sorted(self._active.copy().values(), key=lambda job: job.id)

    def counts(self) -> Counter[tuple[str, states.State]]:
        """How many jobs of each kind are in each state."""
        return Counter((job.kind, job.state) for jobs in self._subjects.copy().values() for job in jobs.values())

    def insert(self, job: Job, committed: Callable[[], None] | None = None) -> Job:
        """Put a new job on record in the place of the last of its subject and kind.

        Args:
            job: the record; its ``id`` is given here.
            committed: called when the record is durable and before anyone sees it.

        Raises:
            sqlite3.IntegrityError: an active job has that place.
        """
        with self._writing:
            earlier = self.latest(job.subject, job.kind)
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.execute(
                    "DELETE FROM jobs WHERE subject=? AND kind=? AND state IN ('done', 'failed', 'stopped')",
                    (job.subject, job.kind),
                )
                cursor = self._connection.execute(_INSERT, self._to_row(job))
            if cursor.lastrowid is None:
                raise sqlite3.IntegrityError("the record has no number")
            job = replace(job, id=cursor.lastrowid)
            if committed is not None:
                try:
                    committed()
                except BaseException:
                    self._take_back(job, earlier)
                    raise
            self._publish(job)
        self._notify()
        return job

    def _take_back(self, job: Job, earlier: Job | None) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("DELETE FROM jobs WHERE id=?", (job.id,))
            if earlier is not None:
                self._connection.execute(_INSERT, self._to_row(earlier, earlier.id))
        # Its folder may be gone.
        self._count()

    def insert_all(self, jobs: Iterable[Job]) -> None:
        """Put many jobs on record at once; for an empty database."""
        with self._writing, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                cursor = self._connection.execute(_INSERT, self._to_row(job))
                self._publish(replace(job, id=cursor.lastrowid or 0))

    def _to_row(self, job: Job, number: int | None = None) -> tuple[Any, ...]:
        return (
            number,
            job.kind,
            job.subject,
            job.location,
            to_json(job.args).decode(),
            to_json(job.gpus).decode(),
            job.state,
            job.message,
            job.reason,
            None if job.result is None else to_json(job.result).decode(),
            job.pid,
            job.start_time,
            job.boot_id,
            job.submitted,
            job.started,
            job.ended,
        )

    def move(self, job: Job, leaving: Collection[states.State], state: states.State, **fields: Any) -> Job | None:
        """Bring a job into another state if it is in one of those that it may leave.

        Args:
            job: any record of the job.
            leaving: the states that it may be in now.
            state: the new state; one that ``states.TRANSITIONS`` allows after each of ``leaving``.
            fields: other fields of the record that change with it; ``message`` becomes empty unless given.

        Returns:
            The new record, or None when the job is in another state, or gone.
        """
        if not all(state in states.TRANSITIONS[left] for left in leaving):
            raise ValueError(f"no way from {leaving} to {state}")
        fields = {"message": "", **fields, "state": state}
        with self._writing:
            now = self.latest(job.subject, job.kind)
            if now is None or now.id != job.id:
                return None
            values = {**fields, "result": None if fields.get("result") is None else to_json(fields["result"]).decode()}
            setting = ", ".join(f"{name}=?" for name in values)
            marks = ", ".join("?" for _ in leaving)
            cursor = self._connection.execute(
                f"UPDATE jobs SET {setting} WHERE id=? AND state IN ({marks})",  # noqa: S608  names of our own
                (*values.values(), job.id, *leaving),
            )
            if cursor.rowcount == 0:
                return None
            moved = replace(now, **fields)
            self._publish(moved)
        self._notify()
        return moved

    def say(self, job: Job, message: str) -> None:
        """Give a job that has not ended another message; in memory only, for it is computed anew at every start."""
        with self._writing:
            now = self.latest(job.subject, job.kind)
            if now is not None and now.id == job.id and now.active and now.message != message:
                self._publish(replace(now, message=message))

    def forget(self, subject: str) -> None:
        """Remove the records of a subject.

        Raises:
            UserError: a job of it is active.
        """
        with self._writing:
            for job in self.jobs_of(subject).values():
                if job.active:
                    raise UserError(messages.STILL_ACTIVE, subject=subject, kind=job.kind, state=job.state)
            self._connection.execute("DELETE FROM jobs WHERE subject=?", (subject,))
            self._subjects.pop(subject, None)
            self._count()
        self._notify()

    def wait(self, job: Job, timeout: float | None) -> Job:
        """Wait until a job has ended.

        Args:
            job: any record of it.
            timeout: seconds to wait at most; None for ever.

        Returns:
            Its newest record, which may be active still when the time is over or the store was closed.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.changed:
            while True:
                now = self.latest(job.subject, job.kind)
                if now is None or now.id != job.id or not now.active:
                    return job if now is None or now.id != job.id else now
                if self._closed:
                    return now
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return now
                self.changed.wait(left)

    def close(self) -> None:
        """Close the database; later changes raise ``sqlite3.ProgrammingError``."""
        with self._writing:
            self._connection.close()
        self._closed = True
        self._notify()

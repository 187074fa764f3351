"""What happens to a task while somebody looks on: states, progress, and the lines that its training writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import events as sentences
from paddlex_restful.results import METRICS_FILE
from paddlex_restful.services import Services, tasks
from paddlex_restful.services.lines import Lines, fields_of
from paddlex_restful.services.status import task_status
from paddlex_restful.workspace import workspace_pb2 as pb

_POSITION = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class Position:
    """Up to where the lines of a training were read.

    Attributes:
        job: number of the training's job; 0 before the first.
        metrics: bytes of its metrics.
        log: bytes of its log.
    """

    job: int = 0
    metrics: int = 0
    log: int = 0

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position that an event's id names.

        Raises:
            UserError: it is none.
        """
        match = _POSITION.fullmatch(text.strip())
        if match is None:
            raise UserError(sentences.BAD_EVENT_ID, value=text)
        return cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"{self.job}-{self.metrics}-{self.log}"


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        type: what kind of thing.
        data: what is to be said of it; plain JSON values.
        position: where a reader who has it goes on.
    """

    type: Literal["state", "progress", "metrics", "log"]
    data: Mapping[str, Any]
    position: Position


class Follower:
    """Looks again and again what happened to a task since the last time.

    Args:
        services: of the server.
        tid: the task.
        since: the position of the last event that the reader has; one of an earlier training counts for nothing.

    Attributes:
        tid: the task.

    Raises:
        UserError: there is no such task.
    """

    def __init__(self, services: Services, tid: str, since: Position | None = None) -> None:
        services.workspace.task(tid)
        self._services = services
        self.tid = tid
        self._position = since or Position()
        self._training: _Training | None = None
        self._looked = False
        self._states: dict[str, object] = {}
        self._progress: dict[str, tuple[int, dict[str, Any]]] = {}
        # Jobs that had ended before anybody looked: nothing of them is news, but for the training's.
        self._over: frozenset[int] = frozenset()

    @property
    def behind(self) -> bool:
        """Whether there is more to see at once."""
        return self._training is not None and self._training.behind

    def look(self) -> list[Event] | None:
        """What happened; None when the task was deleted.

        The first look gives the states first. Later ones give the state of a training that has ended, or was started
        anew, only when all lines that it wrote before were given.
        """
        task = self._services.workspace.state.tasks.get(self.tid)
        if task is None:
            return None
        # Before the files: what a job wrote that has ended by now is in them.
        jobs = self._services.jobs.jobs_of(self.tid)
        if not self._looked:
            self._looked = True
            self._over = frozenset(job.id for kind, job in jobs.items() if kind != "train" and not job.active)
            return [*self._new_states(task, jobs), *self._new_progress(jobs), *self._new_lines(task, jobs)]
        return [*self._new_lines(task, jobs), *self._new_progress(jobs), *self._later_states(task, jobs)]

    def _later_states(self, task: pb.Task, jobs: Mapping[str, Job]) -> Iterator[Event]:
        training = jobs.get("train")
        if training is not None and self._training is not None and self._training.behind:
            goes_on = training.active and training.id == self._training.job
            return self._new_states(task, jobs, but="" if goes_on else "train")
        return self._new_states(task, jobs)

    def _new_states(self, task: pb.Task, jobs: Mapping[str, Job], but: str = "") -> Iterator[Event]:
        status, message = task_status(task, jobs, self._services.jobs.progress)
        of_task = {"task_status": int(status), "message": message}
        for kind, job in jobs.items():
            if kind == but:
                continue
            of_job = {
                "job": job.id,
                "kind": kind,
                "state": job.state,
                "message": job.message,
                "reason": job.reason,
            }
            # An active job may change the status of the task without a change of its own state, as a download does.
            known = (of_job, of_task if job.active else None)
            if self._states.get(kind) != known:
                self._states[kind] = known
                yield Event("state", {**of_job, "task": of_task}, self._position)

    def _new_progress(self, jobs: Mapping[str, Job]) -> Iterator[Event]:
        for kind, job in jobs.items():
            number, known = self._progress.get(kind, (0, {}))
            # The last of a job that ended between two looks too, even if it began after the first of them.
            if job.id in self._over:
                continue
            fields = self._services.jobs.progress(job)
            if fields and (number, known) != (job.id, fields):
                self._progress[kind] = (job.id, fields)
                yield Event("progress", {"job": job.id, "kind": kind, "progress": fields}, self._position)

    def _new_lines(self, task: pb.Task, jobs: Mapping[str, Job]) -> Iterator[Event]:
        newest = jobs.get("train")
        if newest is None:
            return
        if self._training is not None:
            yield from self._told(self._training)
            if self._training.job == newest.id or self._training.behind:
                return
            self._training.close()
        output = tasks.output_folder(self._services, task)
        self._training = _Training(self._services, newest, output, self._position)
        yield from self._told(self._training)

    def _told(self, training: _Training) -> Iterator[Event]:
        for event in training.read():
            self._position = event.position
            yield event

    def close(self) -> None:
        """Close the files."""
        if self._training is not None:
            self._training.close()


class _Training:
    """The metrics and the log of one training, both opened when they are there."""

    def __init__(self, services: Services, job: Job, output: Path, since: Position) -> None:
        self.job = job.id
        self._services = services
        self._record = job
        self._output = output
        self._position = since if since.job == job.id else Position(job.id)
        self._metrics: Lines | None = None
        self._log: Lines | None = None

    @property
    def behind(self) -> bool:
        return any(lines is not None and lines.behind for lines in (self._metrics, self._log))

    def read(self) -> Iterator[Event]:
        """The next whole lines."""
        self._open()
        if self._metrics is not None:
            for line, end in self._metrics.read():
                self._position = replace(self._position, metrics=end)
                fields = fields_of(line)
                if fields is not None:
                    yield Event("metrics", fields, self._position)
        if self._log is not None:
            lines = self._log.read()
            if lines:
                self._position = replace(self._position, log=self._log.offset)
                shown = [line.decode("utf-8", errors="replace") for line, _ in lines]
                yield Event("log", {"lines": shown}, self._position)

    def _open(self) -> None:
        if self._log is None:
            self._log = self._opened(self._record.folder / LOG_FILE, self._position.log)
            if self._log is not None:
                self._position = replace(self._position, log=self._log.offset)
        # Until a training says how many steps it has, the metrics there are those of the one before.
        if self._metrics is None and "total_steps" in self._services.jobs.progress(self._record):
            self._metrics = self._opened(self._output / METRICS_FILE, self._position.metrics)
            if self._metrics is not None:
                self._position = replace(self._position, metrics=self._metrics.offset)

    def _opened(self, path: Path, offset: int) -> Lines | None:
        try:
            lines = Lines(path, offset)
        except (FileNotFoundError, NotADirectoryError):
            return None
        newest = self._services.jobs.latest(self._record.subject, self._record.kind)
        if newest is None or newest.id != self.job:
            # It may be a later training's: they are told apart by who was the newest when the file was open already.
            lines.close()
            return None
        return lines

    def close(self) -> None:
        for lines in (self._metrics, self._log):
            if lines is not None:
                lines.close()

"""The record of one job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.jobs import states
from paddlex_restful.jobs.identity import Identity


@dataclass(frozen=True)
class Job:
    """What is known of one job; a change makes a new record.

    Attributes:
        id: number of the job; later jobs have greater ones.
        kind: name of its kind, such as ``train``.
        subject: id that it works on, such as ``T0001``.
        root: folder of the workspace.
        location: its own folder below that, ``<subject folder>/job/<kind>``.
        args: its arguments, as JSON gives them.
        gpus: the GPUs that it takes for itself; empty on the processor.
        state: one of ``states.State``.
        message: one sentence for people: what a queued job waits for, why an ended one failed.
        reason: one word for programs when it failed, such as ``out_of_memory``.
        result: what the job returned when it is done.
        pid: process id of its leader, from ``running`` on.
        start_time: when that process started, in the machine's own count.
        boot_id: the run of the machine in which it started.
        submitted: when it was submitted, in seconds since 1970; so are the next two.
        started: when it left the queue.
        ended: when it ended.
    """

    id: int
    kind: str
    subject: str
    root: Path
    location: str
    args: dict[str, Any]
    gpus: tuple[int, ...]
    state: states.State
    message: str = ""
    reason: str = ""
    result: dict[str, Any] | None = None
    pid: int | None = None
    start_time: float | None = None
    boot_id: str | None = None
    submitted: float = 0.0
    started: float | None = None
    ended: float | None = None

    @property
    def folder(self) -> Path:
        """Its folder."""
        # Joined when it is asked for: joining it for every record would be most of the time of opening a workspace.
        return self.root / self.location

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state in states.ACTIVE

    @property
    def identity(self) -> Identity | None:
        """Its process; None before it has one."""
        if self.pid is None or self.start_time is None or self.boot_id is None:
            return None
        return Identity(self.pid, self.start_time, self.boot_id)

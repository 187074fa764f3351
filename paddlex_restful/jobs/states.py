"""The states of a job and the ways between them (the table of ``docs/jobs.md``)."""

from __future__ import annotations

from typing import Literal

State = Literal["queued", "starting", "running", "stopping", "done", "failed", "stopped"]

QUEUED: State = "queued"
STARTING: State = "starting"
RUNNING: State = "running"
STOPPING: State = "stopping"
DONE: State = "done"
FAILED: State = "failed"
STOPPED: State = "stopped"

TRANSITIONS: dict[State, tuple[State, ...]] = {
    QUEUED: (STARTING, STOPPED),
    STARTING: (RUNNING, QUEUED, DONE, FAILED, STOPPED),
    RUNNING: (STOPPING, DONE, FAILED, STOPPED, QUEUED),
    STOPPING: (STOPPED, DONE, FAILED),
    DONE: (),
    FAILED: (),
    STOPPED: (),
}
"""For each state the states that may follow it; nothing follows an ended one."""

ACTIVE: frozenset[State] = frozenset(state for state, following in TRANSITIONS.items() if following)
"""The states of jobs that have not ended."""

ALIVE: tuple[State, ...] = (RUNNING, STOPPING)
"""The states in which a process is on record."""

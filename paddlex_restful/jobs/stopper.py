"""Ends a job on request: asks first, insists then, and answers when its processes are gone."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.outcome import Outcome
from paddlex_restful.jobs.store import JobStore
from paddlex_restful.messages import jobs as messages


@dataclass(frozen=True)
class Patience:
    """How long each step of a stop is waited for, in seconds; together less than 20.

    Attributes:
        asked: between the request, which a job follows between two steps, and SIGTERM to its whole group.
        terminated: from there to SIGKILL to its whole group.
        killed: from there to the answer that it cannot be ended.
    """

    asked: float = 10.0
    terminated: float = 3.0
    killed: float = 6.0


def stop(store: JobStore, job: Job, patience: Patience) -> Job:
    """Stop a job, whatever its state; several callers may do so at once.

    Returns:
        The record when the processes are gone; still ``stopping`` when they withstand SIGKILL.
    """
    unbegun = store.move(
        job, (states.QUEUED, states.STARTING), states.STOPPED, message=messages.STOPPED_UNBEGUN, ended=time.time()
    )
    if unbegun is not None:
        Outcome(states.STOPPED, unbegun.message).write_if_missing(unbegun.folder)
        return unbegun
    store.move(job, (states.RUNNING,), states.STOPPING)
    now = store.latest(job.subject, job.kind)
    if now is None or now.id != job.id or now.identity is None or not now.active:
        return job if now is None or now.id != job.id else now
    now.identity.send(signal.SIGTERM)
    ended = store.wait(now, patience.asked)
    for number, seconds in ((signal.SIGTERM, patience.terminated), (signal.SIGKILL, patience.killed)):
        if not ended.active:
            break
        now.identity.send_group(number)
        ended = store.wait(now, seconds)
    return ended

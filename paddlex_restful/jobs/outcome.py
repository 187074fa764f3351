"""How a job ended, as its folder tells it."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from paddlex_restful.jobs import failures, states
from paddlex_restful.jobs.context import LOG_FILE
from paddlex_restful.jobs.files import OUTCOME_FILE, PROCESS_FILE, read_json, write_atomically
from paddlex_restful.jobs.identity import boot_id
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.oom import OomKills
from paddlex_restful.messages import jobs as messages

_ENDS: dict[str, states.State] = {
    states.DONE: states.DONE,
    states.FAILED: states.FAILED,
    states.STOPPED: states.STOPPED,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """The end of a job.

    Attributes:
        state: ``done``, ``failed`` or ``stopped``.
        message: one sentence for people.
        reason: one word for programs when it failed.
        result: what the job returned.
        ended: seconds since 1970.
    """

    state: states.State
    message: str = ""
    reason: str = ""
    result: dict[str, Any] | None = None
    ended: float = field(default_factory=time.time)

    def write(self, folder: Path) -> None:
        """Write ``outcome.json`` durably.

        Raises:
            OSError: it cannot be written.
        """
        write_atomically(folder / OUTCOME_FILE, asdict(self), durable=True)

    def write_if_missing(self, folder: Path) -> None:
        """Leave it in a folder whose job could not write its own; the record, not the file, is what counts then."""
        if read(folder) is not None:
            return
        try:
            self.write(folder)
        except OSError:
            _log.exception("The outcome of %s cannot be written", folder)


def read(folder: Path) -> Outcome | None:
    """The outcome in a job's folder; None when the job left none."""
    value = read_json(folder / OUTCOME_FILE)
    if value is None or value.get("state") not in _ENDS:
        return None
    return Outcome(
        state=_ENDS[value["state"]],
        message=str(value.get("message", "")),
        reason=str(value.get("reason", "")),
        result=value.get("result"),
        ended=float(value.get("ended") or 0.0),
    )


def of_ended(job: Job, code: int | None) -> Outcome:
    """The outcome of a job whose process is gone: its own if it wrote one, what its end tells otherwise.

    Args:
        job: the record, ``running`` or ``stopping``.
        code: exit code of the process, negative for a signal; None when nobody could see it.
    """
    own = read(job.folder)
    if own is not None:
        return own
    process = read_json(job.folder / PROCESS_FILE)
    if job.state == states.STOPPING:
        begun = process is not None
        return Outcome(states.STOPPED, messages.STOPPED_BY_FORCE if begun else messages.STOPPED_UNBEGUN)
    if job.boot_id != boot_id():
        return Outcome(states.FAILED, messages.MACHINE_RESTARTED, "restart")
    kills = (process or {}).get("oom_kills")
    out_of_memory = OomKills(**kills).grown() if kills else None
    failure = failures.of_exit(code, job.folder / LOG_FILE, out_of_memory=out_of_memory)
    return Outcome(states.FAILED, failure.message, failure.reason)

"""Who may start: GPUs are taken whole, slots of the processor are counted, and the first in the queue comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from paddlex_restful.cores import usable_cores
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import Kind
from paddlex_restful.messages import jobs as messages

_NAMED = 3
"""How many of the jobs that are waited for a message names."""


def default_light_jobs() -> int:
    """As many as there are processor cores, at least two, so that one that lasts does not hold up all others."""
    return max(2, usable_cores())


@dataclass(frozen=True)
class Rules:
    """What a server lets run at once.

    Attributes:
        cpu_jobs: heavy jobs without a GPU.
        light_jobs: light jobs that have no GPU for themselves.
        share_gpus: light jobs neither take the GPUs that they use nor wait for them.
    """

    cpu_jobs: int = 1
    light_jobs: int = field(default_factory=default_light_jobs)
    share_gpus: bool = False


@dataclass
class Plan:
    """What the queue comes to now.

    Attributes:
        start: jobs that may start at once, in this order.
        messages: what each of the others waits for, by its id.
    """

    start: list[Job] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)


@dataclass
class _Slots:
    """Counted places for jobs that need no GPU for themselves, and the line before them."""

    number: int
    waiting_message: str
    holders: list[Job] = field(default_factory=list)
    waiting: int = 0


def plan(active: Iterable[Job], kinds: Mapping[str, Kind], rules: Rules) -> Plan:
    """Decide which queued jobs start.

    Everything is computed from the records, so that a restarted server takes up the leases with the jobs. A job that
    waits for several GPUs keeps its place in the line of each, so that single ones cannot overtake it for ever.

    Args:
        active: all jobs that have not ended, first submitted first.
        kinds: the table of kinds.
        rules: what may run at once.
    """
    jobs = list(active)
    held_by: dict[int, Job] = {}
    slots = {
        True: _Slots(rules.cpu_jobs, messages.WAITING_FOR_PROCESSOR),
        False: _Slots(rules.light_jobs, messages.WAITING_FOR_LIGHT),
    }

    def leases_gpus(job: Job) -> bool:
        return bool(job.gpus) and (kinds[job.kind].heavy or not rules.share_gpus)

    for job in jobs:
        if job.state != states.QUEUED:
            if leases_gpus(job):
                held_by.update(dict.fromkeys(job.gpus, job))
            else:
                slots[kinds[job.kind].heavy].holders.append(job)
    result = Plan()
    line: Counter[int] = Counter()
    for job in jobs:
        if job.state != states.QUEUED:
            continue
        if leases_gpus(job):
            place = 1 + max(line[gpu] for gpu in job.gpus)
            if place == 1 and not any(gpu in held_by for gpu in job.gpus):
                result.start.append(job)
                held_by.update(dict.fromkeys(job.gpus, job))
                continue
            line.update(job.gpus)
            result.messages[job.id] = _waiting_for_gpus(job, place, held_by)
        else:
            own = slots[kinds[job.kind].heavy]
            if len(own.holders) < own.number:
                result.start.append(job)
                own.holders.append(job)
                continue
            own.waiting += 1
            result.messages[job.id] = own.waiting_message.format(
                place=own.waiting, running=len(own.holders), slots=own.number, jobs=_named(own.holders)
            )
    return result


def _waiting_for_gpus(job: Job, place: int, held_by: Mapping[int, Job]) -> str:
    taken = [gpu for gpu in job.gpus if gpu in held_by]
    template = messages.WAITING_FOR_GPUS if taken else messages.WAITING_FOR_TURN
    holders = list({held_by[gpu].id: held_by[gpu] for gpu in taken}.values())
    return template.format(place=place, gpus=", ".join(map(str, taken or job.gpus)), jobs=_named(holders))


def _named(jobs: list[Job]) -> str:
    names = [f"{job.kind} of {job.subject}" for job in jobs[:_NAMED]]
    return ", ".join(names) + (f" and {len(jobs) - _NAMED} more" if len(jobs) > _NAMED else "")

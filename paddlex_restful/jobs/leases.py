"""Who may start: GPUs are taken whole, slots of the processor are counted, and the first in the queue comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import Kind
from paddlex_restful.messages import jobs as messages

_NAMED = 3
"""How many of the jobs that are waited for a message names."""


@dataclass
class Plan:
    """What the queue comes to now.

    Attributes:
        start: jobs that may start at once, in this order.
        messages: what each of the others waits for, by its id.
    """

    start: list[Job] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)


def plan(active: Iterable[Job], kinds: Mapping[str, Kind], cpu_jobs: int) -> Plan:
    """Decide which queued jobs start.

    Everything is computed from the records, so that a restarted server takes up the leases with the jobs. A job that
    waits for several GPUs keeps its place in the line of each, so that single ones cannot overtake it for ever.

    Args:
        active: all jobs that have not ended, first submitted first.
        kinds: the table of kinds.
        cpu_jobs: slots of the processor.
    """
    jobs = list(active)
    held_by: dict[int, Job] = {}
    on_processor: list[Job] = []
    for job in jobs:
        if job.state != states.QUEUED:
            held_by.update(dict.fromkeys(job.gpus, job))
            if _needs_slot(job, kinds):
                on_processor.append(job)
    result = Plan()
    line: Counter[int] = Counter()
    processor_line = 0
    for job in jobs:
        if job.state != states.QUEUED:
            continue
        if job.gpus:
            place = 1 + max(line[gpu] for gpu in job.gpus)
            if place == 1 and not any(gpu in held_by for gpu in job.gpus):
                result.start.append(job)
                held_by.update(dict.fromkeys(job.gpus, job))
                continue
            line.update(job.gpus)
            result.messages[job.id] = _waiting_for_gpus(job, place, held_by)
        elif _needs_slot(job, kinds):
            if len(on_processor) < cpu_jobs:
                result.start.append(job)
                on_processor.append(job)
                continue
            processor_line += 1
            result.messages[job.id] = messages.WAITING_FOR_PROCESSOR.format(
                place=processor_line, running=len(on_processor), slots=cpu_jobs, jobs=_named(on_processor)
            )
        else:
            result.start.append(job)
    return result


def _needs_slot(job: Job, kinds: Mapping[str, Kind]) -> bool:
    return not job.gpus and kinds[job.kind].heavy


def _waiting_for_gpus(job: Job, place: int, held_by: Mapping[int, Job]) -> str:
    taken = [gpu for gpu in job.gpus if gpu in held_by]
    template = messages.WAITING_FOR_GPUS if taken else messages.WAITING_FOR_TURN
    holders = list({held_by[gpu].id: held_by[gpu] for gpu in taken}.values())
    return template.format(place=place, gpus=", ".join(map(str, taken or job.gpus)), jobs=_named(holders))


def _named(jobs: list[Job]) -> str:
    names = [f"{job.kind} of {job.subject}" for job in jobs[:_NAMED]]
    return ", ".join(names) + (f" and {len(jobs) - _NAMED} more" if len(jobs) > _NAMED else "")

"""Who may start: GPUs are taken whole, slots of the processor are counted, and the first in the queue comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from paddlex_restful.cores import usable_cores
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.kinds import Kind
from paddlex_restful.messages import MORE, NAMES
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


def leased_gpus(active: Iterable[Job], rules: Rules) -> frozenset[int]:
    """The GPUs that nobody but the jobs that have them may use now.

    Args:
        active: all jobs that have not ended.
        rules: what may run at once.
    """
    if rules.share_gpus:
        return frozenset()
    return frozenset(gpu for job in active if job.state != states.QUEUED for gpu in job.gpus)


@dataclass
class _Slots:
    """Counted places for jobs that need no GPU for themselves, and the line before them."""

    number: int
    message: str
    holders: list[Job] = field(default_factory=list)
    waiting: int = 0


class Plan:
    """What the queue comes to now: which queued jobs start, and what each of the others waits for.

    Everything is computed from the records, so that a restarted server takes up the leases with the jobs. A job that
    waits for several GPUs keeps its place in the line of each, so that single ones cannot overtake it for ever.

    Args:
        active: all jobs that have not ended, first submitted first.
        kinds: the table of kinds.
        rules: what may run at once.

    Attributes:
        start: jobs that may start at once, in this order.
    """

    def __init__(self, active: Iterable[Job], kinds: Mapping[str, Kind], rules: Rules) -> None:
        self.start: list[Job] = []
        self._kinds = kinds
        self._shared = rules.share_gpus
        self._places: dict[int, int] = {}
        self._held_by: dict[int, Job] = {}
        self._slots = {
            True: _Slots(rules.cpu_jobs, messages.WAITING_FOR_PROCESSOR),
            False: _Slots(rules.light_jobs, messages.WAITING_FOR_LIGHT),
        }
        queued = []
        for job in active:
            if job.state == states.QUEUED:
                queued.append(job)
            else:
                self._take(job)
        lines: Counter[int] = Counter()
        for job in queued:
            place = self._place_by_gpus(job, lines) if self._leases_gpus(job) else self._place_by_slots(job)
            if place:
                self._places[job.id] = place
            else:
                self._take(job)
                self.start.append(job)

    def message(self, job: Job) -> str:
        """At which place a queued job is, and what it waits for; empty where the plan does not know it."""
        place = self._places.get(job.id)
        if place is None:
            return ""
        if not self._leases_gpus(job):
            slots = self._slots_for(job)
            return slots.message.format(
                place=place, running=len(slots.holders), slots=slots.number, jobs=_named(slots.holders)
            )
        taken = [gpu for gpu in job.gpus if gpu in self._held_by]
        template = messages.WAITING_FOR_GPUS if taken else messages.WAITING_FOR_TURN
        holders = list({self._held_by[gpu].id: self._held_by[gpu] for gpu in taken}.values())
        return template.format(place=place, gpus=", ".join(map(str, taken or job.gpus)), jobs=_named(holders))

    def _leases_gpus(self, job: Job) -> bool:
        return bool(job.gpus) and (self._kinds[job.kind].heavy or not self._shared)

    def _slots_for(self, job: Job) -> _Slots:
        return self._slots[self._kinds[job.kind].heavy]

    def _take(self, job: Job) -> None:
        if self._leases_gpus(job):
            self._held_by.update(dict.fromkeys(job.gpus, job))
        else:
            self._slots_for(job).holders.append(job)

    def _place_by_gpus(self, job: Job, lines: Counter[int]) -> int:
        """Its place in the longest of its lines; 0 when its turn has come."""
        place = 1 + max(lines[gpu] for gpu in job.gpus)
        if place == 1 and not any(gpu in self._held_by for gpu in job.gpus):
            return 0
        lines.update(job.gpus)
        return place

    def _place_by_slots(self, job: Job) -> int:
        slots = self._slots_for(job)
        if len(slots.holders) < slots.number:
            return 0
        slots.waiting += 1
        return slots.waiting


def _named(jobs: list[Job]) -> str:
    named = [messages.JOB.format(kind=job.kind, subject=job.subject) for job in jobs[:_NAMED]]
    if len(jobs) > _NAMED:
        named.append(MORE.format(more=len(jobs) - _NAMED))
    return NAMES.join(named)

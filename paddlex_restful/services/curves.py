"""The curves of trainings, read on from where a reader was, and thinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from paddlex_restful.jobs.job import Job
from paddlex_restful.results import METRICS_FILE
from paddlex_restful.services import Services, tasks
from paddlex_restful.services.lines import Lines, fields_of

Point = Mapping[str, float]
"""``Epoch`` and the figures; ``at`` is the place in the training, in epochs."""

_PointT = TypeVar("_PointT")

_PLACES = ("kind", "Step", "step")


@dataclass(frozen=True)
class Curves:
    """A part of what a training measured.

    Attributes:
        job: number of the training; 0 before the first.
        offset: from where to read on.
        train: a point for each reported step.
        evaluations: a point for each evaluation on the validation images.
    """

    job: int = 0
    offset: int = 0
    train: Sequence[Point] = field(default_factory=list)
    evaluations: Sequence[Point] = field(default_factory=list)


def read(services: Services, tid: str, job: int = 0, offset: int = 0) -> Curves:
    """What the newest training of a task measured, all of it or what is new.

    Args:
        services: of the server.
        tid: the task.
        job: number of the training of which the reader has a part; of another one all is given.
        offset: up to where that part goes.

    Raises:
        UserError: there is no such task.
    """
    task = services.workspace.task(tid)
    newest = services.jobs.latest(tid, "train")
    if newest is None:
        return Curves()
    start = offset if newest.id == job else 0
    # Until a training says how many steps it has, the metrics there are those of the one before.
    steps = services.jobs.progress(newest).get("steps_per_epoch")
    path = tasks.output_folder(services, task) / METRICS_FILE
    if not steps or not path.is_file():
        return Curves(newest.id, start)
    lines = Lines(path, start)
    try:
        if _newest(services, newest) != newest.id:
            # The file may be a later training's: they are told apart by who was the newest when it was open already.
            return Curves(newest.id, start)
        return _read(lines, newest.id, float(steps))
    finally:
        lines.close()


def _newest(services: Services, job: Job) -> int:
    found = services.jobs.latest(job.subject, job.kind)
    return found.id if found is not None else 0


def _read(lines: Lines, job: int, steps: float) -> Curves:
    train: list[Point] = []
    evaluations: list[Point] = []
    while lines.behind:
        for line, _end in lines.read():
            told = fields_of(line)
            if told is not None and "step" in told and "kind" in told:
                point = {name: value for name, value in told.items() if name not in _PLACES}
                point["at"] = told["step"] / steps
                (train if told["kind"] == "train" else evaluations).append(point)
    return Curves(job, lines.offset, train, evaluations)


def thinned(points: Sequence[_PointT], most: int) -> list[_PointT]:
    """Points at even distances, with the first and the last, where there are too many to be drawn.

    Args:
        points: in their order.
        most: how many are wanted at most, at least 2.
    """
    if len(points) <= most:
        return list(points)
    last = len(points) - 1
    return [points[round(number * last / (most - 1))] for number in range(most)]

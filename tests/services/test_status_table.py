"""The table of statuses in docs/jobs.md says what services/status.py computes, for every state of every job."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from paddlex_restful import enums
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import status
from paddlex_restful.workspace import workspace_pb2 as pb

DOCUMENT = Path(__file__).parents[2] / "docs" / "jobs.md"
STATES = {
    **{state: {state} for state in states.TRANSITIONS},
    "active": set(states.ACTIVE),
    "alive": set(states.ACTIVE) - {states.QUEUED},
    "ended": set(states.TRANSITIONS) - set(states.ACTIVE),
    "": {None},
}


class Case(NamedTuple):
    """One state of one job with all on which a status depends."""

    kind: str
    state: states.State | None
    stage: str | None = None
    reason: str = ""
    split: bool = False
    configured: bool = True
    pruned: bool = False
    adding: bool = False

    def progress(self, _: Job) -> Mapping[str, Any]:
        return {} if self.stage is None else {"stage": self.stage}

    def job(self, number: int = 2) -> Job:
        assert self.state is not None
        result = {"split": self.split} if self.state == states.DONE else None
        args = {"holds": True} if self.adding else {}
        return Job(number, self.kind, "X", Path("/"), "j", args, (), self.state, reason=self.reason, result=result)


CONDITIONS: dict[str, Callable[[Case], bool]] = {
    "": lambda case: True,
    "copying": lambda case: case.stage == "copying",
    "not yet copying": lambda case: case.stage != "copying",
    "adding to images": lambda case: case.adding,
    "not adding to images": lambda case: not case.adding,
    "split": lambda case: case.split,
    "not split": lambda case: not case.split,
    "with parameters": lambda case: case.configured,
    "without parameters": lambda case: not case.configured,
    "downloading": lambda case: case.stage == "downloading",
    "in the download": lambda case: case.reason == "download",
    "not in the download": lambda case: case.reason != "download",
    "not downloading": lambda case: case.stage != "downloading",
    "pruned": lambda case: case.pruned,
    "not pruned": lambda case: not case.pruned,
    "nothing told yet": lambda case: case.stage is None,
    "told of": lambda case: case.stage is not None,
    "unpacking": lambda case: case.stage == "decompressing",
    "not yet unpacking": lambda case: case.stage != "decompressing",
}

BEFORE = Job(1, "train", "X", Path("/"), "j", {}, (), states.DONE)
"""What left the task as a trained one before the job of a case."""


def dataset(case: Case) -> IntEnum:
    job = case.job() if case.state else None
    return status.dataset_status(pb.Dataset(id="X", split=case.split), job, case.progress)[0]


def task(case: Case) -> IntEnum:
    entry = pb.Task(id="X", configured=case.configured, parent_id="T0009" if case.pruned else "")
    jobs = {} if case.state is None else {"train": BEFORE, case.kind: case.job()}
    return status.task_state(entry, jobs, case.progress)


def inference(case: Case) -> IntEnum:
    jobs = {"train": BEFORE, case.kind: case.job()}
    return status.inference_status(case.job(), pb.Task(id="X", configured=True), jobs, case.progress)[0]


COMPUTED: dict[str, Callable[[Case], IntEnum]] = {
    "dataset": dataset,
    "task": task,
    "evaluation": inference,
    "export": inference,
    "prediction": lambda case: status.predict_status(case.job()),
    "analysis": lambda case: status.prune_status(case.job(), case.progress),
    "download": lambda case: status.download_status(case.job(), case.progress),
}


def cases(noun: str) -> Iterator[Case]:
    """Every combination on which the status of something may depend."""
    truth = (False, True)
    every = tuple(states.TRANSITIONS)
    if noun == "dataset":
        yield Case("none", None)
        stages = (None, "unpacking", "checking", "copying")
        for state, stage, split, adding in itertools.product(every, stages, truth, truth):
            if not (split and adding):
                yield Case("import", state, stage, split=split, adding=adding)
    elif noun == "task":
        for configured in truth:
            yield Case("none", None, configured=configured)
        stages = (None, "preparing", "downloading", "training", "evaluating", "saving", "complete")
        for state, stage, reason, pruned in itertools.product(every, stages, ("", "signal", "download"), truth):
            if (state == states.FAILED) == bool(reason) and not (stage == "downloading" and state == states.QUEUED):
                yield Case("train", state, stage, reason, pruned=pruned)
        for kind, state, stage in itertools.product(("prune", "evaluate", "export", "predict"), every, (None, "x")):
            yield Case(kind, state, stage)
    else:
        kind = {"evaluation": "evaluate", "prediction": "predict", "analysis": "prune"}.get(noun, noun)
        for state, stage in itertools.product(every, (None, "loading", "decompressing")):
            yield Case(kind, state, stage)


class Row(NamedTuple):
    """A line of the table."""

    noun: str
    kind: str
    states: str
    when: str
    reads: str

    def tells_of(self, case: Case) -> bool:
        named = set().union(*(STATES[name] for name in self.states.split(", ")))
        return (
            self.kind == case.kind
            and case.state in named
            and all(CONDITIONS[name](case) for name in self.when.split(", "))
        )


def rows() -> list[Row]:
    section = DOCUMENT.read_text(encoding="utf-8").partition("| status | job | state | when | reads |\n")[2]
    lines = itertools.takewhile(lambda line: line.startswith("|"), section.splitlines()[1:])
    return [Row(*(cell.strip(" `") for cell in line.strip("|").split("|"))) for line in lines]


@pytest.mark.parametrize("noun", COMPUTED)
def test_the_table_says_what_is_computed(noun: str) -> None:
    told = [row for row in rows() if row.noun == noun]
    seen = set()
    for case in cases(noun):
        fitting = [row for row in told if row.tells_of(case)]
        assert len(fitting) == 1, (case, fitting)
        before = enums.TaskStatus.XTRAINDONE.name
        assert fitting[0].reads.replace("as before", before) == COMPUTED[noun](case).name, case
        seen.add(fitting[0])
    assert seen == set(told), "rows that no case meets"


def test_the_table_names_every_thing_and_every_status() -> None:
    assert {row.noun for row in rows()} == set(COMPUTED)
    kinds = (enums.DatasetStatus, enums.TaskStatus, enums.PredictStatus, enums.PruneStatus, enums.DownloadStatus)
    assert {row.reads for row in rows()} - {"as before"} == {member.name for kind in kinds for member in kind}

"""The curves of a training, read on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from paddlex_restful.jobs import states
from paddlex_restful.jobs.context import PROGRESS_FILE
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.results import METRICS_FILE
from paddlex_restful.services import Services, curves
from paddlex_restful.services.curves import thinned


def test_thinned_points_keep_the_ends_and_even_distances() -> None:
    points = list(range(10_001))
    found = thinned(points, 101)
    assert found == list(range(0, 10_001, 100))
    assert thinned(points, 20_000) == points
    assert thinned([], 10) == []


def told(output: Path, *lines: dict[str, Any]) -> None:
    output.mkdir(exist_ok=True)
    with (output / METRICS_FILE).open("ab") as metrics:
        metrics.writelines(orjson.dumps(line) + b"\n" for line in lines)


def test_a_reader_reads_on_and_begins_anew_with_another_training(toy_services: Services) -> None:
    workspace, jobs = toy_services.workspace, toy_services.jobs
    tid = workspace.create_task(workspace.create_project("p", "", "classification"), "", "")
    folder = workspace.folder(workspace.task(tid))
    output = folder / "output"
    assert curves.read(toy_services, tid) == curves.Curves()

    told(output, {"kind": "train", "Epoch": 1, "Step": 2, "step": 2, "loss": 0.5, "lr": 0.1})
    place = job_folder(folder, "train")
    jobs.record("train", tid, place, states.DONE)
    # Before it has said how many steps there are, what lies there is an earlier training's.
    assert curves.read(toy_services, tid).train == []
    (place / PROGRESS_FILE).write_bytes(orjson.dumps({"steps_per_epoch": 4}))
    first = curves.read(toy_services, tid)
    assert first.train == [{"Epoch": 1, "loss": 0.5, "lr": 0.1, "at": 0.5}]

    told(output, {"kind": "eval", "Epoch": 1, "step": 4, "acc1": 0.25}, {"kind": "train", "Epoch": 2, "step": 6})
    second = curves.read(toy_services, tid, first.job, first.offset)
    assert second.evaluations == [{"Epoch": 1, "acc1": 0.25, "at": 1.0}]
    assert second.train == [{"Epoch": 2, "at": 1.5}]
    assert curves.read(toy_services, tid, second.job, second.offset).train == []

    with (output / METRICS_FILE).open("ab") as metrics:
        metrics.write(b'{"kind": "tra')
    assert curves.read(toy_services, tid, second.job, second.offset).offset == second.offset
    assert len(curves.read(toy_services, tid, second.job - 1, second.offset).train) == 2

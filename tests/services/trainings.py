"""A kind of job that writes what a training writes, as it is told to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.jobs.kinds import Kind

PLAN_FILE = "plan.json"
"""In the workspace: the plan of trainings that are started over HTTP."""


def run(context: JobContext) -> None:
    """Follow the plan in the arguments or in the workspace.

    It tells how many ``lines`` of ``size`` characters to write into the log, and as many into the metrics, the
    ``pause`` between two in seconds, and whether to ``wait`` for the wish to stop at the end.
    """
    plan: dict[str, Any] = context.args.get("plan") or orjson.loads((context.root / PLAN_FILE).read_bytes())
    context.progress(stage="preparing")
    output: Path = context.path(context.args["output"])
    output.mkdir(parents=True, exist_ok=True)
    beside = output / ".metrics.jsonl.new"
    beside.touch()
    beside.replace(output / "metrics.jsonl")
    context.progress(total_steps=plan["lines"])
    context.progress(stage="training")
    with (output / "metrics.jsonl").open("ab", buffering=0) as metrics:
        for number in range(plan["lines"]):
            context.check_stop()
            print(f"{number} {'步' * plan.get('size', 1)}")
            metrics.write(orjson.dumps({"kind": "train", "step": number, "name": plan.get("name")}) + b"\n")
            context.progress(step=number)
            time.sleep(plan.get("pause", 0))
    while plan.get("wait"):
        context.check_stop()
        time.sleep(0.02)


TRAIN = Kind("tests.services.trainings:run", heavy=True, engine=False)

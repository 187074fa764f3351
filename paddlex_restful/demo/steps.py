"""From a folder of pictures to an exported model, through HTTP alone: an example of what the client can do."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddlex_restful.client import Client, Dataset, Project, Task
from paddlex_restful.client.waiting import training_text
from paddlex_restful.demo.plans import Plan
from paddlex_restful.enums import DatasetStatus

STAGE_SECONDS = 300
TRAINING_SECONDS = 1800


@dataclass
class Outcome:
    """What the demo came to.

    Attributes:
        figure: how good the model is on the test pictures, from 0 to 1.
        test_images: number of the test pictures.
        shown: what was said of a test picture.
        files: what was made, by name.
        seconds: how long each stage took, by name, in order.
    """

    figure: float = 0.0
    test_images: int = 0
    shown: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a stage."""
        print(f"· {name}", flush=True)
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def run_demo(client: Client, plan: Plan, pictures: Path, export_dir: Path) -> Outcome:
    """Train, evaluate, try and export a model.

    Args:
        client: of a server that can read the folders.
        plan: what to do.
        pictures: a folder with a dataset of the plan's project type.
        export_dir: a new folder for the exported model.

    Returns:
        What it came to.

    Raises:
        ClientError: a call was refused, or a stage failed.
    """
    outcome = Outcome()
    dataset = import_pictures(client, plan, pictures, outcome)
    test = (dataset.details() or {})["test_files"]
    outcome.test_images = len(test)

    with outcome.stage("create"):
        project = make_project(client, plan, dataset)
        task = project.tasks.create(**plan.params)

    with outcome.stage("train"):
        train(task)
    outcome.files["best model"] = Path(task.attributes()["path"], "output", "best_model")

    with outcome.stage("evaluate"):
        result = task.evaluate(**plan.evaluation, timeout=STAGE_SECONDS)
        outcome.figure = result[plan.figure.key] or 0.0
    with outcome.stage("report"):
        outcome.files["Excel report"] = Path(task.report())

    with outcome.stage("predict"):
        picture = test[0]
        original = client.files.picture(str(Path(dataset.info()["attr"]["path"], picture)))
        prediction = task.predict(original, timeout=STAGE_SECONDS)
        outcome.files["prediction"] = Path(prediction.result["picture"])
        outcome.shown = f"{picture}: {plan.describe(prediction.result)}"

    with outcome.stage("export"):
        task.export(export_dir, timeout=STAGE_SECONDS)
        outcome.files["inference model"] = export_dir
    return outcome


def import_pictures(client: Client, plan: Plan, pictures: Path, outcome: Outcome) -> Dataset:
    """Make a dataset of a folder of pictures, split."""
    with outcome.stage("import"):
        dataset = client.datasets.create(plan.subject, plan.project_type).import_folder(pictures)
        imported = dataset.wait(STAGE_SECONDS)
    with outcome.stage("split"):
        if imported["dataset_status"] != DatasetStatus.XSPLITED:
            dataset.split(val=0.2, test=0.2)
    return dataset


def make_project(client: Client, plan: Plan, dataset: Dataset) -> Project:
    """Make a project on a dataset."""
    return client.projects.create(plan.subject, plan.project_type, dataset)


def train(task: Task, **goal: float) -> None:
    """Train a task to its end, and show how far it is: a bar on a terminal, else a line an epoch.

    Args:
        task: to train.
        goal: of a pruned training.

    Raises:
        ClientError: it is refused, fails or takes too long.
    """
    task.train(**goal)
    watch = None if sys.stderr.isatty() else _line_an_epoch(int(task.params()["num_epochs"]))
    task.wait(TRAINING_SECONDS, watch=watch)


def _line_an_epoch(epochs: int) -> Callable[[dict[str, Any]], None]:
    told = 0

    def watch(log: dict[str, Any]) -> None:
        nonlocal told
        epoch = log["train_metrics"]["Epoch"] if log["train_metrics"] else 0
        if epoch != told:
            print(f"  {training_text(log, epochs)}", flush=True)
        told = epoch

    return watch

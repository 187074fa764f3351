"""What a real training lets be seen while it runs."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import orjson

from paddlex_restful.checkpoints import can_be_continued, epoch_folder
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import train
from tests.training.conftest import Run


class Seen(JobContext):
    """Keeps what its progress file said, each time that it was written."""

    files: list[dict[str, Any]]

    def _write(self) -> None:
        super()._write()
        told = orjson.loads((self.folder / "progress.json").read_bytes())
        if told.get("saved_epoch"):
            assert can_be_continued(epoch_folder(self.path(self.args["output"]), told["saved_epoch"]))
        self.files.append(told)


def train_seen(context: JobContext) -> list[dict[str, Any]]:
    seen = Seen(context.kind, context.subject, context.folder, context.root, context.args)
    seen.files = []
    train.run(seen)
    return seen.files


def test_every_stage_reaches_the_progress_file(make_context: Run) -> None:
    files = train_seen(make_context({"num_epochs": 3, "save_interval_epochs": 2}))
    stages = [stage for stage, _ in groupby(file["stage"] for file in files)]
    part = ["training", "evaluating", "saving"]
    assert stages == ["preparing", *part, *part, "complete"]


def test_the_saved_epoch_is_told_once_it_is_saved_and_when_resumed(make_context: Run) -> None:
    changes = {"num_epochs": 3, "save_interval_epochs": 2}
    files = train_seen(make_context(changes))
    assert [epoch for epoch, _ in groupby(file.get("saved_epoch") for file in files)] == [None, 2, 3]
    first = next(file for file in files if file.get("saved_epoch"))
    assert first["epochs"].keys() == {"2"}
    files = train_seen(make_context({**changes, "num_epochs": 5}, resume_epoch=2))
    assert [epoch for epoch, _ in groupby(file.get("saved_epoch") for file in files)] == [None, 2, 4, 5]


def test_the_running_time_grows(make_context: Run) -> None:
    seconds = [file["running_seconds"] for file in train_seen(make_context({"num_epochs": 1}))]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 0

"""What a training tells: progress for the server, ``metrics.jsonl``, VisualDL scalars, lines in the log."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
from visualdl import LogWriter

from paddlex_restful.diskspace import WAITING_STAGE
from paddlex_restful.results import METRICS_FILE
from paddlex_restful.training.eta import Eta

VISUALDL_FOLDER = "vdl"


class Progress(Protocol):
    """How progress reaches the server: ``JobContext.progress``."""

    def __call__(self, *, flush: bool = False, **fields: Any) -> None:
        """Merge fields into the progress."""


def log(line: str) -> None:
    """Write a line to the job's log."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}", flush=True)


class Reporter:
    """Tells of one training.

    ``metrics.jsonl`` has a line a reported step (``kind`` train) and a line an evaluation (``kind`` eval), each with
    ``Epoch`` and the figures; a step's also with ``Step`` in the epoch and ``step`` in the whole training, from 1.

    Args:
        output: the training's output folder; it exists.
        progress: where progress goes.
        eta: estimates what is left of the training.
        epochs: of the whole training.
        steps: of an epoch.
        key: name of the figure by which the best checkpoint is chosen.
        keep: epochs of which an earlier part of the training reported; 0 for none. What it told of later ones is
            removed.
    """

    def __init__(
        self, output: Path, progress: Progress, eta: Eta, *, epochs: int, steps: int, key: str, keep: int = 0
    ) -> None:
        self._progress = progress
        self._eta = eta
        self._epochs = epochs
        self._steps = steps
        kept = [line for line in read_metrics(output) if line["Epoch"] <= keep]
        metrics = output / METRICS_FILE
        beside = metrics.with_name(f".{METRICS_FILE}.new")
        beside.write_bytes(b"".join(map(_line, kept)))
        beside.replace(metrics)
        self._metrics = metrics.open("ab")
        # VisualDL cannot cut its files off, but all that they hold is in the metrics.
        shutil.rmtree(output / VISUALDL_FOLDER, ignore_errors=True)
        self._scalars = LogWriter(logdir=str(output / VISUALDL_FOLDER))
        for line in kept:
            self._plot(line)
        last = {line["kind"]: line for line in kept}
        progress(
            train_metrics=_shown(last["train"]) if "train" in last else None,
            eval_metrics=_shown(last["eval"]) if "eval" in last else None,
            num_epochs=epochs,
            steps_per_epoch=steps,
            total_steps=epochs * steps,
            key=key,
            eval_done=False,
        )

    def stage(self, stage: str) -> None:
        """Name the stage that begins: ``training``, ``evaluating``, ``saving`` or ``complete``."""
        self._eta.enter(stage)
        self._progress(stage=stage)

    def waiting(self, sentence: str) -> None:
        """There is no room on the disk for a checkpoint."""
        log(sentence)
        self._eta.enter(WAITING_STAGE)
        try:
            self._progress(stage=WAITING_STAGE, waiting=sentence)
        except OSError as error:
            # This file has no room either, if nothing at all is left; the stage is told at a later look then.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def step(self, epoch: int, step: int, images: int, figures: Mapping[str, float]) -> None:
        """A step is reported; the first of an epoch must be.

        Args:
            epoch: from 1.
            step: in the epoch, from 1.
            images: how many were trained since the last report.
            figures: ``loss``, ``lr`` and the project type's own.
        """
        at = (epoch - 1) * self._steps + step
        line = {"kind": "train", "Epoch": epoch, "Step": step, "step": at, **figures}
        self._write(line)
        seconds = self._eta.step(epoch, step)
        speed = images / seconds if seconds > 0 else 0.0
        eta = self._eta.seconds()
        self._progress(train_metrics=_shown(line), step=at, eta=eta, images_per_second=round(speed, 2))
        log(
            f"[TRAIN] Epoch={epoch}/{self._epochs}, Step={step}/{self._steps}, {_text(figures)}, "
            f"images_per_second={speed:.1f}, eta={_duration(eta)}"
        )

    def evaluation_progress(self, done: int, total: int) -> None:
        """``done`` of ``total`` images are evaluated."""
        self._eta.evaluated(done, total)
        self._progress(eval_percent=round(100 * done / total, 1), eta=self._eta.seconds())

    def evaluation(self, epoch: int, figures: Mapping[str, float]) -> None:
        """An evaluation is complete."""
        line = {"kind": "eval", "Epoch": epoch, "step": epoch * self._steps, **figures}
        self._write(line)
        self._progress(eval_metrics=_shown(line))
        log(f"[EVAL] Epoch={epoch}/{self._epochs}, {_text(figures)}")

    def results(
        self, saved_epoch: int | None, results: Mapping[int, float], best_epoch: int | None, best_result: float | None
    ) -> None:
        """The saved epoch after which the training can go on, the results of all saved ones, and the best of them.

        Any thread may call it.
        """
        self._progress(
            flush=True, saved_epoch=saved_epoch, epochs=dict(results), best_epoch=best_epoch, best_result=best_result
        )

    def complete(self) -> None:
        """The training is done."""
        self.stage("complete")
        self._progress(flush=True, eta=0, eval_done=True)

    def close(self) -> None:
        """Close the files."""
        self._metrics.close()
        self._scalars.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._metrics.write(_line(line))
        self._metrics.flush()
        self._plot(line)

    def _plot(self, line: Mapping[str, Any]) -> None:
        for name, value in line.items():
            if name not in _NOT_PLOTTED:
                self._scalars.add_scalar(tag=f"{line['kind']}/{name}", value=value, step=line["step"])


_NOT_PLOTTED = {"kind", "Epoch", "Step", "step"}


def read_metrics(output: Path) -> Iterator[dict[str, Any]]:
    """The lines of ``metrics.jsonl`` that are whole; a crash can leave half a line at the end.

    Args:
        output: a training's output folder.
    """
    file = output / METRICS_FILE
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            return


def _line(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values) + b"\n"


def _shown(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("kind", "step")}


def _text(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.6g}" for name, value in figures.items())


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"

"""Exported models asked for real images: their answers, their figures, and how long they take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training.formats.model import Answer, Inputs, Model, Run

_COMPARED = 8
_RUNS, _FEWEST, _WARM_UP = 30, 5, 3
_LONGEST = 10.0
"""Seconds after which the fewest runs must do."""


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """So many of the samples at most, evenly chosen."""
    if len(samples) <= most:
        return list(samples)
    return [samples[index * len(samples) // most] for index in range(most)]


def samples_of(context: JobContext, *splits: str) -> Sequence[Sample]:
    """The images of the first of these splits that has any.

    Args:
        context: args ``dataset``, ``type``.
        splits: ``test``, ``val``, ``train``.

    Raises:
        JobFailed: none has.
    """
    dataset = context.path(context.args["dataset"])
    for split in splits:
        samples = datasets.samples(dataset, context.args["type"], split)
        if samples:
            return samples
    raise JobFailed("no_images", messages.NO_IMAGES)


def real_inputs(context: JobContext, model: Model) -> list[Inputs]:
    """A few images of the test split, or else of another, as the exported model is given them."""
    samples = spread(samples_of(context, "test", "val", "train"), _COMPARED)
    return [model.inputs(read_image(sample.image)) for sample in samples]


def answers(context: JobContext, model: Model, run: Run) -> tuple[list[Inputs], list[Answer]]:
    """A few real images, and what an exported model answers."""
    asked = real_inputs(context, model)
    found = []
    for one in asked:
        context.check_stop()
        found.append(run(one))
    return asked, found


def latency(context: JobContext, run: Run, inputs: Inputs) -> float:
    """Milliseconds of computing for one image, in the median of some runs after others.

    It is the time that a core is busy with it, so that other jobs on the machine do not count.
    """
    for _ in range(_WARM_UP):
        context.check_stop()
        run(inputs)
    began = time.monotonic()
    times: list[float] = []
    while len(times) < _FEWEST or (len(times) < _RUNS and time.monotonic() - began < _LONGEST):
        context.check_stop()
        start = time.process_time()
        run(inputs)
        times.append(time.process_time() - start)
    return round(1000 * statistics.median(times), 3)


def metric(context: JobContext, model: Model, run: Run) -> dict[str, float]:
    """The deciding figure of an exported model, on some images of the validation split, or else of another."""
    samples = spread(samples_of(context, "val", "test", "train"), model.most_measured)

    def notify(done: int, total: int) -> None:
        context.check_stop()

    figures = model.figures(run, samples, notify)
    return {model.metric: figures[model.metric]} if model.metric in figures else {}


def saved_metric(model: Model) -> dict[str, float]:
    """The deciding figure of the checkpoint, from its training; none without validation images."""
    figures = model.info.get("metrics") or {}
    return {model.metric: figures[model.metric]} if model.metric in figures else {}

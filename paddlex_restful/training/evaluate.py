"""The evaluation job: which images are evaluated, and what it leaves for reports and galleries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.messages import evaluation as messages
from paddlex_restful.results import CURVES_FILE, PREDICTIONS_FILE, RESULT_FILE
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.train import use_device


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``evaluate``: the project type's evaluation of a checkpoint."""
    use_device(context)
    return adapter(context.args["type"]).evaluate(context)


def evaluation_split(dataset: Path, project_type: str) -> tuple[str, Sequence[Sample]]:
    """The images that say most honestly how good a model is.

    That is the test split where it has images, for no checkpoint was chosen by it, and else the validation split.

    Args:
        dataset: the dataset's folder.
        project_type: name of a project type.

    Returns:
        ``test`` or ``val``, and its images.

    Raises:
        JobFailed: both are empty.
    """
    for split in ("test", "val"):
        samples = datasets.samples(dataset, project_type, split)
        if samples:
            return split, samples
    raise JobFailed("no_images", messages.NO_IMAGES)


def check_labels(dataset: Path, trained: Sequence[str]) -> None:
    """Refuses a dataset whose classes are not those of the model.

    Args:
        dataset: the dataset's folder.
        trained: labels of the model.

    Raises:
        JobFailed: they differ, in names or in order.
    """
    found = datasets.labels(dataset)
    if list(found) != list(trained):
        raise JobFailed("other_labels", messages.OTHER_LABELS, found=_listed(found), trained=_listed(trained))


def write_evaluation(
    output: Path,
    result: dict[str, Any],
    predictions: Sequence[dict[str, Any]],
    curves: Mapping[str, Sequence[dict[str, Any]]] | None = None,
) -> None:
    """Writes ``predictions.json``, ``curves.json`` and at last ``result.json``, durably and as strict JSON.

    Args:
        output: the folder, made where it is missing.
        result: the contract's evaluation result.
        predictions: what the model answered for each image.
        curves: what thresholds of the score change, as ``metrics.curves`` has it, by what is compared: ``images``,
            ``boxes`` or ``masks``; None where answers have no scores.

    Raises:
        OSError: they cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    write_atomically(output / PREDICTIONS_FILE, predictions, durable=True)
    if curves is not None:
        write_atomically(output / CURVES_FILE, curves, durable=True)
    write_atomically(output / RESULT_FILE, result, durable=True)


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:_LISTED])
    return f"{shown} and {len(labels) - _LISTED} more" if len(labels) > _LISTED else shown


_LISTED = 8
"""How many labels a sentence names."""

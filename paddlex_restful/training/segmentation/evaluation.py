"""The evaluation job of segmentation: each image in the size of its annotation."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.example import Example
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics import segmentation as metrics
from paddlex_restful.metrics.ratios import Confusion
from paddlex_restful.results import MASKS_FOLDER
from paddlex_restful.training import evaluate, predict, reading
from paddlex_restful.training.reporter import log
from paddlex_restful.training.segmentation.data import load
from paddlex_restful.training.segmentation.prediction import Segmenter, class_image, class_map


def run(context: JobContext) -> dict[str, Any]:
    """Evaluates a checkpoint on the test split, or on the validation split where there is no test split.

    The net sees the images in its input size; its logits are resized to the annotation's, so that the figures are those
    of the class maps that predictions give. Writes into ``output`` the result in the contract's shape with ``kappa``,
    ``epoch`` (as asked, None for the best), ``checkpoint_epoch`` (of the weights) and ``split`` (``test`` or ``val``),
    what was found in each image (see ``metrics.errors``), and the predicted class ids as PNG files.

    Args:
        context: args ``type``, ``dataset``, ``model``, ``epoch``, ``output``.

    Returns:
        ``split``, ``images`` and ``Mean_IoU``.

    Raises:
        JobFailed: there is no image, an image or its annotation cannot be used, or the dataset's classes are not the
            model's.
        JobStopped: the job was asked to stop.
    """
    args = context.args
    context.progress(stage="loading", percent=0)
    dataset = context.path(args["dataset"])
    split, samples = evaluate.evaluation_split(dataset, args["type"])
    segmenter = Segmenter(context.path(args["model"]))
    evaluate.check_labels(dataset, segmenter.labels)

    log(f"Evaluating {segmenter.info['model']} on {len(samples)} images of the {split} split")
    context.progress(stage="evaluating")
    output = context.path(args["output"])
    new_masks, masks = output / f".{MASKS_FOLDER}", output / MASKS_FOLDER
    shutil.rmtree(new_masks, ignore_errors=True)
    new_masks.mkdir(parents=True)
    confusion, records = _evaluate(context, segmenter, dataset, samples, new_masks)

    context.progress(stage="measuring")
    result = metrics.evaluation_result(confusion, segmenter.labels)
    result |= {"epoch": args.get("epoch"), "checkpoint_epoch": segmenter.epoch, "split": split}
    shutil.rmtree(masks, ignore_errors=True)
    new_masks.rename(masks)
    evaluate.write_evaluation(output, result, records)
    log(f"Mean_IoU={result['Mean_IoU']}, Mean_Acc={result['Mean_Acc']}, kappa={result['kappa']}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"split": split, "images": len(samples), "Mean_IoU": result["Mean_IoU"]}


def _evaluate(
    context: JobContext, segmenter: Segmenter, dataset: Path, samples: Sequence[Sample], masks: Path
) -> tuple[Confusion, list[dict[str, Any]]]:
    """The confusion matrix of all images, and a record of each."""
    classes = len(segmenter.labels)

    def read(sample: Sample) -> tuple[Any, Example]:
        example = load(sample, classes)
        return segmenter.prepare(example.image).image, example

    def measure(logits: NDArray[np.float32], example: Example, target: Path) -> Confusion:
        found = class_map(logits, example.width, example.height)
        class_image(found).save(target, bits=8)
        assert example.mask is not None
        return metrics.confusion_matrix(example.mask, found, classes)

    names = predict.picture_names([sample.image for sample in samples], ".png")
    total = np.zeros((classes, classes), np.int64)
    records: list[dict[str, Any]] = []
    with ThreadPoolExecutor(reading.threads(), thread_name_prefix="measure") as pool:
        for start, batch in reading.batches(samples, read, segmenter.batch_size):
            context.check_stop()
            loaded = [reading.usable(one) for one in batch]
            examples = [example for _, example in loaded]
            targets = [masks / name for name in names[start : start + len(batch)]]
            answers = segmenter.logits([image for image, _ in loaded])
            measured = pool.map(measure, answers, examples, targets)
            for index, (confusion, example) in enumerate(zip(measured, examples, strict=True), start):
                total += confusion
                records.append(
                    {
                        "image": samples[index].image.relative_to(dataset).as_posix(),
                        "size": [example.width, example.height],
                        "mask": f"{MASKS_FOLDER}/{names[index]}",
                        **metrics.image_result(confusion, segmenter.labels),
                    }
                )
            context.progress(percent=100 * len(records) // len(samples))
    return total, records

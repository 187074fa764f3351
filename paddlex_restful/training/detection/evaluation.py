"""How good a detector is: the figures of the evaluation during training and the evaluation result of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paddlex_restful.enums import ProjectType
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics import detection as metrics
from paddlex_restful.metrics.coco import coco_figures
from paddlex_restful.metrics.curves import detection_counts
from paddlex_restful.metrics.detection import Detections, Kind, Truth
from paddlex_restful.training import evaluate
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.detection.data import EvaluationImages
from paddlex_restful.training.detection.detector import Detector, Size
from paddlex_restful.training.reporter import log

_IOU = 0.5
"""At which an object counts as found in the evaluation during training."""

METRICS = {ProjectType.DETECTION.value: "bbox_map", ProjectType.INSTANCE_SEGMENTATION.value: "bbox_mmap"}
"""The figure by which the best checkpoint is chosen, as in the original."""

_COMPARED: Mapping[Kind, str] = {"bbox": "boxes", "segm": "masks"}
"""What ``curves.json`` calls what is compared."""


def run(context: JobContext) -> dict[str, Any]:
    """Evaluates a checkpoint on the test split, or on the validation split where there is no test split.

    Writes into ``output`` the result in the contract's shape with ``epoch`` (as asked, None for the best),
    ``checkpoint_epoch`` (of the weights), ``split`` (``test`` or ``val``) and COCO's figures, and what was found in
    each image (see ``metrics.errors``).

    Args:
        context: args ``type``, ``dataset``, ``model``, ``epoch``, ``score_thresh``, ``overlap_thresh``, ``output``.

    Returns:
        ``split``, ``images`` and ``mAP``; with masks the mAP of these.

    Raises:
        JobFailed: there is no image, an image cannot be read, or the dataset's classes are not the model's.
        JobStopped: the job was asked to stop.
    """
    args = context.args
    context.progress(stage="loading", percent=0)
    dataset = context.path(args["dataset"])
    split, samples = evaluate.evaluation_split(dataset, args["type"])
    detector, info = Detector.load(context.path(args["model"]))
    labels = info["labels"]
    evaluate.check_labels(dataset, labels)

    log(f"Evaluating {info['model']} on {len(samples)} images of the {split} split")
    context.progress(stage="evaluating")

    def notify(done: int, total: int) -> None:
        context.check_stop()
        context.progress(percent=100 * done // total)

    images = EvaluationImages(samples, args["type"], detector.params, masks=detector.outlines)
    truths, detections, sizes = answers(detector, images, notify)

    context.progress(stage="measuring")
    thresholds = float(args["overlap_thresh"]), float(args["score_thresh"])
    measured = metrics.instance_evaluation_result if detector.outlines else metrics.evaluation_result
    result = measured(truths, detections, labels, *thresholds)
    for name, kind in _kinds(detector):
        result |= {f"{name}{key}": value for key, value in _coco(truths, detections, labels, kind).items()}
    result |= {"epoch": args.get("epoch"), "checkpoint_epoch": info.get("epoch"), "split": split}
    records = [
        metrics.image_record(
            sample.image.relative_to(dataset).as_posix(), (width, height), truth, found, labels, *thresholds
        )
        for sample, (height, width), truth, found in zip(samples, sizes, truths, detections, strict=True)
    ]
    curves = {
        _COMPARED[kind]: detection_counts(truths, detections, labels, thresholds[0], kind)
        for _, kind in _kinds(detector)
    }
    evaluate.write_evaluation(context.path(args["output"]), result, records, curves)
    name = "Mask_mAP" if detector.outlines else "mAP"
    log(f"{name}={result[name]}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"split": split, "images": len(samples), name: result[name]}


def answers(
    detector: Detector, images: EvaluationImages, notify: Notify
) -> tuple[list[Truth], list[Detections], list[Size]]:
    """What is true and what is found of all images, and their sizes.

    Raises:
        JobFailed: an image cannot be read, or the net gives something else than numbers.
    """
    truths: list[Truth] = []
    detections: list[Detections] = []
    sizes: list[Size] = []
    for batch in images.batches(detector.batch_size):
        detections += detector.detect([each.image for each in batch], [each.size for each in batch])
        truths += [each.truth for each in batch]
        sizes += [each.size for each in batch]
        notify(len(truths), len(images))
    return truths, detections, sizes


def training_figures(
    detector: Detector, truths: Sequence[Truth], detections: Sequence[Detections], classes: int
) -> dict[str, float]:
    """The figures of an evaluation during training, the deciding one first.

    ``bbox_map`` is the mean average precision at an IoU of 0.5, ``bbox_mmap`` COCO's mean over the IoUs from 0.5 to
    0.95; ``segm_map`` and ``segm_mmap`` are those of masks. All are from 0 to 1; without objects there are none.
    """
    figures: dict[str, float | None] = {METRICS[detector.project_type]: None}
    kinds: tuple[Kind, ...] = ("bbox", "segm") if detector.outlines else ("bbox",)
    for kind in kinds:
        found = [
            each for each in metrics.average_precisions(truths, detections, classes, _IOU, kind) if each is not None
        ]
        figures[f"{kind}_map"] = float(np.mean(found)) if found else None
        figures[f"{kind}_mmap"] = coco_figures(truths, detections, classes, kind).map
    return {name: value for name, value in figures.items() if value is not None}


def _kinds(detector: Detector) -> Sequence[tuple[str, Kind]]:
    return (("BBox_", "bbox"), ("Mask_", "segm")) if detector.outlines else (("", "bbox"),)


def _coco(
    truths: Sequence[Truth], detections: Sequence[Detections], labels: Sequence[str], kind: Kind
) -> dict[str, Any]:
    found = coco_figures(truths, detections, len(labels), kind)
    return {
        "COCO_mAP": found.map,
        "COCO_mAP50": found.map50,
        "COCO_mAP75": found.map75,
        "COCO_AP": dict(zip(labels, found.per_class, strict=True)),
    }

"""A net that finds objects as exports need it; PaddleX 3 and paddle.inference load what they write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray
from pycocotools import mask as mask_utils

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging import recipes
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics.detection import Detections
from paddlex_restful.training import export
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.detection.data import EvaluationImages, Prepared
from paddlex_restful.training.detection.detector import Detector, net_of
from paddlex_restful.training.detection.evaluation import METRICS, training_figures
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets.exported import Exported, specs
from paddlex_restful.training.formats.model import Answer, Inputs, Model, Run, Specs
from paddlex_restful.training.formats.programs import Program

_PADDLEX_NAMES = {
    "YOLOv3": "YOLOv3-DarkNet53",
    "PPYOLO": "YOLOv3-DarkNet53",
    "PPYOLOTiny": "YOLOv3-DarkNet53",
    "PPYOLOv2": "YOLOv3-DarkNet53",
    "FasterRCNN": "FasterRCNN-ResNet50-FPN",
    "PicoDet": "PicoDet-S",
    "MaskRCNN": "MaskRCNN-ResNet50-FPN",
}
"""The names under which PaddleX 3 loads nets: there they only choose what is done before and after the net, for the net
itself is in the exported files. PaddleX knows the names of the others."""

_COMPARED = 10
_LEAST_SCORE = 0.05
"""How many of the surest detections of an image are compared, and which are too unsure for it: at the end of the list,
and among hundreds that a hardly trained net finds equally unlikely, rounding decides which are told."""

_SHOWN_SCORE = 0.5

_PREPARE = """\
height, width = image.shape[:2]
{sizing}
pixels = cv2.cvtColor(cv2.resize(image, (w, h)), cv2.COLOR_BGR2RGB) / 255
batch = ((pixels - {mean!r}) / {std!r}).transpose(2, 0, 1)[None]
{padding}inputs = {{"image": batch, "im_shape": [[h, w]], "scale_factor": [[h / height, w / width]]}}"""

_SHOW = """\
for category, score, x0, y0, x1, y1 in outputs[0]:
    if score >= 0.5:
        print(f"{labels[int(category)]} {score:.2f} at {x0:.0f}, {y0:.0f}, {x1:.0f}, {y1:.0f}")"""


class ExportedDetector(Model):
    """The net with all that comes after it; inputs and outputs are told in ``nets.exported``.

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    chooses = True

    def __init__(self, folder: Path) -> None:
        self._detector, self.info = Detector.load(folder)
        self.metric = METRICS[self._detector.project_type]
        self.most_measured = 50 if self._detector.net.sizes_vary else 200

    @staticmethod
    def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
        """See ``detector.net_of``."""
        return net_of(info)

    @property
    def net(self) -> paddle.nn.Layer:
        """The net, as it was trained."""
        return self._detector.net

    @property
    def paddlex_name(self) -> str:
        """PaddleX 3's own name of the net, or one of its family."""
        model: str = self.info["model"]
        return _PADDLEX_NAMES.get(model, model)

    def traced(self) -> tuple[paddle.nn.Layer, Specs]:
        """The net, as ``nets.exported`` has it."""
        self.net.eval()
        height, width = self._detector.params["image_shape"]
        layer = Exported(self._detector.net)
        layer.eval()
        return layer, specs(self._detector.net, int(height), int(width))

    def inputs(self, image: Pixels) -> Inputs:
        """``image``, ``im_shape`` and ``scale_factor``."""
        prepared = recipes.prepare(image, self._detector.project_type, self._detector.params)
        return self._asked(prepared, (image.shape[0], image.shape[1]))

    def _asked(self, prepared: Pixels, size: tuple[int, int]) -> Inputs:
        return batches.collate_images([prepared], [size], self._detector.net.meta)

    def answer(self, inputs: Inputs) -> Answer:
        """The net's rows; masks are not compared."""
        self.net.eval()
        found = self._detector.net.detect(batches.tensors(inputs))[0]
        return [np.column_stack([found.classes, found.scores, found.boxes])]

    def difference(self, asked: Sequence[Inputs], ones: Sequence[Answer], others: Sequence[Answer]) -> float:
        """How far the surest detections of the one are from the nearest of the other, in the median.

        Returns:
            The largest difference of a score or of a side as a share of the image. The median, for where two detections
            of one object are nearly as sure, rounding decides which of them suppresses the other; a wrong export is
            wrong throughout.
        """
        differences: list[NDArray[np.float64]] = []
        for inputs, one, other in zip(asked, ones, others, strict=True):
            height, width = (inputs["im_shape"] / inputs["scale_factor"])[0]
            sides = [1, 1, width, height, width, height]
            # The row that an R-CNN net answers besides, so that there is one, stands for nothing.
            mine, theirs = (rows[0][rows[0][:, 1] > 0] / sides for rows in (one, other))
            differences += [_differences(mine, theirs), _differences(theirs, mine)]
        together = np.concatenate(differences)
        return float(np.median(together)) if len(together) else 0.0

    def made_up(self) -> Iterator[Pixels]:
        """Images of soft blots, in which nets find more than in noise."""
        short, long = sorted(map(int, self._detector.params["image_shape"]))
        random = np.random.default_rng(0)
        for cells in (3, 6, 12):
            blots = random.integers(0, 256, (cells, cells + 1, 3), np.uint8)
            yield cv2.resize(blots, (min(long, short * 4 // 3), short), interpolation=cv2.INTER_CUBIC)

    def figures(self, run: Run, samples: Sequence[Sample], notify: Notify) -> dict[str, float]:
        """Those of ``evaluation.training_figures``."""
        detector = self._detector
        images = EvaluationImages(samples, detector.project_type, detector.params, masks=detector.outlines)
        prepared: list[Prepared] = []
        found: list[Detections] = []
        for [each] in images.batches(1):
            found.append(_detections(run(self._asked(each.image, each.size)), each.size))
            prepared.append(each)
            notify(len(prepared), len(samples))
        return training_figures(detector, [each.truth for each in prepared], found, len(self.info["labels"]))

    def config(self) -> dict[str, Any]:
        """For PaddleX 3."""
        return inference_config(self.paddlex_name, self._detector, self.info)

    def program(self) -> Program:
        """It finds the objects in a picture."""
        prepare = _prepare_lines(self._detector, self.info)
        return Program("Finds the objects in a picture", list(self.info["labels"]), prepare, _SHOW)


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint; see ``export.export_model``."""
    return export.export_model(context, ExportedDetector)


def _detections(answer: Answer, size: tuple[int, int]) -> Detections:
    height, width = size
    rows = np.asarray(answer[0], np.float32)
    real = rows[:, 1] > 0
    boxes = rows[:, 2:].clip(0, np.array([width, height, width, height], np.float32))
    real &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    rles = None
    if len(answer) > 2:
        masks = np.asarray(answer[2], np.uint8)
        rles = [mask_utils.encode(np.asfortranarray(masks[index])) for index in range(len(rows))]
    return Detections(boxes, rows[:, 0].astype(np.int64), rows[:, 1], rles).only(real)


def _differences(ones: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each of the surest of these detections differs from the nearest of those; its score where none are.

    They are not compared by rank, for rounding decides the order of those with equal scores.
    """
    surest = ones[np.argsort(-ones[:, 1], kind="stable")[:_COMPARED]]
    surest = surest[surest[:, 1] >= _LEAST_SCORE]
    if not len(others):
        return surest[:, 1]
    nearest: NDArray[np.float64] = np.abs(surest[:, None] - others[None]).max(axis=2).min(axis=1)
    return nearest


def inference_config(model_name: str, detector: Detector, info: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``inference.yml`` for PaddleX 3.

    Args:
        model_name: a model that PaddleX knows; ``create_model`` must be given the same.
        detector: the net in use.
        info: ``model.yml`` of its checkpoint.
    """
    keeps_ratio = recipes.keeps_ratio(detector.params)
    steps: list[dict[str, Any]] = [
        {"type": "Resize", "target_size": list(info["image_shape"]), "keep_ratio": keeps_ratio, "interp": 1},
        {
            "type": "NormalizeImage",
            "mean": list(info["mean"]),
            "std": list(info["std"]),
            "norm_type": "mean_std",
            "is_scale": True,
        },
        {"type": "Permute"},
    ]
    if keeps_ratio:
        steps.append({"type": "PadStride", "stride": batches.STRIDE})
    return {
        "Global": {"model_name": model_name},
        "Preprocess": steps,
        "label_list": list(info["labels"]),
        "draw_threshold": _SHOWN_SCORE,
    }


def _prepare_lines(detector: Detector, info: Mapping[str, Any]) -> str:
    first, second = (int(side) for side in info["image_shape"])
    sizing, padding = f"h, w = {first}, {second}", ""
    if recipes.keeps_ratio(detector.params):
        sizing = (
            f"scale = min({first} / min(height, width), {second} / max(height, width))\n"
            "h, w = round(height * scale), round(width * scale)"
        )
        stride = batches.STRIDE
        padding = f"batch = np.pad(batch, ((0, 0), (0, 0), (0, -h % {stride}), (0, -w % {stride})))\n"
    return _PREPARE.format(sizing=sizing, padding=padding, mean=tuple(info["mean"]), std=tuple(info["std"]))

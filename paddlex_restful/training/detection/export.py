"""Export of a net that finds objects as an inference model that PaddleX 3 and paddle.inference load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from paddlex_restful.imaging import recipes
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import export, inference_model
from paddlex_restful.training.detection.detector import Detector
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets.exported import Exported, specs

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

_EXAMPLE = '''\
"""Finds the objects in a picture: python example.py picture.jpg"""
import sys
from pathlib import Path
import cv2
import numpy as np
import paddle

labels = {labels!r}
config = paddle.inference.Config(*(str(Path(__file__).parent / name) for name in {files!r}))
net = paddle.inference.create_predictor(config)
image = cv2.imdecode(np.fromfile(sys.argv[1], np.uint8), cv2.IMREAD_COLOR)
height, width = image.shape[:2]
{sizing}
pixels = cv2.cvtColor(cv2.resize(image, (w, h)), cv2.COLOR_BGR2RGB) / 255
batch = ((pixels - {mean!r}) / {std!r}).transpose(2, 0, 1)[None]
{padding}inputs = {{"image": batch, "im_shape": [[h, w]], "scale_factor": [[h / height, w / width]]}}
for name in net.get_input_names():
    net.get_input_handle(name).copy_from_cpu(np.asarray(inputs[name], np.float32))
net.run()
for category, score, x0, y0, x1, y1 in net.get_output_handle(net.get_output_names()[0]).copy_to_cpu():
    if score >= 0.5:
        print(f"{{labels[int(category)]}} {{score:.2f}} at {{x0:.0f}}, {{y0:.0f}}, {{x1:.0f}}, {{y1:.0f}}")
'''


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint, with all that comes after the net; its inputs and outputs are told in ``nets.exported``.

    See ``export.export_model``; for the difference ``largest_difference``.

    Args:
        context: args ``model``, ``save_dir``.
    """

    def load() -> export.Model:
        detector, info = Detector.load(context.path(context.args["model"]))
        name = _PADDLEX_NAMES.get(info["model"], info["model"])
        return export.Model(
            info,
            name,
            save=lambda folder: save_net(detector, folder),
            difference=lambda folder: largest_difference(detector, folder),
            config=inference_config(name, detector, info),
            example=example(detector, info),
        )

    return export.export_model(context, load)


def save_net(detector: Detector, folder: Path) -> None:
    """Writes ``inference.json`` and ``inference.pdiparams``."""
    detector.net.eval()
    height, width = detector.params["image_shape"]
    layer = Exported(detector.net)
    layer.eval()
    inference_model.save(layer, specs(detector.net, int(height), int(width)), folder)


def largest_difference(detector: Detector, folder: Path) -> float:
    """How far the exported model's answers are from the net's, on random images.

    Args:
        detector: the net in use.
        folder: the exported model.

    Returns:
        How far the surest detections of the one are from the nearest of the other, in the median: the largest
        difference of a score or of a side as a share of the image. The median, for where two detections of one object
        are nearly as sure, rounding decides which of them suppresses the other; a wrong export is wrong throughout.
    """
    differences: list[NDArray[np.float64]] = []
    for image in _images(detector):
        height, width = image.shape[:2]
        prepared = recipes.prepare(image, detector.project_type, detector.params)
        batch = batches.collate_images([prepared], [(height, width)], detector.net.meta)
        found = detector.net.detect(batches.tensors(batch))[0]
        if not detector.net.takes_im_shape:
            del batch["im_shape"]
        rows = inference_model.run(folder, batch)[0]
        # The row that an R-CNN net answers besides, so that there is one, stands for nothing.
        rows = rows[rows[:, 1] > 0]
        sides = [width, height, width, height]
        own = np.column_stack([found.classes, found.scores, found.boxes / sides])
        exported = np.column_stack([rows[:, :2], rows[:, 2:] / sides])
        differences += [_differences(own, exported), _differences(exported, own)]
    together = np.concatenate(differences)
    return float(np.median(together)) if len(together) else 0.0


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


def _images(detector: Detector) -> Iterator[Pixels]:
    """Images of soft blots, in which nets find more than in noise."""
    short, long = sorted(map(int, detector.params["image_shape"]))
    # From a fixed seed, so that an export that fails fails again.
    random = np.random.default_rng(0)
    for cells in (3, 6, 12):
        blots = random.integers(0, 256, (cells, cells + 1, 3), np.uint8)
        yield cv2.resize(blots, (min(long, short * 4 // 3), short), interpolation=cv2.INTER_CUBIC)


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


def example(detector: Detector, info: Mapping[str, Any]) -> str:
    """A short program that finds the objects in a picture with the exported model; it needs paddle, numpy and OpenCV.

    Args:
        detector: the net in use.
        info: ``model.yml`` of its checkpoint.
    """
    first, second = (int(side) for side in info["image_shape"])
    sizing, padding = f"h, w = {first}, {second}", ""
    if recipes.keeps_ratio(detector.params):
        sizing = (
            f"scale = min({first} / min(height, width), {second} / max(height, width))\n"
            "h, w = round(height * scale), round(width * scale)"
        )
        stride = batches.STRIDE
        padding = f"batch = np.pad(batch, ((0, 0), (0, 0), (0, -h % {stride}), (0, -w % {stride})))\n"
    return _EXAMPLE.format(
        labels=list(info["labels"]),
        files=(f"{inference_model.PREFIX}.json", f"{inference_model.PREFIX}.pdiparams"),
        sizing=sizing,
        padding=padding,
        mean=tuple(info["mean"]),
        std=tuple(info["std"]),
    )

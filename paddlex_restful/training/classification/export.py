"""Export of a classifier as an inference model that PaddleX 3 and paddle.inference load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import export, inference_model
from paddlex_restful.training.classification.nets import architecture
from paddlex_restful.training.classification.prediction import Classifier

PADDLEX_NAME = "ResNet50"
"""The name under which PaddleX 3 loads nets that it has no name for: there it only chooses the classification pre- and
postprocessing, for the net itself is in the exported files."""

_TOPK = 5


class _Probabilities(paddle.nn.Layer):  # type: ignore[misc]
    """A net with the softmax behind it that training leaves out."""

    def __init__(self, net: paddle.nn.Layer) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """From images [N, 3, H, W] to probabilities [N, classes]."""
        return paddle.nn.functional.softmax(self.net(x), axis=-1)


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint: input ``[N, 3, H, W]`` float32, any N, output probabilities; see ``export.export_model``.

    Args:
        context: args ``model``, ``save_dir``.
    """

    def load() -> export.Model:
        classifier = Classifier(context.path(context.args["model"]))
        info, preprocess = classifier.info, classifier.preprocess
        name = architecture(info["model"]).paddlex_name or PADDLEX_NAME
        return export.Model(
            info,
            name,
            save=lambda folder: save_net(classifier.net, preprocess, folder),
            difference=lambda folder: largest_difference(classifier, folder),
            config=inference_config(name, preprocess, classifier.labels),
        )

    return export.export_model(context, load)


def save_net(net: paddle.nn.Layer, preprocess: Preprocess, folder: Path) -> None:
    """Writes ``inference.json`` and ``inference.pdiparams``.

    Args:
        net: gives logits; in evaluation mode.
        preprocess: its input size.
        folder: where the files go.
    """
    layer = _Probabilities(net)
    layer.eval()
    shape = [None, 3, preprocess.height, preprocess.width]
    inference_model.save(layer, [paddle.static.InputSpec(shape, "float32", "x")], folder)


def largest_difference(classifier: Classifier, folder: Path) -> float:
    """How far the exported model's scores are from the net's, on two random images.

    Args:
        classifier: the net in use.
        folder: the exported model.

    Returns:
        The largest difference of a score; NaN where one of the two answers with NaN.
    """
    preprocess = classifier.preprocess
    # From a fixed seed, so that an export that fails fails again.
    images = np.random.default_rng(0).integers(0, 256, (2, preprocess.height, preprocess.width, 3), np.uint8)
    (exported,) = inference_model.run(folder, {"x": preprocess.normalise(images)})
    return float(np.abs(exported - classifier.scores(list(images))).max())


def inference_config(model_name: str, preprocess: Preprocess, labels: list[str]) -> dict[str, Any]:
    """The content of ``inference.yml`` for PaddleX 3.

    Args:
        model_name: a classification model that PaddleX knows; ``create_model`` must be given the same.
        preprocess: what is done to an image before the net sees it.
        labels: names of the classes.
    """
    return {
        "Global": {"model_name": model_name},
        "PreProcess": {
            "transform_ops": [
                {"ResizeImage": {"size": [preprocess.width, preprocess.height]}},
                {"NormalizeImage": {"mean": list(preprocess.mean), "std": list(preprocess.std)}},
                {"ToCHWImage": None},
            ]
        },
        "PostProcess": {"Topk": {"topk": min(_TOPK, len(labels)), "label_list": list(labels)}},
    }

"""Export of a classifier as an inference model that PaddleX 3 and paddle.inference load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddlex_restful.checkpoints import INFO_FILE
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import export as messages
from paddlex_restful.training import export, inference_model
from paddlex_restful.training.classification.nets import architecture
from paddlex_restful.training.classification.prediction import Classifier
from paddlex_restful.training.reporter import log

PADDLEX_NAME = "ResNet50"
"""The name under which PaddleX 3 loads nets that it has no name for: there it only chooses the classification pre- and
postprocessing, for the net itself is in the exported files."""

_TOPK = 5
_ALLOWED_DIFFERENCE = 1e-3
"""Of a score. Other kernels round otherwise, by 1e-6 on a processor and by up to some 1e-4 on a GPU; a wrong export is
off by far more."""


class _Probabilities(paddle.nn.Layer):  # type: ignore[misc]
    """A net with the softmax behind it that training leaves out."""

    def __init__(self, net: paddle.nn.Layer) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """From images [N, 3, H, W] to probabilities [N, classes]."""
        return paddle.nn.functional.softmax(self.net(x), axis=-1)


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint into a folder of its own.

    The folder holds ``inference.json`` (the net; input ``[N, 3, H, W]`` float32, any N, output probabilities),
    ``inference.pdiparams`` (its weights), ``inference.yml`` (preprocessing and labels, as PaddleX 3 reads them) and
    ``model.yml`` (what the net is, as in checkpoints). Before it is there, its answers are compared with the net's.

    Args:
        context: args ``model``, ``save_dir``.

    Returns:
        ``save_dir``, ``model_name`` (for ``paddlex.create_model``) and ``difference``, the largest of a score.

    Raises:
        JobFailed: the checkpoint is damaged, the folder is not empty or cannot be written, or the export answers
            otherwise than the net.
        JobStopped: the job was asked to stop.
    """
    target = Path(context.args["save_dir"])
    source = context.path(context.args["model"])
    context.progress(stage="loading", percent=0)
    classifier = Classifier(source)
    info = classifier.info
    name = architecture(info["model"]).paddlex_name or PADDLEX_NAME
    with export.new_folder(target) as folder:
        context.check_stop()
        context.progress(stage="tracing", percent=20)
        save_net(classifier.net, classifier.preprocess, folder)
        context.check_stop()
        context.progress(stage="checking", percent=60)
        difference = largest_difference(classifier, folder)
        if not difference <= _ALLOWED_DIFFERENCE:
            raise JobFailed(
                "mismatch", messages.MISMATCH, model=info["model"], difference=difference, allowed=_ALLOWED_DIFFERENCE
            )
        context.check_stop()
        context.progress(stage="saving", percent=90)
        config = inference_config(name, classifier.preprocess, classifier.labels)
        inference_model.write_yaml(folder / inference_model.CONFIG_FILE, config)
        inference_model.write_yaml(folder / INFO_FILE, info)
    log(f"Exported {info['model']} to {target}; its scores differ from the net's by at most {difference:.2g}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"save_dir": str(target), "model_name": name, "difference": difference}


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

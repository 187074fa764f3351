"""A classifier as exports need it; PaddleX 3 and paddle.inference load what they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.image import read_image
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics.classification import accuracy
from paddlex_restful.training import export, reading
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.classification.nets import architecture
from paddlex_restful.training.classification.prediction import Classifier, net_of
from paddlex_restful.training.formats.model import Answer, Inputs, Run
from paddlex_restful.training.formats.one_size import OneSizeModel
from paddlex_restful.training.tracing import AsItRuns

PADDLEX_NAME = "ResNet50"
"""The name under which PaddleX 3 loads nets that it has no name for: there it only chooses the classification pre- and
postprocessing, for the net itself is in the exported files."""

_TOPK = 5

_SHOW = """\
for index in np.argsort(-outputs[0][0])[:5]:
    print(f"{labels[index]}: {outputs[0][0][index]:.4f}")"""


class ExportedClassifier(OneSizeModel):
    """Input ``x`` [N, 3, H, W] float32, any N; output probabilities [N, classes].

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    metric = "acc1"
    most_measured = 1000
    title = "Tells the likeliest classes of a picture"
    show = _SHOW

    def __init__(self, folder: Path) -> None:
        self._classifier = Classifier(folder)
        super().__init__(self._classifier)

    @staticmethod
    def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
        """See ``prediction.net_of``."""
        return net_of(info)

    @property
    def paddlex_name(self) -> str:
        """PaddleX 3's own name of the net, or else ``PADDLEX_NAME``."""
        return architecture(self.info["model"]).paddlex_name or PADDLEX_NAME

    def answering(self) -> paddle.nn.Layer:
        """The net with the softmax behind it that training leaves out: probabilities [N, classes]."""
        return AsItRuns(self.net, self._probabilities)

    def _probabilities(self, x: paddle.Tensor) -> paddle.Tensor:
        return paddle.nn.functional.softmax(self.net(x), axis=-1)

    def answer(self, inputs: Inputs) -> Answer:
        """The net's probabilities."""
        with paddle.no_grad():
            return [self._probabilities(paddle.to_tensor(inputs["x"])).numpy()]

    def difference(self, asked: Sequence[Inputs], ones: Sequence[Answer], others: Sequence[Answer]) -> float:
        """The largest difference of a probability; NaN where one of the two answers with NaN."""
        return max(float(np.abs(one[0] - other[0]).max()) for one, other in zip(ones, others, strict=True))

    def figures(self, run: Run, samples: Sequence[Sample], notify: Notify) -> dict[str, float]:
        """``acc1``."""
        scores: list[NDArray[np.float32]] = []
        for _, batch in reading.batches([sample.image for sample in samples], self._load, self._classifier.batch_size):
            scores += [run(reading.usable(one))[0] for one in batch]
            notify(len(scores), len(samples))
        truth = np.array([sample.label for sample in samples], np.int64)
        return {self.metric: accuracy(np.concatenate(scores), truth, 1)}

    def _load(self, path: Path) -> Inputs:
        return self.inputs(read_image(path))

    def config(self) -> dict[str, Any]:
        """For PaddleX 3."""
        return inference_config(self.paddlex_name, self._classifier.preprocess, self._classifier.labels)


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint; see ``export.export_model``."""
    return export.export_model(context, ExportedClassifier)


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

"""A segmentation net as exports need it; PaddleX 3 and paddle.inference load what they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics import segmentation as metrics
from paddlex_restful.training import export, inference_model
from paddlex_restful.training.adapters import Notify
from paddlex_restful.training.formats.model import Answer, Inputs, Run
from paddlex_restful.training.formats.one_size import OneSizeModel
from paddlex_restful.training.segmentation.data import LabelledImages
from paddlex_restful.training.segmentation.nets import architecture
from paddlex_restful.training.segmentation.prediction import Segmenter, net_of
from paddlex_restful.training.tracing import AsItRuns

PADDLEX_NAME = "PP-LiteSeg-T"
"""The name under which PaddleX 3 loads nets that it has no name for: there it only chooses the pre- and postprocessing
of segmentation, for the net itself is in the exported files."""

_SHOW = """\
found = outputs[0][0].astype(np.uint8)
found = cv2.resize(found, image.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
cv2.imwrite("classes.png", found)
for index in np.unique(found):
    print(f"{labels[index]}: {(found == index).mean():.2%} of the pixels")"""


class ExportedSegmenter(OneSizeModel):
    """Input ``x`` [N, 3, H, W] float32, any N; output class ids [N, H, W] int32.

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    metric = "miou"
    most_measured = 200
    title = "Finds the class of each pixel"
    show = _SHOW

    def __init__(self, folder: Path) -> None:
        self._segmenter = Segmenter(folder)
        super().__init__(self._segmenter)

    @staticmethod
    def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
        """See ``prediction.net_of``."""
        return net_of(info)

    @property
    def paddlex_name(self) -> str:
        """PaddleX 3's own name of the net, or else ``PADDLEX_NAME``."""
        return architecture(self.info["model"], self.info.get("backbone")).paddlex_name or PADDLEX_NAME

    def answering(self) -> paddle.nn.Layer:
        """The net with the choice of the likeliest class of each pixel: class ids [N, H, W], int32."""
        return AsItRuns(self.net, lambda x: self.net(x)[0].argmax(axis=1).astype("int32"))

    def answer(self, inputs: Inputs) -> Answer:
        """The net's class ids."""
        return [self._probabilities(inputs).argmax(axis=1).astype(np.int32)]

    def _probabilities(self, inputs: Inputs) -> NDArray[np.float32]:
        with paddle.no_grad():
            logits = self.net(paddle.to_tensor(inputs["x"]))[0]
            probabilities: NDArray[np.float32] = paddle.nn.functional.softmax(logits, axis=1).numpy()
        return self._segmenter.finite(probabilities)

    def difference(self, asked: Sequence[Inputs], ones: Sequence[Answer], others: Sequence[Answer]) -> float:
        """How much the net's probabilities must have changed to make one answer of the other.

        Returns:
            The largest difference, over all pixels, between the probabilities that the net gives the two classes; 0
            where both answer the same everywhere.
        """
        largest = 0.0
        for inputs, one, other in zip(asked, ones, others, strict=True):
            probabilities = self._probabilities(inputs)
            of_one, of_other = (
                np.take_along_axis(probabilities, classes[0][:, None].astype(np.int64), axis=1)
                for classes in (one, other)
            )
            largest = max(largest, float(np.abs(of_one - of_other).max()))
        return largest

    def figures(self, run: Run, samples: Sequence[Sample], notify: Notify) -> dict[str, float]:
        """``miou``, at the size of the net's input."""
        classes = len(self._segmenter.labels)
        images = LabelledImages(samples, self._segmenter.preprocess, classes, 0, notify)
        confusion = np.zeros((classes, classes), np.int64)
        for done, (image, truth) in enumerate(images.batches(1), 1):
            predicted = np.asarray(run({"x": image})[0]).astype(np.uint8)
            confusion += metrics.confusion_matrix(truth.astype(np.uint8), predicted, classes)
            notify(done, len(samples))
        return {self.metric: metrics.mean_iou(confusion)}

    def config(self) -> dict[str, Any]:
        """For PaddleX 3."""
        return inference_config(self.paddlex_name, self._segmenter.preprocess)


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint; see ``export.export_model``."""
    return export.export_model(context, ExportedSegmenter)


def inference_config(model_name: str, preprocess: Preprocess) -> dict[str, Any]:
    """The content of ``inference.yml`` for PaddleX 3.

    Args:
        model_name: a segmentation model that PaddleX knows; ``create_model`` must be given the same.
        preprocess: what is done to an image before the net sees it.
    """
    return {
        "Global": {"model_name": model_name},
        "Deploy": {
            "input_shape": [-1, 3, preprocess.height, preprocess.width],
            "model": f"{inference_model.PREFIX}.json",
            "params": f"{inference_model.PREFIX}.pdiparams",
            "output_dtype": "int32",
            "output_op": "argmax",
            "transforms": [
                {
                    "type": "Resize",
                    "target_size": [preprocess.width, preprocess.height],
                    "keep_ratio": False,
                    # PaddleX would round the sides up to multiples of 32 by itself.
                    "size_divisor": None,
                    "interp": "LINEAR",
                },
                {"type": "Normalize", "mean": list(preprocess.mean), "std": list(preprocess.std)},
            ],
        },
    }

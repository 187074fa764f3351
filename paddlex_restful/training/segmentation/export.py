"""Export of a segmentation net as an inference model that PaddleX 3 and paddle.inference load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import export, inference_model
from paddlex_restful.training.segmentation.nets import architecture
from paddlex_restful.training.segmentation.prediction import Segmenter

PADDLEX_NAME = "PP-LiteSeg-T"
"""The name under which PaddleX 3 loads nets that it has no name for: there it only chooses the pre- and postprocessing
of segmentation, for the net itself is in the exported files."""

_EXAMPLE = '''\
"""Finds the class of each pixel: python example.py picture.jpg"""
import sys
from pathlib import Path
import cv2
import numpy as np
import paddle

labels = {labels!r}
net = paddle.jit.load(str(Path(__file__).parent / "inference"))
image = cv2.imdecode(np.fromfile(sys.argv[1], np.uint8), cv2.IMREAD_COLOR)
pixels = cv2.cvtColor(cv2.resize(image, {size!r}), cv2.COLOR_BGR2RGB) / 255
batch = ((pixels - {mean!r}) / {std!r}).transpose(2, 0, 1)[None].astype(np.float32)
found = net(paddle.to_tensor(batch)).numpy()[0].astype(np.uint8)
found = cv2.resize(found, image.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
cv2.imwrite("classes.png", found)
for index in np.unique(found):
    print(f"{{labels[index]}}: {{(found == index).mean():.2%}} of the pixels")
'''


class _Classes(paddle.nn.Layer):  # type: ignore[misc]
    """A net that answers with the likeliest class of each pixel."""

    def __init__(self, net: paddle.nn.Layer) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        """From images [N, 3, H, W] to class ids [N, H, W], int32."""
        return self.net(x)[0].argmax(axis=1).astype("int32")


def run(context: JobContext) -> dict[str, Any]:
    """Exports a checkpoint: input ``[N, 3, H, W]`` float32, any N, output class ids ``[N, H, W]`` int32.

    See ``export.export_model``; for the difference ``largest_difference``.

    Args:
        context: args ``model``, ``save_dir``.
    """

    def load() -> export.Model:
        segmenter = Segmenter(context.path(context.args["model"]))
        info, preprocess = segmenter.info, segmenter.preprocess
        name = architecture(info["model"], info.get("backbone")).paddlex_name or PADDLEX_NAME
        return export.Model(
            info,
            name,
            save=lambda folder: save_net(segmenter.net, preprocess, folder),
            difference=lambda folder: largest_difference(segmenter, folder),
            config=inference_config(name, preprocess),
            example=example(preprocess, segmenter.labels),
        )

    return export.export_model(context, load)


def save_net(net: paddle.nn.Layer, preprocess: Preprocess, folder: Path) -> None:
    """Writes ``inference.json`` and ``inference.pdiparams``.

    Args:
        net: in evaluation mode.
        preprocess: its input size.
        folder: where the files go.
    """
    layer = _Classes(net)
    layer.eval()
    shape = [None, 3, preprocess.height, preprocess.width]
    inference_model.save(layer, [paddle.static.InputSpec(shape, "float32", "x")], folder)


def largest_difference(segmenter: Segmenter, folder: Path) -> float:
    """How much the net's probabilities must have changed to make the exported model's answers, on two random images.

    Args:
        segmenter: the net in use.
        folder: the exported model.

    Returns:
        The largest difference, over all pixels, between the probability of the class that the net finds likeliest and
        that of the class which the exported model gives; 0 where both answer the same everywhere.
    """
    preprocess = segmenter.preprocess
    # From a fixed seed, so that an export that fails fails again.
    images = np.random.default_rng(0).integers(0, 256, (2, preprocess.height, preprocess.width, 3), np.uint8)
    (exported,) = inference_model.run(folder, {"x": preprocess.normalise(images)})
    logits = paddle.to_tensor(segmenter.logits(list(images)))
    probabilities: NDArray[np.float32] = paddle.nn.functional.softmax(logits, axis=1).numpy()
    given = np.take_along_axis(probabilities, exported[:, None].astype(np.int64), axis=1)[:, 0]
    return float((probabilities.max(axis=1) - given).max())


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


def example(preprocess: Preprocess, labels: list[str]) -> str:
    """A short program that finds the classes in a picture with the exported model; it needs paddle, numpy and OpenCV.

    Args:
        preprocess: what is done to an image before the net sees it.
        labels: names of the classes.
    """
    return _EXAMPLE.format(
        labels=labels, size=(preprocess.width, preprocess.height), mean=preprocess.mean, std=preprocess.std
    )

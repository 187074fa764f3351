"""Quantises a trained net, as a program of its own: what knows how to knows only paddle's older form of graphs.

That form is chosen by ``FLAGS_enable_pir_api=0`` in the environment before paddle is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import paddle
from paddle.static.quantization import PostTrainingQuantization

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.image import read_image
from paddlex_restful.training import inference_model
from paddlex_restful.training.formats import measuring
from paddlex_restful.training.formats.children import die_with_parent
from paddlex_restful.training.formats.model import Inputs, Model, load_named

OLD_GRAPHS = {"FLAGS_enable_pir_api": "0"}
"""The environment in which paddle writes and reads its older form of graphs."""

CALIBRATING = "calibrating"
"""The file that appears when the net is traced and the images are looked at."""

_IMAGES = 128


@dataclass(frozen=True)
class Order:
    """What is to be done.

    Attributes:
        load: ``module:class`` of the model.
        checkpoint: its folder.
        type: project type.
        dataset: folder of the dataset; images of its training split say how large the figures inside the net become.
        work: a folder for what lies between.
        target: folder for the quantised model; it exists.
    """

    load: str
    checkpoint: str
    type: str
    dataset: str
    work: str
    target: str

    def to_json(self) -> str:
        """As an argument of the program."""
        return orjson.dumps(asdict(self)).decode()


class _Calibration:
    """The images, as often as they are asked for."""

    def __init__(self, model: Model, samples: Sequence[Sample], wanted: Sequence[str]) -> None:
        self._model, self._samples, self._wanted = model, samples, wanted

    def __len__(self) -> int:
        return len(self._samples)

    def __call__(self) -> Iterator[Inputs]:
        for sample in self._samples:
            inputs = self._model.inputs(read_image(sample.image))
            yield {name: inputs[name] for name in self._wanted}

    __iter__ = __call__


def run(order: Order) -> None:
    """Write ``inference.pdmodel`` and ``inference.pdiparams`` with weights of 8 bits, a scale for each channel.

    The ranges of activations are those that hold all but the rarest figures (``hist``), which loses least: of
    MobileNetV3 on the digits 0.3 points of top-1, where means of the largest figures (``avg``) lose 1.1.
    """
    model = load_named(order.load, Path(order.checkpoint))
    plain = Path(order.work) / "traced"
    plain.mkdir()
    model.save(plain)
    (Path(order.work) / CALIBRATING).touch()
    samples = measuring.spread(datasets.samples(Path(order.dataset), order.type, "train"), _IMAGES)
    calibration = _Calibration(model, samples, inference_model.names(model.traced()[1]))
    paddle.enable_static()
    quantisation = PostTrainingQuantization(
        executor=paddle.static.Executor(paddle.CPUPlace()),
        model_dir=str(plain),
        model_filename=inference_model.GRAPH_FILES[1],
        params_filename=inference_model.WEIGHTS_FILE,
        data_loader=calibration,
        batch_size=1,
        batch_nums=len(samples),
        algo="hist",
        hist_percent=0.9999,
        # Not transposed convolutions: oneDNN has none of 8 bits (paddle 3.1.1).
        quantizable_op_type=["conv2d", "depthwise_conv2d", "mul", "matmul", "matmul_v2"],
        weight_quantize_type="channel_wise_abs_max",
        onnx_format=True,
    )
    quantisation.quantize()
    quantisation.save_quantized_model(
        order.target, model_filename=inference_model.GRAPH_FILES[1], params_filename=inference_model.WEIGHTS_FILE
    )


if __name__ == "__main__":
    die_with_parent()
    run(Order(**orjson.loads(sys.argv[1])))

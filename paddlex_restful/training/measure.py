"""Measures every net for the table of models: ``python -m paddlex_restful.training.measure`` (``make zoo``).

It writes ``params/zoo.json`` and the table of the README. The nets are built for as many classes as the images have
that their published weights were learnt on: 1000 (ImageNet), 80 (COCO) or 19 (Cityscapes).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import paddle

from paddlex_restful.checkpoints import PUBLISHED_WEIGHTS
from paddlex_restful.enums import ProjectType
from paddlex_restful.params import default_params, models
from paddlex_restful.params.zoo import ZOO_FILE, Model, Variant, backbones
from paddlex_restful.training.classification import nets as classifiers
from paddlex_restful.training.complexity import flops, parameters
from paddlex_restful.training.detection import nets as detectors
from paddlex_restful.training.segmentation import nets as segmenters

README = Path(__file__).parents[2] / "README.md"
TABLE = re.compile(r"(?<=<!-- models: make zoo writes this -->\n).*?(?=<!-- end of the models -->)", re.DOTALL)

_CLASSIFICATION, _SEGMENTATION = ProjectType.CLASSIFICATION.value, ProjectType.SEGMENTATION.value
_CLASSES: Mapping[str, int] = {
    _CLASSIFICATION: 1000,
    ProjectType.DETECTION.value: 80,
    _SEGMENTATION: 19,
    ProjectType.INSTANCE_SEGMENTATION.value: 80,
}

_STRIDE = 32
"""Images that keep the ratio of their sides are filled up to multiples of it."""

_MILLION, _MILLIARD = 1e6, 1e9


def measure(project_type: str, model: str) -> Model:
    """Build a model on each of its backbones and measure it.

    Raises:
        UserError: there is no such type or model, or the package that has it is not installed.
    """
    defaults = default_params(project_type, model)
    choice = backbones(project_type, model)
    return {
        "type": project_type,
        "model": model,
        "default": model == models(project_type)[0],
        "image_shape": defaults["image_shape"],
        "variants": [_variant(project_type, defaults | {"backbone": each}, each == choice[0]) for each in choice],
    }


def _variant(project_type: str, params: Mapping[str, Any], default: bool) -> Variant:
    classes, model, backbone = _CLASSES[project_type], params["model"], params["backbone"]
    height, width = params["image_shape"]
    if project_type == _CLASSIFICATION:
        net = classifiers.build_net(model, classes)
        weights = ["IMAGENET"] if classifiers.weights_url(model) else []
    elif project_type == _SEGMENTATION:
        net = segmenters.build_net(model, backbone, classes)
        weights = list(segmenters.architecture(model, backbone).weights)
    else:
        # Only a net that is used has merged its pairs of convolutions.
        net = detectors.build(model, backbone, classes, params, project_type=project_type).deployable()
        weights = [each for each in PUBLISHED_WEIGHTS if detectors.weights_url(model, backbone, each)]
        height, width = (math.ceil(side / _STRIDE) * _STRIDE for side in (height, width))
    return {
        "backbone": backbone,
        "default": default,
        "parameters": round(parameters(net) / _MILLION, 2),
        "gflops": round(flops(net, lambda: _look(net, paddle.zeros([1, 3, height, width]))) / _MILLIARD, 2),
        "weights": sorted(weights, key=PUBLISHED_WEIGHTS.index),
    }


def _look(net: paddle.nn.Layer, image: paddle.Tensor) -> object:
    if not isinstance(net, detectors.DetectionNet):
        return net(image)
    if net.family == "rcnn":
        return net(image, paddle.to_tensor([image.shape[2:]], "float32"), paddle.ones([1, 2]))
    # A fresh net sees objects everywhere: to choose among them, which is not counted, takes minutes.
    return net.outputs(image)


def table(zoo: Sequence[Model]) -> str:
    """The table of the README: a line a model, in Markdown."""
    return "\n".join(_lines(zoo)) + "\n"


def _lines(zoo: Sequence[Model]) -> Iterator[str]:
    for project_type in dict.fromkeys(model["type"] for model in zoo):
        of_type = [model for model in zoo if model["type"] == project_type]
        choice = any(variant["backbone"] for model in of_type for variant in model["variants"])
        heads = ["model", *(["backbones"] if choice else []), "parameters, M", "GFLOPs", "input", "weights"]
        yield f"**{project_type.replace('_', ' ').capitalize()}**\n"
        yield _row(heads)
        yield _row(["---"] * len(heads)).replace(" ", "")
        for model in of_type:
            variants = model["variants"]
            names = [variant["backbone"] or "–" for variant in variants]
            sets = {each for variant in variants for each in variant["weights"]}
            yield _row(
                [
                    f"{model['model']} (default)" if model["default"] else model["model"],
                    *([", ".join(names)] if choice else []),
                    _range([variant["parameters"] for variant in variants]),
                    _range([variant["gflops"] for variant in variants]),
                    " × ".join(str(side) for side in model["image_shape"]),
                    ", ".join(each for each in PUBLISHED_WEIGHTS if each in sets) or "–",
                ]
            )
        yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _range(figures: Sequence[float]) -> str:
    least, most = (f"{figure:.3g}" for figure in (min(figures), max(figures)))
    return least if least == most else f"{least} – {most}"


def main() -> None:
    """Measure all models and write what is made of them; the names of the nets show how far it is."""
    zoo = []
    for project_type in _CLASSES:
        for model in models(project_type):
            print(project_type, model, flush=True)
            zoo.append(measure(project_type, model))
    ZOO_FILE.write_text(json.dumps(zoo, indent=1) + "\n", encoding="utf-8")
    README.write_text(TABLE.sub(lambda _: table(zoo), README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

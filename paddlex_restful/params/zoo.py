"""The table of models: how large each net is, how much it computes, which weights were published for it.

Its figures lie in ``zoo.json``, which ``python -m paddlex_restful.training.measure`` makes: they need the nets, and
the server has none.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

from paddlex_restful.params.defaults import BACKBONES, default_params

ZOO_FILE = Path(__file__).with_name("zoo.json")


class Variant(TypedDict):
    """A model on one backbone.

    Attributes:
        backbone: its name; None of a model that has no choice.
        default: whether the model has it unless told otherwise.
        parameters: numbers that a training learns or may learn, in millions.
        gflops: of one image at the model's ``image_shape``, in milliards; a multiplication with its addition is one.
        weights: sets of images of which there are published weights.
    """

    backbone: str | None
    default: bool
    parameters: float
    gflops: float
    weights: list[str]


class Model(TypedDict):
    """A model that tasks can name.

    Attributes:
        type: its project type.
        model: its name.
        default: whether it is the type's default.
        image_shape: the default of the parameter of this name, in the order that the project type has.
        variants: one for each backbone.
    """

    type: str
    model: str
    default: bool
    image_shape: list[int]
    variants: list[Variant]


@cache
def read_zoo() -> list[Model]:
    """The models of all project types, the default of each first; shared, not to be changed."""
    zoo: list[Model] = json.loads(ZOO_FILE.read_bytes())
    return zoo


def backbones(project_type: str, model: str) -> tuple[str | None, ...]:
    """The backbones among which a model leaves the choice, the default first; None alone where there is none.

    Raises:
        UserError: there is no such type or model.
    """
    default = default_params(project_type, model).get("backbone")
    # A segmentation net with its own backbone takes the name of another and leaves it unread.
    if default is None:
        return (None,)
    return (default, *(backbone for backbone in BACKBONES[model] if backbone != default))

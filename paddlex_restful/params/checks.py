"""What the training parameters of each project type may be."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from paddlex_restful.checkpoints import PUBLISHED_WEIGHTS
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import params as messages
from paddlex_restful.params.defaults import BACKBONES, default_params, models
from paddlex_restful.params.sizes import size_problem

LEAST_SIDE = 16
MOST_SIDE = 4096
MOST_EPOCHS = 100_000
MOST_BATCH = 65_536
MOST_RATE = 10
MOST_STEPS = 10_000_000
MOST_WORKERS = 256
MOST_SEED = 2**31 - 1
MOST_DEGREES = 180
MOST_ALPHA = 100
MOST_TEXT = 4096
MOST_PROBLEMS = 20
MOST_SHOWN = 60


def _no_switch(value: Any) -> Any:
    # Pydantic would take true for 1.
    if isinstance(value, bool):
        raise ValueError
    return value


def _as_list(value: Any) -> Any:
    """Take ``"[1, 2]"`` and ``"1, 2"`` for a list, as forms send them."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except RecursionError:
            raise ValueError from None
    return [part.strip() for part in value.split(",")] if value.strip() else []


def _as_gpus(value: Any) -> Any:
    """GPU numbers, as text, number, list or null, in the one form ``"0,1"``."""
    if value is None:
        return ""
    parts = value if isinstance(value, list) else str(value).split(",")
    numbers = [str(part).strip() for part in parts]
    if numbers == [""] or not numbers:
        return ""
    if not all(number.isascii() and number.isdigit() and len(number) <= 4 for number in numbers):
        raise ValueError
    plain = [str(int(number)) for number in numbers]
    if len(set(plain)) < len(plain):
        raise ValueError
    return ",".join(plain)


def _none_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _ascending(values: list[int]) -> list[int]:
    if any(later <= earlier for earlier, later in itertools.pairwise(values)):
        raise PydanticCustomError("ascending", "not ascending")
    return values


def _multiples_of_32(values: list[int]) -> list[int]:
    if any(value % 32 for value in values):
        raise ValueError
    return values


def _whole(least: int, most: int) -> Any:
    template = messages.COUNT if least else messages.COUNT_FROM_ZERO
    return Field(ge=least, le=most, description=template.format(most=most))


def _shape(sides: str) -> Any:
    expected = messages.SHAPE.format(sides=sides, least=LEAST_SIDE, most=MOST_SIDE)
    return Field(min_length=2, max_length=2, description=expected)


_Int = Annotated[int, BeforeValidator(_no_switch)]
_Float = Annotated[float, BeforeValidator(_no_switch)]

Switch = Annotated[bool, Field(description=messages.SWITCH)]
Probability = Annotated[_Float, Field(ge=0, le=1, description=messages.PROBABILITY)]
Share = Annotated[Annotated[_Float, Field(gt=0, lt=1)] | None, Field(description=messages.SHARE)]
Batch = Annotated[_Int, _whole(1, MOST_BATCH)]
Epochs = Annotated[_Int, _whole(1, MOST_EPOCHS)]
Steps = Annotated[_Int, _whole(0, MOST_STEPS)]
Degrees = Annotated[_Int, _whole(0, MOST_DEGREES)]
Workers = Annotated[_Int, _whole(1, MOST_WORKERS)]
Seed = Annotated[_Int, _whole(0, MOST_SEED)]
Rate = Annotated[_Float, Field(gt=0, le=MOST_RATE, description=messages.RATE.format(most=MOST_RATE))]
RateFromZero = Annotated[_Float, Field(ge=0, le=MOST_RATE, description=messages.RATE_FROM_ZERO.format(most=MOST_RATE))]
Ratio = Annotated[_Float, Field(gt=0, le=1, description=messages.RATE.format(most=1))]
Alpha = Annotated[_Float, Field(gt=0, le=MOST_ALPHA, description=messages.RATE.format(most=MOST_ALPHA))]
Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT, description=messages.TEXT)]
OptionalText = Annotated[
    Annotated[str, Field(max_length=MOST_TEXT)] | None,
    BeforeValidator(_none_if_empty),
    Field(description=messages.OPTIONAL_TEXT),
]
Gpus = Annotated[str, BeforeValidator(_as_gpus), Field(description=messages.GPUS)]
DecayEpochs = Annotated[
    list[Annotated[_Int, Field(ge=1, le=MOST_EPOCHS)]],
    BeforeValidator(_as_list),
    Field(max_length=100, description=messages.EPOCHS.format(most=MOST_EPOCHS)),
]
_Sides = Annotated[list[Annotated[_Int, Field(ge=LEAST_SIDE, le=MOST_SIDE)]], BeforeValidator(_as_list)]
WidthHeight = Annotated[_Sides, _shape(messages.WIDTH_HEIGHT)]
HeightWidth = Annotated[_Sides, _shape(messages.HEIGHT_WIDTH)]
ShortLong = Annotated[_Sides, _shape(messages.SHORT_LONG)]
Mean = Annotated[
    list[Annotated[_Float, Field(ge=-255, le=255)]],
    BeforeValidator(_as_list),
    Field(min_length=3, max_length=3, description=messages.MEAN),
]
Std = Annotated[
    list[Annotated[_Float, Field(gt=0, le=255)]],
    BeforeValidator(_as_list),
    Field(min_length=3, max_length=3, description=messages.STD),
]
Sizes = Annotated[
    list[Annotated[_Int, Field(ge=32, le=MOST_SIDE)]],
    BeforeValidator(_as_list),
    Field(min_length=1, max_length=100, description=messages.SIZES.format(most=MOST_SIDE)),
]
Switches = Annotated[
    list[bool], BeforeValidator(_as_list), Field(min_length=2, max_length=2, description=messages.SWITCHES)
]
Policy = Annotated[
    Literal["Piecewise", "Linear", "Cosine", "Polynomial"],
    Field(description=messages.CHOICE.format(choices="Piecewise, Linear, Cosine, Polynomial")),
]
Optimizer = Annotated[
    Literal["SGD", "Adam", "AdamW"], Field(description=messages.CHOICE.format(choices="SGD, Adam, AdamW"))
]


class CommonParams(BaseModel):
    """Parameters of every project type. Those without a default are always among a model's own defaults.

    ``amp`` is this server's own.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    model: Text
    amp: Switch = False
    batch_size: Batch
    brightness: Switch
    brightness_prob: Probability
    brightness_range: Probability
    contrast: Switch
    contrast_prob: Probability
    contrast_range: Probability
    cpu_num: Workers
    cuda_visible_devices: Gpus
    eval_metric_loss: Share = None
    horizontal_flip: Switch
    horizontal_flip_prob: Probability
    hue: Switch
    hue_prob: Probability
    hue_range: Degrees
    image_mean: Mean
    image_std: Std
    learning_rate: Rate
    lr_decay_epochs: DecayEpochs
    num_epochs: Epochs
    pretrain_weights: OptionalText = None
    pruned_flops: Share = None
    resume_checkpoint: OptionalText
    saturation: Switch
    saturation_prob: Probability
    saturation_range: Probability
    save_interval_epochs: Epochs
    sensitivities_path: OptionalText
    train_num: Steps = 0

    @field_validator("lr_decay_epochs")
    @classmethod
    def _decay_ascends(cls, values: list[int]) -> list[int]:
        return _ascending(values)


class ClassificationParams(CommonParams):
    """Parameters of a classifier; the last five are this server's own."""

    image_shape: WidthHeight
    lr_policy: Policy
    rotate: Switch
    rotate_prob: Probability
    rotate_range: Degrees
    vertical_flip: Switch
    vertical_flip_prob: Probability
    early_stop: Switch = False
    early_stop_patience: Epochs = 5
    seed: Seed = 0
    warmup_start_lr: RateFromZero = 0.0
    warmup_steps: Steps = 0


class DetectionParams(CommonParams):
    """Parameters of a detector; the original stored those of the YOLO family with the RCNN family too.

    ``lr_policy`` and ``seed`` are this server's own.
    """

    backbone: Text
    crop_image: Switch = True
    expand_image: Switch = True
    expand_prob: Probability = 0.5
    image_shape: ShortLong
    lr_policy: Policy = "Piecewise"
    mixup_alpha: Alpha = 1.5
    mixup_beta: Alpha = 1.5
    random_shape: Switch = True
    random_shape_sizes: Sizes = [320, 352, 384, 416, 448, 480, 512, 544, 576, 608]
    seed: Seed = 0
    use_mixup: Switch = True
    warmup_start_lr: RateFromZero = 0.0
    warmup_steps: Steps
    with_fpn: Switch

    @field_validator("random_shape_sizes")
    @classmethod
    def _strides_fit(cls, values: list[int]) -> list[int]:
        return _multiples_of_32(values)


class InstanceSegmentationParams(DetectionParams):
    """Parameters of a net that finds and outlines objects."""


class SegmentationParams(CommonParams):
    """Parameters of a segmenter; the warm-up is this server's own."""

    aspect_ratio: Ratio
    backbone: OptionalText = None
    blur: Switch
    blur_prob: Probability
    image_shape: HeightWidth
    loss_type: Switches
    lr_policy: Policy
    max_rotation: Degrees = 15
    min_ratio: Ratio
    optimizer: Optimizer
    rotate: Switch
    scale_aspect: Switch
    vertical_flip: Switch
    vertical_flip_prob: Probability
    warmup_start_lr: RateFromZero = 0.0
    warmup_steps: Steps = 0


PARAMS_MODELS: Mapping[str, type[CommonParams]] = {
    ProjectType.CLASSIFICATION.value: ClassificationParams,
    ProjectType.DETECTION.value: DetectionParams,
    ProjectType.SEGMENTATION.value: SegmentationParams,
    ProjectType.INSTANCE_SEGMENTATION.value: InstanceSegmentationParams,
}

_WEIGHTS: Mapping[str, tuple[str, ...]] = {
    ProjectType.CLASSIFICATION.value: ("IMAGENET",),
    ProjectType.DETECTION.value: ("IMAGENET", "COCO"),
    ProjectType.SEGMENTATION.value: PUBLISHED_WEIGHTS,
    ProjectType.INSTANCE_SEGMENTATION.value: ("IMAGENET", "COCO"),
}


def check_params(project_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete and type the training parameters that a client sent.

    Args:
        project_type: such as ``classification``.
        values: parameters by name; numbers, switches and lists may be text. Missing ones take the defaults of the
            named model, or of the type's default model.

    Returns:
        Every parameter of the type, typed, sorted by name.

    Raises:
        UserError: unknown names, impossible values, an unknown model or type; the sentence names all of them.
    """
    if not isinstance(values, Mapping):
        raise UserError(messages.NOT_AN_OBJECT)
    known = models(project_type)
    kind = ProjectType(project_type).value
    schema = PARAMS_MODELS[kind]
    problems = []
    model = values.get("model", known[0])
    if not isinstance(model, str) or model not in known:
        problems.append(messages.WRONG_MODEL.format(models=", ".join(known), value=_shown(model)))
        model = known[0]
    defaults = default_params(kind, model)
    try:
        params = schema.model_validate({**defaults, **values, "model": model}).model_dump()
    except ValidationError as error:
        problems += _problems(schema, kind, values, error)
        # What stands in for a refused value is sound, so that the checks across names still find their own problems.
        bad = {str(detail["loc"][0]) for detail in error.errors()}
        sound = {key: value for key, value in values.items() if key not in bad}
        params = schema.model_validate({**defaults, **sound, "model": model}).model_dump()
    problems += _problems_across(kind, params)
    if problems:
        if len(problems) > MOST_PROBLEMS:
            problems[MOST_PROBLEMS:] = [messages.MORE_PROBLEMS.format(number=len(problems) - MOST_PROBLEMS)]
        raise UserError(messages.IMPOSSIBLE, problems="; ".join(problems))
    return dict(sorted(params.items()))


def _problems(
    schema: type[CommonParams], project_type: str, values: Mapping[str, Any], error: ValidationError
) -> list[str]:
    clauses: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_context=False):
        key = str(detail["loc"][0])
        if key in clauses:
            continue
        if detail["type"] == "extra_forbidden":
            # Comparing names takes time that grows with the square of their length.
            near = difflib.get_close_matches(key[:MOST_SHOWN], schema.model_fields, n=1)
            template = messages.UNKNOWN_KEY if near else messages.UNKNOWN_KEY_ALONE
            clauses[key] = template.format(key=_shown(key), project_type=project_type, nearest="".join(near))
        elif detail["type"] == "ascending":
            clauses[key] = messages.NOT_ASCENDING.format(value=_shown(values[key]))
        else:
            expected = schema.model_fields[key].description
            clauses[key] = messages.WRONG_VALUE.format(key=key, expected=expected, value=_shown(values.get(key)))
    return list(clauses.values())


def _problems_across(project_type: str, params: Mapping[str, Any]) -> list[str]:
    problems = []
    gpus = len(params["cuda_visible_devices"].split(","))
    if params["batch_size"] % gpus:
        problems.append(messages.BATCH_NOT_DIVISIBLE.format(gpus=gpus, value=params["batch_size"]))
    if project_type != ProjectType.SEGMENTATION.value:
        width, height = params["image_shape"]
        if project_type != ProjectType.CLASSIFICATION.value:
            width, height = height, width
        if (problem := size_problem(params["model"], width, height)) is not None:
            problems.append(problem)
    backbone = params.get("backbone")
    if backbone is not None and backbone not in BACKBONES[params["model"]]:
        known = ", ".join(BACKBONES[params["model"]])
        problems.append(
            messages.UNKNOWN_BACKBONE.format(backbones=known, model=params["model"], value=_shown(backbone))
        )
    weights = params["pretrain_weights"]
    if weights in PUBLISHED_WEIGHTS and weights not in _WEIGHTS[project_type]:
        problems.append(
            messages.UNKNOWN_WEIGHTS.format(
                weights=", ".join(_WEIGHTS[project_type]), project_type=project_type, value=weights
            )
        )
    return problems


def _shown(value: Any) -> str:
    """A value as JSON shows it, short enough for a sentence."""
    try:
        text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return messages.NESTED
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"

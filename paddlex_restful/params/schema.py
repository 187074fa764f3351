"""The training parameters of each project type: what each may be, what it is called and what it does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from paddlex_restful.enums import ProjectType
from paddlex_restful.messages import parameters as texts
from paddlex_restful.messages import params as messages
from paddlex_restful.messages.parameters import About

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


# Behind the limits: a schema tells no limits of what another validator stands before.
_NO_SWITCH = BeforeValidator(_no_switch)

Switch = Annotated[bool, Field(description=messages.SWITCH)]
Probability = Annotated[float, Field(ge=0, le=1, description=messages.PROBABILITY), _NO_SWITCH]
Share = Annotated[Annotated[float, Field(gt=0, lt=1), _NO_SWITCH] | None, Field(description=messages.SHARE)]
Batch = Annotated[int, _whole(1, MOST_BATCH), _NO_SWITCH]
Epochs = Annotated[int, _whole(1, MOST_EPOCHS), _NO_SWITCH]
Steps = Annotated[int, _whole(0, MOST_STEPS), _NO_SWITCH]
Degrees = Annotated[int, _whole(0, MOST_DEGREES), _NO_SWITCH]
Workers = Annotated[int, _whole(1, MOST_WORKERS), _NO_SWITCH]
Seed = Annotated[int, _whole(0, MOST_SEED), _NO_SWITCH]
Rate = Annotated[float, Field(gt=0, le=MOST_RATE, description=messages.RATE.format(most=MOST_RATE)), _NO_SWITCH]
RateFromZero = Annotated[
    float, Field(ge=0, le=MOST_RATE, description=messages.RATE_FROM_ZERO.format(most=MOST_RATE)), _NO_SWITCH
]
Ratio = Annotated[float, Field(gt=0, le=1, description=messages.RATE.format(most=1)), _NO_SWITCH]
Alpha = Annotated[float, Field(gt=0, le=MOST_ALPHA, description=messages.RATE.format(most=MOST_ALPHA)), _NO_SWITCH]
Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT, description=messages.TEXT)]
OptionalText = Annotated[
    Annotated[str, Field(max_length=MOST_TEXT)] | None,
    BeforeValidator(_none_if_empty),
    Field(description=messages.OPTIONAL_TEXT),
]
Gpus = Annotated[str, BeforeValidator(_as_gpus), Field(description=messages.GPUS)]
DecayEpochs = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST_EPOCHS), _NO_SWITCH]],
    BeforeValidator(_as_list),
    Field(max_length=100, description=messages.EPOCHS.format(most=MOST_EPOCHS)),
]
_Sides = Annotated[list[Annotated[int, Field(ge=LEAST_SIDE, le=MOST_SIDE), _NO_SWITCH]], BeforeValidator(_as_list)]
WidthHeight = Annotated[_Sides, _shape(messages.WIDTH_HEIGHT)]
HeightWidth = Annotated[_Sides, _shape(messages.HEIGHT_WIDTH)]
ShortLong = Annotated[_Sides, _shape(messages.SHORT_LONG)]
Mean = Annotated[
    list[Annotated[float, Field(ge=-255, le=255), _NO_SWITCH]],
    BeforeValidator(_as_list),
    Field(min_length=3, max_length=3, description=messages.MEAN),
]
Std = Annotated[
    list[Annotated[float, Field(gt=0, le=255), _NO_SWITCH]],
    BeforeValidator(_as_list),
    Field(min_length=3, max_length=3, description=messages.STD),
]
Sizes = Annotated[
    list[Annotated[int, Field(ge=32, le=MOST_SIDE), _NO_SWITCH]],
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

Group = Literal["essential", "training", "rate", "geometry", "colour", "net"]
"""Of parameters that stand together in forms; those that stand in none are set in other ways."""


def _about(group: Group, about: About, *parts: str) -> Any:
    """What forms tell of a parameter.

    Args:
        group: with which it stands.
        about: its name and what it does.
        parts: the names of the numbers or switches that it consists of.
    """
    title, help_ = about
    return Field(title=title, json_schema_extra={"group": group, "help": help_, "parts": list(parts)})


_SIDES = (texts.WIDTH, texts.HEIGHT)
_COLOURS = (texts.RED, texts.GREEN, texts.BLUE)


class CommonParams(BaseModel):
    """Parameters of every project type. Those without a default are always among a model's own defaults.

    Those with a group stand in forms, in this order. ``amp`` and ``auto_batch_size`` are this server's own.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, defer_build=True, protected_namespaces=())

    model: Text
    cpu_num: Workers
    cuda_visible_devices: Gpus
    eval_metric_loss: Share = None
    pruned_flops: Share = None
    resume_checkpoint: OptionalText
    sensitivities_path: OptionalText
    train_num: Steps = 0

    num_epochs: Annotated[Epochs, _about("essential", texts.NUM_EPOCHS)]
    batch_size: Annotated[Batch, _about("essential", texts.BATCH_SIZE)]
    learning_rate: Annotated[Rate, _about("essential", texts.LEARNING_RATE)]
    pretrain_weights: Annotated[OptionalText, _about("essential", texts.PRETRAIN_WEIGHTS)] = None

    save_interval_epochs: Annotated[Epochs, _about("training", texts.SAVE_INTERVAL)]
    amp: Annotated[Switch, _about("training", texts.AMP)] = False
    auto_batch_size: Annotated[Switch, _about("training", texts.AUTO_BATCH_SIZE)] = False

    lr_decay_epochs: Annotated[DecayEpochs, _about("rate", texts.LR_DECAY_EPOCHS)]

    horizontal_flip: Annotated[Switch, _about("geometry", texts.HORIZONTAL_FLIP)]
    horizontal_flip_prob: Annotated[Probability, _about("geometry", texts.HORIZONTAL_FLIP_PROB)]

    brightness: Annotated[Switch, _about("colour", texts.BRIGHTNESS)]
    brightness_prob: Annotated[Probability, _about("colour", texts.BRIGHTNESS_PROB)]
    brightness_range: Annotated[Probability, _about("colour", texts.BRIGHTNESS_RANGE)]
    contrast: Annotated[Switch, _about("colour", texts.CONTRAST)]
    contrast_prob: Annotated[Probability, _about("colour", texts.CONTRAST_PROB)]
    contrast_range: Annotated[Probability, _about("colour", texts.CONTRAST_RANGE)]
    saturation: Annotated[Switch, _about("colour", texts.SATURATION)]
    saturation_prob: Annotated[Probability, _about("colour", texts.SATURATION_PROB)]
    saturation_range: Annotated[Probability, _about("colour", texts.SATURATION_RANGE)]
    hue: Annotated[Switch, _about("colour", texts.HUE)]
    hue_prob: Annotated[Probability, _about("colour", texts.HUE_PROB)]
    hue_range: Annotated[Degrees, _about("colour", texts.HUE_RANGE)]

    image_mean: Annotated[Mean, _about("net", texts.IMAGE_MEAN, *_COLOURS)]
    image_std: Annotated[Std, _about("net", texts.IMAGE_STD, *_COLOURS)]

    @field_validator("lr_decay_epochs")
    @classmethod
    def _decay_ascends(cls, values: list[int]) -> list[int]:
        return _ascending(values)


class ClassificationParams(CommonParams):
    """Parameters of a classifier; warm-up, early stop and seed are this server's own."""

    image_shape: Annotated[WidthHeight, _about("essential", texts.IMAGE_SHAPE, *_SIDES)]
    early_stop: Annotated[Switch, _about("training", texts.EARLY_STOP)] = False
    early_stop_patience: Annotated[Epochs, _about("training", texts.EARLY_STOP_PATIENCE)] = 5
    seed: Annotated[Seed, _about("training", texts.SEED)] = 0
    lr_policy: Annotated[Policy, _about("rate", texts.LR_POLICY)]
    warmup_steps: Annotated[Steps, _about("rate", texts.WARMUP_STEPS)] = 0
    warmup_start_lr: Annotated[RateFromZero, _about("rate", texts.WARMUP_START)] = 0.0
    vertical_flip: Annotated[Switch, _about("geometry", texts.VERTICAL_FLIP)]
    vertical_flip_prob: Annotated[Probability, _about("geometry", texts.VERTICAL_FLIP_PROB)]
    rotate: Annotated[Switch, _about("geometry", texts.ROTATE)]
    rotate_prob: Annotated[Probability, _about("geometry", texts.ROTATE_PROB)]
    rotate_range: Annotated[Degrees, _about("geometry", texts.ROTATE_RANGE)]


_SHAPES = [320, 352, 384, 416, 448, 480, 512, 544, 576, 608]


class DetectionParams(CommonParams):
    """Parameters of a detector; the original stored those of the YOLO family with the RCNN family too.

    ``lr_policy``, ``seed`` and ``warmup_start_lr`` are this server's own.
    """

    backbone: Text
    image_shape: Annotated[ShortLong, _about("essential", texts.IMAGE_SHAPE, texts.SHORT_SIDE, texts.LONG_SIDE)]
    seed: Annotated[Seed, _about("training", texts.SEED)] = 0
    lr_policy: Annotated[Policy, _about("rate", texts.LR_POLICY)] = "Piecewise"
    warmup_steps: Annotated[Steps, _about("rate", texts.WARMUP_STEPS)]
    warmup_start_lr: Annotated[RateFromZero, _about("rate", texts.WARMUP_START)] = 0.0
    crop_image: Annotated[Switch, _about("geometry", texts.CROP_IMAGE)] = True
    expand_image: Annotated[Switch, _about("geometry", texts.EXPAND_IMAGE)] = True
    expand_prob: Annotated[Probability, _about("geometry", texts.EXPAND_PROB)] = 0.5
    random_shape: Annotated[Switch, _about("geometry", texts.RANDOM_SHAPE)] = True
    random_shape_sizes: Annotated[Sizes, _about("geometry", texts.RANDOM_SHAPE_SIZES)] = _SHAPES
    use_mixup: Annotated[Switch, _about("geometry", texts.USE_MIXUP)] = True
    mixup_alpha: Annotated[Alpha, _about("geometry", texts.MIXUP_ALPHA)] = 1.5
    mixup_beta: Annotated[Alpha, _about("geometry", texts.MIXUP_BETA)] = 1.5
    with_fpn: Annotated[Switch, _about("net", texts.WITH_FPN)]

    @field_validator("random_shape_sizes")
    @classmethod
    def _strides_fit(cls, values: list[int]) -> list[int]:
        return _multiples_of_32(values)


class InstanceSegmentationParams(DetectionParams):
    """Parameters of a net that finds and outlines objects."""


class SegmentationParams(CommonParams):
    """Parameters of a segmenter; the warm-up is this server's own."""

    backbone: OptionalText = None
    image_shape: Annotated[HeightWidth, _about("essential", texts.IMAGE_SHAPE, *reversed(_SIDES))]
    loss_type: Annotated[Switches, _about("training", texts.LOSS_TYPE, texts.DICE, texts.CROSS_ENTROPY)]
    optimizer: Annotated[Optimizer, _about("rate", texts.OPTIMIZER)]
    lr_policy: Annotated[Policy, _about("rate", texts.LR_POLICY)]
    warmup_steps: Annotated[Steps, _about("rate", texts.WARMUP_STEPS)] = 0
    warmup_start_lr: Annotated[RateFromZero, _about("rate", texts.WARMUP_START)] = 0.0
    vertical_flip: Annotated[Switch, _about("geometry", texts.VERTICAL_FLIP)]
    vertical_flip_prob: Annotated[Probability, _about("geometry", texts.VERTICAL_FLIP_PROB)]
    rotate: Annotated[Switch, _about("geometry", texts.ROTATE)]
    max_rotation: Annotated[Degrees, _about("geometry", texts.MAX_ROTATION)] = 15
    scale_aspect: Annotated[Switch, _about("geometry", texts.SCALE_ASPECT)]
    min_ratio: Annotated[Ratio, _about("geometry", texts.MIN_RATIO)]
    aspect_ratio: Annotated[Ratio, _about("geometry", texts.ASPECT_RATIO)]
    blur: Annotated[Switch, _about("colour", texts.BLUR)]
    blur_prob: Annotated[Probability, _about("colour", texts.BLUR_PROB)]


PARAMS_MODELS: Mapping[str, type[CommonParams]] = {
    ProjectType.CLASSIFICATION.value: ClassificationParams,
    ProjectType.DETECTION.value: DetectionParams,
    ProjectType.SEGMENTATION.value: SegmentationParams,
    ProjectType.INSTANCE_SEGMENTATION.value: InstanceSegmentationParams,
}

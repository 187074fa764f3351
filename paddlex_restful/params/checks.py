"""Whether training parameters can be used."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from paddlex_restful.checkpoints import PUBLISHED_WEIGHTS
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import CLAUSES, MORE
from paddlex_restful.messages import params as messages
from paddlex_restful.params.defaults import BACKBONES, default_params, models
from paddlex_restful.params.schema import PARAMS_MODELS, CommonParams
from paddlex_restful.params.sizes import size_problem

MOST_PROBLEMS = 20
MOST_SHOWN = 60

_WEIGHTS: Mapping[str, tuple[str, ...]] = {
    ProjectType.CLASSIFICATION.value: ("IMAGENET",),
    ProjectType.DETECTION.value: ("IMAGENET", "COCO"),
    ProjectType.SEGMENTATION.value: PUBLISHED_WEIGHTS,
    ProjectType.INSTANCE_SEGMENTATION.value: ("IMAGENET", "COCO"),
}


class BadParams(UserError):  # noqa: N818
    """Training parameters that cannot be used.

    Attributes:
        problems: by parameter, a clause that says what it must be.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        clauses = list(self.problems.values())
        if len(clauses) > MOST_PROBLEMS:
            clauses[MOST_PROBLEMS:] = [MORE.format(more=len(clauses) - MOST_PROBLEMS)]
        super().__init__(messages.IMPOSSIBLE, problems=CLAUSES.join(clauses))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


def check_params(project_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete and type the training parameters that a client sent.

    Args:
        project_type: such as ``classification``.
        values: parameters by name; numbers, switches and lists may be text. Missing ones take the defaults of the
            named model, or of the type's default model.

    Returns:
        Every parameter of the type, typed, sorted by name.

    Raises:
        BadParams: unknown names, impossible values, an unknown model; the sentence names all of them.
        UserError: an unknown type, or no mapping.
    """
    if not isinstance(values, Mapping):
        raise UserError(messages.NOT_AN_OBJECT)
    known = models(project_type)
    kind = ProjectType(project_type).value
    schema = PARAMS_MODELS[kind]
    problems: dict[str, str] = {}
    model = values.get("model", known[0])
    if not isinstance(model, str) or model not in known:
        problems["model"] = messages.WRONG_MODEL.format(models=", ".join(known), value=_shown(model))
        model = known[0]
    defaults = default_params(kind, model)
    try:
        params = schema.model_validate({**defaults, **values, "model": model}).model_dump()
    except ValidationError as error:
        problems |= _problems(schema, kind, values, error)
        # What stands in for a refused value is sound, so that the checks across names still find their own problems.
        bad = {str(detail["loc"][0]) for detail in error.errors()}
        sound = {key: value for key, value in values.items() if key not in bad}
        params = schema.model_validate({**defaults, **sound, "model": model}).model_dump()
    problems = _problems_across(kind, params) | problems
    if problems:
        raise BadParams(problems)
    return dict(sorted(params.items()))


def _problems(
    schema: type[CommonParams], project_type: str, values: Mapping[str, Any], error: ValidationError
) -> dict[str, str]:
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
    return clauses


def _problems_across(project_type: str, params: Mapping[str, Any]) -> dict[str, str]:
    problems = {}
    gpus = len(params["cuda_visible_devices"].split(","))
    if params["batch_size"] % gpus:
        problems["batch_size"] = messages.BATCH_NOT_DIVISIBLE.format(gpus=gpus, value=params["batch_size"])
    if project_type != ProjectType.SEGMENTATION.value:
        width, height = params["image_shape"]
        if project_type != ProjectType.CLASSIFICATION.value:
            width, height = height, width
        if (problem := size_problem(params["model"], width, height)) is not None:
            problems["image_shape"] = problem
    backbone = params.get("backbone")
    if backbone is not None and backbone not in BACKBONES[params["model"]]:
        known = ", ".join(BACKBONES[params["model"]])
        problems["backbone"] = messages.UNKNOWN_BACKBONE.format(
            backbones=known, model=params["model"], value=_shown(backbone)
        )
    weights = params["pretrain_weights"]
    if weights in PUBLISHED_WEIGHTS and weights not in _WEIGHTS[project_type]:
        problems["pretrain_weights"] = messages.UNKNOWN_WEIGHTS.format(
            weights=", ".join(_WEIGHTS[project_type]), project_type=project_type, value=weights
        )
    return problems


def _shown(value: Any) -> str:
    """A value as JSON shows it, short enough for a sentence."""
    try:
        text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return messages.NESTED
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"

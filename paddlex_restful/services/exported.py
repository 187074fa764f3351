"""What is known of an exported model from its folder: how it computes, how large, good and fast it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import orjson
import yaml
from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from paddlex_restful.checkpoints import INFO_FILE
from paddlex_restful.enums import ExportedModelType
from paddlex_restful.errors import UserError
from paddlex_restful.paths import confine
from paddlex_restful.results import EXPORT_FILE
from paddlex_restful.services import downloads

_LARGEST = 256 << 10
"""Bytes of a file that is read: those of exports have some kilobytes, and clients may list any folder."""

_Metric: TypeAlias = dict[Annotated[str, Field(max_length=100)], FiniteFloat | None]

_FIELDS: Mapping[str, TypeAdapter[Any]] = {
    "format": TypeAdapter(Literal["infer", "onnx", "lite"]),
    "quantised": TypeAdapter(bool),
    "pruned": TypeAdapter(bool),
    "size": TypeAdapter(Annotated[int, Field(ge=0, lt=1 << 63)]),
    "metric": TypeAdapter(Annotated[_Metric, Field(max_length=50)]),
    "latency_ms": TypeAdapter(Annotated[FiniteFloat, Field(ge=0)]),
}
"""What is told, and what it may be; the files come from outside."""


_FORMATS = {".nb": "lite", ".onnx": "onnx", ".pdmodel": "infer", ".pdiparams": "infer"}
"""By the endings of the files that hold a net or its weights."""


def read(folder: Path) -> dict[str, Any]:
    """What the files of an exported model tell of it.

    Args:
        folder: of the export, or its one file.

    Returns:
        ``format`` (infer, onnx or lite), ``quantised``, ``pruned``, ``size`` (bytes), ``metric`` ({name: figure}) and
        ``latency_ms`` (milliseconds an image); null where nothing is told, or what is told is not of the right form.
    """
    told = _mapping(folder / EXPORT_FILE, orjson.loads) or _older(folder)
    return {name: _checked(form, told.get(name)) for name, form in _FIELDS.items()}


def nothing() -> dict[str, Any]:
    """What ``read`` gives where nothing is told."""
    return dict.fromkeys(_FIELDS)


def kind(facts: Mapping[str, Any]) -> ExportedModelType:
    """What kind of exported model it is by what ``read`` tells; a trained one for servers where nothing is known."""
    mobile = facts["format"] == "lite"
    if facts["quantised"]:
        return ExportedModelType.XQUANTMOBILE if mobile else ExportedModelType.XQUANTSERVER
    if facts["pruned"]:
        return ExportedModelType.XPRUNEMOBILE if mobile else ExportedModelType.XPRUNESERVER
    return ExportedModelType.XTRAINMOBILE if mobile else ExportedModelType.XTRAINSERVER


def _older(folder: Path) -> dict[str, Any]:
    """What the files of exports without facts tell: of our earlier ones, and of the original's."""
    info = _mapping(folder / INFO_FILE, yaml.safe_load)
    attributes = info.get("_Attributes")
    original = attributes if isinstance(attributes, dict) else {}
    try:
        members = tuple(downloads.members(folder))
    except (OSError, UserError):  # it is gone, or no folder of a model at all
        members = ()
    endings = {member.path.suffix for member in members}
    return {
        "format": next((name for ending, name in _FORMATS.items() if ending in endings), None),
        "quantised": (folder / "quant.yml").is_file() if info else None,
        "pruned": "pruning" in info or (folder / "prune.yml").is_file() if info else None,
        "size": sum(member.size for member in members) or None,
        "metric": info.get("metrics", original.get("eval_metrics")),
    }


def _mapping(file: Path, parse: Callable[[bytes], Any]) -> dict[str, Any]:
    """The object in a file, empty where there is none that can be read."""
    try:
        file = confine(file, file.parent)
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return {}
        found = parse(file.read_bytes())
    except (UserError, OSError, ValueError, RecursionError, yaml.YAMLError, AttributeError, KeyError):
        # PyYAML tells values that do not fit their tags by the last two.
        return {}
    return found if isinstance(found, dict) else {}


def _checked(form: TypeAdapter[Any], value: object) -> Any:
    try:
        return form.validate_python(value, strict=True)
    except ValidationError:
        return None

"""Examples of arguments for the OpenAPI document, by the names that arguments have in all calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_NAME: Mapping[str, Any] = {
    "attr_dict": {"name": "flowers of May"},
    "attr_list": ["name", "path"],
    "dataset_type": "classification",
    "desc": "photographs of flowers",
    "did": "D0001",
    "emid": "EM0001",
    "epoch": 10,
    "gpu_list": [0],
    "id": "P0001",
    "image": "rose/0001.jpg",
    "image_data": "iVBORw0KGgo=",
    "img_list": ["/data/flowers/new/1.jpg"],
    "last_event_id": "7-83-0",
    "mid": "PM0001",
    "model_path": "/data/models/flowers",
    "model_type": "MobileNetV3_small",
    "name": "flowers",
    "offset": 0,
    "opset": 13,
    "parent_id": "T0001",
    "path": "/data/flowers",
    "pid": "P0001",
    "pmid": "PM0001",
    "prj_type": "classification",
    "project_type": "classification",
    "resume": True,
    "save_dir": "/data/models/flowers",
    "seed": 7,
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "size": 104857600,
    "source_path": "/data/workspace/projects/P0001/T0001/output/best_model",
    "struct": "project",
    "test_split": 0.1,
    "tid": "T0001",
    "train": {"model": "MobileNetV3_small", "num_epochs": 10, "batch_size": 16, "learning_rate": 0.01},
    "upload_id": "U00112233445566778899aabbccddeeff",
    "val_split": 0.2,
}


_OFTEN = frozenset({"path", "train"})
"""Optional arguments that most requests have."""


def example(schema: Mapping[str, Any]) -> dict[str, Any]:
    """An example of the required arguments of a call and the usual ones, of all of them where none is required.

    Args:
        schema: the JSON schema of the arguments.

    Returns:
        By name; None of an optional one that has neither an example nor a default.
    """
    properties = schema["properties"]
    required = schema.get("required") or properties
    return {name: _value(name, field) for name, field in properties.items() if name in required or name in _OFTEN}


def _value(name: str, field: Mapping[str, Any]) -> Any:
    if "enum" in field:
        return field["enum"][0]
    if "const" in field:
        return field["const"]
    return _BY_NAME.get(name, field.get("default"))

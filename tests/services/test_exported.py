"""What exported models tell of themselves, and what becomes of it in the list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from paddlex_restful.enums import ExportedModelType as Kind
from paddlex_restful.services import exported

TOLD: dict[str, Any] = {
    "format": "onnx",
    "quantised": True,
    "pruned": False,
    "size": 1234,
    "metric": {"Acc1": 0.98, "kappa": None},
    "latency_ms": 5.5,
}
UNKNOWN = dict.fromkeys(TOLD)


def folder(path: Path, facts: object = None, info: object = None, files: tuple[str, ...] = ()) -> Path:
    if facts is not None:
        (path / "export.json").write_text(json.dumps(facts))
    if info is not None:
        (path / "model.yml").write_text(yaml.safe_dump(info, allow_unicode=True), encoding="utf-8")
    for name in files:
        (path / name).write_bytes(b"1234567")
    return path


def test_what_an_export_tells_is_taken(tmp_path: Path) -> None:
    more = {"difference": 1e-6, "model_name": "x", "secret": "not shown"}
    assert exported.read(folder(tmp_path, {**TOLD, **more}, {"metrics": {"Acc1": 0.1}}, ("a.nb",))) == TOLD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "<script>"),
        ("format", ["onnx"]),
        ("quantised", "yes"),
        ("quantised", 1),
        ("size", -1),
        ("size", 1e300),
        ("size", 10**30),
        ("size", True),
        ("metric", {"a" * 101: 1.0}),
        ("metric", {"a": "0.5"}),
        ("metric", {str(number): 1.0 for number in range(51)}),
        ("metric", [0.5]),
        ("latency_ms", "fast"),
        ("latency_ms", -1),
    ],
)
def test_what_has_another_form_is_not_known(tmp_path: Path, field: str, value: object) -> None:
    assert exported.read(folder(tmp_path, {**TOLD, field: value})) == {**TOLD, field: None}


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"{", b"NaN", b'{"size": NaN}', b"\xff\xfe", b'{"a":' * 100_000, b" " * (1 << 20)]
)
def test_facts_that_cannot_be_read_are_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "export.json").write_bytes(content)
    size = len(content) or None
    assert exported.read(tmp_path) == {**UNKNOWN, "size": size}


def test_earlier_exports_are_told_by_their_folder(tmp_path: Path) -> None:
    info = {"type": "classification", "metrics": {"Acc1": 0.9}, "labels": ["猫"]}
    path = folder(tmp_path, info=info, files=("inference.json", "inference.pdiparams"))
    size = sum(file.stat().st_size for file in path.iterdir())
    assert exported.read(path) == {
        "format": "infer",
        "quantised": False,
        "pruned": False,
        "size": size,
        "metric": {"Acc1": 0.9},
        "latency_ms": None,
    }


def test_exports_of_the_original_are_told_by_their_folder(tmp_path: Path) -> None:
    info = {"Model": "MobileNetV2", "_Attributes": {"eval_metrics": {"acc1": 0.8}, "labels": ["a"]}, "status": "Infer"}
    path = folder(tmp_path, info=info, files=("model.pdmodel", "model.pdiparams", "model.pdiparams.info", "quant.yml"))
    found = exported.read(path)
    assert (found["format"], found["quantised"], found["pruned"]) == ("infer", True, False)
    assert found["metric"] == {"acc1": 0.8}
    assert found["size"] > 28


@pytest.mark.parametrize(
    "content",
    ["", "- 1", "a: [", "!!python/object/apply:os.system [exit]", "x: !!timestamp x", "x: !!bool x", "[" * 10_000],
)
def test_a_description_that_cannot_be_read_tells_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.yml").write_text(content)
    (tmp_path / "model.nb").write_bytes(b"net")
    assert exported.read(tmp_path) == {**UNKNOWN, "format": "lite", "size": len(content) + 3}


@pytest.mark.parametrize("name", ["gone", "model.nb"])
def test_a_single_file_and_a_missing_folder_can_be_told_of(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.nb").write_bytes(b"net")
    found = {"format": "lite", "size": 3} if name == "model.nb" else {}
    assert exported.read(tmp_path / name) == {**UNKNOWN, **found}


def test_the_root_of_the_disk_is_not_searched() -> None:
    assert exported.read(Path("/"))["size"] is None


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, Kind.XTRAINSERVER),
        ({"format": "infer"}, Kind.XTRAINSERVER),
        ({"format": "onnx", "pruned": True}, Kind.XPRUNESERVER),
        ({"format": "infer", "pruned": True, "quantised": True}, Kind.XQUANTSERVER),
        ({"format": "lite"}, Kind.XTRAINMOBILE),
        ({"format": "lite", "pruned": True}, Kind.XPRUNEMOBILE),
        ({"format": "lite", "pruned": True, "quantised": True}, Kind.XQUANTMOBILE),
    ],
)
def test_the_kind_follows_from_what_is_told(facts: dict[str, Any], kind: Kind) -> None:
    assert exported.kind({**UNKNOWN, **facts}) is kind

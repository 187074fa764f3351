"""Exports in all formats over HTTP, against a real server: what is told of them, and what is refused in advance."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.services import paddlelite
from tests.conftest import Server
from tests.flow import Trained, task, trained_task, until

TOLD = {"save_dir", "model_name", "format", "quantised", "pruned", "size", "metric", "latency_ms", "difference"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    folder = tmp_path_factory.mktemp("exports")
    server = Server(folder)
    yield trained_task(server, folder / "shapes")
    server.close()


def export(trained: Trained, save_dir: Path, **args: Any) -> dict[str, Any]:
    """Export the task; gives the answer at the end."""
    started = trained.server.ok("POST", "/project/task/export", tid=trained.tid, save_dir=str(save_dir), **args)
    assert started["save_dir"] == str(save_dir)
    return until(
        lambda: trained.server.ok("GET", "/project/task/export", tid=trained.tid),
        lambda seen: seen["export_status"] != 6,
    )


def test_onnx(trained: Trained, tmp_path: Path) -> None:
    told = export(trained, tmp_path / "out", type="onnx")
    assert told["export_status"] == 7, told["message"]
    assert (told["format"], told["quantised"], told["model_name"]) == ("onnx", False, None)
    assert set(told) > TOLD
    written = json.loads((tmp_path / "out/export.json").read_text())
    assert written["opset"] == 13
    assert {name: told[name] for name in TOLD - {"save_dir"}} == {name: written[name] for name in TOLD - {"save_dir"}}


def test_quantised(trained: Trained, tmp_path: Path) -> None:
    server, tid = trained.server, trained.tid
    stages = set()

    def look() -> dict[str, Any]:
        log = server.ok("GET", "/project/task/export", tid=tid, quant="log")["quant_log"]
        assert set(log) == {"stage", "running_duration", "log_file"}
        stages.add(log["stage"])
        return server.ok("GET", "/project/task/export", tid=tid)

    server.ok("POST", "/project/task/export", tid=tid, save_dir=str(tmp_path / "out"), quant=True)
    told = until(look, lambda seen: seen["export_status"] != 6)
    assert told["export_status"] == 7, told["message"]
    assert told["quantised"]
    # It may have ended between the two requests of the last look.
    look()
    assert {"calibrating", "complete"} <= stages
    result = server.ok("GET", "/project/task/export", tid=tid, quant="result")["quant_result"]
    assert set(result) == {"before", "after", "remarks"}
    assert result["before"]["size"] > 2 * result["after"]["size"]
    assert result["after"]["metric"].keys() == {"acc1"}
    export(trained, tmp_path / "plain")
    assert server.ok("GET", "/project/task/export", tid=tid, quant="result")["quant_result"] == {}
    log = server.ok("GET", "/project/task/export", tid=tid, quant="log")["quant_log"]
    assert (log["stage"], log["running_duration"]) == (None, None)


def test_lite_from_the_task_and_from_an_export(trained: Trained, tmp_path: Path) -> None:
    try:
        paddlelite.interpreter()
    except UserError as refusal:
        pytest.skip(str(refusal))
    told = export(trained, tmp_path / "task", type="lite")
    assert told["export_status"] == 7, told["message"]
    assert told["format"] == "lite"
    export(trained, tmp_path / "infer")
    told = export(trained, tmp_path / "export", type="lite", model_path=str(tmp_path / "infer"), valid_places="x86")
    assert told["export_status"] == 7, told["message"]
    assert told["difference"] < 1e-3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"type": "caffe"}, "infer, onnx or lite"),
        ({"type": "onnx", "opset": 3}, "from 11 to 19"),
        ({"type": "onnx", "opset": 99}, "from 11 to 19"),
        ({"type": "onnx", "quant": True}, "quant is for type infer"),
        ({"type": "infer", "quant": True, "quant_epochs": -1}, "0 or more"),
        ({"type": "infer", "model_path": "/x"}, "model_path is for type lite"),
        ({"type": "lite", "valid_places": "fpga"}, "arm, arm_opencl, x86"),
    ],
)
def test_what_cannot_be_is_refused_in_advance(
    trained: Trained, tmp_path: Path, args: dict[str, Any], words: str
) -> None:
    save_dir = str(tmp_path / "out")
    assert words in trained.server.refused("POST", "/project/task/export", tid=trained.tid, save_dir=save_dir, **args)
    assert not (tmp_path / "out").exists()


def test_lite_without_paddlelite_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paddlelite.VARIABLE, raising=False)
    monkeypatch.setattr(paddlelite, "_MADE_BY_MAKE", tmp_path / "missing")
    with pytest.raises(UserError, match="make lite"):
        paddlelite.interpreter()
    for named, words in (
        (str(tmp_path / "missing"), "no Python interpreter"),
        ("relative/python", "no Python interpreter"),
        (sys.executable, "has no paddlelite"),
    ):
        monkeypatch.setenv(paddlelite.VARIABLE, named)
        with pytest.raises(UserError, match=words):
            paddlelite.interpreter()
    file = tmp_path / "text"
    file.write_text("no program")
    monkeypatch.setenv(paddlelite.VARIABLE, str(file))
    with pytest.raises(UserError, match="no Python interpreter"):
        paddlelite.interpreter()
    assert os.environ[paddlelite.VARIABLE]


def test_a_model_path_that_is_no_export_is_refused(trained: Trained, tmp_path: Path) -> None:
    try:
        paddlelite.interpreter()
    except UserError as refusal:
        pytest.skip(str(refusal))
    for path in (str(tmp_path), "relative", str(tmp_path / "missing")):
        refusal = trained.server.refused(
            "POST",
            "/project/task/export",
            tid=trained.tid,
            type="lite",
            save_dir=str(tmp_path / "out"),
            model_path=path,
        )
        assert "model_path" in refusal


def test_a_task_that_is_not_trained_is_refused(trained: Trained, tmp_path: Path) -> None:
    server = trained.server
    tid = task(server, trained.pid)
    refusal = server.refused("POST", "/project/task/export", tid=tid, type="onnx", save_dir=str(tmp_path / "out"))
    assert "has no trained model" in refusal

"""The comparison of smaller models, against a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paddlex_restful.client import Client
from paddlex_restful.demo.compress import Comparison, Row, table
from paddlex_restful.demo.plans import PLANS
from tests.conftest import Server
from tests.images import make_classification

DIGITS = PLANS["classification"]
TINY = replace(
    DIGITS, params={**DIGITS.params, "model": "PPLCNet", "num_epochs": 2, "batch_size": 8, "warmup_steps": 0}
)


@pytest.fixture
def client(shared_server: Server) -> Iterator[Client]:
    client = Client(shared_server.url)
    yield client
    client.close()


def test_a_model_is_compared_with_smaller_ones(client: Client, tmp_path: Path) -> None:
    make_classification(tmp_path / "pictures", per_class=10, size=32)
    rows = {row.name: row for row in Comparison(client, TINY, tmp_path / "exported").run(tmp_path / "pictures")}
    assert not [row.refused for row in rows.values() if row.refused]
    assert list(rows) == [
        "trained",
        "pruned by 30%",
        "pruned by 50%",
        "quantised",
        "pruned by 50%, quantised",
        "ONNX",
    ]
    whole = rows["trained"].figures
    for name, share in (("pruned by 30%", 0.3), ("pruned by 50%", 0.5)):
        assert 1 - rows[name].figures["flops"] / whole["flops"] == pytest.approx(share, rel=0.02)
        assert rows[name].figures["parameters"] < whole["parameters"]
        assert rows[name].figures["size"] < whole["size"]
    assert rows["quantised"].figures["size"] < whole["size"]
    assert rows["pruned by 50%, quantised"].figures["size"] < rows["pruned by 50%"].figures["size"]
    for row in rows.values():
        assert all(0 <= value <= 1 for value in row.figures["metric"].values())
        assert row.figures["latency_ms"] > 0
    lines = table(list(rows.values())).splitlines()
    assert len(lines) == 3 + len(rows) + 1
    assert re.match(r"pruned by 30%\s+\d", lines[4])


def test_what_was_refused_is_told_below_the_table() -> None:
    figures = {"flops": 1_830_000, "parameters": 11_700_000, "size": 44_800_000, "metric": {"acc1": 0.9876}}
    lines = table([Row("trained", figures), Row("ONNX", {}, "It cannot.")]).splitlines()
    assert lines[3].split() == ["trained", "1.83", "11.7", "44.8", "acc1", "0.9876", "–"]
    assert lines[4].split() == ["ONNX"] + ["–"] * 6
    assert lines[-1] == "ONNX: It cannot."

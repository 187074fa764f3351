"""The measurements measure what they say; their figures are not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import load, results
from benchmarks.results import Figure
from tests.conftest import Server


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def test_each_request_of_the_clients_is_a_real_one(shared_server: Server) -> None:
    before = len(shared_server.ok("GET", "/dataset")["datasets"])
    body = b'{"name": "load", "dataset_type": "classification"}'
    seen = load.run(port_of(shared_server), load.request_bytes("POST", "/dataset", body), clients=3, seconds=0.2)
    created = len(shared_server.ok("GET", "/dataset")["datasets"]) - before
    assert created == round(seen.requests_per_second * 0.2)
    assert created >= 3
    assert 0 < seen.p50 <= seen.p99


def test_a_refused_request_ends_the_measurement(shared_server: Server) -> None:
    with pytest.raises(RuntimeError, match="not answered with success"):
        load.run(port_of(shared_server), load.request_bytes("GET", "/dataset?did=D9999"), clients=1, seconds=0.1)


def test_figures_are_kept_and_laid_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    path = results.save([Figure("http", "GET /", "req/s", (900.0, 1000.0, 1500.0))])
    text = results.table(
        [Figure("http", "GET /", "req/s", (2000.0,)), Figure("http", "new", "ms", (0.5,))], results.load(path)
    )
    heads, first, second = text.splitlines()
    assert heads.split()[-2:] == ["before", "now/before"]
    assert first.split()[-2:] == ["1,000", "2.00"]
    assert second.split()[-1] == "ms"

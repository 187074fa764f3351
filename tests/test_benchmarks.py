"""The measurements measure what they say; their figures are not judged here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from benchmarks import load, results, trainer, workspace
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


def test_the_workspace_is_measured_with_many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "TASKS", (20, 30))
    change, opening, *others = workspace.measure(2)
    assert (change.name, len(change.runs)) == ("a change with 20 tasks", 2 * workspace.CHANGES)
    assert (opening.name, len(opening.runs)) == ("opening with 20 tasks", 2)
    assert [figure.name for figure in others] == ["a change with 30 tasks", "opening with 30 tasks"]


def test_epochs_from_files_and_from_memory_come_in_pairs_and_each_goes_first_in_turn() -> None:
    class Training:
        asked: ClassVar[list[int]] = []

        def batches(self, epoch: int) -> Iterator[int]:
            self.asked.append(epoch)
            return iter([epoch, epoch])

    training = trainer.Alternating(cast(Any, Training()))
    seen = [list(training.batches(epoch)) for epoch in range(1, 9)]
    assert seen == [[1, 1], [1, 1], [1, 1], [4, 4], [5, 5], [1, 1], [1, 1], [8, 8]]
    assert Training.asked == [1, 1, 4, 5, 8]
    assert {len(times) for clock in (training.wall, training.cpu) for times in clock.values()} == {4}

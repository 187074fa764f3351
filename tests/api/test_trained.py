"""What is done with a trained task, and with it again after it was trained anew: over HTTP against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Server
from tests.flow import Trained, train, trained_task, until


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A trained task on a server of this module's own; tests may train it anew."""
    folder = tmp_path_factory.mktemp("trained")
    server = Server(folder)
    yield trained_task(server, folder / "shapes")
    server.close()


def evaluate(trained: Trained, **args: Any) -> dict[str, Any]:
    """Evaluate the task; gives the answer at the end."""
    trained.server.ok("POST", "/project/task/evaluate", tid=trained.tid, **args)
    return until(
        lambda: trained.server.ok("GET", "/project/task/evaluate", tid=trained.tid),
        lambda answer: answer["evaluate_status"] != 11,
    )


def output_of(trained: Trained) -> Path:
    """Where the task keeps its checkpoints."""
    return trained.server.workspace / "projects" / trained.pid / trained.tid / "output"


def test_figures_of_a_model_that_was_trained_anew_are_not_told(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    assert "not been evaluated" in server.refused("GET", "/project/task/evaluate/file", tid=tid)
    assert evaluate(trained)["evaluate_status"] == 5
    assert server.ok("GET", "/project/task/evaluate", tid=tid)["result"] is not None
    train(server, tid)
    after = server.ok("GET", "/project/task/evaluate", tid=tid)
    assert (after["evaluate_status"], after["result"]) == (4, None)
    assert "not been evaluated" in server.refused("GET", "/project/task/evaluate/file", tid=tid)


def test_the_report_of_an_evaluation_that_failed_says_so(trained: Trained) -> None:
    weights = output_of(trained) / "epoch_1" / "model.pdparams"
    whole = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(b"damaged")
    try:
        assert evaluate(trained, epoch=1)["evaluate_status"] == 12
    finally:
        weights.write_bytes(whole)
    refusal = trained.server.refused("GET", "/project/task/evaluate/file", tid=trained.tid)
    assert "damaged" in refusal
    assert "not been evaluated" not in refusal

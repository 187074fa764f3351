"""Errors, their pictures and predictions over HTTP, of a classifier that was really trained and evaluated."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.api.test_contract import assert_shape
from tests.conftest import Server
from tests.flow import Trained, bound_project, import_dataset, task, train, until
from tests.images import make_classification

ERROR = {
    "image": str,
    "error": float,
    "false_positives": int,
    "misses": int,
    "confusions": int,
    "right": [str],
    "items": [{"kind": str, "category": str, "predicted": str, "score": float}],
    "path": str,
    "picture": str,
}
PREDICTION = {
    "image": str,
    "label": str,
    "picture": str,
    "category": str,
    "category_id": int,
    "score": float,
    "topk": [{"category": str, "category_id": int, "score": float}],
}


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A task that was trained so little that it errs, before any evaluation; its classes have names to be quoted."""
    folder = tmp_path_factory.mktemp("blind")
    server = Server(folder)
    source = make_classification(folder / "shapes", per_class=12, size=32, classes=("圆 &", "方 &", "角 &"))
    did = import_dataset(server, source)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.4)
    pid = bound_project(server, did)
    tid = task(server, pid, num_epochs=1, learning_rate=1e-6)
    train(server, tid)
    yield Trained(server, source, did, pid, tid)
    server.close()


def test_errors_and_predictions_of_a_trained_task(blind: Trained) -> None:
    server, tid = blind.server, blind.tid
    assert "not been evaluated" in server.refused("GET", "/project/task/evaluate/errors", tid=tid)
    assert "Nothing has been predicted" in server.refused("GET", "/project/task/predict/result", tid=tid)
    server.ok("POST", "/project/task/evaluate", tid=tid)
    done = until(lambda: server.ok("GET", "/project/task/evaluate", tid=tid), lambda it: it["evaluate_status"] != 11)
    assert done["evaluate_status"] == 5, done["message"]

    answer = server.ok("GET", "/project/task/evaluate/errors", tid=tid)
    assert_shape(answer, {"status": int, "errors": [ERROR], "total": int, "images": int})
    matrix = done["result"]["Confusion_Matrix"]
    wrong = sum(sum(row) for row in matrix) - sum(matrix[i][i] for i in range(3))
    assert wrong > 0, "a net that errs nowhere shows nothing"
    assert (answer["total"], len(answer["errors"])) == (wrong, wrong)
    assert answer["images"] == sum(sum(row) for row in matrix)
    scores = [one["error"] for one in answer["errors"]]
    assert scores == sorted(scores, reverse=True)
    page = server.ok("GET", "/project/task/evaluate/errors", tid=tid, offset="1", limit="2")
    assert page["errors"] == answer["errors"][1:3]
    assert "limit must be at most 1000" in server.refused("GET", "/project/task/evaluate/errors", tid=tid, limit=1001)

    for one in answer["errors"]:
        plain = base64.b64decode(server.ok("GET", "/file", path=one["path"])["img_data"])
        assert plain == Path(one["path"]).read_bytes()
        drawn = requests.get(server.url + one["picture"], timeout=60).json()
        with Image.open(io.BytesIO(base64.b64decode(drawn["img_data"]))) as picture:
            assert (picture.format, picture.width > 2 * picture.height * 0.9) == ("PNG", True)
    assert all("&" in one["image"] and "+%26%2F" in one["picture"] for one in answer["errors"])
    refusal = server.refused("GET", "/project/task/evaluate/errors/picture", tid=tid, image="nowhere.png")
    assert "nowhere.png" in refusal

    server.ok("POST", "/project/task/predict", tid=tid)
    until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda it: it["predict_status"] == 1)
    found = server.ok("GET", "/project/task/predict/result", tid=tid)
    assert_shape(found, {"status": int, "predictions": [PREDICTION], "total": int})
    assert found["total"] == len(found["predictions"]) == answer["images"]
    missed = {one["image"]: one["category"] for one in found["predictions"] if one["category"] != one["label"]}
    assert missed == {one["image"]: one["items"][0]["predicted"] for one in answer["errors"]}
    assert server.ok("GET", "/file", path=found["predictions"][0]["picture"])["img_data"]
    last = server.ok("GET", "/project/task/predict/result", tid=tid, offset=found["total"] - 1)
    assert last["predictions"] == found["predictions"][-1:]


def test_unknown_tasks_are_refused_by_all_calls(shared_server: Server) -> None:
    for path in ("evaluate/errors", "evaluate/errors/picture", "predict/result"):
        refusal = shared_server.refused("GET", f"/project/task/{path}", tid="T9999", image="a.png")
        assert "There is no task T9999" in refusal, json.dumps(refusal)

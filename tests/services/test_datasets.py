"""Datasets that the original server left are described wherever they are used; links; the names of arguments."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import Server
from tests.flow import import_dataset, train
from tests.images import make_classification, make_detection
from tests.test_original import leave_workspace


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Server]:
    """A server in a workspace of the original one, before any call."""
    leave_workspace(tmp_path / "workspace")
    server = Server(tmp_path)
    yield server
    server.close()


def test_an_original_dataset_is_split_first(original: Server) -> None:
    original.ok("PUT", "/dataset/split", did="D0001", val_split=0.5, test_split=0)
    assert len(original.ok("GET", "/dataset/details", did="D0001")["details"]["val_files"]) == 6


def test_an_original_dataset_is_trained_on_first(original: Server) -> None:
    train(original, "T0002")


def test_a_picture_of_an_original_dataset_is_labelled_first(original: Server) -> None:
    answer = original.ok("GET", "/file", path="cat/0000.png", did="D0001")
    assert base64.b64decode(answer["img_data"]).startswith(b"\x89PNG")


def test_a_model_tells_of_an_original_dataset_first(original: Server, tmp_path: Path) -> None:
    (tmp_path / "inference.yml").touch()
    kept = {"name": "kept", "type": "exported", "path": str(tmp_path), "exported_type": 5}
    emid = original.ok("POST", "/model", pid="P0001", tid="T0002", **kept)["emid"]
    attributes = original.ok("GET", "/model", mid=emid)["dataset_attr"]
    assert attributes["labels"] == ["cat", "dog"]
    assert (attributes["train_num"], attributes["val_num"]) == (6, 6)


def test_an_original_dataset_with_bad_files_says_which(original: Server) -> None:
    (original.workspace / "datasets/D0001/cat/0000.png").write_bytes(b"no picture")
    assert "cat/0000.png" in original.refused("POST", "/project/task/train", tid="T0002")


def test_a_linked_import_shares_the_files(shared_server: Server, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "shapes")
    did = import_dataset(shared_server, source, link=True)
    answer = shared_server.ok("GET", "/dataset", did=did)
    assert answer["dataset_status"] == 4, answer["message"]
    image = next(source.rglob("*.png"))
    assert Path(answer["attr"]["path"], image.relative_to(source)).samefile(image)


def test_the_files_of_a_dataset_are_given_as_they_are(shared_server: Server, tmp_path: Path) -> None:
    source = make_detection(tmp_path / "boxes")
    did = import_dataset(shared_server, source, "detection")
    folder = shared_server.ok("GET", "/dataset", did=did)["attr"]["path"]
    for name in ("JPEGImages/0000.jpg", "Annotations/0000.xml"):
        answer = requests.get(f"{shared_server.url}/dataset/file", json={"path": f"{folder}/{name}"}, timeout=60)
        assert answer.content == (source / name).read_bytes()


@pytest.mark.parametrize(
    ("path", "argument"), [("/dataset", "dataset_type"), ("/project", "project_type"), ("/demo", "prj_type")]
)
def test_a_wrong_type_is_told_by_the_name_of_its_argument(shared_server: Server, path: str, argument: str) -> None:
    message = shared_server.refused("POST", path, name="n", type="load", **{argument: "cats"})
    assert message.startswith(f"{argument} 'cats' is not known: take one of classification, ")

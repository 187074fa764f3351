"""Logs are read from their end; files are given as they are, and pictures with their labels."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from paddlex_restful.services.files import log_lines
from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_detection, make_instance_segmentation


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50, 51, 5000])
@pytest.mark.parametrize("end", ["\n", ""])
def test_the_last_lines_are_the_last_lines(tmp_path: Path, count: int, end: str) -> None:
    lines = [f"line {number} 行" + "x" * (number % 300) for number in range(count)]
    log = tmp_path / "out.log"
    log.write_text("\n".join(lines) + (end if lines else ""), encoding="utf-8")
    assert log_lines(log, limit=50) == lines[-50:]


def test_lines_that_are_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    lines = ["a" * 200_000, "b" * 200_000]
    log = tmp_path / "out.log"
    log.write_text("\n".join(lines) + "\n")
    assert log_lines(log, limit=1) == lines[1:]
    assert log_lines(log, limit=9) == lines


def test_other_lines_are_asked_for_by_their_number(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_text("".join(f"{number}\n" for number in range(100)))
    assert log_lines(log, offset=10, limit=3) == ["10", "11", "12"]
    assert log_lines(log, offset=99, limit=3) == ["99"]
    assert log_lines(log, offset=100) == []


def test_bytes_that_are_no_text_do_not_hide_the_log(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_bytes(b"good\n\xff\xfe bad\ngood\n")
    assert len(log_lines(log)) == 3


def test_the_dataset_counts_for_pictures_only(shared_server: Server, tmp_path: Path) -> None:
    source = make_detection(tmp_path / "boxes")
    coco = make_instance_segmentation(tmp_path / "polygons")
    did = import_dataset(shared_server, source, "detection")
    folder = shared_server.ok("GET", "/dataset", did=did)["attr"]["path"]
    other = import_dataset(shared_server, coco, "instance_segmentation")
    polygons = shared_server.ok("GET", "/dataset", did=other)["attr"]["path"]

    def get(**args: str) -> requests.Response:
        return requests.get(f"{shared_server.url}/file", json=args, timeout=60)

    xml, json = "Annotations/0000.xml", "annotations.json"
    for path, kind, content in (
        (f"{folder}/{xml}", "application/xml", (source / xml).read_bytes()),
        (f"{polygons}/{json}", "application/json", (coco / json).read_bytes()),
    ):
        for answer in (get(path=path), get(path=path, did=did)):
            assert answer.headers["Content-Type"].startswith(kind)
            assert answer.content == content
    assert shared_server.ok("GET", "/file", path=f"datasets/{did}/job/import/out.log", did=did)["log"] is not None
    assert "outside" in shared_server.refused("GET", "/file", path="/etc/hosts.txt", did=did)
    assert "outside" in shared_server.refused("GET", "/file", path=f"{polygons}/JPEGImages/0000.jpg", did=did)


@pytest.mark.parametrize(
    ("call", "path", "endings"),
    [
        ("/dataset/image", "a.xml", ".bmp, .jpeg, .jpg, .png"),
        ("/project/task/train/file", "a.png", ".log, .txt"),
        ("/file", "jobs.db", ".bmp, .jpeg, .jpg, .json, .log, .npy, .png, .txt, .xml"),
    ],
)
def test_a_refusal_names_the_endings_that_the_call_serves(
    shared_server: Server, call: str, path: str, endings: str
) -> None:
    message = shared_server.refused("GET", call, path=path)
    assert message == f"This call serves no files ending in '{Path(path).suffix}': ask for one that ends in {endings}."

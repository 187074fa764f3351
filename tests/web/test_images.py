"""The pictures below /_page/, over HTTP."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests import flow, images
from tests.conftest import Server


@pytest.fixture(scope="module")
def did(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A detection dataset of images of 320 x 240 pixels."""
    source = images.make_detection(tmp_path_factory.mktemp("pictured"), size=(320, 240))
    return flow.import_dataset(shared_server, source, "detection")


def get(server: Server, /, headers: dict[str, str] | None = None, **args: object) -> requests.Response:
    return requests.get(f"{server.url}/_page/thumbnail", params=args, headers=headers, timeout=60)


def test_a_thumbnail_is_small_and_kept_by_the_browser(shared_server: Server, did: str) -> None:
    answer = get(shared_server, did=did, file="JPEGImages/0000.jpg", size=160, labels="shapes", v="1")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/webp"
    assert "max-age=604800" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (160, 120)
    again = get(
        shared_server,
        {"If-None-Match": answer.headers["ETag"]},
        did=did,
        file="JPEGImages/0000.jpg",
        size=160,
        labels="shapes",
    )
    assert (again.status_code, again.content) == (304, b"")
    assert "max-age=60" in again.headers["Cache-Control"]
    other = get(shared_server, {"If-None-Match": answer.headers["ETag"]}, did=did, file="JPEGImages/0000.jpg", size=80)
    assert other.status_code == 200
    assert other.headers["ETag"] != answer.headers["ETag"]


def test_without_a_file_the_first_image_stands_for_the_dataset(shared_server: Server, did: str) -> None:
    first = get(shared_server, did=did, file="JPEGImages/0000.jpg")
    assert get(shared_server, did=did).content == first.content


def test_a_dataset_without_images_has_a_picture_that_says_so(shared_server: Server) -> None:
    empty = shared_server.ok("POST", "/dataset", name="empty, pictured", dataset_type="detection")["did"]
    answer = get(shared_server, did=empty)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert get(shared_server, did=empty, file="JPEGImages/0000.jpg").status_code == 404


@pytest.mark.parametrize(
    "file",
    [
        "../info.pb",
        "info.pb",
        "JPEGImages/../JPEGImages/0000.jpg",
        "/etc/passwd",
        "Annotations/0000.xml",
        "statis.json",
        "JPEGImages/0000.jpg\0",
        "JPEGImages",
        "..\\..\\workspace.restful.pb",
        "%2e%2e/info.pb",
    ],
)
def test_only_images_of_the_dataset_are_given(shared_server: Server, did: str, file: str) -> None:
    answer = get(shared_server, did=did, file=file)
    assert answer.status_code == 404
    assert "is not an image of the dataset" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("did", ["", "D9999", "../D0001", "P0001"])
def test_only_datasets_have_pictures(shared_server: Server, did: str) -> None:
    assert get(shared_server, did=did).status_code == 404


def test_what_became_unreadable_says_so(server: Server, tmp_path: Path) -> None:
    did = flow.import_dataset(server, images.make_classification(tmp_path / "shapes"))
    folder = server.workspace / "datasets" / did / "circle"
    images.bomb(folder / "0000.png")
    images.truncate(folder / "0001.png")
    (folder / "0002.png").unlink()
    (folder / "0003.png").unlink()
    (folder / "0003.png").symlink_to("/etc/passwd")
    for number, reason in enumerate(("pixels", "truncated or damaged", "cannot be read", "link to something outside")):
        answer = get(server, did=did, file=f"circle/000{number}.png")
        assert answer.status_code == 404
        assert reason in answer.text


def test_odd_arguments_give_a_picture_all_the_same(shared_server: Server, did: str) -> None:
    for args in ({"size": "-5"}, {"size": "99999999"}, {"size": "<script>"}, {"labels": "<script>"}, {"v": "x" * 500}):
        assert get(shared_server, did=did, **args).status_code == 200


def test_the_pictures_of_bad_files_are_given_and_nothing_beside_them(server: Server, tmp_path: Path) -> None:
    source = images.make_detection(tmp_path / "scenes", count=3, size=(320, 240))
    (source / "Annotations/0001.xml").unlink()
    did = flow.import_dataset(server, source, "detection")

    def finding(**args: object) -> requests.Response:
        return requests.get(f"{server.url}/_page/finding", params=args, timeout=60)

    answer = finding(did=did, number=0)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    for args in ({"number": 1}, {"number": -1}, {"number": "../job"}, {}, {"number": 0, "did": "D9999"}):
        assert finding(**({"did": did} | args)).status_code == 404

"""Datasets that lie on the client's machine: sent whole, in spite of a bad network."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from paddlex_restful.client import ApiError, Client, ClientError, NoAnswer, uploads
from tests.client.flaky import Fault, Flaky, request_line
from tests.images import make_classification, make_detection

BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_CHUNK", 1000)


def test_a_folder_is_sent_and_imported(client: Client, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "图 片", per_class=5)
    dataset = client.datasets.create("sent", "classification").upload(source)
    assert dataset.wait(60)["dataset_status"] == 4
    details = dataset.details()
    assert details is not None
    assert len(details["file_info"]) == 15
    for name in details["file_info"]:
        assert client.files.picture(f"datasets/{dataset.id}/{name}") == (source / name).read_bytes()


def test_an_archive_is_sent_as_it_is(client: Client, tmp_path: Path) -> None:
    source = make_detection(tmp_path / "boxes")
    with tarfile.open(tmp_path / "boxes.tar.gz", "w:gz") as archive:
        archive.add(source, "boxes")
    dataset = client.datasets.create("sent", "detection").upload(tmp_path / "boxes.tar.gz")
    assert dataset.wait(60)["dataset_status"] == 4


@pytest.mark.usefixtures("small_chunks")
def test_an_upload_goes_on_where_a_broken_connection_left_it(flaky: Flaky, far: Client, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "shapes", per_class=3)
    # The chunk arrived, and its answer was lost; or nothing arrived.
    flaky.faults.append(Fault(request_line(b"PUT /upload"), times=2))
    flaky.faults.append(Fault(request_line(b"PUT /upload"), times=2, answer=BROKEN))
    dataset = far.datasets.create("sent", "classification").upload(source)
    assert dataset.wait(60)["dataset_status"] == 4
    sent = [int(head.partition(b"offset=")[2].split()[0]) for head in flaky.seen if head.startswith(b"PUT /upload")]
    # What arrived is not sent again, what did not is.
    assert sent[:3] == [0, 1000, 2000]
    assert sent[3:5] == [2000, 2000]
    assert sent[5:] == sorted(set(sent[5:]))


@pytest.mark.usefixtures("small_chunks")
def test_an_upload_that_never_gets_on_ends(flaky: Flaky, far: Client, tmp_path: Path) -> None:
    flaky.faults.append(Fault(request_line(b"PUT /upload"), times=99, answer=BROKEN))
    dataset = far.datasets.create("sent", "classification")
    with pytest.raises((ApiError, NoAnswer)):
        dataset.upload(make_classification(tmp_path / "shapes", per_class=1))
    assert dataset.info()["dataset_status"] == 0


def test_images_are_added_until_the_split(client: Client, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "shapes", per_class=5)
    dataset = client.datasets.create("sent", "classification").upload(source)
    dataset.wait(60)
    more = make_classification(tmp_path / "more", per_class=8, classes=["square"])
    images = sorted((more / "square").iterdir())[5:]
    dataset.add_images(images, "square").wait(60)
    details = dataset.details()
    assert details is not None
    assert len(details["file_info"]) == 18
    dataset.split(val=0.2)
    with pytest.raises(ApiError, match="is split"):
        dataset.add_images(images, "square")


def test_what_is_not_there_is_told(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="neither a folder nor a file of this machine"):
        client.datasets.create("sent", "classification").upload(tmp_path / "nothing")

"""Broken connections and busy servers: what can be sent again is, and nothing is made twice."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest

from paddlex_restful.client import ApiError, Client, ClientError, NoAnswer, transport
from tests.client.flaky import Fault, Flaky, request_line
from tests.images import make_classification


def _names(client: Client) -> list[str]:
    return [each["attr"]["name"] for each in client.datasets.list()]


def _busy(status: str, *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", "Content-Length: 0", "Connection: close", *headers])
    return f"{head}\r\n\r\n".encode()


def test_a_creation_whose_answer_is_lost_is_sent_again_and_makes_one_object(flaky: Flaky, far: Client) -> None:
    flaky.faults.append(Fault(request_line(b"POST /dataset "), times=3))
    made = far.datasets.create("answer lost", "classification")
    assert _names(far).count("answer lost") == 1
    assert far.datasets.list()[-1]["id"] == made.id
    sent = [head for head in flaky.seen if head.startswith(b"POST")]
    keys = {line for head in sent for line in head.split(b"\r\n") if line.startswith(b"Idempotency-Key")}
    assert (len(sent), len(keys)) == (4, 1)


def test_each_creation_has_a_key_of_its_own(flaky: Flaky, far: Client) -> None:
    far.datasets.create("twice", "classification")
    far.datasets.create("twice", "classification")
    assert _names(far).count("twice") == 2


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "429 Too Many Requests"])
def test_a_busy_server_is_asked_again(flaky: Flaky, far: Client, status: str) -> None:
    flaky.faults.append(Fault(request_line(b"GET /workspace "), times=2, answer=_busy(status)))
    assert far.system.workspace()
    assert len(flaky.seen) == 3


def test_the_wish_of_a_busy_server_is_followed(flaky: Flaky, far: Client) -> None:
    answer = _busy("503 Service Unavailable", "Retry-After: 1")
    flaky.faults.append(Fault(request_line(b"GET /workspace "), answer=answer))
    begun = time.monotonic()
    assert far.system.workspace()
    assert time.monotonic() - begun >= 1


def test_no_server_has_a_client_wait_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert transport._pause(0, "86400") == transport.LONGEST_WISH
    assert transport._pause(99) <= transport.LONGEST_PAUSE
    assert transport._pause(0, "Fri, 31 Dec 1999 23:59:59 GMT") <= transport.FIRST_PAUSE


def test_what_begins_work_is_not_sent_again_and_says_that_it_may_be_done(
    flaky: Flaky, far: Client, tmp_path: Path
) -> None:
    dataset = far.datasets.create("d", "classification")
    flaky.faults.append(Fault(request_line(b"PUT /dataset ")))
    with pytest.raises(NoAnswer, match="it is not known whether it was done"):
        dataset.import_folder(make_classification(tmp_path / "shapes"))
    assert sum(head.startswith(b"PUT") for head in flaky.seen) == 1
    assert dataset.wait(60)["dataset_status"] == 4


def test_what_never_reached_the_server_is_always_sent_again(flaky: Flaky, far: Client, tmp_path: Path) -> None:
    dataset = far.datasets.create("d", "classification")
    answer = _busy("503 Service Unavailable")
    flaky.faults.append(Fault(request_line(b"PUT /dataset "), answer=answer))
    dataset.import_folder(make_classification(tmp_path / "shapes"))
    assert dataset.wait(60)["dataset_status"] == 4


def test_changes_that_come_to_the_same_are_sent_again(flaky: Flaky, far: Client) -> None:
    dataset = far.datasets.create("d", "classification")
    flaky.faults.append(Fault(request_line(b"PUT /workspace ")))
    dataset.change(name="renamed")
    assert dataset.info()["attr"]["name"] == "renamed"


def test_a_client_gives_up_in_the_end(flaky: Flaky) -> None:
    flaky.faults.append(Fault(request_line(b"GET "), times=99))
    with Client(flaky.url, retries=2) as client, pytest.raises(NoAnswer, match="got no answer"):
        client.system.workspace()
    assert len(flaky.seen) == 3
    flaky.faults[:] = [Fault(request_line(b"GET "), times=99, answer=_busy("503 Service Unavailable"))]
    with Client(flaky.url, retries=1) as client, pytest.raises(ApiError, match="HTTP status 503") as busy:
        client.system.workspace()
    assert busy.value.code == 503
    with Client(flaky.url) as client:
        assert not client.system.is_ready()
        flaky.faults[:] = [Fault(request_line(b"GET "), times=99)]
        assert not client.system.is_alive()


def test_nothing_follows_a_redirection_with_the_token(flaky: Flaky) -> None:
    flaky.faults.append(
        Fault(request_line(b"GET "), answer=_busy("302 Found", f"Location: {flaky.url}/elsewhere"), times=1)
    )
    with Client(flaky.url, "sixteen-letters-") as client, pytest.raises(ApiError):
        client.system.workspace()
    assert len(flaky.seen) == 1


@pytest.fixture
def model(far: Client, tmp_path: Path) -> str:
    """A listed model of six megabytes."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "inference.pdiparams").write_bytes(os.urandom(6_000_000))
    task = far.projects.create("p", "classification").tasks.create()
    return far.models.list_export(task, "m", folder)


def test_a_download_that_is_cut_off_goes_on_where_it_was(flaky: Flaky, far: Client, model: str, tmp_path: Path) -> None:
    flaky.faults.append(Fault(request_line(b"GET /model/download"), times=3, keep=1_000_000))
    file = far.models.download(model, tmp_path / "model.zip")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
    assert [path.name for path in tmp_path.glob("*.part")] == []
    ranges = [line for head in flaky.seen for line in head.split(b"\r\n") if line.startswith(b"Range")]
    starts = [int(line.split(b"=")[1].rstrip(b"-")) for line in ranges]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert 800_000 < starts[1] < 1_000_000


def test_a_download_goes_on_in_a_later_program(flaky: Flaky, model: str, tmp_path: Path) -> None:
    flaky.faults.append(Fault(request_line(b"GET /model/download"), times=1, keep=3_000_000))
    flaky.faults.append(Fault(request_line(b"GET /model/download"), times=99))
    with Client(flaky.url, retries=1) as client, pytest.raises(NoAnswer):
        client.models.download(model, tmp_path / "model.zip")
    assert not (tmp_path / "model.zip").exists()
    flaky.faults.clear()
    flaky.seen.clear()
    with Client(flaky.url) as client:
        client.models.download(model, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        assert archive.testzip() is None
    [asked] = [line for head in flaky.seen for line in head.split(b"\r\n") if line.startswith(b"Range")]
    assert int(asked.split(b"=")[1].rstrip(b"-")) > 2_000_000


def test_a_model_that_changes_while_it_is_downloaded_is_not_mixed(
    flaky: Flaky, far: Client, model: str, tmp_path: Path
) -> None:
    def cut(head: bytes) -> bool:
        if not head.startswith(b"GET /model/download"):
            return False
        (tmp_path / "model/inference.pdiparams").write_bytes(os.urandom(6_000_000))
        return True

    flaky.faults.append(Fault(cut, times=1, keep=1_000_000))
    with pytest.raises(ClientError, match=r"were changed while it was downloaded|being written"):
        far.models.download(model, tmp_path / "model.zip")
    assert not (tmp_path / "model.zip").exists()

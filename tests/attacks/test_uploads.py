"""What strangers may try with uploads, and what they get."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
import requests

from paddlex_restful import uploads
from paddlex_restful.datasets import importing, source
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.uploads import Uploads
from tests import images
from tests.attacks.test_archives import SLIPS, tarred
from tests.attacks.test_archives import zipped as zip_of
from tests.conftest import Server
from tests.uploading import new_dataset, send_chunk, send_form, settled, upload, zipped


@pytest.mark.parametrize("path", SLIPS)
def test_zip_slip_in_an_import(shared_server: Server, path: str) -> None:
    did = new_dataset(shared_server)
    before = _outside(shared_server, did)
    for pack in (zip_of, tarred):
        send_form(shared_server, "/dataset", [("archive", ("a", pack({"good.png": b"1", path: b"2"})))], did=did)
        status, message = settled(shared_server, did)
        assert (status, "leads out of its folder" in message) == (2, True), message
        assert {entry.name for entry in (shared_server.workspace / "datasets" / did).iterdir()} == {"info.pb", "job"}
    assert _outside(shared_server, did) == before


def _outside(server: Server, did: str) -> set[Path]:
    own = server.workspace / "datasets" / did
    return {
        path
        for path in server.workspace.parent.rglob("*")
        if path.is_file() and own not in path.parents and path.suffix != ".tmp" and "uploads" not in path.parts
    }


def test_a_zip_bomb_in_an_import(shared_server: Server) -> None:
    did = new_dataset(shared_server)
    shared_server.ok("PUT", "/dataset", did=did, upload_id=upload(shared_server, zip_of({"zeros": bytes(100 << 20)})))
    status, message = settled(shared_server, did)
    assert (status, "100 times its size" in message) == (2, True)
    assert not (shared_server.workspace / "datasets" / did / ".gathered").exists()


def test_no_call_gives_what_is_being_uploaded(shared_server: Server, tmp_path: Path) -> None:
    data = zipped(images.make_classification(tmp_path / "source", 1))
    id = upload(shared_server, data)
    folder = shared_server.workspace / "uploads" / id
    (folder / "x.png").write_bytes(b"picture")
    (folder / "x.json").write_bytes(b"{}")
    for address in ("/file", "/dataset/image", "/dataset/file", "/model/file"):
        for name in ("content", "upload.meta", "x.png", "x.json"):
            for path in (f"{folder}/{name}", f"uploads/{id}/{name}", f"datasets/../uploads/{id}/{name}"):
                assert shared_server.call("GET", address, path=path)["status"] == -1
    shared_server.ok("DELETE", "/upload", upload_id=id)


@pytest.mark.parametrize(
    "id", ["..", "../datasets/D0001", "U", "U" + "0" * 32, "u" + "0" * 32, "U" + "0" * 31 + "/", "/etc", "U" + "g" * 32]
)
def test_ids_that_are_none(shared_server: Server, id: str) -> None:
    did = new_dataset(shared_server)
    for method in ("GET", "DELETE"):
        assert "There is no upload" in shared_server.refused(method, "/upload", upload_id=id)
    assert "There is no upload" in send_chunk(shared_server, id, 0, b"x")["message"]
    assert "There is no upload" in shared_server.refused("PUT", "/dataset", did=did, upload_id=id)
    assert (shared_server.workspace / "datasets" / did).is_dir()


def test_uploads_are_limited_in_number_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Uploads(tmp_path)
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 3)
    monkeypatch.setattr(uploads, "MOST_BYTES", 3_000_000)
    held.begin("a", 1_000_000)
    with pytest.raises(UserError, match="All uploads together"):
        held.begin("b", 2_500_000)
    second = held.begin("b", 1_000_000)
    held.begin("c", 1)
    with pytest.raises(UserError, match="3 uploads wait already"):
        held.begin("d", 1)
    held.remove(second.id)
    held.begin("d", 1)


def test_what_uploads_have_been_promised_is_counted_against_the_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    free = usage.free
    # Other tests fill the disk, and free it again.
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    held = Uploads(tmp_path, min_free=free // 4)
    held.begin("a", free // 2)
    with pytest.raises(UserError, match="free some space"):
        held.begin("b", free // 2)
    assert len(list((tmp_path / "uploads").iterdir())) == 1


def test_chunks_that_come_at_once_do_not_mix(shared_server: Server) -> None:
    size = 1 << 20
    id = shared_server.ok("POST", "/upload", name="a", size=size)["upload_id"]
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append((n, send_chunk(shared_server, id, 0, bytes([n]) * size))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [number for number, answer in answers if answer["status"] == 1]
    assert len(taken) == 1
    assert {answer["offset"] for _, answer in answers} == {size}
    assert (shared_server.workspace / "uploads" / id / "content").read_bytes() == bytes(taken) * size
    shared_server.ok("DELETE", "/upload", upload_id=id)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", b"\0" * 999]
)
def test_broken_forms_are_refused_in_a_sentence(shared_server: Server, kind: str, body: bytes) -> None:
    before = shared_server.log.stat().st_size
    for path in ("/dataset", "/dataset/images"):
        answer = requests.put(shared_server.url + path, data=body, headers={"Content-Type": kind}, timeout=60)
        assert (answer.status_code, answer.json()["status"]) == (200, -1)
    assert b"failed, reference" not in shared_server.log.read_bytes()[before:]


def test_a_folder_of_endless_files_is_not_listed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_FILES", 10)
    with pytest.raises(JobFailed, match="more than 10 files and folders"):
        importing.run(_import(tmp_path, images.make_classification(tmp_path / "source", 5)))


@pytest.mark.parametrize("name", ["labels.txt", "train_list.txt", "annotations.json"])
def test_a_link_that_takes_the_place_of_a_text_while_it_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The words of a file that only the server may read must not become labels, or part of a sentence."""
    secret = tmp_path / "secret"
    secret.write_text("root:x:0\ndaemon:y:1\n")
    folder = tmp_path / "source"
    type = "instance_segmentation" if name == "annotations.json" else "classification"
    images.make_dataset(folder, type)
    for file in ("labels.txt", "train_list.txt", "val_list.txt") if type == "classification" else ():
        (folder / file).write_text("circle/0000.png 0\n")
    listed = source.Source._read

    def list_and_exchange(self: source.Source, below: str) -> source.Listing:
        found = listed(self, below)
        if not below:
            (folder / name).unlink()
            (folder / name).symlink_to(secret)
        return found

    monkeypatch.setattr(source.Source, "_read", list_and_exchange)
    with pytest.raises(JobFailed) as failed:
        importing.run(_import(tmp_path, folder, type))
    assert f"{name}: it is a link to something outside" in str(failed.value)
    assert "daemon" not in str(failed.value)


def test_a_pipe_that_takes_the_place_of_a_text_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    report = source.Report()
    assert source.Source(tmp_path, report).lines("pipe") == []
    with pytest.raises(UserError, match="pipe: it is not a regular file"):
        report.raise_if_bad()


def _import(tmp_path: Path, folder: Path, type: str = "classification") -> JobContext:
    root = tmp_path / "workspace"
    job = root / "datasets/D0001/job/import"
    job.mkdir(parents=True)
    args = {"type": type, "source": str(folder), "target": "datasets/D0001", "link": False}
    return JobContext("import", "D0001", job, root, args)

"""Downloads of models over HTTP: whole, in parts, cut off, changed under way, and by readers that do not read."""

from __future__ import annotations

import http.client
import io
import os
import random
import re
import shutil
import signal
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
import pytest
import requests

from tests.conftest import Server, changed_server
from tests.flow import until

ADDRESS = "/model/download"

FILES = {
    "inference.json": b"{}" * 1000,
    "inference.pdiparams": random.Random(0).randbytes(1_500_000),
    "model.yml": "labels: [猫, 狗]\n".encode(),
    "子目录/说明.txt": "中文".encode(),
}

# A server that sends one model at a time, and waits for its reader without end, or a second once it gets SIGUSR1.
SHORTENED = """
import signal
import sys
from paddlex_restful import app, cli
from paddlex_restful.api import download

if __name__ == "__main__":
    app.MOST_DOWNLOADS = 1
    download.PATIENCE = float("inf")
    signal.signal(signal.SIGUSR1, lambda *_: setattr(download, "PATIENCE", 1.0))
    sys.exit(cli.main(sys.argv[1:]))
"""


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def listed(server: Server, path: Path, name: str = "model") -> str:
    """Take a folder into the list of exported models; gives the id."""
    pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = server.ok("POST", "/project/task", pid=pid)["tid"]
    answer = server.ok("POST", "/model", type="exported", pid=pid, tid=tid, name=name, path=str(path), exported_type=5)
    return str(answer["emid"])


def get(server: Server, emid: str, method: str = "GET", **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{server.url}{ADDRESS}", params={"emid": emid}, headers=named, timeout=60)


def content(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = changed_server(SHORTENED, tmp_path, monkeypatch)
    yield server
    server.close()


def test_the_archive_holds_what_the_folder_holds(shared_server: Server, tmp_path: Path) -> None:
    answer = get(shared_server, listed(shared_server, write(tmp_path / "m", FILES)))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert content(answer.content) == FILES


def test_a_saved_model_is_downloaded_by_its_id(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = shared_server.ok("POST", "/project/task", pid=pid)["tid"]
    path = Path(shared_server.ok("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]["path"])
    files = {"model.pdparams": os.urandom(1000), "model.pdopt": os.urandom(1000), "model.yml": b"model: x\n"}
    source = str(write(path / "output/best_model", files))
    pmid = shared_server.ok("POST", "/model", type="pretrained", pid=pid, tid=tid, name="m", source_path=source)["pmid"]
    answer = requests.get(f"{shared_server.url}{ADDRESS}", json={"pmid": pmid}, timeout=60)
    found = content(answer.content)
    assert found.pop("details.json")
    assert found == files


@pytest.mark.parametrize("name", ["plain name.v2", '识别 猫"狗"', "a/../b\\c", "línea", "图" * 256])
def test_the_file_is_named_like_the_model(shared_server: Server, tmp_path: Path, name: str) -> None:
    emid = listed(shared_server, write(tmp_path / "m", FILES), name)
    told = get(shared_server, emid, "HEAD").headers["Content-Disposition"]
    assert told.startswith("attachment; ")
    coded = re.search(r"filename\*=UTF-8''([^;\s]+)", told)
    quoted = re.search(r'filename="?([^";]+)"?', told)
    assert quoted is not None
    assert quoted[1].isascii()
    shown = unquote(coded[1]) if coded else quoted[1]
    assert shown == re.sub(r'[/\\"]', "_", f"{name}.zip")


def test_a_download_that_was_cut_goes_on_after_a_restart_of_the_server(server: Server, tmp_path: Path) -> None:
    emid = listed(server, write(tmp_path / "m", FILES))
    with requests.get(f"{server.url}{ADDRESS}", params={"emid": emid}, stream=True, timeout=60) as cut:
        first, tag = cut.raw.read(700_001), cut.headers["ETag"]
    server.restart()
    rest = get(server, emid, Range="bytes=700001-", If_Range=tag)
    assert rest.status_code == 206
    whole = get(server, emid).content
    assert rest.headers["Content-Range"] == f"bytes 700001-{len(whole) - 1}/{len(whole)}"
    assert first + rest.content == whole
    assert content(whole) == FILES


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-0", 0, 1),
        ("0-", 0, None),
        ("17-1300000", 17, 1_300_001),
        ("-22", -22, None),
        ("1400000-9999999999", 1_400_000, None),
    ],
)
def test_parts_are_those_of_the_whole(shared_server: Server, tmp_path: Path, asked: str, start: int, end: int) -> None:
    emid = listed(shared_server, write(tmp_path / "m", FILES))
    whole = get(shared_server, emid).content
    part = get(shared_server, emid, Range=f"bytes={asked}")
    assert part.status_code == 206
    assert part.content == whole[start:end]
    assert int(part.headers["Content-Length"]) == len(part.content)


def test_conditions_are_kept(shared_server: Server, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", FILES)
    emid = listed(shared_server, folder)
    whole = get(shared_server, emid)
    tag = whole.headers["ETag"]
    assert not tag.startswith("W/")
    same = get(shared_server, emid, If_None_Match=tag)
    assert (same.status_code, same.content) == (304, b"")
    beyond = get(shared_server, emid, Range=f"bytes={len(whole.content)}-")
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.content)}"
    assert beyond.json()["status"] == -1
    (folder / "model.yml").write_text("labels: []\n")
    other = get(shared_server, emid, Range="bytes=5-", If_Range=tag)
    assert other.status_code == 200, "the rest of another archive would not fit"
    assert other.headers["ETag"] != tag
    assert content(other.content) == FILES | {"model.yml": b"labels: []\n"}


def test_head_tells_length_and_tag_and_takes_no_place(short: Server, tmp_path: Path) -> None:
    emid = listed(short, write(tmp_path / "m", FILES))
    whole = get(short, emid)
    for _ in range(3):
        head = get(short, emid, "HEAD")
        assert head.status_code == 200
        assert head.content == b""
        for name in ("Content-Length", "ETag", "Content-Type", "Accept-Ranges", "Content-Disposition"):
            assert head.headers[name] == whole.headers[name]


def test_what_cannot_be_downloaded_is_refused(shared_server: Server, tmp_path: Path) -> None:
    server = shared_server
    assert "either emid" in server.refused("GET", ADDRESS)
    assert "either emid" in server.refused("GET", ADDRESS, emid="EM0001", pmid="PM0001")
    assert "EM9999" in server.refused("GET", ADDRESS, emid="EM9999")
    assert "PM9999" in server.refused("GET", ADDRESS, pmid="PM9999")
    gone = write(tmp_path / "gone", FILES)
    emid = listed(server, gone)
    shutil.rmtree(gone)
    assert "Export the model again" in server.refused("GET", ADDRESS, emid=emid)


@pytest.mark.parametrize("place", ["/etc", "/", "{workspace}", "/etc/hosts", "{tmp}"])
def test_folders_that_are_no_models_are_not_given_away(shared_server: Server, tmp_path: Path, place: str) -> None:
    write(tmp_path, {"notes.txt": b"mine", "deeper/a.pdiparams": b"weights"})
    path = Path(place.format(workspace=shared_server.workspace, tmp=tmp_path))
    shared_server.refused("GET", ADDRESS, emid=listed(shared_server, path))


def test_only_files_of_models_inside_the_folder_are_sent(shared_server: Server, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", FILES)
    write(folder, {".env.json": b"secret", ".ssh/notes.txt": b"secret", "id_rsa": b"secret", "photo.jpg": b"mine"})
    (folder / "also.yml").symlink_to("model.yml")
    (folder / "linked").symlink_to(tmp_path)
    emid = listed(shared_server, folder)
    assert content(get(shared_server, emid).content) == FILES | {"also.yml": FILES["model.yml"]}
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    assert "out.txt" in shared_server.refused("GET", ADDRESS, emid=emid)


def test_a_large_model_streams_in_little_memory(server: Server, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", FILES)
    with (folder / "large.pdiparams").open("wb") as large:
        large.truncate(300 << 20)
    emid = listed(server, folder)
    own = psutil.Process(server.process.pid)
    get(server, emid, "HEAD")
    before = own.memory_info().rss
    most, count = 0, 0
    with requests.get(f"{server.url}{ADDRESS}", params={"emid": emid}, stream=True, timeout=60) as answer:
        for piece in answer.iter_content(1 << 20):
            count += len(piece)
            most = max(most, own.memory_info().rss)
    assert count == int(answer.headers["Content-Length"]) > 300 << 20
    assert most - before < 24 << 20


def opened(server: Server, emid: str, buffer: int = 4096) -> socket.socket:
    """A reader that has asked for a model and reads nothing yet."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    reader.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
    reader.sendall(f"GET {ADDRESS}?emid={emid} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return reader


def rest_of(reader: socket.socket) -> tuple[int, bytes]:
    """The length that an answer promises, and what comes of it."""
    reader.settimeout(60)
    response = http.client.HTTPResponse(reader)
    response.begin()
    length = int(response.headers["Content-Length"])
    try:
        return length, response.read()
    except http.client.IncompleteRead as cut:
        return length, cut.partial


@pytest.mark.parametrize("change", ["overwritten", "removed"])
def test_a_file_that_changes_while_it_is_sent_cuts_the_answer(server: Server, tmp_path: Path, change: str) -> None:
    folder = write(tmp_path / "m", FILES)
    large = {f"part{number}.nb": os.urandom(8 << 20) for number in range(4)}
    emid = listed(server, write(folder, large))
    tag = get(server, emid, "HEAD").headers["ETag"]
    with opened(server, emid) as reader:
        until(lambda: server.log.stat(), lambda _: bool(reader.recv(1, socket.MSG_PEEK)))
        if change == "overwritten":
            (folder / "part3.nb").write_bytes(os.urandom(8 << 20))
        else:
            (folder / "part3.nb").unlink()
        length, data = rest_of(reader)
    assert len(data) < length
    with pytest.raises(zipfile.BadZipFile):
        content(data)
    assert "part3.nb" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()
    # The next one is whole, and of the files as they are now.
    again = get(server, emid)
    assert again.headers["ETag"] != tag
    assert content(again.content)["part2.nb"] == large["part2.nb"]


def test_a_reader_that_stops_reading_is_given_up_and_may_go_on(short: Server, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", {**FILES, "large.nb": os.urandom(16 << 20)})
    emid = listed(short, folder)
    tag = get(short, emid, "HEAD").headers["ETag"]
    with opened(short, emid) as idle:
        until(lambda: idle.recv(1, socket.MSG_PEEK), bool)
        assert "models already" in short.refused("GET", ADDRESS, emid=emid)
        short.process.send_signal(signal.SIGUSR1)
        until(lambda: short.log.read_text(), lambda text: "took nothing" in text)
        until(lambda: get(short, emid, "HEAD").headers.get("ETag"), lambda found: found == tag)
        length, data = rest_of(idle)
        assert len(data) < length
    rest = get(short, emid, Range=f"bytes={len(data)}-", If_Range=tag)
    assert content(data + rest.content)["large.nb"] == (folder / "large.nb").read_bytes()
    assert "Traceback" not in short.log.read_text()


def test_a_reader_that_leaves_gives_its_place_back(short: Server, tmp_path: Path) -> None:
    emid = listed(short, write(tmp_path / "m", {**FILES, "large.nb": os.urandom(16 << 20)}))
    for _ in range(4):
        with opened(short, emid) as reader:
            until(lambda reader=reader: reader.recv(1, socket.MSG_PEEK), bool)
        answer: Any = until(lambda: get(short, emid, "HEAD"), lambda it: "ETag" in it.headers)
        assert answer.status_code == 200
    assert "Traceback" not in short.log.read_text()


def test_a_slow_reader_gets_everything(shared_server: Server, tmp_path: Path) -> None:
    files = {**FILES, "large.nb": os.urandom(6 << 20)}
    emid = listed(shared_server, write(tmp_path / "m", files))
    pieces = []
    with requests.get(f"{shared_server.url}{ADDRESS}", params={"emid": emid}, stream=True, timeout=60) as answer:
        for piece in answer.iter_content(64 << 10):
            pieces.append(piece)
            time.sleep(0.03)
    assert content(b"".join(pieces)) == files


def test_the_server_ends_promptly_while_it_sends(server: Server, tmp_path: Path) -> None:
    emid = listed(server, write(tmp_path / "m", {**FILES, "large.nb": os.urandom(16 << 20)}))
    with opened(server, emid) as reader:
        until(lambda: reader.recv(1, socket.MSG_PEEK), bool)
        begun = time.monotonic()
        assert server.stop() == 0
        # It would wait two minutes for this reader.
        assert time.monotonic() - begun < 60

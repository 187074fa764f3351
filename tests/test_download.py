"""The downloader against a real server on this machine that misbehaves in the ways that servers do."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paddlex_restful.download import checksum, download
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobStopped

CONTENT = os.urandom(3_000_000)


@dataclass
class Behaviour:
    """What the server does; the tests set it and read what was asked."""

    statuses: list[int] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    tag: str | None = '"version-1"'
    content: bytes = CONTENT
    asked: list[str | None] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    behaviour = Behaviour()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        how = self.server.behaviour
        asked = self.headers.get("Range")
        how.asked.append(asked)
        if how.statuses:
            self.send_response(how.statuses.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if asked is not None and self.headers.get("If-Range") == how.tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        body = how.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(how.content) - 1}/{len(how.content)}")
        if how.tag is not None:
            self.send_header("ETag", how.tag)
        self.send_header("Content-Length", str(len(body)))
        for name, value in how.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if how.cut_after:
            self.wfile.write(body[: how.cut_after.pop(0)])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.behaviour = Behaviour()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/some/file.bin"


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_with_progress(url: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "新 folder" / "file.bin"
    assert download(url, target, progress=lambda done, total: seen.append((done, total))) == target
    assert target.read_bytes() == CONTENT
    assert leftovers(target.parent) == ["file.bin"]
    assert seen[0][0] == 0
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_cut_connection_goes_on_where_it_broke_off(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.cut_after = [1_000_000, 500_000]
    target = download(url, tmp_path / "f", pause=0)
    assert target.read_bytes() == CONTENT
    first, second, third = server.behaviour.asked
    assert first is None
    assert second is not None
    assert third is not None
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in (second, third)]
    assert 900_000 < starts[0] <= 1_000_000
    assert starts[0] + 400_000 < starts[1] <= starts[0] + 500_000


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.cut_after = [1_000_000]
    with pytest.raises(UserError):
        download(url, tmp_path / "f", attempts=1)
    server.behaviour.content = bytes(reversed(CONTENT))
    server.behaviour.tag = '"version-2"'
    assert download(url, tmp_path / "f").read_bytes() == server.behaviour.content


def test_without_a_tag_a_broken_download_starts_anew(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.tag = None
    server.behaviour.cut_after = [1_000_000]
    assert download(url, tmp_path / "f", pause=0).read_bytes() == CONTENT
    assert server.behaviour.asked == [None, None]


def test_a_connection_that_always_breaks_is_told(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.cut_after = [1000] * 3
    with pytest.raises(UserError, match=r"broke off before /some/file\.bin was complete"):
        download(url, tmp_path / "f", attempts=3, pause=0)
    assert not (tmp_path / "f").exists()


def test_a_file_that_is_not_there_is_told_at_once(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.statuses = [404]
    with pytest.raises(UserError, match="answers 404"):
        download(url, tmp_path / "f")
    assert server.behaviour.asked == [None]
    assert leftovers(tmp_path) == []


def test_a_busy_server_is_asked_again(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.statuses = [503, 429, 500]
    assert download(url, tmp_path / "f", pause=0).read_bytes() == CONTENT


def test_a_server_that_stays_busy_is_told(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.statuses = [503] * 2
    with pytest.raises(UserError, match="answers 503"):
        download(url, tmp_path / "f", attempts=2, pause=0)


def test_a_wrong_content_md5_is_refused_and_nothing_is_kept(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.headers = {"Content-MD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}
    with pytest.raises(UserError, match="does not match its checksum"):
        download(url, tmp_path / "f", attempts=2, pause=0)
    assert leftovers(tmp_path) == []
    assert server.behaviour.asked == [None, None]


def test_a_right_content_md5_is_accepted(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.headers = {"Content-MD5": base64.b64encode(hashlib.md5(CONTENT).digest()).decode()}
    assert download(url, tmp_path / "f").read_bytes() == CONTENT


def test_the_tag_of_baidus_storage_is_a_checksum(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.tag = f'"{hashlib.md5(b"other").hexdigest()}"'
    assert download(url, tmp_path / "f").read_bytes() == CONTENT
    server.behaviour.headers = {"x-bce-request-id": "1"}
    with pytest.raises(UserError, match="does not match its checksum"):
        download(url, tmp_path / "g", attempts=1)


def test_a_given_sha256_is_checked(url: str, tmp_path: Path) -> None:
    right = hashlib.sha256(CONTENT).hexdigest()
    assert checksum(download(url, tmp_path / "f", sha256=right)) == right
    with pytest.raises(UserError, match="does not match its checksum"):
        download(url, tmp_path / "g", sha256="0" * 64, attempts=1)


def test_a_stop_leaves_what_can_go_on(server: Server, url: str, tmp_path: Path) -> None:
    done_so_far = 0

    def progress(done: int, total: int | None) -> None:
        nonlocal done_so_far
        done_so_far = done

    def check_stop() -> None:
        if done_so_far > 1_000_000:
            raise JobStopped

    with pytest.raises(JobStopped):
        download(url, tmp_path / "f", progress=progress, check_stop=check_stop)
    assert not (tmp_path / "f").exists()
    assert download(url, tmp_path / "f").read_bytes() == CONTENT
    assert server.behaviour.asked == [None, f"bytes={done_so_far}-"]


def test_a_stop_ends_the_pause_between_attempts(server: Server, url: str, tmp_path: Path) -> None:
    server.behaviour.statuses = [503]

    def check_stop() -> None:
        if server.behaviour.asked:
            raise JobStopped

    with pytest.raises(JobStopped):
        download(url, tmp_path / "f", check_stop=check_stop, pause=3600)


def test_a_full_disk_is_told_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    def full(done: int, total: int | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match="no room for f on the disk"):
        download(url, tmp_path / "f", progress=full)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/file", "host/file", "http://", ""])
def test_other_than_web_addresses_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="starts with http"):
        download(address, tmp_path / "f")


def test_a_server_that_is_not_there_is_told(server: Server, url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"127\.0\.0\.1 cannot be reached"):
        download("http://127.0.0.1:1/f", tmp_path / "f", attempts=1)


def test_a_password_in_the_address_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        download("http://user:secret@127.0.0.1:1/f", tmp_path / "f", attempts=1)
    assert "secret" not in str(caught.value)

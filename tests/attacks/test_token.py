"""Strangers: without the token nothing is told and nothing is done, and it cannot be guessed, read or overheard."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from paddlex_restful.api.access.guesses import MOST_GUESSES
from paddlex_restful.api.calls import CALLS, Call
from tests.conftest import Server
from tests.flow import until

BROWSER = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Accept": "text/html"}
SECRET = "a-secret-of-the-user"


def ask(server: Server, path: str = "/workspace", method: str = "GET", **options: Any) -> requests.Response:
    return requests.request(method, server.url + path, timeout=60, allow_redirects=False, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own on a loopback address that needs its token."""
    running = Server(tmp_path, "--require_token")
    yield running
    running.close()


@pytest.mark.parametrize("each", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_no_call_answers_a_stranger(open_server: Server, each: Call) -> None:
    response = ask(open_server, each.path, each.method, json={"tid": "T0001", "path": "/etc/passwd"})
    if each.access.value == "open":
        assert response.status_code == 200
        return
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["status"] == -1
    assert "access token" in response.json()["message"]


def test_a_stranger_gets_nothing_that_is_remembered_for_others(open_server: Server) -> None:
    right = bearer(open_server.token())
    for _ in range(3):
        assert "dirname" in ask(open_server, headers=right).json()
        assert "dirname" in ask(open_server, f"/workspace?token={open_server.token()}").json()
        assert ask(open_server).status_code == 401
        assert ask(open_server, "/workspace?token").status_code == 401
        assert ask(open_server, headers={"Cookie": "language=en"}).status_code == 401
        assert ask(open_server, headers={**right, "Host": "evil.example"}).status_code == 403
        assert ask(open_server, headers={**right, "Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/nowhere", "//workspace", "/workspace/../file", "/workspace?token"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PATCH", "TRACE"])
def test_no_address_answers_a_stranger(open_server: Server, path: str, method: str) -> None:
    assert ask(open_server, path, method).status_code == 401


def test_a_stranger_changes_nothing(open_server: Server) -> None:
    before = open_server.ok("GET", "/dataset")
    body = {"name": "a", "dataset_type": "classification"}
    assert ask(open_server, "/dataset", "POST", json=body).status_code == 401
    assert ask(open_server, "/dataset?token=wrong", "POST", json=body).status_code == 401
    assert open_server.ok("GET", "/dataset") == before


def test_the_token_is_taken_from_header_address_and_cookie(open_server: Server) -> None:
    token = open_server.token()
    assert ask(open_server, headers=bearer(token)).json()["status"] == 1
    assert ask(open_server, headers={"Authorization": f"bearer {token}"}).json()["status"] == 1
    assert ask(open_server, f"/workspace?token={token}").json()["status"] == 1
    created = ask(open_server, f"/project?name=a&token={token}&project_type=classification", "POST")
    assert created.json()["pid"]


def test_a_browser_forgets_the_address_with_the_token_and_keeps_a_cookie_that_does_not_tell_it(
    open_server: Server,
) -> None:
    token = open_server.token()
    first = ask(open_server, f"/workspace?struct=dataset&token={token}&id=D%200", headers=BROWSER)
    assert (first.status_code, first.headers["Location"]) == (303, "/workspace?struct=dataset&id=D%200")
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token not in cookie
    assert token not in first.text
    assert ask(open_server, cookies=first.cookies).json()["status"] == 1
    (value,) = first.cookies.values()
    assert ask(open_server, headers=bearer(value)).status_code == 401


@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/..", "/%5Cevil.example", "/%0d%0aX-Bad:1"])
def test_the_first_visit_leads_to_no_other_host(open_server: Server, path: str) -> None:
    response = ask(open_server, f"{path}?token={open_server.token()}", headers=BROWSER)
    location = response.headers.get("Location", "/")
    assert location.startswith(("/", open_server.url + "/"))
    assert not location.startswith(("//", "/\\"))
    assert "X-Bad" not in response.headers


def test_guessing_ends_after_ten_wrong_tokens_in_a_minute(guarded: Server) -> None:
    for number in range(MOST_GUESSES):
        response = ask(guarded, headers=bearer(f"guess {number}"))
        assert response.status_code == 401
    refused = ask(guarded, headers=bearer("guess"))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["status"] == -1
    # Not even looked at: a guess that happens to be right is not told apart.
    assert ask(guarded, headers=bearer(guarded.token())).status_code == 429
    # A missing token is no guess.
    assert ask(guarded).status_code in (401, 429)
    assert b"guess" not in guarded.log.read_bytes()


def test_one_who_guesses_shuts_out_nobody_who_was_let_in_before(guarded: Server) -> None:
    guarded.ok("GET", "/workspace")
    for _ in range(MOST_GUESSES):
        assert ask(guarded, "/workspace?token=wrong").status_code == 401
    assert ask(guarded, "/workspace?token=wrong").status_code == 429
    guarded.ok("GET", "/workspace")


def test_a_missing_token_is_no_guess(guarded: Server) -> None:
    for _ in range(3 * MOST_GUESSES):
        assert ask(guarded).status_code == 401
    guarded.ok("GET", "/workspace")


MIB = 1 << 20


@contextmanager
def sending(server: Server, *headers: str) -> Iterator[socket.socket]:
    """A connection on which the head of a PUT with a body of 16 MiB has been sent."""
    address = urlsplit(server.url)
    lines = ("PUT /upload?upload_id=U1&offset=0 HTTP/1.1", f"Host: {address.netloc}", f"Content-Length: {16 * MIB}")
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, *headers, "", ""]).encode())
        yield connection


def kept(server: Server) -> int:
    """Bytes of bodies that have been written to temporary space: the files that have no name any more."""
    folder = Path(f"/proc/{server.process.pid}/fd")
    sizes = 0
    for descriptor in folder.iterdir():
        with suppress(FileNotFoundError):
            if descriptor.readlink().name.endswith("(deleted)"):
                sizes += descriptor.stat().st_size
    return sizes


def test_the_body_of_a_stranger_is_kept_nowhere(guarded: Server) -> None:
    with sending(guarded, "Authorization: Bearer wrong") as connection:
        connection.sendall(bytes(16 * MIB - 1))
        # All but what the system holds between the two has been read by now.
        assert kept(guarded) == 0
        connection.sendall(b"\0")
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
    with sending(guarded, f"Authorization: Bearer {guarded.token()}") as connection:
        connection.sendall(bytes(16 * MIB - 1))
        until(lambda: kept(guarded), lambda size: size > MIB)


def test_a_stranger_who_asks_before_sending_is_refused_before_sending(guarded: Server) -> None:
    with sending(guarded, "Expect: 100-continue") as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
    with sending(guarded, "Expect: 100-continue", f"Authorization: Bearer {guarded.token()}") as connection:
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("path", ["access.token", "./access.token", "logs/../access.token"])
def test_the_file_of_the_token_is_served_to_nobody(open_server: Server, path: str) -> None:
    for address in ("/file", "/dataset/file", "/dataset/image", "/model/file", "/project/task/train/file"):
        message = open_server.refused("GET", address, path=path)
        assert open_server.token() not in message


def test_the_token_is_kept_in_a_private_file_and_shown_once(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        server = Server(tmp_path, "--host", "0.0.0.0")
    finally:
        os.umask(old)
    token = server.token()
    assert len(token) >= 43
    assert stat.S_IMODE((server.workspace / "access.token").stat().st_mode) == 0o600
    assert server.process.stdout is not None
    line = server.process.stdout.readline()
    url = next(word for word in line.split() if word.startswith("http://"))
    assert url.endswith(f"/?token={token}")
    visit = requests.Session()
    shown = visit.get(url, headers=BROWSER, timeout=60)
    assert (shown.url, shown.status_code) == (url.partition("?")[0], 200)
    server.restart()
    assert server.token() == token
    line = server.process.stdout.readline()
    assert str(server.workspace / "access.token") in line
    assert token not in line
    server.ok("GET", "/workspace")
    assert visit.get(server.url.replace("0.0.0.0", "127.0.0.1") + "/", timeout=60).status_code in (200, 401)
    server.close()
    assert token not in server.log.read_text()


def start(workspace: Path, *flags: str, token: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paddlex_restful", "--port", "0", "--workspace_dir", str(workspace), *flags]
    environment = {**os.environ, "PADDLEX_RESTFUL_TOKEN": token}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_a_token_that_others_can_read_or_that_is_none_keeps_the_server_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "access.token"
    file.write_text(SECRET)
    file.chmod(0o640)
    done = start(tmp_path, "--require_token")
    assert done.returncode == 1
    assert "Other users can read" in done.stderr
    file.write_text("short")
    file.chmod(0o600)
    done = start(tmp_path, "--require_token")
    assert done.returncode == 1
    assert "holds no access token" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "token", ["short", "with spaces in between", "nötig und nicht ASCII", "line\nbreak and more text"]
)
def test_a_token_of_the_environment_that_can_be_guessed_or_not_sent_is_refused(tmp_path: Path, token: str) -> None:
    done = start(tmp_path, token=token)
    assert done.returncode == 1
    assert "PADDLEX_RESTFUL_TOKEN cannot be used" in done.stderr
    assert token not in done.stderr


def test_a_token_of_the_environment_holds_on_loopback_too_and_reaches_no_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDLEX_RESTFUL_TOKEN", SECRET)
    server = Server(tmp_path)
    try:
        assert ask(server).status_code == 401
        server.ok("GET", "/workspace")
        assert not (server.workspace / "access.token").exists()
        children = psutil.Process(server.process.pid).children(recursive=True)
        if not children:
            pytest.skip("with this build of paddle jobs are not forked from a child of the server")
        for child in children:
            assert "PADDLEX_RESTFUL_TOKEN" not in child.environ()
    finally:
        server.close()


def test_on_loopback_no_token_is_needed(shared_server: Server) -> None:
    assert shared_server.token() == ""
    for options in ({}, {"headers": bearer("any")}, {"params": {"token": "any"}}):
        assert ask(shared_server, **options).json()["status"] == 1

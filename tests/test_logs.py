"""The server's log: JSON lines with the ids of requests, without tokens, in a file that rotates."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from paddlex_restful import logs
from paddlex_restful.logs import FILE, KEPT, ServerLog, request_id
from tests.conftest import Server, changed_server

FAULTY_SERVER = """
import logging, sys
from paddlex_restful import cli
from paddlex_restful.services import system

def fail(kind):
    logging.getLogger("somewhere").warning("this goes wrong")
    raise KeyError("a fault of the test")

system.describe = fail
sys.exit(cli.main())
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a log of the test's own process write what waits, however busy the disk is."""
    monkeypatch.setattr(logs, "_CLOSE_SECONDS", 120)


def lines(workspace: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (workspace / FILE).read_text().splitlines()]


def until(found: Callable[[], Any]) -> Any:
    """Wait until there is something; the log is written soon, not at once."""
    deadline = time.monotonic() + 120
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def line_of(workspace: Path, request: str) -> dict[str, Any]:
    """The line of a request."""

    def look() -> list[dict[str, Any]]:
        found = lines(workspace) if (workspace / FILE).exists() else []
        return [line for line in found if line["request_id"] == request and "path" in line]

    (line,) = until(look)
    return dict(line)


def test_a_request_is_one_line_with_its_id(shared_server: Server) -> None:
    response = requests.get(f"{shared_server.url}/workspace?name=secret", timeout=120)
    identity = response.headers["X-Request-ID"]
    assert len(identity) == 16
    line = line_of(shared_server.workspace, identity)
    assert (line["method"], line["path"], line["status"], line["level"]) == ("GET", "/workspace", 200, "info")
    assert line["client"] == "127.0.0.1"
    assert 0 < line["ms"] < 60_000
    assert line["time"].endswith("+00:00")
    assert "secret" not in json.dumps(line)


def test_a_client_gives_its_own_id_unless_it_is_ill_formed(shared_server: Server) -> None:
    address = f"{shared_server.url}/workspace"
    good = requests.get(address, headers={"X-Request-ID": "a-well.formed_ID7"}, timeout=120)
    assert good.headers["X-Request-ID"] == "a-well.formed_ID7"
    for bad in ("", "a b", "x" * 65, "ü", '"};', "a\tb"):
        answered = requests.get(address, headers={"X-Request-ID": bad.encode("latin-1")}, timeout=120)
        assert answered.headers["X-Request-ID"] not in (bad, "a-well.formed_ID7")


def test_a_line_cannot_be_forged_in_the_address(shared_server: Server) -> None:
    path = '/%0a{"level": "forged"}%0d%0a%1b[31m%00%ff'
    response = requests.get(shared_server.url + path, timeout=120)
    assert response.status_code == 404
    assert "\n" in line_of(shared_server.workspace, response.headers["X-Request-ID"])["path"]
    long = requests.get(f"{shared_server.url}/{'x' * 10_000}", timeout=120)
    assert len(line_of(shared_server.workspace, long.headers["X-Request-ID"])["path"]) == 500


def test_what_goes_wrong_carries_the_id_of_its_request_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = changed_server(FAULTY_SERVER, tmp_path, monkeypatch)
    try:
        response = requests.get(f"{server.url}/system", headers={"X-Request-ID": "my-request"}, timeout=120)
        assert response.headers["X-Request-ID"] == "my-request"
        assert "(reference my-request)" in response.json()["message"]
        line_of(server.workspace, "my-request")
        told = [line for line in lines(server.workspace) if line["request_id"] == "my-request" and "message" in line]
        assert [line["level"] for line in told] == ["warning", "error"]
        assert "a fault of the test" in told[1]["traceback"]
        text = server.log.read_text()
        assert "WARNING somewhere: [my-request] this goes wrong" in text
        assert "reference my-request" in text
    finally:
        server.close()


def test_no_token_is_written_anywhere(tmp_path: Path) -> None:
    server = Server(tmp_path, "--require_token")
    try:
        token = server.token()
        browser = {"Sec-Fetch-Mode": "navigate"}
        identity = "before-the-last"
        for path in ("/workspace", "/nowhere", "//workspace", "/"):
            requests.get(f"{server.url}{path}?token={token}&a=1", headers=browser, timeout=120)
            requests.get(f"{server.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=120)
        requests.get(f"{server.url}/file?token=wrong-token", timeout=120)
        requests.get(server.url, headers={"X-Request-ID": identity}, timeout=120)
        line_of(server.workspace, identity)
        for file in (server.log, server.workspace / FILE):
            assert token not in file.read_text()
            assert "wrong-token" not in file.read_text()
    finally:
        server.close()


def test_the_end_of_the_server_writes_what_waits(server: Server) -> None:
    server.ok("GET", "/workspace")
    assert server.stop() == 0
    told = lines(server.workspace)
    assert any(line.get("path") == "/workspace" for line in told)
    assert any("The server ends" in line.get("message", "") for line in told)


@pytest.fixture
def root_logger() -> Any:
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(level)


def test_the_log_rotates_and_loses_no_line(tmp_path: Path, root_logger: logging.Logger) -> None:
    log = ServerLog(tmp_path, most_bytes=4096)
    log.attach()
    number = 0
    while not (tmp_path / f"{FILE}.{KEPT}").exists():
        for _ in range(10):
            root_logger.info("line %s", number)
            number += 1
        until(log._waiting.empty)
    log.close()
    root_logger.info("after the end")
    names = [tmp_path / FILE, *(tmp_path / f"{FILE}.{n}" for n in range(1, KEPT + 1))]
    assert {path.name for path in (tmp_path / "logs").iterdir()} <= {path.name for path in names}
    told = [
        json.loads(text)["message"]
        for path in reversed(names)
        if path.exists()
        for text in path.read_text().splitlines()
    ]
    last = [f"line {n}" for n in range(number)]
    assert told == last[-len(told) :]
    assert len(told) > 50
    assert all(path.stat().st_size < 2 * 4096 + 5000 for path in names if path.exists())


def test_a_disk_that_takes_no_line_is_told_once_and_used_again_when_it_does(
    tmp_path: Path, root_logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs").touch()
    log = ServerLog(tmp_path)
    log.attach()
    for number in range(5):
        root_logger.info("lost %s", number)
        until(log._waiting.empty)
    until(lambda: "The log cannot be written" in caplog.text)
    (tmp_path / "logs").unlink()
    root_logger.info("found")
    until(lambda: (tmp_path / FILE).exists() and "found" in (tmp_path / FILE).read_text())
    log.close()
    assert caplog.text.count("The log cannot be written") == 1


def test_any_text_can_be_logged(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    request_id.set("an id")
    # Not through a logger: pytest would keep the text with the report of this test, for which it must be UTF-8.
    said = {"msg": "%s %s", "args": (os.fsdecode(b"not UTF-8 \xff"), "工作\n\x00"), "levelname": "INFO", "name": "root"}
    log.handle(logging.makeLogRecord(said))
    request_id.set("")
    log.close()
    (line,) = lines(tmp_path)
    assert (line["message"], line["request_id"]) == ("not UTF-8 ? 工作\n\x00", "an id")

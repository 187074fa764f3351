"""What browsers may do with answers: take them for nothing else, show them in no frame, keep them nowhere."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests

from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification

SCRIPT = "<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>"


def put(server: Server, name: str) -> str:
    """Put a file with a script where clients may read; gives its path."""
    folder = server.workspace / "exports"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(SCRIPT)
    return f"exports/{name}"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 200),
        ("GET", "/workspace", 200),
        ("GET", "/file?path=nowhere.xml", 200),
        ("GET", "/nowhere", 404),
        ("PATCH", "/dataset", 405),
        ("GET", "/docs/", 200),
        ("GET", "/docs/swagger-ui.css", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/health", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_every_answer_is_taken_for_what_it_says_and_framed_by_nobody(
    shared_server: Server, method: str, path: str, code: int
) -> None:
    response = requests.request(method, shared_server.url + path, timeout=60)
    headers = response.headers
    assert response.status_code == code
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "script-src 'self'" in policy if path == "/docs/" else "sandbox" in policy
    assert not any("'unsafe" in part and "script" in part for part in policy)
    assert headers["Cache-Control"]
    assert headers["Server"] == "PaddleX RESTful"


def test_refusals_are_no_less_protected(open_server: Server) -> None:
    refused = requests.get(open_server.url, timeout=60)
    assert refused.status_code == 401
    assert (refused.headers["X-Content-Type-Options"], refused.headers["Cache-Control"]) == ("nosniff", "no-store")
    with socket.create_connection(("127.0.0.1", int(open_server.url.rpartition(":")[2])), timeout=60) as client:
        client.sendall(b"NONSENSE\r\n\r\n")
        answer = client.makefile("rb").read()
    assert b"X-Content-Type-Options: nosniff" in answer


@pytest.mark.parametrize("name", ["a.xml", "a.json", "b.yml", "page.html.xml", "c.log"])
def test_files_of_users_are_saved_and_not_opened_by_a_browser(server: Server, name: str) -> None:
    name = put(server, name)
    addresses = ["/model/file", *(["/dataset/file"] if not name.endswith(".yml") else [])]
    if name.endswith(("xml", "json")):
        addresses.append("/file")
    for address in addresses:
        response = requests.get(server.url + address, params={"path": name}, timeout=60)
        assert response.text == SCRIPT
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in response.headers["Content-Security-Policy"]


def test_no_page_of_a_user_is_served_at_all(server: Server) -> None:
    for name in ("a.html", "a.svg", "a.htm", "a.xhtml", "a.js"):
        name = put(server, name)
        for address in ("/file", "/dataset/file", "/model/file"):
            assert name.rpartition(".")[2] in server.refused("GET", address, path=name)


def test_a_picture_is_shown_and_what_only_calls_itself_one_is_not_run(server: Server, tmp_path: Path) -> None:
    did = import_dataset(server, make_classification(tmp_path / "source", 2))
    picture = next((server.workspace / "datasets" / did).rglob("*.png"))
    response = requests.get(f"{server.url}/dataset/file", params={"path": str(picture)}, timeout=60)
    assert response.headers["Content-Type"] == "image/png"
    assert not response.headers.get("Content-Disposition", "").startswith("attachment")
    response = requests.get(f"{server.url}/dataset/file", params={"path": put(server, "x.png")}, timeout=60)
    assert (response.headers["Content-Type"], response.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")


def test_a_log_with_markup_is_text(server: Server) -> None:
    response = requests.get(f"{server.url}/file", params={"path": put(server, "a.log")}, timeout=60)
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["X-Content-Type-Options"] == "nosniff"

"""CSRF: a page of another origin cannot have a browser change anything here, nor hand it what is read here."""

from __future__ import annotations

import pytest
import requests

from paddlex_restful.api.calls import CALLS, Call
from tests.conftest import Server

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
]
CHANGING = [call for call in CALLS if call.changes]
VISIT = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def status(server: Server, method: str, path: str, headers: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {server.token()}", **headers}
    response = requests.request(method, server.url + path, headers=headers, timeout=60)
    if response.status_code == 403:
        assert "--allowed_origin" in response.json()["message"]
    return response.status_code


@pytest.mark.parametrize(
    "each", [call for call in CALLS if call.changes], ids=lambda call: f"{call.method} {call.path}"
)
def test_no_call_that_changes_or_starts_something_is_taken_from_another_origin(
    shared_server: Server, each: Call
) -> None:
    for headers in [*FOREIGN, VISIT]:
        assert status(shared_server, each.method, each.path, headers) == 403


def test_all_but_reading_changes_and_starting_something_does() -> None:
    reading = {(call.method, call.path) for call in CALLS if not call.changes}
    assert {method for method, _ in reading} == {"GET"}
    assert {("GET", "/project/task/vdl"), ("GET", "/project/task/evaluate/file")}.isdisjoint(reading)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_is_read_for_a_page_of_another_origin(shared_server: Server, headers: dict[str, str]) -> None:
    for path in ("/", "/workspace", "/nowhere"):
        assert status(shared_server, "GET", path, headers) == 403


def test_a_form_of_another_page_makes_nothing(shared_server: Server) -> None:
    before = shared_server.ok("GET", "/dataset")
    form = '{"name": "a", "dataset_type": "classification", "x": "="}'
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    response = requests.post(f"{shared_server.url}/dataset", data=form, headers=headers, timeout=60)
    assert response.status_code == 403
    assert shared_server.ok("GET", "/dataset") == before


def test_a_link_on_another_page_may_be_followed(shared_server: Server) -> None:
    assert status(shared_server, "GET", "/", VISIT) == 200
    # A frame is no visit.
    assert status(shared_server, "GET", "/", {**VISIT, "Sec-Fetch-Dest": "iframe"}) == 403


def test_the_servers_own_pages_and_programs_are_not_hindered(shared_server: Server) -> None:
    own = {"Origin": shared_server.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    for headers in (own, {"Sec-Fetch-Site": "none"}, {}):
        for method, path in (("GET", "/workspace"), ("POST", "/dataset"), ("DELETE", "/dataset")):
            assert status(shared_server, method, path, headers) == 200


def test_an_origin_that_is_listed_may_change_things(open_server: Server) -> None:
    listed = {"Origin": "https://page.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert status(open_server, "POST", "/dataset", listed) == 200
    assert status(open_server, "GET", "/workspace", listed) == 200
    for headers in FOREIGN:
        assert status(open_server, "POST", "/dataset", headers) == 403

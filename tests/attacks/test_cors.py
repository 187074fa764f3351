"""CORS: off, unless an origin is listed; then for that origin alone, and never for all."""

from __future__ import annotations

import pytest
import requests

from tests.conftest import Server

LISTED = "https://page.example"
OTHERS = ["https://evil.example", "null", "https://page.example.evil.example", "http://page.example", "*"]


def headers_of(response: requests.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}


def preflight(server: Server, origin: str) -> requests.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x"}
    return requests.options(f"{server.url}/dataset", headers=headers, timeout=60)


def test_it_is_off_unless_an_origin_is_listed(shared_server: Server) -> None:
    for origin in [LISTED, *OTHERS]:
        refused = preflight(shared_server, origin)
        assert (refused.status_code, headers_of(refused)) == (403, {})
        read = requests.get(f"{shared_server.url}/workspace", headers={"Origin": origin}, timeout=60)
        assert (read.status_code, headers_of(read)) == (403, {})
    assert headers_of(requests.get(f"{shared_server.url}/workspace", timeout=60)) == {}


@pytest.mark.parametrize("origin", OTHERS)
def test_an_origin_that_is_not_listed_is_told_nothing(open_server: Server, origin: str) -> None:
    token = {"Authorization": f"Bearer {open_server.token()}"}
    refused = preflight(open_server, origin)
    assert (refused.status_code, headers_of(refused)) == (403, {})
    read = requests.get(f"{open_server.url}/workspace", headers={"Origin": origin, **token}, timeout=60)
    assert (read.status_code, headers_of(read)) == (403, {})
    assert "Origin" in read.headers["Vary"]


def test_a_listed_origin_is_answered_by_its_name(open_server: Server) -> None:
    asked = preflight(open_server, LISTED)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == LISTED
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    headers = {"Origin": LISTED, "Authorization": f"Bearer {open_server.token()}"}
    read = requests.get(f"{open_server.url}/workspace", headers=headers, timeout=60)
    assert read.json()["status"] == 1
    assert read.headers["Access-Control-Allow-Origin"] == LISTED
    assert "Origin" in read.headers["Vary"]
    # The page may see why it was refused, but a preflight is no way around the token.
    del headers["Authorization"]
    refused = requests.get(f"{open_server.url}/workspace", headers=headers, timeout=60)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, LISTED)

"""DNS rebinding: a page whose own name was made to lead to the server gets nothing from it."""

from __future__ import annotations

import socket

import pytest
import requests

from tests.conftest import Server


def status(server: Server, host: str) -> int:
    headers = {"Host": host, "Authorization": f"Bearer {server.token()}"}
    response = requests.get(f"{server.url}/workspace", headers=headers, timeout=60)
    if response.status_code != 200:
        assert "--allowed_host" in response.json()["message"]
        assert "dirname" not in response.text
    return response.status_code


FOREIGN = (
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.0.2.7",
    "0.0.0.0",
    "user@localhost",
    "localhost@evil.example",
    "[evil.example]",
    "local\xe9host",
)


@pytest.mark.parametrize("host", FOREIGN)
def test_another_name_is_refused_on_loopback(shared_server: Server, host: str) -> None:
    assert status(shared_server, host) == 403
    # Also the second time, when it has been seen before.
    assert status(shared_server, host) == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "localhost.", "127.0.0.1:8080", "127.8.9.1", "[::1]:80"])
def test_the_names_of_loopback_are_answered(shared_server: Server, host: str) -> None:
    assert status(shared_server, host) == 200


@pytest.mark.parametrize("host", ["evil.example", "train.example.evil.example", "0x7f.evil.example"])
def test_another_name_is_refused_on_a_network_even_with_the_token(open_server: Server, host: str) -> None:
    assert status(open_server, host) == 403


@pytest.mark.parametrize(
    "host", ["localhost", "192.0.2.7:80", "[2001:db8::1]", "train.example:8443", "Train.Example", socket.gethostname()]
)
def test_addresses_names_of_the_machine_and_allowed_names_are_answered_on_a_network(
    open_server: Server, host: str
) -> None:
    assert status(open_server, host) == 200


def test_the_name_is_looked_at_before_anything_is_done(shared_server: Server) -> None:
    before = shared_server.ok("GET", "/dataset")
    body = {"name": "a", "dataset_type": "classification"}
    headers = {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}
    assert requests.post(f"{shared_server.url}/dataset", json=body, headers=headers, timeout=60).status_code == 403
    assert shared_server.ok("GET", "/dataset") == before

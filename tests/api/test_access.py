"""Every address has a decision about its access; one without is refused to everybody."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request

from paddlex_restful.api.access import Access, decision_of
from paddlex_restful.api.access.guesses import MOST_ADDRESSES, MOST_GUESSES, SECONDS, Guesses
from paddlex_restful.api.access.token import AccessToken, settle
from paddlex_restful.app import create_app
from paddlex_restful.config import Config
from paddlex_restful.services import build_services

TOKEN = "a-token-of-the-tests"
OPEN = {"/health", "/ready"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    config = Config(tmp_path / "workspace", token=TOKEN)
    services = build_services(config)
    yield create_app(config, services)
    services.close()


def undecided(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules() if decision_of(app.view_functions[rule.endpoint]) is None}


def test_every_address_has_decided_who_may_use_it(app: Flask) -> None:
    assert undecided(app) == set()
    decisions = {rule.rule: decision_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    assert {path for path, decision in decisions.items() if decision and decision.access is Access.OPEN} == OPEN


def test_an_address_without_a_decision_is_noticed_and_refused_to_all(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/forgotten")
    def forgotten() -> str:
        raise AssertionError("reached")

    assert undecided(app) == {"/forgotten"}
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        response = app.test_client().get("/forgotten", headers=headers)
        assert (response.status_code, response.json["status"]) == (403, -1)
    assert "/forgotten has no decision" in caplog.text


def test_no_call_sees_the_token_of_the_address(app: Flask) -> None:
    seen = []

    def look(response):  # type: ignore[no-untyped-def]
        seen.append((request.args.to_dict(), request.url, dict(request.environ)))
        return response

    app.after_request(look)
    client = app.test_client()
    address = f"/?a=1&token=wrong&token={TOKEN}&b=%20"
    assert client.get(address).json["status"] == 1
    ((args, url, environ),) = seen
    assert args == {"a": "1", "b": " "}
    assert TOKEN not in url
    assert environ["QUERY_STRING"] == "a=1&b=%20"


def test_a_cookie_over_https_is_for_https_alone(app: Flask) -> None:
    client = app.test_client()
    browser = {"Sec-Fetch-Mode": "navigate"}
    over_https = client.get(f"/?token={TOKEN}", headers=browser, base_url="https://localhost")
    assert (over_https.status_code, "Secure" in over_https.headers["Set-Cookie"]) == (303, True)
    assert "Secure" not in client.get(f"/?token={TOKEN}", headers=browser).headers["Set-Cookie"]
    # A page's own requests are answered.
    assert client.get(f"/?token={TOKEN}", headers={"Sec-Fetch-Mode": "cors"}).status_code == 200


def test_a_cookie_of_an_earlier_token_is_no_guess(app: Flask) -> None:
    old = AccessToken("the-token-of-before")
    client = app.test_client()
    client.set_cookie(old.cookie_name, old.cookie_value)
    for _ in range(2 * MOST_GUESSES):
        assert client.get("/").status_code == 401
    guard = app.extensions["guard"]
    client.set_cookie(guard.token.cookie_name, guard.token.cookie_value)
    assert client.get("/").status_code == 200


def test_other_schemes_of_authorization_are_no_guess(app: Flask) -> None:
    for _ in range(2 * MOST_GUESSES):
        assert app.test_client().get("/", headers={"Authorization": "Basic dXNlcjpwYXNz"}).status_code == 401


@pytest.mark.parametrize("token", ["", "\xe9", "é" * 20, "a" * 100_000, TOKEN + " x", TOKEN.upper()])
def test_tokens_of_any_form_are_compared(app: Flask, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    assert app.test_client().get("/", headers=headers).status_code == 401
    assert app.test_client().get("/", query_string={"token": token}).status_code == 401


def test_a_token_is_made_once_for_addresses_that_others_reach(tmp_path: Path) -> None:
    assert settle(Config(tmp_path, token=""), tmp_path) is None
    for host in ("0.0.0.0", "::", "192.0.2.1", "server.example"):
        assert settle(Config(tmp_path, host=host), tmp_path) is not None
    made = settle(Config(tmp_path, require_token=True), tmp_path)
    assert made is not None
    assert made.file is not None
    assert not made.new
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert made.value not in repr(made)
    assert made.file.read_text() == f"{made.value}\n"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_wrong_tokens_are_counted_by_the_minute() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(MOST_GUESSES - 1):
        guesses.note_wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == 0
    clock.now += 20
    guesses.note_wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == SECONDS - 20
    assert guesses.wait("192.0.2.2") == 0
    clock.now += SECONDS - 20
    assert guesses.wait("192.0.2.1") == 0
    guesses.note_wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == 0


def test_the_addresses_of_an_ipv6_network_are_one_client() -> None:
    guesses = Guesses(Clock())
    for number in range(MOST_GUESSES):
        guesses.note_wrong(f"2001:db8::{number + 1:x}")
    assert guesses.wait("2001:db8::ffff") > 0
    assert guesses.wait("2001:db8:0:1::1") == 0
    for number in range(MOST_GUESSES):
        guesses.note_wrong(f"::ffff:192.0.2.{number}")
    assert guesses.wait("::ffff:192.0.2.99") == 0


def test_many_addresses_take_no_more_memory() -> None:
    guesses = Guesses(Clock())
    for number in range(2 * MOST_ADDRESSES):
        guesses.note_wrong(f"address {number}")
        guesses.note_right(f"address {number}")
    assert len(guesses._wrong) == len(guesses._known) == MOST_ADDRESSES
    assert guesses.is_known(f"address {2 * MOST_ADDRESSES - 1}")
    assert not guesses.is_known("address 0")

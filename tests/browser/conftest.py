"""A real headless Chromium that visits a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from paddlex_restful.services import paddlelite
from tests.browser.trained import Models, trained_models
from tests.conftest import Server
from tests.flow import Trained, trained_task, until

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE_MS = 60_000
"""Milliseconds that a page may take for anything on a slow machine."""

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    """A server with trained models, for all tests that use them and do not train them anew."""
    folder = tmp_path_factory.mktemp("models")
    running = Server(folder)
    yield trained_models(running, folder)
    running.close()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A trained classifier on a server without Paddle-Lite, for all tests that only add to it."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv(paddlelite.VARIABLE, str(folder / "no python"))
        server = Server(folder)
        yield trained_task(server, folder / "shapes")
        server.close()


Visit = Callable[..., Page]


def too_wide(page: Page) -> list[str]:
    """What makes a page wider than its window; empty where nothing does."""
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] : [...document.querySelectorAll("*")]
             .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
             .map((element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`)"""
    )
    return found


_RESTS = """() =>
  [...document.images].every((image) => image.complete)
  && [...document.querySelectorAll(".dash-graph")].every((graph) => graph.querySelector(".main-svg"))
  && [...document.querySelectorAll("canvas.canvas")].every((canvas) => canvas.hidden || canvas.ariaLabel)"""


def rest(page: Page) -> None:
    """Wait until all pictures of a page are there, and its charts drawn: none is asked for by then.

    The browser's idleness does not say that: it is told once, maybe before the page has begun.
    """
    until(lambda: page.evaluate(_RESTS), bool)


def hover(page: Page, chart: str, right: float, down: float) -> tuple[float, float]:
    """Move the pointer over a chart until it answers, for it may be drawn anew meanwhile; gives the place.

    Args:
        page: with the chart.
        chart: its id.
        right: the place, as a share of the width.
        down: alike, of the height.
    """

    def move(further: float) -> tuple[float, float]:
        box = page.locator(f"#{chart} .nsewdrag").bounding_box()
        assert box is not None
        place = box["x"] + box["width"] * right + further, box["y"] + box["height"] * down
        page.mouse.move(*place)
        return place

    def answers() -> bool:
        move(2)
        move(0)
        # Longer than charts take to look where the pointer is.
        page.wait_for_timeout(200)
        return page.locator(f"#{chart} .hovertext").count() > 0

    until(answers, bool)
    return move(0)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open a page: ``visit(server, "/datasets", width=1280, height=900, locale="en-US", scheme="light")``.

    A script that fails, an answer of the server that is an error and a complaint in the console fail the test.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            troubles.append(f"console: {message.text}")

    def open_page(
        server: Server,
        address: str = "/",
        *,
        width: int = 1280,
        height: int = 900,
        locale: str = "en-US",
        scheme: str = "light",
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.goto(address)
        page.wait_for_selector("#content > :not(style)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles, troubles

"""The page of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, too_wide
from tests.conftest import Server
from tests.flow import running_task
from tests.images import make_classification


def test_a_job_is_listed_and_stopped(server: Server, visit: Visit, tmp_path: Path) -> None:
    tid = running_task(server, make_classification(tmp_path / "images"), epochs=500, saved=1)
    page = visit(server, "/server")
    row = page.get_by_role("row").filter(has_text=tid)
    expect(row).to_contain_text("Training")
    page.get_by_role("button", name=f"Stop: Training of {tid}").click()
    expect(page.get_by_text("Nothing is at work")).to_be_visible()
    assert server.ok("GET", "/project/task", tid=tid)["task_status"] == 8


def test_the_log_is_searched_and_shows_markup_as_text(server: Server, visit: Visit) -> None:
    page = visit(server, "/server")
    server.refused("GET", "/project/task", tid="<img src=x onerror=alert(1)>")
    page.get_by_text("Everything").click()
    log = page.get_by_label("Log", exact=True)
    expect(log).to_contain_text("GET /project/task 200")
    page.get_by_label("Search in the log").fill("nothing has this in it")
    expect(log).to_contain_text("No such lines")


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_machine_is_told_at_any_width(server: Server, visit: Visit, width: int) -> None:
    page = visit(server, "/server", width=width)
    expect(page.get_by_text("Disk of the workspace")).to_be_visible()
    expect(page.get_by_text("paddlex-restful", exact=True)).to_be_visible()
    assert too_wide(page) == []

"""The page of the models, and that of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, too_wide
from tests.flow import Trained, until

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def listed(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    """An export outside of the workspace that is listed many times."""
    server, folder = trained.server, tmp_path_factory.mktemp("elsewhere") / "model"
    server.ok("POST", "/project/task/export", tid=trained.tid, save_dir=str(folder))
    until(
        lambda: server.ok("GET", "/project/task/export", tid=trained.tid)["export_status"], lambda status: status == 7
    )
    for name in (*(f"copy {number}" for number in range(1, 26)), MARKUP):
        server.ok("POST", "/model", type="exported", pid=trained.pid, tid=trained.tid, name=name, path=str(folder))
    return trained, folder


def test_models_are_searched_and_turned_over(listed: tuple[Trained, Path], visit: Visit) -> None:
    page = visit(listed[0].server, "/models")
    expect(page.get_by_role("link", name="copy 25", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="copy 1", exact=True)).to_have_count(0)
    page.get_by_label("Search by name").fill("COPY")
    page.wait_for_url("**/models?text=COPY")
    page.get_by_role("button", name="2", exact=True).click()
    expect(page.get_by_role("link", name="copy 1", exact=True)).to_be_visible()
    page.wait_for_url("**/models?text=COPY&page=2")
    page.reload()
    expect(page.get_by_role("link", name="copy 1", exact=True)).to_be_visible()
    page.get_by_label("Search by name").fill("no such name")
    expect(page.get_by_text("No model is called so")).to_be_visible()
    page.get_by_text("Starting points", exact=True).click()
    page.get_by_label("Search by name").fill("")
    expect(page.get_by_role("link", name="copy 1", exact=True)).to_have_count(0)


def test_a_model_has_a_page_of_its_own(listed: tuple[Trained, Path], visit: Visit) -> None:
    trained, folder = listed
    page = visit(trained.server, "/models")
    page.get_by_role("link", name=MARKUP, exact=True).click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    for text in (str(folder), "MobileNetV3_small", "images of shapes", "Image classification", "triangle"):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name=trained.tid, exact=True)).to_have_attribute("href", f"/tasks/{trained.tid}")
    page.go_back()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()


def test_what_is_deleted_says_that_files_outside_stay(listed: tuple[Trained, Path], visit: Visit) -> None:
    trained, folder = listed
    page = visit(trained.server, "/models?text=copy+7")
    page.get_by_role("link", name="copy 7", exact=True).click()
    expect(page.get_by_role("heading", name="copy 7")).to_be_visible()
    page.get_by_role("button", name="Delete: copy 7").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text(f"copy 7 is taken off the list. Its files stay in {folder}.")
    asked.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    names = [each["name"] for each in trained.server.ok("GET", "/model", type="exported")["exported_models"]]
    assert "copy 7" not in names
    assert (folder / "inference.yml").is_file()


def test_a_model_whose_files_are_gone_says_so(listed: tuple[Trained, Path], visit: Visit) -> None:
    trained, folder = listed
    away = folder.with_name("away")
    folder.rename(away)
    page = visit(trained.server, "/models?text=copy+9")
    expect(page.get_by_text("Files gone")).to_be_visible()
    expect(page.get_by_role("link", name="Download: copy 9")).to_have_count(0)
    away.rename(folder)


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_pages_fit_any_width(listed: tuple[Trained, Path], visit: Visit, width: int) -> None:
    page = visit(listed[0].server, "/models", width=width)
    expect(page.get_by_role("link", name="copy 25", exact=True)).to_be_visible()
    assert too_wide(page) == []
    page.get_by_role("link", name="copy 25", exact=True).click()
    expect(page.get_by_role("heading", name="copy 25")).to_be_visible()
    assert too_wide(page) == []


def test_an_empty_list_says_how_models_come_into_it(shared_server: object, visit: Visit) -> None:
    page = visit(shared_server, "/models?kind=pretrained")
    expect(page.get_by_text("No starting points yet")).to_be_visible()

"""From an empty workspace to a downloaded model, by clicks alone."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_projects import choose
from tests.conftest import Server

LONG = 240_000
"""Milliseconds that a job may take on a busy machine."""


def test_the_digits_become_a_model_that_is_downloaded(server: Server, visit: Visit, tmp_path: Path) -> None:
    page = visit(server)
    page.get_by_role("button", name="Load the digits demo").click()
    page.wait_for_url(re.compile("/projects/P0001$"))

    page.get_by_role("link", name="New task").click()
    choose(page, re.compile("^Small"))
    for name, value in (
        ("Epochs", "1"),
        ("Batch size", "64"),
        ("Image size: width", "32"),
        ("Image size: height", "32"),
    ):
        page.get_by_label(name, exact=True).fill(value)
    page.get_by_role("textbox", name="Starts from").click()
    page.get_by_role("option", name=re.compile("^Nothing")).click()
    page.get_by_role("button", name="Create and train").click()
    page.wait_for_url(re.compile("/tasks/T0001$"))
    expect(page.get_by_role("heading", name="Trained")).to_be_visible(timeout=LONG)

    page.get_by_role("link", name="Evaluation").click()
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("Epoch 1, measured on the 176 test images")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("What is taken for what")).to_be_visible()

    page.get_by_role("link", name="Prediction").click()
    page.get_by_role("button", name="The 176 test images").click()
    expect(page.get_by_text(re.compile("^Truth: "))).to_be_visible(timeout=LONG)

    page.get_by_role("link", name="Export").click()
    page.get_by_role("button", name="Export as PaddlePaddle", exact=True).click()
    with page.expect_download(timeout=LONG) as download:
        page.get_by_role("link", name=re.compile("^Download")).click(timeout=LONG)
    download.value.save_as(tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        assert archive.testzip() is None
        assert "example.py" in archive.namelist()


def test_the_language_is_switched_for_the_page_and_the_server(server: Server, visit: Visit) -> None:
    page = visit(server, "/datasets/D0099")
    expect(page.get_by_role("alert")).to_contain_text("There is no dataset D0099")
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_role("link", name="数据集", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("D0099")
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.goto("/")
    expect(page.get_by_role("button", name="加载数字示例")).to_be_visible()
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("button", name="Load the digits demo")).to_be_visible()


def test_the_browsers_language_is_taken_first(server: Server, visit: Visit) -> None:
    page = visit(server, "/server", locale="zh-CN")
    expect(page.get_by_role("heading", name="服务器")).to_be_visible()

"""The tab on which a model is exported."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, too_wide
from tests.conftest import Server
from tests.flow import Trained, running_task, until

LONG_MS = 240_000

MARKUP = "<img src=x onerror=alert(1)>"


def export(page: Page, title: str) -> None:
    """Export by a click and wait for the end."""
    page.get_by_role("button", name=f"Export as {title}", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text("Done: it is in the list below.")).to_be_visible(timeout=LONG_MS)


def card(page: Page, title: str) -> Locator:
    """The card of a format."""
    return page.locator(".mantine-Card-root").filter(has=page.get_by_role("heading", name=title, exact=True))


def downloaded(page: Page, name: str) -> zipfile.ZipFile:
    """What the link of a model gives."""
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download: {name}", exact=True).click()
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


def exported(trained: Trained, name: str) -> dict[str, Any]:
    """The entry of an exported model."""
    entries = trained.server.ok("GET", "/model", type="exported")["exported_models"]
    return next(dict(each) for each in entries if each["name"] == name)


def exported_names(trained: Trained) -> list[str]:
    """The names of all exported models."""
    return [each["name"] for each in trained.server.ok("GET", "/model", type="exported")["exported_models"]]


def test_who_is_about_to_stop_it_is_not_disturbed_by_its_progress(
    trained: Trained, visit: Visit, tmp_path: Path
) -> None:
    server = trained.server
    other = running_task(server, tmp_path / "shapes", epochs=5000, saved=0, save_interval_epochs=5000)
    page = visit(server, f"/tasks/{trained.tid}/export")
    page.get_by_role("button", name="Export as ONNX", exact=True).click()
    stop, bar = page.get_by_role("button", name="Stop"), page.get_by_role("progressbar", name="Progress of the export")
    expect(bar).to_have_attribute("aria-valuenow", "0")
    stop.focus()
    # It waits for the training to end; what it would tell is told in its place.
    told = server.workspace / "projects" / trained.pid / trained.tid / "job/export/progress.json"
    for percent in ("33", "66"):
        told.write_text(f'{{"stage": "converting", "percent": {percent}}}')
        expect(bar).to_have_attribute("aria-valuenow", percent)
        expect(stop).to_be_focused()
    stop.press("Enter")
    expect(stop).to_have_count(0)
    server.ok("PUT", "/project/task/train", tid=other, act="stop")


def test_two_formats_stand_beside_each_other_and_are_downloaded(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}/export")
    export(page, "PaddlePaddle")
    export(page, "ONNX")
    for name in ("tiny PaddlePaddle", "tiny ONNX"):
        facts = exported(trained, name)
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text(f"{facts['size'] / 1e6:.3g} MB")
        expect(row).to_contain_text(f"{facts['latency_ms']:.3g} ms")
        expect(row).to_contain_text(f"Accuracy {facts['metric']['acc1']:.1%}")
    with downloaded(page, "tiny ONNX") as archive:
        assert archive.testzip() is None
        assert {"inference.onnx", "example.py"} <= set(archive.namelist())
    with downloaded(page, "tiny PaddlePaddle") as archive:
        assert "inference.pdiparams" in archive.namelist()


def test_an_export_is_listed_though_the_server_ended_meanwhile(trained: Trained, visit: Visit) -> None:
    server = trained.server
    page = visit(server, f"/tasks/{trained.tid}/export")
    form = card(page, "PaddlePaddle")
    form.get_by_text("Options").click()
    form.get_by_label("Name").fill("outlives the server")
    form.get_by_role("button", name="Export as PaddlePaddle").click()
    expect(form.get_by_role("progressbar", name="Progress of the export")).to_have_count(1)
    page.close()
    server.kill()
    server.restart()
    until(lambda: exported_names(trained), lambda names: names.count("outlives the server") == 1)
    server.restart()
    assert exported_names(trained).count("outlives the server") == 1


def test_a_name_with_markup_is_text_and_its_model_is_deleted_with_its_files(trained: Trained, visit: Visit) -> None:
    server = trained.server
    page = visit(server, f"/tasks/{trained.tid}/export")
    form = card(page, "PaddlePaddle")
    form.get_by_text("Options").click()
    form.get_by_label("Name").fill(MARKUP)
    form.get_by_role("textbox", name="State of the model").click()
    page.get_by_role("option", name="Epoch 1", exact=True).click()
    export(page, "PaddlePaddle")
    expect(page.get_by_role("link", name=MARKUP, exact=True)).to_be_visible()
    entry = exported(trained, MARKUP)
    folder = Path(entry["path"])
    assert folder.is_dir()

    page.get_by_role("button", name=f"Delete: {MARKUP}").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text(f"{MARKUP} and its files will be gone for good.")
    asked.get_by_role("button", name="Cancel").click()
    expect(asked).to_have_count(0)
    assert folder.is_dir()
    page.get_by_role("button", name=f"Delete: {MARKUP}").click()
    asked.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name=MARKUP, exact=True)).to_have_count(0)
    assert not folder.exists()
    page.close()
    server.restart()
    assert MARKUP not in exported_names(trained)


def test_what_is_not_possible_is_told_before_the_click(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}/export")
    lite = card(page, "Paddle-Lite")
    expect(lite).to_contain_text("Not possible")
    expect(lite).to_contain_text("PADDLELITE_PYTHON names")
    expect(lite.get_by_role("button")).to_have_count(0)


def test_a_task_that_trains_says_why_it_cannot_be_exported(server: Server, visit: Visit, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "shapes", epochs=500, saved=1)
    page = visit(server, f"/tasks/{tid}/export")
    expect(page.get_by_text("This task is being trained")).to_be_visible()
    expect(page.get_by_role("button", name="Export as ONNX")).to_be_disabled()
    server.ok("PUT", "/project/task/train", tid=tid, act="stop")
    expect(page.get_by_role("button", name="Export as ONNX")).to_be_enabled()
    expect(page.get_by_text("This task is being trained")).to_have_count(0)


def test_a_failure_is_told_in_its_card(trained: Trained, visit: Visit) -> None:
    task = trained.server.workspace / "projects" / trained.pid / trained.tid
    weights = task / "output/epoch_2/model.pdparams"
    whole = weights.read_bytes()
    page = visit(trained.server, f"/tasks/{trained.tid}/export")
    form = card(page, "ONNX")
    form.get_by_text("Options").click()
    form.get_by_role("textbox", name="State of the model").click()
    page.get_by_role("option", name="Epoch 2", exact=True).click()
    # The best model may be the same file.
    weights.unlink()
    weights.write_bytes(b"damaged")
    try:
        form.get_by_role("button", name="Export as ONNX").click()
        expect(form.get_by_role("alert")).to_contain_text("damaged", timeout=LONG_MS)
    finally:
        weights.unlink()
        weights.write_bytes(whole)


def test_a_model_is_kept_as_a_starting_point(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}/export")
    page.get_by_label("Name of the starting point").fill("shapes, to go on from")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("link", name="shapes, to go on from").click()
    expect(page.get_by_role("heading", name="shapes, to go on from")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "model.pdparams" in archive.namelist()


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_tab_fits_any_width(trained: Trained, visit: Visit, width: int) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}/export", width=width)
    expect(page.get_by_role("button", name="Export as ONNX")).to_be_visible()
    assert too_wide(page) == []

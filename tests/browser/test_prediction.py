"""The tab Prediction of a task, acted through clicks."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import CHROMIUM, FLAGS, PATIENCE_MS, Visit, rest, too_wide
from tests.browser.test_evaluation import count_requests
from tests.browser.trained import Models
from tests.flow import until


def send(page: Page, files: list[Path]) -> None:
    """Choose files, and wait until the first one is drawn with its answer."""
    # A picture of the prediction before that is asked for later is refused.
    rest(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    with page.expect_response(lambda answer: answer.url.endswith("/pictures")):
        chooser.value.set_files(files)
    expect(page.locator(".thumbnail")).to_have_count(len(files))
    expect(page.get_by_role("progressbar", name="Progress of the prediction")).to_have_count(0)
    drawn(page, files[0].name)


def drawn(page: Page, name: str, found: str = "") -> None:
    """Wait until an image is drawn with its answer, or with one that begins so."""
    expect(page.get_by_role("img", name=f"{name} with what the model finds in it: {found}")).to_be_visible()


def predictions(models: Models, tid: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = models.server.ok("GET", "/project/task/predict/result", tid=tid)["predictions"]
    return found


def saved(page: Page, button: str) -> tuple[str, bytes]:
    """Name and content of the file that a button saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_a_classifier_says_what_it_takes_the_images_for(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/predict")
    folders = sorted(models.images.iterdir())
    files = [folder / "0000.png" for folder in folders]
    send(page, files)
    first, *_, last = predictions(models, models.classifier)
    answers = page.locator(".answers li")
    expect(answers).to_have_count(3)
    expect(answers.first).to_contain_text(first["category"])
    expect(answers.first).to_contain_text(f"{first['score']:.1%}".replace(".0%", "%"))
    page.get_by_role("button", name="0000.png").nth(2).click()
    expect(answers.first).to_contain_text(last["category"])
    name, content = saved(page, "Save JSON")
    assert name == "0000.json"
    assert json.loads(content) == {"image": "0000.png", "topk": last["topk"]}
    expect(page).to_have_title(re.compile("^Prediction"))


def test_the_threshold_and_the_classes_filter_without_a_request(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.detector}/predict")
    send(page, sorted(models.scenes.iterdir())[:1])
    [told] = predictions(models, models.detector)
    scores = [entry["score"] for entry in told["predictions"]]
    assert min(scores) >= 0.05
    slider = page.get_by_role("slider", name="Score of at least")
    lines = page.locator(".answers li")
    page.wait_for_load_state("networkidle")
    rest(page)
    requests = count_requests(page)
    slider.press("Home")
    expect(lines).to_have_count(len(scores))
    # The picture is drawn after the words beside it.
    drawn(page, "0000.jpg", ", ".join(entry["category"] for entry in told["predictions"]))
    whole = saved(page, "Save picture")[1]
    category = told["predictions"][0]["category"]
    page.get_by_role("checkbox", name=category, exact=True).uncheck()
    others = [entry for entry in told["predictions"] if entry["category"] != category]
    expect(lines).to_have_count(len(others))
    name, content = saved(page, "Save JSON")
    assert name == "0000.json"
    assert json.loads(content) == {"image": "0000.jpg", "size": told["size"], "objects": others}
    page.get_by_role("checkbox", name=category, exact=True).check()
    slider.press("End")
    expect(page.get_by_text("Nothing is found at this threshold")).to_be_visible()
    drawn(page, "0000.jpg", "Nothing is found.")
    name, bare = saved(page, "Save picture")
    assert name == "0000.png"
    with Image.open(io.BytesIO(whole)) as picture, Image.open(io.BytesIO(bare)) as plain:
        assert picture.size == plain.size == (640, 427)
        assert picture.convert("RGB").tobytes() != plain.convert("RGB").tobytes()
    assert not [url for url in requests if not url.startswith("blob:")]


def test_the_test_split_comes_in_pages_with_what_is_true(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/predict")
    rest(page)
    page.get_by_role("button", name=re.compile(r"^The \d+ test images$")).click()
    expect(page.get_by_text(re.compile("^Truth: "))).to_be_visible()
    found = predictions(models, models.classifier)
    assert len(found) > 12
    expect(page.locator(".thumbnail")).to_have_count(12)
    page.locator(".mantine-Pagination-control", has_text="2").click()
    page.get_by_role("button", name=found[12]["image"]).click()
    drawn(page, found[12]["image"])
    expect(page.get_by_text(f"Truth: {found[12]['label']}", exact=True)).to_be_visible()
    page.reload()
    drawn(page, found[0]["image"])


def test_a_dropped_file_that_is_no_image_is_told_beside_the_others(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/predict")
    image = next(models.images.rglob("*.png")).read_bytes()
    rest(page)
    page.evaluate(
        """(image) => {
          const bytes = Uint8Array.from(atob(image), (one) => one.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "<b>good.png"));
          transfer.items.add(new File(["no picture"], "bad.png"));
          const zone = document.getElementById("predict-drop");
          zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(image).decode(),
    )
    drawn(page, "<b>good.png")
    page.get_by_role("button", name="bad.png").click()
    expect(page.get_by_text(re.compile("bad.png.*cannot be read"))).to_be_visible()


def test_without_images_that_can_be_read_the_failure_is_told(models: Models, visit: Visit, tmp_path: Path) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/predict")
    (tmp_path / "note.txt").write_text("no picture")
    rest(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([tmp_path / "note.txt"])
    expect(page.get_by_role("alert").filter(has_text="The prediction failed")).to_contain_text("note.txt")


def test_a_task_without_a_model_leads_to_its_training(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.untrained}/predict")
    expect(page.get_by_text("This task has no trained model yet")).to_be_visible()
    expect(page.get_by_role("link", name="To the training")).to_be_visible()


def test_it_fits_onto_a_phone(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.detector}/predict", width=390, height=800)
    send(page, sorted(models.scenes.iterdir())[:2])
    assert too_wide(page) == []


@pytest.fixture
def filmed(models: Models, browser: Browser) -> Iterator[Page]:
    """A page of a browser with a camera."""
    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *camera]) as launched:
        page = launched.new_page(base_url=models.server.url)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"/tasks/{models.classifier}/predict")
        yield page


def test_a_picture_of_the_camera_is_predicted(filmed: Page) -> None:
    filmed.get_by_role("button", name="Use the camera").click()
    until(lambda: filmed.locator("#predict-video").evaluate("video => video.videoWidth"), bool)
    filmed.get_by_role("button", name="Take the picture").click()
    drawn(filmed, "camera.jpg")
    expect(filmed.get_by_role("button", name="Take the picture")).not_to_be_visible()


def test_the_camera_is_let_go_with_the_page(filmed: Page) -> None:
    filmed.evaluate(
        """() => {
          const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await ask(wanted));
        }"""
    )
    filmed.get_by_role("button", name="Use the camera").click()
    expect(filmed.get_by_role("button", name="Take the picture")).to_be_visible()
    assert filmed.evaluate("window.stream.active")
    filmed.get_by_role("link", name="Projects").first.click()
    until(lambda: filmed.evaluate("window.stream.active"), lambda active: not active)


def test_without_a_camera_a_sentence_says_what_to_do(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/predict")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("alert").filter(has_text="The camera could not be used: connect one")).to_be_visible()

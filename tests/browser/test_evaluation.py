"""The tab Evaluation of a task, acted through clicks."""

from __future__ import annotations

import functools
import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.conftest import Visit, hover, rest, too_wide
from tests.browser.trained import CLASSES, Models
from tests.flow import until

LONG_MS = 240_000


@pytest.fixture(scope="module")
def evaluated(models: Models) -> Models:
    """Both models evaluated; the detector with everything that it finds, however unsure it is."""
    for tid, score in ((models.classifier, 0.5), (models.detector, 0.05)):
        models.server.ok("POST", "/project/task/evaluate", tid=tid, score_thresh=score)
    for tid in (models.classifier, models.detector):
        until(functools.partial(result, models, tid), bool)
    return models


def result(models: Models, tid: str) -> dict[str, Any]:
    """The result of the evaluation of a task; empty while it runs."""
    return models.server.ok("GET", "/project/task/evaluate", tid=tid)["result"] or {}


def figures(page: Page) -> list[str]:
    """What the panel says at the threshold."""
    names = ("threshold", "precision", "recall", "f1", "right", "wrong", "missed")
    return [page.locator(f"#evaluate-at-{name}").inner_text() for name in names]


def gallery(page: Page) -> Locator:
    return page.get_by_role("region", name="Images of the evaluation")


def count_requests(page: Page) -> list[str]:
    """A list that grows by each request from now on, but those by which pages look at what changes."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if "task-look" not in (request.post_data or ""):
            seen.append(request.url)

    page.on("request", note)
    return seen


def test_an_evaluation_is_started_with_a_saved_epoch_and_shows_its_figures(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/evaluate")
    page.get_by_role("textbox", name="State of the model").click()
    page.get_by_role("option", name="Epoch 2").click()
    page.get_by_role("button", name=re.compile("^Evaluate")).click()
    expect(page.get_by_text(re.compile(r"^Epoch 2, measured on the \d+ test images$"))).to_be_visible(timeout=LONG_MS)
    answer = result(models, models.classifier)
    assert answer["epoch"] == 2
    shown = page.locator(".figure", has_text=f"{answer['Acc1']:.1%}")
    expect(shown.first).to_be_visible()


def test_a_cell_of_the_table_and_of_the_heat_map_opens_its_images(evaluated: Models, visit: Visit) -> None:
    matrix = result(evaluated, evaluated.classifier)["Confusion_Matrix"]
    labels = result(evaluated, evaluated.classifier)["label_list"]
    page = visit(evaluated.server, f"/tasks/{evaluated.classifier}/evaluate")
    cells = [(i, j) for i in range(3) for j in range(3) if matrix[i][j]]
    page.get_by_role("button", name="As a table").click()
    true, predicted = cells[0]
    count = matrix[true][predicted]
    words = f"{count} right" if true == predicted else f"{count} taken for {labels[predicted]}"
    page.get_by_role("button", name=f"{labels[true]}: {words}", exact=True).click()
    expect(gallery(page)).to_be_focused()
    expect(gallery(page).get_by_text(re.compile(rf"^{count} of \d+ images$"))).to_be_visible()
    pictures = gallery(page).get_by_role("img", name=re.compile("^Truth and prediction of "))
    expect(pictures).to_have_count(min(12, count))

    true, predicted = cells[-1]
    drawn = page.locator("#evaluate-heatmap .nsewdrag")
    drawn.scroll_into_view_if_needed()
    page.mouse.click(*hover(page, "evaluate-heatmap", (predicted + 0.5) / 3, (true + 0.5) / 3))
    expect(gallery(page).get_by_text(re.compile(rf"^{matrix[true][predicted]} of \d+ images$"))).to_be_visible()
    expect(page.get_by_role("textbox", name="Truth")).to_have_value(labels[true])
    loaded = "image => image.complete && image.naturalWidth > 100"
    until(lambda: pictures.first.evaluate(loaded), bool)
    gallery(page).get_by_role("button", name=re.compile("^Truth and prediction of ")).first.click()
    large = page.get_by_role("dialog").get_by_role("img", name=re.compile("^Truth and prediction of "))
    until(lambda: large.evaluate(loaded), bool)
    expect(page).to_have_title(re.compile("^Evaluation"))


def test_the_table_of_the_classes_is_sorted_by_its_heads(evaluated: Models, visit: Visit) -> None:
    by_class = result(evaluated, evaluated.classifier)["PRF1"]
    recalls = sorted((figures["recall"] for figures in by_class.values()), reverse=True)
    page = visit(evaluated.server, f"/tasks/{evaluated.classifier}/evaluate")
    table = page.get_by_role("table").filter(has=page.get_by_role("columnheader", name="AUC"))
    for order, expected in (("ascending", recalls[::-1]), ("descending", recalls)):
        table.get_by_role("button", name="Recall").click()
        expect(table.get_by_role("columnheader", name="Recall")).to_have_attribute("aria-sort", order)
        shown = [row.get_by_role("cell").nth(3).inner_text() for row in table.get_by_role("row").all()[1:]]
        assert shown == [f"{recall:.1%}" for recall in expected]
    table.get_by_role("button", name="Class").click()
    expect(table.get_by_role("row").nth(1)).to_contain_text(sorted(CLASSES)[0])


def test_the_threshold_changes_figures_without_a_request(evaluated: Models, visit: Visit) -> None:
    found = result(evaluated, evaluated.classifier)
    images = sum(map(sum, found["Confusion_Matrix"]))
    right = round(found["Acc1"] * images)
    page = visit(evaluated.server, f"/tasks/{evaluated.classifier}/evaluate")
    slider = page.get_by_role("slider", name="Score that is enough")
    expect(page.locator("#evaluate-at-threshold")).to_have_text("50%")
    page.wait_for_load_state("networkidle")
    rest(page)
    requests = count_requests(page)
    slider.press("Home")
    expect(page.locator("#evaluate-at-threshold")).to_have_text("0%")
    assert figures(page)[4:] == [str(right), str(images - right), str(images - right)]
    precision = float(page.locator("#evaluate-at-precision").inner_text().rstrip("%"))
    # With one decimal; the browser and Python do not round halves alike.
    assert precision == pytest.approx(100 * found["Acc1"], abs=0.0501)
    slider.press("End")
    expect(page.locator("#evaluate-at-threshold")).to_have_text("100%")
    at_the_end = figures(page)
    assert int(at_the_end[4]) < right
    page.get_by_role("button", name="Where F1 is best").click()
    expect(page.locator("#evaluate-at-threshold")).not_to_have_text("100%")
    assert not requests


def test_a_class_of_the_curves_can_be_chosen_and_a_detector_has_them_too(evaluated: Models, visit: Visit) -> None:
    page = visit(evaluated.server, f"/tasks/{evaluated.detector}/evaluate")
    matrix = result(evaluated, evaluated.detector)["Confusion_Matrix"]
    labels = result(evaluated, evaluated.detector)["label_list"]
    expect(page.locator("#evaluate-at-threshold")).to_have_text("5%")
    missed, right = (int(page.locator(f"#evaluate-at-{name}").inner_text()) for name in ("missed", "right"))
    assert missed + right == sum(sum(row) for row in matrix[:-1])
    page.get_by_role("textbox", name="Class of the curve").click()
    page.get_by_role("option", name=labels[2]).click()
    expect(page.locator("#evaluate-at-missed")).not_to_have_text(str(missed))
    missed, right = (int(page.locator(f"#evaluate-at-{name}").inner_text()) for name in ("missed", "right"))
    assert missed + right == sum(matrix[2])


def test_errors_are_filtered_by_kind_and_class(evaluated: Models, visit: Visit) -> None:
    matrix = result(evaluated, evaluated.detector)["Confusion_Matrix"]
    errors = evaluated.server.ok("GET", "/project/task/evaluate/errors", tid=evaluated.detector)["errors"]
    alarms = [entry for entry in errors if entry["false_positives"]]
    assert alarms, "a detector that was trained this little takes much for objects"
    page = visit(evaluated.server, f"/tasks/{evaluated.detector}/evaluate")
    page.get_by_role("textbox", name="Show").click()
    page.get_by_role("option", name="False alarms").click()
    expect(gallery(page).get_by_text(re.compile(rf"^{len(alarms)} of \d+ images$"))).to_be_visible()
    predicted = max(range(3), key=lambda index: matrix[3][index])
    page.get_by_role("textbox", name="Prediction").click()
    page.get_by_role("option", name=sorted(CLASSES)[predicted]).click()
    wanted = sorted(CLASSES)[predicted]
    kept = [
        entry
        for entry in alarms
        if any(item["kind"] == "false_positive" and item["predicted"] == wanted for item in entry["items"])
    ]
    expect(gallery(page).get_by_text(re.compile(rf"^{len(kept)} of \d+ images$"))).to_be_visible()


def test_the_report_is_downloaded(evaluated: Models, visit: Visit) -> None:
    page = visit(evaluated.server, f"/tasks/{evaluated.classifier}/evaluate")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel report").click()
    assert download.value.suggested_filename == f"{evaluated.classifier}.xlsx"
    book = load_workbook(io.BytesIO(download.value.path().read_bytes()))
    assert any("circle" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_a_task_without_a_model_leads_to_its_training(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.untrained}/evaluate")
    expect(page.get_by_text("This task has no trained model yet")).to_be_visible()
    page.get_by_role("link", name="To the training").click()
    expect(page).to_have_url(re.compile(f"/tasks/{models.untrained}$"))


def test_what_is_refused_is_told_where_it_was_asked(models: Models, visit: Visit) -> None:
    page = visit(models.server, f"/tasks/{models.classifier}/evaluate")
    # A picture that is asked for after the next evaluation has begun is refused.
    rest(page)
    page.get_by_label("Guesses").fill("")
    page.get_by_role("button", name=re.compile("^Evaluate")).click()
    expect(page.get_by_role("alert")).to_contain_text("A number is missing")
    page.get_by_label("Guesses").fill("2")
    page.get_by_role("button", name=re.compile("^Evaluate")).click()
    expect(page.get_by_text("Among 2 guesses")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_it_fits_onto_a_phone(evaluated: Models, visit: Visit) -> None:
    for tid in (evaluated.classifier, evaluated.detector):
        page = visit(evaluated.server, f"/tasks/{tid}/evaluate", width=390, height=800)
        expect(page.get_by_role("slider", name="Score that is enough")).to_be_visible()
        assert too_wide(page) == []


def test_a_failure_says_what_is_wrong(evaluated: Models, visit: Visit) -> None:
    did = next(did for did in ("D0001", "D0002") if (evaluated.server.workspace / "datasets" / did / "circle").is_dir())
    tested = evaluated.server.ok("GET", "/dataset/details", did=did)["details"]["test_files"][0]
    image = evaluated.server.workspace / "datasets" / did / tested
    whole = image.read_bytes()
    page = visit(evaluated.server, f"/tasks/{evaluated.classifier}/evaluate")
    rest(page)
    image.write_bytes(b"no picture")
    try:
        page.get_by_role("button", name="Evaluate again").click()
        failed = page.get_by_role("alert").filter(has_text="The evaluation failed")
        expect(failed).to_contain_text(image.name, timeout=LONG_MS)
    finally:
        image.write_bytes(whole)
    page.get_by_role("button", name="Evaluate").click()
    expect(failed).to_have_count(0)
    expect(page.get_by_text(re.compile("measured on the"))).to_be_visible(timeout=LONG_MS)

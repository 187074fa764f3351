"""The page of a training, and tasks beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, too_wide
from tests.conftest import Server
from tests.flow import Trained, running_task, task, task_status, trained_task, until

TRAINING_MS = 240_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A server with a trained task."""
    folder = tmp_path_factory.mktemp("training")
    running = Server(folder)
    yield trained_task(running, folder / "shapes")
    running.close()


def places(page: Page, chart: str) -> list[float]:
    """The epochs of the points of a chart's first line."""
    found: list[float] = page.evaluate(
        "(chart) => Array.from(document.querySelector(`#${chart} .js-plotly-plot`)?.data?.[0]?.x ?? [])", chart
    )
    return found


def figure(page: Page, name: str) -> Locator:
    """The box of a figure."""
    return page.locator("#training-state div", has=page.get_by_text(name, exact=True)).last


def test_a_training_is_watched_to_its_end(trained: Trained, visit: Visit) -> None:
    server = trained.server
    tid = task(server, trained.pid, num_epochs=6)
    page = visit(server, f"/tasks/{tid}")
    expect(page.get_by_text("Not trained yet")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    until(lambda: places(page, "training-loss"), lambda found: len(found) > 1)
    expect(page.get_by_role("heading", name="Trained")).to_be_visible(timeout=TRAINING_MS)
    expect(figure(page, "Epoch")).to_contain_text("6 of 6")
    assert task_status(server, tid) == 4

    lines = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    assert lines["train_metrics"]["Epoch"] == 6
    log = page.get_by_label("Log", exact=True)
    expect(log).to_contain_text("[EVAL] Epoch=6/6")
    # The page has every point, and does not ask on once the work has ended.
    workspace = server.ok("GET", "/workspace")["dirname"]
    metrics = (Path(workspace) / "projects" / trained.pid / tid / "output" / "metrics.jsonl").read_text().splitlines()
    # Points that are added are drawn after the rest of the answer in which they came.
    points = sum('"train"' in line for line in metrics)
    until(lambda: len(places(page, "training-loss")), lambda count: count == points)
    until(lambda: places(page, "training-metric"), lambda found: found == [1, 2, 3, 4, 5, 6])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))

    def looks_at_the_task(count: int) -> None:
        until(lambda: page.wait_for_timeout(100), lambda _: sum("task-look" in body for body in asked) > count)

    # The look that was under way, and the drawing of the new buttons, which asks once for each.
    looks_at_the_task(1)
    asked.clear()
    looks_at_the_task(2)
    assert not [body for body in asked if "training-look" in body]


def test_a_training_is_stopped_and_goes_on_from_a_chosen_epoch(server: Server, visit: Visit, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "images", epochs=500, saved=3)
    page = visit(server, f"/tasks/{tid}")
    expect(page.get_by_role("heading", name=re.compile("Trains|Saves|Is measured"))).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=TRAINING_MS)
    assert task_status(server, tid) == 8
    until(lambda: places(page, "training-metric"), lambda found: len(found) >= 3)

    page.get_by_role("textbox", name="Go on after epoch").click()
    page.get_by_role("option", name="2", exact=True).click()
    page.get_by_role("button", name="Go on after epoch").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    resumed = server.ok("GET", "/project/task/params", tid=tid)["train"]["resume_checkpoint"]
    assert resumed.endswith("epoch_2")
    # What came after the second epoch is gone, and comes again once.
    drawn = until(lambda: places(page, "training-metric"), lambda found: 4 in found)
    assert drawn == list(range(1, len(drawn) + 1))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=TRAINING_MS)


def test_a_link_that_is_slower_than_the_looks_shows_the_training_too(
    server: Server, visit: Visit, tmp_path: Path
) -> None:
    tid = running_task(server, tmp_path / "images", epochs=5000, saved=0, save_interval_epochs=5000)
    page = visit(server, f"/tasks/{tid}")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    # What was asked for before the link became slow.
    with page.expect_request_finished(lambda request: "training-look" in (request.post_data or "")):
        pass
    for _ in range(2):
        more = len(places(page, "training-loss")) + 1
        page.wait_for_function(
            "more => document.querySelector('#training-loss .js-plotly-plot').data[0].x.length >= more", arg=more
        )
    stop.click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=TRAINING_MS)


def test_a_training_begins_anew_only_when_that_is_confirmed(trained: Trained, visit: Visit) -> None:
    # So many that the page looks at it before it has ended, on a quick machine too.
    tid = task(trained.server, trained.pid, num_epochs=8)
    trained.server.ok("POST", "/project/task/train", tid=tid)
    until(lambda: task_status(trained.server, tid), lambda status: status == 4)
    page = visit(trained.server, f"/tasks/{tid}")
    page.get_by_role("button", name="Train anew").click()
    dialog = page.get_by_role("dialog", name="Train anew?")
    expect(dialog).to_contain_text("are replaced")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).not_to_be_visible()
    assert task_status(trained.server, tid) == 4
    page.get_by_role("button", name="Train anew").click()
    dialog.get_by_role("button", name="Train anew").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("heading", name="Trained")).to_be_visible(timeout=TRAINING_MS)


def test_a_failure_is_told_with_its_remedy_and_the_end_of_the_log(trained: Trained, visit: Visit) -> None:
    server = trained.server
    tid = task(server, trained.pid, pretrain_weights=str(trained.source / "circle" / "0000.png"))
    server.ok("POST", "/project/task/train", tid=tid)
    answer = until(lambda: server.ok("GET", "/project/task", tid=tid), lambda told: told["task_status"] in (9, 10))
    page = visit(server, f"/tasks/{tid}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The training failed")
    expect(alert).to_contain_text(answer["message"][:60])
    alert.get_by_text("The end of its log").click()
    expect(alert.locator("pre")).to_contain_text(f"train of {tid}: failed")


def test_what_waits_says_for_what(server: Server, visit: Visit, tmp_path: Path) -> None:
    first = running_task(server, tmp_path / "images", epochs=500, saved=1)
    pid = server.ok("GET", "/project")["projects"][0]["id"]
    second = task(server, pid)
    server.ok("POST", "/project/task/train", tid=second)
    page = visit(server, f"/tasks/{second}")
    expect(page.get_by_role("heading", name="Waits in the queue")).to_be_visible()
    expect(page.get_by_text(re.compile("Waiting in the queue, place 1"))).to_be_visible()
    server.ok("PUT", "/project/task/train", tid=first, act="stop")
    expect(page.get_by_role("heading", name="Trained")).to_be_visible(timeout=TRAINING_MS)


def test_parameters_that_differ_are_marked_and_the_log_is_searched(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}")
    page.get_by_role("button", name=re.compile("of them differ from the defaults")).click()
    row = page.get_by_role("row").filter(has_text="image_shape")
    expect(row).to_contain_text("changed")
    expect(row).to_contain_text("224, 224")
    expect(page.get_by_role("row").filter(has_text="image_mean")).not_to_contain_text("changed")
    log = page.get_by_label("Log", exact=True)
    page.get_by_label("Search in the log").fill("eval")
    expect(log).not_to_contain_text("[TRAIN]")
    expect(log).to_contain_text("[EVAL] Epoch=1/3")
    page.get_by_label("Search in the log").fill("<b>nothing</b>")
    expect(log).to_have_text("No such lines.")


def test_visualdl_opens_beside(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open VisualDL").click()
    address = page.get_by_role("link", name=re.compile("127.0.0.1:[0-9]+")).get_attribute("href")
    expect(opened.value).to_have_url(re.compile(f"^{re.escape(str(address))}"))


def test_a_task_is_deleted_after_a_question(trained: Trained, visit: Visit) -> None:
    tid = task(trained.server, trained.pid)
    page = visit(trained.server, f"/tasks/{tid}")
    page.get_by_role("button", name="Delete the task").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(re.compile(f"/projects/{trained.pid}$"))
    assert tid in trained.server.refused("GET", "/project/task", tid=tid)


def test_tasks_are_compared_by_their_address_and_by_choice(trained: Trained, visit: Visit) -> None:
    server = trained.server
    other = task(server, trained.pid, num_epochs=2, batch_size=6)
    server.ok("POST", "/project/task/train", tid=other)
    until(lambda: task_status(server, other), lambda status: status == 4)
    evil = '<b>bold</b><img src=x onerror="document.title=1">'
    server.ok("PUT", "/workspace", struct="task", id=other, attr_dict={"desc": evil})
    page = visit(server, f"/projects/{trained.pid}")
    page.get_by_role("checkbox", name=f"Compare {trained.tid}").check()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    page.get_by_role("checkbox", name=f"Compare {other}").check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(f"/projects/{trained.pid}/compare[?]tasks={trained.tid},{other}$"))

    drawn = until(
        lambda: page.evaluate(
            "[...document.querySelector('#compare-metric .js-plotly-plot')?.data ?? []].map((line) => [...line.x])"
        ),
        lambda lines: len(lines) == 2,
    )
    assert drawn == [[1, 2, 3], [1, 2]]
    expect(page.locator("#compare-metric .legendtext").last).to_have_text(f"{other} {evil}")
    figures = page.get_by_role("table").first
    best = server.ok("GET", "/project/task/metrics", tid=other, type="eval_all")["best_result"]
    expect(figures.get_by_role("row").filter(has_text="Accuracy").first).to_contain_text(f"{best:.1%}")
    differ = page.get_by_role("table").last
    expect(differ.get_by_role("row").filter(has_text="Batch size")).to_contain_text("86")
    expect(differ).not_to_contain_text("Image size")

    page.goto(f"/projects/{trained.pid}/compare?tasks={other},T9999,<b>")
    expect(page.get_by_text("Choose two tasks or more")).to_be_visible()
    page.get_by_role("textbox", name="Tasks").click()
    page.get_by_role("option", name=re.compile(trained.tid)).click()
    expect(page).to_have_url(re.compile(f"tasks={other},{trained.tid}$"))
    expect(page.get_by_role("heading", name="Parameters that differ")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Choose two tasks or more")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_page_of_a_training_fits_at_any_width(trained: Trained, visit: Visit, width: int) -> None:
    untrained = task(trained.server, trained.pid)
    compared = f"/projects/{trained.pid}/compare?tasks={trained.tid},{untrained}"
    for address in (f"/tasks/{trained.tid}", f"/tasks/{untrained}", compared):
        page = visit(trained.server, address, width=width)
        page.wait_for_load_state("networkidle")
        assert too_wide(page) == [], address

"""The tab on which a model is pruned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, hover, too_wide
from tests.conftest import Server
from tests.flow import Trained, held, until

LONG_MS = 240_000


@pytest.fixture(scope="module")
def analysed(trained: Trained) -> Trained:
    """A task whose sensitivities are measured."""
    server, tid = trained.server, trained.tid
    if server.ok("GET", "/project/task/prune", tid=tid)["prune_status"] not in (0, 1, 2):
        server.ok("POST", "/project/task/prune", tid=tid)
        until(lambda: server.ok("GET", "/project/task/prune", tid=tid)["prune_status"], lambda status: status == 2, 240)
    return trained


def measurements(trained: Trained) -> int:
    """How many measurements the analysis that runs has made."""
    log = trained.server.ok("GET", "/project/task/metrics", tid=trained.tid, type="prune")["prune_log"]
    return int((log or {}).get("current") or 0)


def folder(trained: Trained) -> Path:
    """Where the analysis keeps its files."""
    return trained.server.workspace / "projects" / trained.pid / trained.tid / "job/prune"


def share(page: Page) -> int:
    """The share of the computations that the slider stands at, in percent."""
    return int(page.get_by_role("slider").get_attribute("aria-valuenow") or 0)


def test_an_analysis_is_started_stopped_and_goes_on_to_its_end(trained: Trained, visit: Visit) -> None:
    page = visit(trained.server, f"/tasks/{trained.tid}/prune")
    expect(page.get_by_text("MobileNetV3_small can be pruned")).to_be_visible()
    page.get_by_role("button", name="Start the analysis").click()
    until(lambda: measurements(trained), lambda made: made > 0)
    # On a quick machine it would end between two looks of the page.
    with held(folder(trained)):
        expect(page.get_by_text(re.compile(r"Measurement \d+ of \d+, .* left"))).to_be_visible()
        # Who is about to stop it is not disturbed by what is told meanwhile.
        stop = page.get_by_role("button", name="Stop")
        stop.focus()
        told = folder(trained) / "progress.json"
        progress = json.loads(told.read_bytes())
        told.write_text(json.dumps({**progress, "current": progress["iters"]}))
        expect(page.get_by_text(re.compile(r"Measurement (\d+) of \1, "))).to_be_visible()
        expect(stop).to_be_focused()
        # It is let go on once it is asked to stop: the answer comes when it has.
        with page.expect_request(lambda request: "prune-stop.n_clicks" in (request.post_data or "")):
            stop.click()
    expect(page.get_by_text(re.compile(r"Stopped: \d+ of \d+ measurements"))).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("progressbar", name="Progress of the analysis")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Done: \d+ measurements"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("slider", name="Share of the computations to remove")).to_be_visible()


def test_a_point_is_chosen_and_its_model_trained(analysed: Trained, visit: Visit) -> None:
    server = analysed.server
    page = visit(server, f"/tasks/{analysed.tid}/prune")
    page.get_by_role("slider").press("Home")
    expect(page.get_by_text("To remove 1%,")).to_be_visible()
    for _ in range(4):
        page.get_by_role("slider").press("ArrowRight")
    expect(page.get_by_text("To remove 5%,")).to_be_visible()
    expect(page.get_by_text("95.0%")).to_be_visible()

    page.mouse.click(*hover(page, "prune-chart", 1 / 2, 1 / 2))
    expect(page.get_by_text("To remove 5%,")).to_have_count(0)
    chosen = share(page)
    assert 20 < chosen < 80
    expect(page.get_by_text(f"To remove {chosen}%,")).to_be_visible()

    page.get_by_label("Epochs of the new training").fill("2")
    page.get_by_role("button", name="Train the pruned model").click()
    page.wait_for_url(re.compile(r"/tasks/T\d+$"))
    child = page.url.rpartition("/")[2]
    assert server.ok("GET", "/workspace", struct="task", id=child, attr_list=["parent_id"])["attr"] == {
        "parent_id": analysed.tid
    }
    params = server.ok("GET", "/project/task/params", tid=child)["train"]
    assert (params["pruned_flops"], params["num_epochs"]) == (chosen / 100, 2)
    until(lambda: server.ok("GET", "/project/task", tid=child)["task_status"], lambda status: status == 4)
    flops = server.ok("GET", "/project/task/metrics", tid=child, type="train")["train_log"]["pruning"]["flops"]
    assert 1 - flops["after"] / flops["before"] == pytest.approx(chosen / 100, abs=0.02)

    page.goto(f"/tasks/{child}/prune")
    expect(page.get_by_text(f"This task trains the pruned model of task {analysed.tid}.")).to_be_visible()
    page.get_by_role("link", name="Prune that model by another amount").click()
    expect(page.get_by_role("link", name=f"tiny, pruned by {chosen}%")).to_have_attribute("href", f"/tasks/{child}")


def test_a_training_that_cannot_be_is_refused_in_words(analysed: Trained, visit: Visit) -> None:
    before = len(analysed.server.ok("GET", "/project/task")["tasks"])
    page = visit(analysed.server, f"/tasks/{analysed.tid}/prune")
    page.get_by_label("Epochs of the new training").fill("")
    page.get_by_role("button", name="Train the pruned model").click()
    expect(page.get_by_text("Say how many epochs")).to_be_visible()
    assert len(analysed.server.ok("GET", "/project/task")["tasks"]) == before


def test_a_net_that_cannot_be_pruned_is_told_before_it_is_trained(shared_server: Server, visit: Visit) -> None:
    pid = shared_server.ok("POST", "/project", name="two stages", project_type="detection")["pid"]
    params = shared_server.ok("GET", "/project/task/params", pid=pid, model_type="FasterRCNN")["train"]
    tid = shared_server.ok("POST", "/project/task", pid=pid, train=params)["tid"]
    page = visit(shared_server, f"/tasks/{tid}/prune")
    expect(page.get_by_text("This model cannot be pruned")).to_be_visible()
    expect(page.get_by_text("because its second stage looks at regions")).to_be_visible()
    expect(page.get_by_role("button", name="Start the analysis")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_tab_fits_any_width(analysed: Trained, visit: Visit, width: int) -> None:
    page = visit(analysed.server, f"/tasks/{analysed.tid}/prune", width=width)
    expect(page.get_by_role("button", name="Train the pruned model")).to_be_visible()
    assert too_wide(page) == []

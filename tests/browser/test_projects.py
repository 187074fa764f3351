"""The pages of projects and of a new task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit, too_wide
from tests.conftest import Server, changed_server
from tests.flow import bound_project, import_dataset, task, until
from tests.images import make_classification

EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server with a split dataset."""
    folder = tmp_path_factory.mktemp("projects")
    running = Server(folder)
    did = import_dataset(running, make_classification(folder / "shapes", per_class=12, size=32))
    running.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.1)
    yield running, did
    running.close()


def number(page: Page, name: str, value: str) -> None:
    page.get_by_label(name, exact=True).fill(value)


def choose(page: Page, name: str | re.Pattern[str]) -> None:
    """Choose a net, and wait for its form: what is filled in before that comes is written over."""
    # The answer with the form of the net that was chosen at first is awaited before, so that it is not taken for it.
    expect(page.get_by_label("Epochs", exact=True)).to_be_visible()
    with page.expect_response(lambda answer: "new-form" in (answer.request.post_data or "")):
        page.get_by_role("radio", name=name, exact=isinstance(name, str)).click()
    expect(page.locator("#new-form.working")).to_have_count(0)


def test_from_a_new_project_to_a_training_by_clicks(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    page = visit(server, "/projects")
    page.get_by_role("button", name="New project").click()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("Give the project a name.")).to_be_visible()
    page.get_by_label("Name").fill("shapes")
    page.get_by_role("textbox", name="Dataset").click()
    page.get_by_role("option", name=re.compile(did)).click()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile("/projects/P[0-9]+$"))
    expect(page.get_by_text("No tasks yet")).to_be_visible()

    page.get_by_role("link", name="New task").click()
    choose(page, re.compile("^Small"))
    number(page, "Epochs", "2")
    number(page, "Batch size", "8")
    number(page, "Image size: width", "32")
    number(page, "Image size: height", "32")
    page.get_by_role("textbox", name="Starts from").click()
    page.get_by_role("option", name=re.compile("^Nothing")).click()
    expect(page.locator(".parameter-changed")).to_have_count(4)
    page.get_by_label("Name of the task").fill("the first")
    page.get_by_role("button", name="Create and train").click()
    page.wait_for_url(re.compile("/tasks/T[0-9]+$"))

    tid = page.url.rsplit("/", 1)[-1]
    params = server.ok("GET", "/project/task/params", tid=tid)["train"]
    assert (params["num_epochs"], params["image_shape"], params["pretrain_weights"]) == (2, [32, 32], None)
    assert params["model"] == "MobileNetV3_small_ssld"
    until(lambda: server.ok("GET", "/project/task", tid=tid)["task_status"], lambda status: status == 4)


def test_what_is_refused_is_told_at_its_field_and_nothing_is_made(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    pid = bound_project(server, did)
    page = visit(server, f"/projects/{pid}/new")
    number(page, "Epochs", "0")
    field = page.get_by_label("Epochs", exact=True)
    expect(page.get_by_text("num_epochs must be a whole number from 1 to 100000, not 0")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Create only").click()
    expect(page.get_by_role("alert")).to_contain_text("num_epochs must be a whole number")
    assert server.ok("GET", "/project/task", pid=pid)["tasks"] == []
    number(page, "Epochs", "3")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_the_preview_follows_the_form(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    page = visit(server, f"/projects/{bound_project(server, did)}/new")
    samples = page.locator(".samples img")
    expect(samples).to_have_count(4)
    first = samples.first.get_attribute("src")
    page.get_by_role("button", name="Random changes: colours").click()
    page.get_by_role("switch", name="Hue").check()
    number(page, "Hue: how often", "1")
    expect(samples.first).not_to_have_attribute("src", first or "")
    second = samples.first.get_attribute("src")
    page.get_by_role("button", name="Others").click()
    expect(samples.first).not_to_have_attribute("src", second or "")


def test_the_models_are_sorted_by_a_figure_and_one_is_taken(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    page = visit(server, f"/projects/{bound_project(server, did)}/new")
    page.get_by_role("button", name="All models").click()
    rows = page.get_by_role("row")
    page.get_by_role("button", name="Sort by Accuracy on ImageNet").click()
    expect(rows.nth(1)).to_contain_text("AlexNet")
    page.get_by_role("button", name="Sort by Accuracy on ImageNet").click()
    expect(rows.nth(1)).to_contain_text("ResNet101_vd_ssld")
    number(page, "Epochs", "7")
    choose(page, "ResNet18")
    # What was set by hand stays; what was not is the new net's.
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("7")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_value("0.0015625")


def test_a_dataset_is_bound_and_a_project_deleted(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    pid = server.ok("POST", "/project", name="to go", project_type="classification")["pid"]
    page = visit(server, f"/projects/{pid}")
    page.get_by_role("textbox", name="Dataset of the project").click()
    page.get_by_role("option", name=re.compile(did)).click()
    expect(page.get_by_role("link", name="Look at it")).to_be_visible()
    assert server.ok("GET", "/project", id=pid)["attr"]["did"] == did
    page.get_by_role("button", name="Delete the project").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(re.compile("/projects$"))
    assert pid in server.refused("GET", "/project", id=pid)


def test_names_and_descriptions_are_text(digits: tuple[Server, str], visit: Visit) -> None:
    server, did = digits
    page = visit(server, "/projects")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill(EVIL)
    page.get_by_label("Description").fill(EVIL)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile("/projects/P[0-9]+$"))
    expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
    expect(page.locator("p", has_text=EVIL)).to_be_visible()
    pid = page.url.rsplit("/", 1)[-1]
    server.ok("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
    params = server.ok("GET", "/project/task/params", pid=pid)["train"]
    tids = [server.ok("POST", "/project/task", pid=pid, train=params, desc=EVIL)["tid"] for _ in range(2)]
    page.reload()
    expect(page.get_by_role("link", name=EVIL)).to_have_count(2)
    page.goto(f"/projects/{pid}/compare?tasks={','.join(tids)}")
    expect(page.get_by_role("link", name=f"{tids[0]} {EVIL}").first).to_be_visible()
    page.goto(f"/tasks/{tids[0]}")
    expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
    page.goto("/projects")
    expect(page.get_by_role("link", name=EVIL)).to_be_visible()
    assert page.title() == "Projects · PaddleX RESTful"


def test_long_lists_have_pages_that_can_be_linked_to(server: Server, visit: Visit) -> None:
    for number in range(21):
        server.ok("POST", "/project", name=f"project {number}", project_type="detection")
    for _ in range(21):
        server.ok("POST", "/project/task", pid="P0001")
    for address, first, last in (("/projects", "project 0", "project 20"), ("/projects/P0001", "T0001", "T0021")):
        page = visit(server, address)
        expect(page.get_by_role("link", name=last, exact=True)).to_be_visible()
        expect(page.get_by_role("link", name=first, exact=True)).to_have_count(0)
        page.get_by_role("button", name="2", exact=True).click()
        expect(page.get_by_role("link", name=first, exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile(r"[?]page=2$"))
        page.reload()
        expect(page.get_by_role("link", name=first, exact=True)).to_be_visible()
        page.get_by_role("button", name="1", exact=True).click()
        expect(page.get_by_role("link", name=last, exact=True)).to_be_visible()
        page.go_back()
        expect(page.get_by_role("link", name=first, exact=True)).to_be_visible()


def test_the_way_back_is_gone_also_when_the_page_looks_meanwhile(server: Server, visit: Visit) -> None:
    pid = server.ok("POST", "/project", name="long", project_type="detection")["pid"]
    for _ in range(21):
        server.ok("POST", "/project/task", pid=pid)
    page = visit(server, f"/projects/{pid}")
    page.get_by_role("button", name="2", exact=True).click()
    expect(page.get_by_role("link", name="T0001", exact=True)).to_be_visible()

    def hold(route: Route) -> None:
        if "project-here.search" not in route.request.post_data_json["changedPropIds"]:
            route.continue_()

    page.route(re.compile("_dash-update-component"), hold)
    page.go_back()
    expect(page.get_by_role("link", name="T0021", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="T0001", exact=True)).to_have_count(0)


_TWO_GPUS = """
from paddlex_restful import system
from paddlex_restful.system.gpu import Gpu, Gpus

system.read_gpus = lambda: Gpus((Gpu(free=900, used=100, total=1000), Gpu(free=400, used=600, total=1000)), "1.0")

from paddlex_restful.cli import main

raise SystemExit(main())
"""


def test_gpus_are_chosen_by_their_free_memory(tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    server = changed_server(_TWO_GPUS, tmp_path, monkeypatch)
    try:
        pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
        page = visit(server, f"/projects/{pid}/new")
        expect(page.get_by_label("GPU 0: 900 of 1000 MiB free")).to_be_checked()
        batch = page.get_by_label("Batch size", exact=True)
        expect(batch).to_have_value("4")
        page.get_by_label("GPU 1: 400 of 1000 MiB free").check()
        expect(batch).to_have_value("8")
        expect(page.get_by_text("Bind a dataset to the project first.")).to_be_visible()
        page.get_by_role("button", name="Create and train").click()
        page.wait_for_url(re.compile("/tasks/T0001$"))
        expect(page.get_by_text("Project P0001 has no dataset")).to_be_visible()
        expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
        params = server.ok("GET", "/project/task/params", tid="T0001")["train"]
        assert (params["cuda_visible_devices"], params["batch_size"]) == ("0,1", 8)
        # Before its server: it goes on asking.
        page.close()
    finally:
        server.close()


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_pages_fit_at_any_width(digits: tuple[Server, str], visit: Visit, width: int) -> None:
    server, did = digits
    pid = bound_project(server, did)
    task(server, pid)
    for address in ("/projects", f"/projects/{pid}", f"/projects/{pid}/new"):
        page = visit(server, address, width=width)
        page.wait_for_load_state("networkidle")
        assert too_wide(page) == [], address

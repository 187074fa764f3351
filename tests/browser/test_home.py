"""The first page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.conftest import Server
from tests.flow import until


def test_an_empty_workspace_invites_to_load_the_digits_in_one_click(server: Server, visit: Visit) -> None:
    page = visit(server)
    expect(page.get_by_role("heading", name="Train a vision model with your own images")).to_be_visible()
    assert server.ok("GET", "/dataset")["datasets"] == []
    page.get_by_role("button", name="Load the digits demo").click()
    page.wait_for_url(re.compile("/projects/P0001$"))
    [dataset] = server.ok("GET", "/dataset")["datasets"]
    assert dataset["attr"]["type"] == "classification"
    assert server.ok("GET", "/project", id="P0001")["attr"]["did"] == dataset["id"]
    until(lambda: server.ok("GET", "/dataset", did=dataset["id"])["dataset_status"], lambda status: status == 6)
    page.goto("/")
    card = page.get_by_role("link", name="Image classification").first
    expect(card).to_have_attribute("href", "/projects/P0001")
    # Asked from outside: in the page, to look again would take an eval that its policy forbids.
    picture = page.locator(".card img").first
    until(lambda: picture.evaluate("image => image.naturalWidth"), lambda width: width > 0)


def test_the_newest_projects_and_datasets_are_cards_that_lead_to_them(server: Server, visit: Visit) -> None:
    did = server.ok("POST", "/dataset", name="Äpfel <b>rot</b>", dataset_type="detection")["did"]
    for number in range(10):
        server.ok("POST", "/project", name=f"project {number}", project_type="detection")
    page = visit(server)
    expect(page.get_by_text("project 9")).to_be_visible()
    expect(page.get_by_text("project 1", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="All 10")).to_be_visible()
    page.get_by_role("link", name="Äpfel <b>rot</b>").click()
    expect(page).to_have_url(re.compile(f"/datasets/{did}$"))

"""What surrounds all pages."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.conftest import Server


def test_the_sections_lead_to_pages_and_the_back_button_leads_back(server: Server, visit: Visit) -> None:
    page = visit(server)
    page.get_by_role("link", name="Projects").click()
    expect(page).to_have_url(re.compile("/projects$"))
    page.get_by_role("link", name="Datasets").click()
    expect(page).to_have_url(re.compile("/datasets$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/projects$"))


def test_an_address_without_a_page_says_so(server: Server, visit: Visit) -> None:
    page = visit(server, "/projects/no/such/page")
    expect(page.get_by_role("alert")).to_contain_text("There is no such page: /projects/no/such/page")


def test_on_a_phone_the_sections_are_in_a_menu(server: Server, visit: Visit) -> None:
    page = visit(server, width=390, height=800)
    expect(page.get_by_role("link", name="Datasets")).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Datasets").click()
    expect(page).to_have_url(re.compile("/datasets$"))
    expect(page.get_by_role("link", name="Projects")).not_to_be_visible()


def test_the_first_load_is_small(server: Server, visit: Visit) -> None:
    page = visit(server)
    page.reload()
    page.wait_for_selector("#content > :not(style)")
    requests = page.evaluate("performance.getEntriesByType('resource').length")
    sent = page.evaluate("performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0)")
    assert requests < 40
    # Scripts and styles were kept at the first load.
    assert sent < 300_000

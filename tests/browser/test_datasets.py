"""The pages of datasets: from their creation to their split."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests import flow, images
from tests.browser.conftest import Visit
from tests.conftest import Server, changed_server

MARKUP = "<img src=x onerror=alert(1)>"


def create(page: Page, name: str, kind: str) -> None:
    """Make a dataset by clicks; its import is open then."""
    page.get_by_role("link", name="New dataset").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("radio", name=kind).click()
    page.get_by_role("button", name="Create and add images").click()
    page.wait_for_url(re.compile(r"/datasets/D\d+/import$"))


def choose(page: Page, button: str, *files: Path) -> None:
    """Choose files by the browser's own dialogue."""
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name=button).click()
    asked.value.set_files([str(file) for file in files])


def dialogs(page: Page) -> list[str]:
    """The dialogs that scripts open from now on."""
    found: list[str] = []

    def note(dialog: object) -> None:
        found.append(str(dialog))

    page.on("dialog", note)
    return found


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with D0001, a split detection dataset of 60 images of which 10 are without objects."""
    folder = tmp_path_factory.mktemp("full")
    found = Server(folder)
    source = images.make_detection(folder / "scenes", count=60, size=(320, 240), backgrounds=10)
    flow.import_dataset(found, source, "detection")
    found.ok("PUT", "/dataset/split", did="D0001", val_split=0.2, test_split=0.1)
    yield found
    found.close()


def test_a_zip_archive_becomes_a_dataset_that_is_split_by_sliders(server: Server, visit: Visit, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "shapes", per_class=10)
    archive = Path(shutil.make_archive(str(tmp_path / "shapes"), "zip", source))
    page = visit(server, "/datasets")
    create(page, "Shapes", "Image classification")
    choose(page, "Choose files", archive)
    page.wait_for_url(re.compile("/datasets/D0001$"))
    expect(page.get_by_text("30 images").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("circle"))).to_have_count(10)
    assert not list((server.workspace / "uploads").iterdir())

    page.get_by_role("link", name="Split").click()
    test = page.get_by_role("slider", name="Test")
    expect(test).to_be_visible()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.post_data or ""))
    for _ in range(10):
        test.press("ArrowRight")
    expect(page.locator(".part-test .figure")).to_have_text("6")
    shown = [int(page.locator(f".part-{part} .figure").inner_text()) for part in ("train", "val", "test")]
    assert shown == [18, 6, 6]
    assert not [sent for sent in requests if re.search(r'"changedPropIds":\[[^]]*dataset-split-(val|test)', sent)]
    page.get_by_role("button", name="Split").click()
    page.wait_for_url(re.compile("/datasets/D0001$"))
    details = server.ok("GET", "/dataset/details", did="D0001")["details"]
    assert [len(details[f"{part}_files"]) for part in ("train", "val", "test")] == shown
    expect(page.get_by_text("Ready")).to_be_visible()


@pytest.mark.parametrize(("val", "test", "per_class"), [(20, 10, 3), (50, 40, 2), (1, 0, 4), (33, 33, 5)])
def test_the_counts_of_the_sliders_are_those_of_the_split(
    server: Server, visit: Visit, tmp_path: Path, val: int, test: int, per_class: int
) -> None:
    did = flow.import_dataset(server, images.make_classification(tmp_path / "shapes", per_class=per_class))
    page = visit(server, f"/datasets/{did}/split")
    for name, start, percent in (("Validation", 20, val), ("Test", 10, test)):
        slider = page.get_by_role("slider", name=name)
        for _ in range(abs(percent - start)):
            slider.press("ArrowRight" if percent > start else "ArrowLeft")
        expect(slider).to_have_attribute("aria-valuenow", str(percent))
    server.ok("PUT", "/dataset/split", did=did, val_split=val / 100, test_split=test / 100)
    details = server.ok("GET", "/dataset/details", did=did)["details"]
    for part in ("train", "val", "test"):
        expect(page.locator(f".part-{part} .figure")).to_have_text(str(len(details[f"{part}_files"])))


def test_a_split_that_cannot_be_says_why(server: Server, visit: Visit, tmp_path: Path) -> None:
    did = flow.import_dataset(server, images.make_classification(tmp_path / "shapes", per_class=1))
    page = visit(server, f"/datasets/{did}/split")
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_role("alert")).to_contain_text("too few for this split")


def test_a_folder_is_found_by_going_from_folder_to_folder(visit: Visit, tmp_path: Path) -> None:
    images.make_segmentation(tmp_path / "data" / "pictures" / "areas", count=4)
    (tmp_path / "secret").mkdir()
    (tmp_path / "data" / "way out").symlink_to(tmp_path / "secret")
    server = Server(tmp_path, "--data_dir", str(tmp_path / "data"))
    try:
        page = visit(server, "/datasets")
        create(page, "Areas", "Semantic segmentation")
        listed = page.get_by_role("list", name="Folders")
        listed.get_by_role("button", name=str(tmp_path / "data")).click()
        expect(listed.get_by_role("button", name="pictures")).to_be_visible()
        expect(page.get_by_text("way out")).to_have_count(0)
        expect(listed.get_by_role("button", name="One folder up")).to_be_visible()
        listed.get_by_role("button", name="pictures").click()
        listed.get_by_role("button", name="areas").click()
        path = page.get_by_label("Folder of the server")
        expect(path).to_have_value(str(tmp_path / "data" / "pictures" / "areas"))
        path.fill(str(tmp_path / "secret"))
        path.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="outside the folders")).to_be_visible()
        path.fill(str(tmp_path / "data" / "pictures" / "areas"))
        path.press("Enter")
        expect(listed.get_by_role("button", name="JPEGImages")).to_be_visible()
        page.get_by_role("button", name="Import this folder").click()
        page.wait_for_url(re.compile("/datasets/D0001$"))
        expect(page.get_by_text("4 images").first).to_be_visible()
        page.close()
    finally:
        server.close()


def test_a_folder_of_this_computer_is_sent_as_an_archive(server: Server, visit: Visit, tmp_path: Path) -> None:
    long = "a name that is longer than the hundred characters of a header, and in 中文 besides " + "x" * 90
    source = images.make_classification(tmp_path / "shapes", per_class=2, classes=("circle", long))
    page = visit(server, "/datasets")
    create(page, "Shapes", "Image classification")
    choose(page, "Choose a folder", source)
    page.wait_for_url(re.compile("/datasets/D0001$"))
    details = server.ok("GET", "/dataset/details", did="D0001")["details"]
    assert sorted(details["label_info"]) == sorted(["circle", long])
    for name in details["file_info"]:
        assert (server.workspace / "datasets/D0001" / name).read_bytes() == (source / name).read_bytes()


def test_single_images_are_added_with_their_class(server: Server, visit: Visit, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "shapes", per_class=3)
    did = flow.import_dataset(server, source)
    more = images.make_classification(tmp_path / "more", per_class=5, classes=("star",), seed=7)
    page = visit(server, f"/datasets/{did}/import")
    files = sorted((more / "star").iterdir())
    choose(page, "Choose files", *files)
    expect(page.get_by_text("Say which class the images are of.")).to_be_visible()
    page.get_by_role("textbox", name="Class of single images").fill("star")
    choose(page, "Choose files", *files)
    page.wait_for_url(re.compile(f"/datasets/{did}$"))
    expect(page.get_by_role("button", name=re.compile("star"))).to_have_count(5)


def test_what_is_there_is_replaced_only_where_that_was_said(server: Server, visit: Visit, tmp_path: Path) -> None:
    did = flow.import_dataset(server, images.make_classification(tmp_path / "shapes", per_class=3))
    other = images.make_classification(tmp_path / "other", per_class=2, classes=("moon", "sun"))
    page = visit(server, f"/datasets/{did}/import")
    page.get_by_label("Folder of the server").fill(str(other))
    page.get_by_label("Folder of the server").press("Enter")
    expect(page.get_by_role("button", name="moon")).to_be_visible()
    page.get_by_role("button", name="Import this folder").click()
    expect(page.get_by_text("This would replace the images that are there")).to_be_visible()
    choose(page, "Choose a folder", other)
    expect(page.locator("#dataset-upload-problem")).to_contain_text("This would replace the images")
    assert server.ok("GET", "/dataset/details", did=did)["details"]["labels"] == ["circle", "square", "triangle"]
    page.get_by_label("Replace the 9 images").check()
    page.get_by_role("button", name="Import this folder").click()
    page.wait_for_url(re.compile(f"/datasets/{did}$"))
    assert server.ok("GET", "/dataset/details", did=did)["details"]["labels"] == ["moon", "sun"]


def test_an_import_that_ends_before_the_page_looks_is_seen(server: Server, visit: Visit, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "shapes", per_class=3)
    did = flow.import_dataset(server, source)
    page = visit(server, f"/datasets/{did}/import")

    def hold(route: Route) -> None:
        if "dataset-import-begun.data" in route.request.post_data_json["changedPropIds"]:
            flow.wait_import(server, did)
        route.continue_()

    page.route(re.compile("_dash-update-component"), hold)
    page.get_by_label("Folder of the server").fill(str(source))
    page.get_by_label("Replace the 9 images").check()
    page.get_by_role("button", name="Import this folder").click()
    page.wait_for_url(re.compile(f"/datasets/{did}$"))


_ENDING = """
from dataclasses import replace

from paddlex_restful.services import imports

latest, looked = imports.latest, []


def ending(services, did):
    found = latest(services, did)
    looked.append(did)
    return replace(found, active=True) if looked == [did] else found


imports.latest = ending

from paddlex_restful.cli import main

raise SystemExit(main())
"""
"""Of an import that has ended, the first look sees that it goes on, as if it ended right after it."""


def test_an_import_that_ends_while_the_page_is_made_is_seen(
    tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = images.make_classification(tmp_path / "shapes", per_class=3)
    server = changed_server(_ENDING, tmp_path, monkeypatch)
    try:
        did = flow.import_dataset(server, source)
        page = visit(server, f"/datasets/{did}/import")
        expect(page.get_by_role("button", name="Import this folder")).to_be_visible()
        # Before its server: it goes on asking.
        page.close()
    finally:
        server.close()


def test_an_upload_goes_on_where_the_connection_broke_off(server: Server, browser: Browser, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "shapes", per_class=4, size=1200, suffix=".bmp")
    archive = Path(shutil.make_archive(str(tmp_path / "shapes"), "tar", source))
    assert archive.stat().st_size > 32 << 20
    # Not by visit(): the browser complains of each connection that breaks off.
    page = browser.new_page(base_url=server.url)
    page.goto("/datasets")
    create(page, "Shapes", "Image classification")
    offsets: list[int] = []

    def cut(route: object, request: object) -> None:
        offset = int(re.search(r"offset=(\d+)", request.url)[1])  # type: ignore[attr-defined, index]
        offsets.append(offset)
        if offset and offsets.count(offset) == 1:
            route.abort("connectionreset")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route(re.compile(r"/upload\?upload_id=.*offset="), cut)
    choose(page, "Choose files", archive)
    page.wait_for_url(re.compile("/datasets/D0001$"), timeout=240_000)
    assert len(offsets) > len(set(offsets)) > 3
    assert offsets.count(0) == 1
    page.close()


def test_an_upload_can_be_cancelled(server: Server, visit: Visit, tmp_path: Path) -> None:
    archive = tmp_path / "large.tar"
    with archive.open("wb") as file:
        file.truncate(64 << 20)
    page = visit(server, "/datasets")
    create(page, "Shapes", "Image classification")
    page.route(re.compile("offset=8388608"), lambda route: None)
    choose(page, "Choose files", archive)
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.get_by_text(re.compile("large.tar: 8.4 MB of"))).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_role("progressbar", name="Upload")).not_to_be_visible()
    assert not [entry for entry in (server.workspace / "uploads").iterdir() if entry.name.startswith("U")]


def test_bad_files_are_shown_one_by_one_with_their_pictures(server: Server, visit: Visit, tmp_path: Path) -> None:
    source = images.make_detection(tmp_path / "scenes", count=6, size=(320, 240))
    images.truncate(source / "JPEGImages/0000.jpg")
    (source / "Annotations/0001.xml").unlink()
    (source / "Annotations/0002.xml").write_text("<annotation><object>")
    images.write_voc(source / "Annotations/0003.xml", "0003.jpg", (320, 240), [(0, (5, 5, 900, 50))], images.CLASSES)
    name = f"{MARKUP}.jpg"
    (source / "JPEGImages" / name).write_text("no image")
    shutil.copy(source / "Annotations/0004.xml", source / "Annotations" / f"{MARKUP}.xml")
    archive = Path(shutil.make_archive(str(tmp_path / "scenes"), "gztar", source))
    page = visit(server, "/datasets")
    opened = dialogs(page)
    create(page, "Scenes", "Object detection")
    choose(page, "Choose files", archive)
    expect(page.get_by_text("The check found 5 bad files")).to_be_visible()
    bad = page.get_by_role("list", name="Bad files").get_by_role("listitem")
    expect(bad).to_have_count(5)
    for file, problem, pictured in (
        ("JPEGImages/0000.jpg", "truncated or damaged", False),
        ("JPEGImages/0001.jpg", "Annotations/0001.xml is missing", True),
        ("Annotations/0002.xml", "not well-formed XML", True),
        ("Annotations/0003.xml", "reaches outside the image of 320 x 240 pixels", True),
        (f"JPEGImages/{name}", "not a PNG, JPEG or BMP", False),
    ):
        row = bad.filter(has_text=file)
        expect(row).to_contain_text(problem)
        expect(row.locator("img")).to_have_count(int(pictured))
        if pictured:
            expect(row.locator("img")).to_have_js_property("naturalWidth", 240)
    assert not opened
    page.get_by_role("link", name="Images").click()
    expect(page.get_by_role("link", name="Show why")).to_be_visible()


def test_images_are_filtered_and_leafed_through(full: Server, visit: Visit) -> None:
    page = visit(full, "/datasets/D0001")
    tiles = page.locator(".tile-button")
    expect(tiles).to_have_count(48)
    page.get_by_label("2", exact=True).or_(page.get_by_role("button", name="2", exact=True)).first.click()
    expect(tiles).to_have_count(12)
    expect(page).to_have_url(re.compile(r"\?page=2$"))

    page.get_by_role("textbox", name="Class").click()
    page.get_by_role("option", name="Without objects (10)").click()
    expect(tiles).to_have_count(10)
    expect(page.get_by_text("10 images", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Part").click()
    page.get_by_role("option", name="Test (6)").click()
    parts = full.ok("GET", "/dataset/details", did="D0001")["details"]
    empty = set(parts["file_info"]) - {image for members in parts["label_info"].values() for image in members}
    expect(tiles).to_have_count(len(empty & set(parts["test_files"])))
    page.go_back()
    expect(tiles).to_have_count(10)
    expect(page.get_by_role("textbox", name="Part")).to_have_value("")

    page.goto("/datasets/D0001?name=/003")
    expect(tiles).to_have_count(10)
    expect(page.get_by_label("Search by file name")).to_have_value("/003")
    page.get_by_label("Search by file name").fill("0031")
    expect(tiles).to_have_count(1)
    page.get_by_label("Search by file name").fill("no such name")
    expect(page.get_by_text("No image is like this")).to_be_visible()


def test_a_click_opens_the_large_picture_and_the_arrow_keys_the_next(full: Server, visit: Visit) -> None:
    page = visit(full, "/datasets/D0001")
    page.locator(".tile-button").nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("JPEGImages/0001.jpg")
    picture = dialog.get_by_role("img", name="JPEGImages/0001.jpg")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") >= 320
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("JPEGImages/0002.jpg")
    expect(dialog).to_contain_text("3 / 48")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("JPEGImages/0000.jpg")
    expect(dialog.get_by_role("button", name="Previous image")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_the_statistics_tell_what_is_there(full: Server, visit: Visit) -> None:
    page = visit(full, "/datasets/D0001/statistics")
    expect(page.get_by_text("Images without objects")).to_be_visible()
    expect(page.get_by_text("320 × 240")).to_be_visible()
    details = full.ok("GET", "/dataset/details", did="D0001")["details"]
    drawn = page.get_by_role("img", name=f"circle: {len(details['label_info']['circle'])}")
    expect(drawn).to_be_visible()
    expect(drawn.get_by_text("circle")).to_be_visible()
    expect(page.get_by_text("Half of the boxes are longer")).to_be_visible()


def test_datasets_are_searched_and_have_pages(server: Server, visit: Visit) -> None:
    for number in range(30):
        kind = "detection" if number % 3 else "classification"
        server.ok("POST", "/dataset", name=f"dataset {number:02d}", dataset_type=kind)
    page = visit(server, "/datasets")
    cards = page.locator(".card")
    expect(cards).to_have_count(24)
    page.get_by_role("button", name="2", exact=True).click()
    expect(cards).to_have_count(6)
    page.get_by_label("Search by name").fill("SET 1")
    expect(cards).to_have_count(10)
    page.get_by_role("textbox", name="Type").click()
    page.get_by_role("option", name="Image classification").click()
    expect(cards).to_have_count(3)
    expect(page).to_have_url(re.compile("text=SET"))
    page.get_by_role("link", name=re.compile("dataset 12")).click()
    expect(page.get_by_role("heading", name="dataset 12")).to_be_visible()
    page.go_back()
    expect(cards).to_have_count(3)


def test_a_dataset_is_renamed_and_deleted(server: Server, visit: Visit, tmp_path: Path) -> None:
    did = flow.import_dataset(server, images.make_classification(tmp_path / "shapes"))
    page = visit(server, f"/datasets/{did}")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Name").fill("Round and not")
    page.get_by_role("dialog").get_by_label("Description").fill("Drawn by hand")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Round and not")).to_be_visible()
    assert server.ok("GET", "/dataset", did=did)["attr"]["desc"] == "Drawn by hand"
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Round and not with its images and labels")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).not_to_be_visible()
    assert server.ok("GET", "/dataset")["datasets"]
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile("/datasets$"))
    assert server.ok("GET", "/dataset")["datasets"] == []


def test_names_are_text_wherever_they_are_shown(server: Server, visit: Visit, tmp_path: Path) -> None:
    classes = (MARKUP, "<script>alert(2)<script>", "<b>bold<b> &lt;", "a<sup>2")
    source = images.make_classification(tmp_path / MARKUP, per_class=3, classes=classes)
    (source / MARKUP / "0000.png").rename(source / MARKUP / f"{MARKUP}.png")
    page = visit(server, "/datasets")
    opened = dialogs(page)
    create(page, MARKUP, "Image classification")
    page.get_by_label("Folder of the server").fill(str(source))
    page.get_by_label("Folder of the server").press("Enter")
    expect(page.get_by_role("list", name="Folders").get_by_text(MARKUP)).to_be_visible()
    page.get_by_role("button", name="Import this folder").click()
    page.wait_for_url(re.compile("/datasets/D0001$"))
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Description").fill("<script>alert(3)</script>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("<script>alert(3)</script>")).to_be_visible()
    expect(page.locator(".tile-name").get_by_text(f"{MARKUP}.png")).to_be_visible()
    page.get_by_role("textbox", name="Class").click()
    for label in classes:
        expect(page.get_by_role("option", name=label)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".tile-button", has_text=f"{MARKUP}.png").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{MARKUP}/{MARKUP}.png")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Statistics").click()
    for label in classes:
        expect(page.locator(".ytick", has_text=label)).to_be_visible()
    page.get_by_role("link", name="Import").click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    page.goto("/datasets")
    expect(page.locator(".card", has_text=MARKUP)).to_be_visible()
    assert page.locator("#content img[src=x], #content script, #content b, #content sup").count() == 0
    assert not opened


@pytest.mark.parametrize("tab", ["", "/statistics", "/split", "/import"])
def test_a_phone_has_room_for_every_tab(full: Server, visit: Visit, tab: str) -> None:
    page = visit(full, f"/datasets/D0001{tab}", width=390, height=800)
    expect(page.get_by_role("navigation", name="Dataset")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("address", ["/datasets", "/datasets/new"])
def test_a_phone_has_room_for_lists_and_forms(full: Server, visit: Visit, address: str) -> None:
    page = visit(full, address, width=390, height=800)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

"""Takes the pictures of the guide: ``python -m tests.browser.pictures [names of pictures]``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from paddlex_restful.demo.digits import write_digits, write_split
from paddlex_restful.demo.plans import PLANS
from paddlex_restful.demo.scenes import write_scenes
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import Server
from tests.flow import import_dataset, until
from tests.images import truncate

FOLDER = Path(__file__).parents[2] / "docs/guide/pictures"

LOCALES = {"en": "en-US", "zh": "zh-CN"}

WIDTH, HEIGHT = 1280, 860
COLOURS = 128
"""Enough for a page; photographs in it are reduced a little."""

SCENES = 60
PATIENCE_SECONDS = 1200


def main() -> int:
    """Make the data, take the pictures and put them in their place."""
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, sync_playwright() as playwright:
        server = Server(Path(name))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            addresses = prepare(server, Path(name))
            for language, locale in LOCALES.items():
                take(
                    browser,
                    server,
                    locale,
                    {
                        f"{picture}.{language}": address
                        for picture, address in addresses.items()
                        if not wanted or picture in wanted
                    },
                )
        finally:
            browser.close()
            server.close()
    return 0


def prepare(server: Server, folder: Path) -> Mapping[str, str]:
    """Make datasets and trained tasks; gives the addresses of the pages by the names of their pictures."""
    write_digits(folder / "digits")
    write_split(folder / "digits")
    digits = import_dataset(server, folder / "digits")
    write_scenes(folder / "scenes", "detection", SCENES)
    scenes = import_dataset(server, folder / "scenes", "detection")
    write_digits(folder / "broken")
    for image in sorted((folder / "broken").glob("*/*.png"))[::700]:
        truncate(image)
    broken = import_dataset(server, folder / "broken")
    for did, name in ((digits, "Handwritten digits"), (scenes, "Digits on photographs"), (broken, "Cut-off scans")):
        server.ok("PUT", "/workspace", struct="dataset", id=did, attr_dict={"name": name})

    pid = str(server.ok("POST", "/project", name="Digits", project_type="classification")["pid"])
    server.ok("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": digits})
    first = train(server, pid, "Good first try", num_epochs=4)
    second = train(server, pid, "Slower learning", num_epochs=4, learning_rate=0.004)
    server.ok("POST", "/project/task/evaluate", tid=first)
    wait(server, first, "/project/task/evaluate", "evaluate_status", {5, 12})
    server.ok("POST", "/project/task/predict", tid=first)
    wait(server, first, "/project/task/predict", "predict_status", {1, 2})
    server.ok("POST", "/project/task/prune", tid=first)
    wait(server, first, "/project/task/prune", "prune_status", {2, 3})
    for name, options in (("digits", {}), ("digits for ONNX", {"type": "onnx"})):
        target = server.workspace / "exports" / name
        server.ok("POST", "/project/task/export", tid=first, save_dir=str(target), **options)
        wait(server, first, "/project/task/export", "export_status", {7, 13})
        server.ok("POST", "/model", pid=pid, tid=first, name=name, type="exported", path=str(target))
    return {
        "home": "/",
        "datasets": "/datasets",
        "findings": f"/datasets/{broken}/import",
        "dataset": f"/datasets/{scenes}",
        "statistics": f"/datasets/{scenes}/statistics",
        "split": f"/datasets/{scenes}/split",
        "project": f"/projects/{pid}",
        "new-task": f"/projects/{pid}/new",
        "training": f"/tasks/{first}",
        "compare": f"/projects/{pid}/compare?tasks={first},{second}",
        "evaluation": f"/tasks/{first}/evaluate",
        "prediction": f"/tasks/{first}/predict",
        "pruning": f"/tasks/{first}/prune",
        "export": f"/tasks/{first}/export",
        "models": "/models",
        "server": "/server",
    }


def train(server: Server, pid: str, name: str, **changes: object) -> str:
    """Train a task with the parameters of the demo and some changes; gives its id."""
    params = server.ok("GET", "/project/task/params", pid=pid, model_type="ResNet18")["train"]
    params = {**params, **PLANS["classification"].params, **changes}
    tid = str(server.ok("POST", "/project/task", pid=pid, train=params, desc=name)["tid"])
    server.ok("POST", "/project/task/train", tid=tid)
    wait(server, tid, "/project/task", "task_status", {4, 8, 9, 10})
    return tid


def wait(server: Server, tid: str, path: str, field: str, ends: set[int]) -> None:
    """Wait until a job of a task has ended."""
    until(lambda: server.ok("GET", path, tid=tid), lambda answer: answer[field] in ends, PATIENCE_SECONDS)


def take(browser: Browser, server: Server, locale: str, addresses: Mapping[str, str]) -> None:
    """Take pictures of pages and keep them small."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": WIDTH, "height": HEIGHT}, locale=locale, color_scheme="light"
    )
    page = context.new_page()
    for name, address in addresses.items():
        page.goto(address)
        settle(page)
        picture = Image.open(BytesIO(page.screenshot()))
        picture.convert("RGB").quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)
        print(name, flush=True)
    context.close()


def settle(page: Page) -> None:
    """Wait until a page shows all that it is going to show."""
    page.wait_for_selector("#content > :not(style)")
    shown = """() => !document.querySelector("[data-dash-is-loading=true]")
             && [...document.images].every((image) => image.complete || image.loading === "lazy")
             && [...document.querySelectorAll(".dash-graph")].every((graph) => graph.querySelector(".main-svg"))"""
    # Asked from outside: in the page, to look again would take an eval that its policy forbids.
    until(lambda: page.evaluate(shown), bool)
    # Charts and drawers glide into their places.
    page.wait_for_timeout(700)


if __name__ == "__main__":
    sys.exit(main())

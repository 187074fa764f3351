"""What the script of the page draws on a canvas, pixel by pixel."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from pycocotools import mask as rle

from tests.browser.conftest import Visit
from tests.conftest import Server

HEIGHT, WIDTH = 53, 37

_DRAW = """async ({ image, entries, size, opacity }) => {
  const picture = new Image();
  picture.src = image;
  await picture.decode();
  const canvas = document.createElement("canvas");
  window.drawing.draw(canvas, picture, entries, { size, opacity, truth: [] });
  return canvas.toDataURL("image/png");
}"""


def drawn(page: Page, entries: list[dict[str, Any]], width: int, height: int, opacity: float) -> NDArray[np.uint8]:
    """Entries drawn onto white, [H, W, 3]."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(buffer, "PNG")
    image = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    url: str = page.evaluate(_DRAW, {"image": image, "entries": entries, "size": [WIDTH, HEIGHT], "opacity": opacity})
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as canvas:
        return np.asarray(canvas.convert("RGB"))


def entry(mask: NDArray[np.bool_], **more: Any) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = encoded["counts"].decode("ascii")
    return {"category": "a", "colour": "#ff0000", "segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}, **more}


@pytest.mark.parametrize("scale", [1, 20])
def test_a_mask_lies_where_it_was_predicted(server: Server, visit: Visit, scale: int) -> None:
    mask = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.4
    # An image of 37 x 53 pixels is enlarged so that names fit onto it; one of 740 x 1060 is not.
    shown = drawn(visit(server), [entry(mask)], WIDTH * scale, HEIGHT * scale, 1)
    assert max(shown.shape) == max(640, HEIGHT * scale)
    rows = ((np.arange(shown.shape[0]) + 0.5) * HEIGHT / shown.shape[0]).astype(int)
    columns = np.minimum(((np.arange(shown.shape[1]) + 0.5) * WIDTH / shown.shape[1]).astype(int), WIDTH - 1)
    expected = np.where(mask[np.ix_(rows, columns)][..., None], (255, 0, 0), (255, 255, 255))
    assert np.array_equal(shown, expected)


def test_a_mask_of_an_object_is_translucent_within_its_box(server: Server, visit: Visit) -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[20:40, 10:30] = True
    box = {"bbox": [10, 20, 20, 20], "score": 0.75}
    shown = drawn(visit(server), [entry(mask, **box)], WIDTH, HEIGHT, 0.5)
    scale = shown.shape[0] / HEIGHT
    inside = shown[int(24 * scale) : int(38 * scale), int(12 * scale) : int(28 * scale)]
    assert np.abs(inside.astype(int) - (255, 127, 127)).max() <= 1
    assert (shown[int(42 * scale) :] == 255).all()
    edge = shown[int(30 * scale), int(10 * scale) - 2 : int(10 * scale) + 3]
    assert [255, 0, 0] in edge.tolist()


def test_a_name_is_text_whatever_it_holds(server: Server, visit: Visit) -> None:
    page = visit(server)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    evil = "<img src=x onerror=document.title='taken'>"
    named = drawn(page, [entry(mask, bbox=[0, 20, 20, 20], score=0.5, category=evil)], WIDTH, HEIGHT, 0.5)
    short = drawn(page, [entry(mask, bbox=[0, 20, 20, 20], score=0.5)], WIDTH, HEIGHT, 0.5)
    assert not np.array_equal(named, short)
    assert page.title() != "taken"

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets import drawing
from paddlex_restful.errors import UserError
from tests import images
from tests.datasets.conftest import Import

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("type", TYPES)
def test_labels_are_seen_on_the_image(source: Path, imported: Import, type: str) -> None:
    folder = imported(type, images.make_dataset(source, type, size=(160, 120)))
    details = datasets.details(folder)
    assert details is not None
    name = next(iter(details["file_info"]))
    drawn = pixels(datasets.draw(folder, type, name))
    with Image.open(folder / name) as image:
        plain = np.asarray(image.convert("RGB")).astype(int)
    changed = (np.abs(drawn[: plain.shape[0]] - plain) > 12).any(axis=2).mean()
    assert 0.005 < changed < 0.6
    assert np.array_equal(drawn, pixels(datasets.draw(folder, type, str(folder / name))))


def test_a_background_image_is_drawn_as_it_is(source: Path, imported: Import) -> None:
    for type in TYPES[1:]:
        folder = imported(type, images.make_dataset(source / type, type, count=3, backgrounds=1, suffix=".png"))
        with Image.open(folder / "JPEGImages/0002.png") as image:
            assert np.array_equal(pixels(datasets.draw(folder, type, "JPEGImages/0002.png")), np.asarray(image))


def test_boxes_lie_where_the_objects_are() -> None:
    image = Image.new("RGB", (200, 200))
    drawn = np.asarray(drawing.boxes(image, [((50, 60, 150, 160), "a", 0)]))
    assert tuple(drawn[159, 100]) == tuple(drawn[100, 50]) == tuple(drawn[100, 149]) == drawing.colour(0)
    assert not drawn[61:159, 51:149].any()
    assert not np.asarray(image).any()


@pytest.mark.parametrize("name", ["汽车", "a" * 500, " ", "العربية", "\U0001f600", "é", "tab\there"])
def test_any_class_name_can_be_drawn(name: str) -> None:
    image = Image.new("RGB", (64, 48), (10, 10, 10))
    assert drawing.caption(image, name, 3).size == (64, 48)
    drawing.boxes(image, [((0, 0, 9, 9), name, 3)])
    assert drawing.legend(image, [(name, 3)]).height > 48


def test_a_name_without_glyphs_is_drawn_as_the_number_of_its_class() -> None:
    font = drawing._font(16)
    assert drawing._drawable(font, "\U0010abcd", 12) == "#12"
    assert drawing._drawable(font, "Apple é 1", 12) == "Apple é 1"


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16"])
def test_images_of_all_modes_are_drawn(source: Path, imported: Import, mode: str) -> None:
    images.make_classification(source, 2)
    ramp = Image.fromarray(np.linspace(0, 65535, 1024, dtype=np.uint16).reshape(32, 32))
    image = ramp if mode == "I;16" else Image.radial_gradient("L").resize((32, 32)).convert("RGB").convert(mode)
    path = source / "circle" / ("0000.jpg" if mode == "CMYK" else "0000.png")
    image.save(path)
    drawn = pixels(datasets.draw(imported("classification", source), "classification", f"circle/{path.name}"))
    assert drawn[16:].std() > 10


def test_only_images_of_the_dataset_are_drawn(tmp_path: Path, source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 2))
    for name in ("info.pb", "../../../x.png", str(source / "circle/0000.png"), "circle/gone.png", ""):
        with pytest.raises(UserError, match="is not an image of the dataset"):
            datasets.draw(folder, "classification", name)


def test_an_image_that_was_damaged_later_is_told(source: Path, imported: Import) -> None:
    folder = imported("detection", images.make_detection(source, 3))
    (folder / "Annotations/0000.xml").write_text("<")
    images.truncate(folder / "JPEGImages/0001.jpg")
    (folder / "JPEGImages/0002.jpg").unlink()
    for number in range(3):
        with pytest.raises(UserError, match="can no longer be drawn"):
            datasets.draw(folder, "detection", f"JPEGImages/000{number}.jpg")


def test_scores_are_drawn_also_behind_names_without_glyphs() -> None:
    image = Image.new("RGB", (200, 100))
    for name in ("cat", "\U0010abcd"):
        box = ((20, 40, 180, 90), name, 1)
        plain = np.asarray(drawing.boxes(image, [box]))
        high, low = (np.asarray(drawing.boxes(image, [box], [score])) for score in (0.91, 0.15))
        assert (high != plain).any()
        assert (high != low).any()
        assert (np.asarray(drawing.caption(image, name, 1, 0.91)) != np.asarray(drawing.caption(image, name, 1))).any()


def test_pictures_stand_beside_each_other_below_their_headings() -> None:
    red, blue = Image.new("RGB", (120, 80), (255, 0, 0)), Image.new("RGB", (60, 200), (0, 0, 255))
    both = drawing.beside([("truth", red), ("预测", blue)])
    pixels = np.asarray(both)
    top = both.height - 200
    assert both.width == 120 + drawing._GAP + 60
    assert (pixels[top : top + 80, :120] == (255, 0, 0)).all()
    assert (pixels[top:, -60:] == (0, 0, 255)).all()
    assert (pixels[top + 80 :, :120] == 255).all()
    assert (pixels[:top, :120].min(axis=2) < 128).any(), "a heading"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.datasets import imagefile
from paddlex_restful.datasets.imagefile import BadImage, measure
from tests import images


def picture(path: Path, **options: object) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (37, 53, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)  # type: ignore[arg-type]
    return path


VARIANTS: list[tuple[str, dict[str, object]]] = [
    ("a.png", {}),
    ("a.jpg", {}),
    ("a.JPEG", {"progressive": True}),
    ("a.jpg", {"exif": b"Exif\0\0" + bytes(5000), "icc_profile": bytes(70_000)}),
    ("a.bmp", {}),
]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_sound_images_are_measured_without_being_decoded(
    tmp_path: Path, name: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(tmp_path / name, **options)
    monkeypatch.delattr(imagefile, "_decoded_size")
    assert measure(str(path)) == (53, 37)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.99])
def test_an_image_cut_off_anywhere_is_bad(tmp_path: Path, name: str, options: dict[str, object], share: float) -> None:
    path = picture(tmp_path / name, **options)
    images.truncate(path, share)
    with pytest.raises(BadImage):
        measure(str(path))


def test_a_thumbnail_inside_a_truncated_jpeg_is_not_taken_for_its_end(tmp_path: Path) -> None:
    thumbnail = picture(tmp_path / "thumbnail.jpg").read_bytes()
    path = picture(tmp_path / "a.jpg", exif=b"Exif\0\0" + thumbnail)
    data = path.read_bytes()
    path.write_bytes(data[:-200])
    with pytest.raises(BadImage):
        measure(str(path))


def test_a_png_with_a_flipped_bit_is_bad(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadImage):
        measure(str(path))


@pytest.mark.parametrize("side", [20_000, 60_000])
def test_a_decompression_bomb_is_bad_and_named_by_its_size(tmp_path: Path, side: int) -> None:
    with pytest.raises(BadImage, match=f"{side} x {side}"):
        measure(str(images.bomb(tmp_path / "a.png", side)))


def test_text_an_empty_file_and_another_kind_of_picture_are_bad(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    picture(tmp_path / "animated.gif").rename(tmp_path / "a.jpg")
    for path in (images.scramble(tmp_path / "text.png"), tmp_path / "empty.png", tmp_path / "a.jpg"):
        with pytest.raises(BadImage):
            measure(str(path))


def test_a_png_whose_ancillary_data_is_odd_is_left_to_pillow(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    path.write_bytes(path.read_bytes() + b"trailing bytes")
    assert measure(str(path)) == (53, 37)

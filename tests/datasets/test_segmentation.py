from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets.imagefile import BadImage
from tests import images
from tests.datasets.conftest import Import, Refusal


def mask_path(source: Path, number: int = 0) -> Path:
    return source / f"Annotations/{number:04d}.png"


def test_labels_come_from_labels_txt_or_are_the_ids(source: Path, imported: Import) -> None:
    images.make_segmentation(source, 4, backgrounds=1, ignored=True)
    folder = imported("segmentation", source)
    assert datasets.labels(folder) == ["background", "circle", "square", "triangle"]
    (source / "labels.txt").unlink()
    details = datasets.details(imported("segmentation", source))
    assert details is not None
    assert details["labels"] == ["0", "1", "2", "3"]
    assert details["label_info"]["0"] == [f"JPEGImages/000{number}.jpg" for number in range(4)]
    assert details["label_info"]["3"] == ["JPEGImages/0001.jpg", "JPEGImages/0002.jpg"]
    assert not (folder / "labels.txt").exists()


def test_each_bad_file_is_told(source: Path, refusal: Refusal) -> None:
    images.make_segmentation(source, 7, size=(96, 64))
    mask_path(source, 0).unlink()
    Image.new("L", (64, 96)).save(mask_path(source, 1))
    Image.new("RGB", (96, 64)).save(mask_path(source, 2))
    images.truncate(mask_path(source, 3))
    Image.fromarray(np.full((64, 96), 300, np.uint16)).save(mask_path(source, 4))
    images.scramble(source / "JPEGImages/0005.jpg")
    Image.new("L", (96, 64)).save(mask_path(source, 6), "JPEG")
    message = refusal("segmentation", source)
    assert "7 bad file(s)" in message
    assert "JPEGImages/0000.jpg: its annotation Annotations/0000.png is missing" in message
    assert "Annotations/0001.png: its size is 64 x 96, but that of the image JPEGImages/0001.jpg is 96 x 64" in message
    assert "Annotations/0002.png: it is a colour picture" in message
    assert "Annotations/0003.png: the image cannot be read" in message
    assert "Annotations/0004.png: it has the class id 300" in message
    assert "JPEGImages/0005.jpg: it is not a PNG" in message
    assert "Annotations/0006.png: it is not a PNG picture" in message


def test_gaps_in_the_class_ids_are_told_with_the_file(source: Path, refusal: Refusal) -> None:
    images.make_segmentation(source, 4, classes=["circle"], labels_txt=False)
    mask = np.zeros((64, 96), np.uint8)
    mask[3, 4] = 3
    Image.fromarray(mask).save(mask_path(source, 2))
    assert "Annotations/0002.png: it has the class id 3, but no annotation has the id 2" in refusal(
        "segmentation", source
    )


def test_too_few_labels_are_told(source: Path, refusal: Refusal) -> None:
    images.make_segmentation(source, 4)
    (source / "labels.txt").write_text("background\ncircle\n")
    assert "labels.txt: it names 2 labels, but the annotations have ids up to 3, which needs 4" in refusal(
        "segmentation", source
    )


def test_masks_without_background_are_sound(source: Path, imported: Import) -> None:
    images.make_segmentation(source, 4, labels_txt=False)
    for path in (source / "Annotations").iterdir():
        Image.new("L", (96, 64), 1).save(path)
    details = datasets.details(imported("segmentation", source))
    assert details is not None
    assert details["label_info"]["0"] == []
    assert len(details["label_info"]["1"]) == 4


@pytest.mark.parametrize(("bits", "highest"), [(1, 1), (2, 3), (4, 15), (8, 255)])
def test_masks_of_few_bits_are_read_as_ids_and_not_as_greys(tmp_path: Path, bits: int, highest: int) -> None:
    ids = (np.arange(32 * 8) % (highest + 1)).reshape(8, 32).astype(np.uint8)
    palette = Image.fromarray(ids).convert("P")
    palette.putdata(ids.ravel().tolist())
    palette.save(tmp_path / "palette.png", bits=bits)
    assert np.array_equal(datasets.read_mask(tmp_path / "palette.png"), ids)
    write_grey_png(tmp_path / "grey.png", ids, bits)
    assert np.array_equal(datasets.read_mask(tmp_path / "grey.png"), ids)


def test_masks_of_sixteen_bits_are_read(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 255]], np.uint16)
    Image.fromarray(ids).save(tmp_path / "a.png")
    assert np.array_equal(datasets.read_mask(tmp_path / "a.png"), ids)
    Image.fromarray(ids + 1).save(tmp_path / "a.png")
    with pytest.raises(BadImage, match="256"):
        datasets.read_mask(tmp_path / "a.png")


def test_samples_are_images_with_their_annotations(source: Path, imported: Import) -> None:
    folder = imported("segmentation", images.make_segmentation(source, 5))
    assert datasets.split(folder, "segmentation", 0.2, 0.2) == {"train": 3, "val": 1, "test": 1}
    (sample,) = datasets.samples(folder, "segmentation", "val")
    assert sample.label == folder / "Annotations" / f"{sample.image.stem}.png"
    assert (
        folder / "val_list.txt"
    ).read_text() == f"JPEGImages/{sample.image.name} Annotations/{sample.image.stem}.png\n"


def write_grey_png(path: Path, ids: np.ndarray, bits: int) -> None:
    """A greyscale PNG of few bits, which Pillow itself does not write."""
    import struct
    import zlib

    height, width = ids.shape
    rows = b"".join(
        b"\0" + np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :].ravel()).tobytes() for row in ids
    )
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)

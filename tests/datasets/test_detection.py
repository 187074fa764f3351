from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets import voc
from tests import images
from tests.datasets.conftest import Import, Refusal


def annotation(source: Path, number: int = 0) -> Path:
    return source / f"Annotations/{number:04d}.xml"


def test_images_and_annotations_pair_by_name_and_background_is_allowed(source: Path, imported: Import) -> None:
    images.make_detection(source, 6, classes=["猫", "big dog"], backgrounds=2)
    folder = imported("detection", source)
    details = datasets.details(folder)
    assert details is not None
    assert details["labels"] == ["big dog", "猫"]
    assert details["file_info"]["JPEGImages/0005.jpg"] == "Annotations/0005.xml"
    assert details["label_info"]["猫"] == [f"JPEGImages/000{number}.jpg" for number in range(4)]
    assert annotation(folder, 5).is_file()


def test_objects_are_boxes_with_the_index_of_their_class(source: Path, imported: Import) -> None:
    images.make_detection(source, 4, size=(80, 60), backgrounds=1)
    images.write_voc(annotation(source), "0000.jpg", (80, 60), [(1, (1, 2, 81, 61))], images.CLASSES)
    folder = imported("detection", source)
    datasets.split(folder, "detection", 0, 0)
    by_name = {sample.image.name: sample.label for sample in datasets.samples(folder, "detection", "train")}
    assert by_name["0000.jpg"] == [{"bbox": [1, 2, 80, 60], "category": 1, "iscrowd": 0, "difficult": 0}]
    assert by_name["0003.jpg"] == []


def test_labels_txt_fixes_the_order_and_unknown_categories_are_told(
    source: Path, imported: Import, refusal: Refusal
) -> None:
    images.make_detection(source, 3)
    (source / "labels.txt").write_text("triangle\nsquare\ncircle\n")
    assert datasets.labels(imported("detection", source)) == ["triangle", "square", "circle"]
    (source / "labels.txt").write_text("triangle\nsquare\n")
    assert "Annotations/0000.xml: object 1 has the category circle, which labels.txt" in refusal("detection", source)


def test_each_bad_file_is_told(source: Path, refusal: Refusal) -> None:
    images.make_detection(source, 8, size=(80, 60))
    annotation(source, 0).unlink()
    annotation(source, 1).write_text("<annotation><object>")
    images.write_voc(annotation(source, 2), "", (60, 80), [], images.CLASSES)
    images.write_voc(annotation(source, 3), "", (80, 60), [(0, (10, 10, 90, 20)), (0, (5, 5, 5, 9))], images.CLASSES)
    annotation(source, 4).write_text("<annotation><object><name>cat</name></object></annotation>")
    annotation(source, 5).write_text("<annotation><object><bndbox/></object></annotation>")
    images.truncate(source / "JPEGImages/0006.jpg")
    (source / "JPEGImages/0007.png").write_bytes((source / "JPEGImages/0007.jpg").read_bytes())
    message = refusal("detection", source)
    assert "8 bad file(s)" in message
    assert "JPEGImages/0000.jpg: its annotation Annotations/0000.xml is missing" in message
    assert "Annotations/0001.xml: it is not well-formed XML" in message
    assert "Annotations/0002.xml: it declares 60 x 80 pixels, but the image JPEGImages/0002.jpg has 80 x 60" in message
    assert "the box of object 1 (10, 10, 90, 20) reaches outside the image of 80 x 60" in message
    assert "the box of object 2 (5, 5, 5, 9) has no area" in message
    assert "Annotations/0004.xml: object 1 has no bndbox" in message
    assert "Annotations/0005.xml: object 1 has no name" in message
    assert "JPEGImages/0006.jpg: the image cannot be read" in message
    assert "it shares its annotation with JPEGImages/0007.jpg" in message


def test_missing_folders_and_images_are_told(source: Path, refusal: Refusal) -> None:
    source.mkdir()
    assert "Annotations: the folder is missing" in refusal("detection", source)
    (source / "Annotations").mkdir()
    assert "JPEGImages: the folder is missing" in refusal("detection", source)
    (source / "JPEGImages").mkdir()
    assert "JPEGImages: there is no image in it" in refusal("detection", source)


def test_nothing_but_background_is_refused(source: Path, refusal: Refusal) -> None:
    images.make_detection(source, 3, backgrounds=3)
    assert "no annotation has a single object" in refusal("detection", source)


BOMB = "<!DOCTYPE a [<!ENTITY a 'ha'>{}]><annotation>&z;</annotation>".format(
    "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(25))
)
OUTSIDE = (
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><annotation><object><name>&x;</name></object></annotation>"
)


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, OUTSIDE.replace("SYSTEM 'file", "PUBLIC '' 'http")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_with_declared_entities_is_refused_unread(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text, encoding=encoding)
    with pytest.raises(voc.BadAnnotation, match="document type declaration"):
        voc.read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb2312", "gbk"])
def test_xml_is_read_in_the_encodings_that_chinese_tools_write(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.xml"
    box = "<bndbox><xmin>1.5</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
    path.write_text(
        f'<?xml version="1.0" encoding="{encoding}"?><annotation><object><name>汽车</name>{box}</object></annotation>',
        encoding=encoding,
    )
    assert voc.read(path) == voc.VocFile(None, (voc.VocObject("汽车", (1.5, 2, 3, 4), 0),))


def test_numbers_that_are_none_are_no_boxes(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    box = "<bndbox><xmin>nan</xmin><ymin>2</ymin><xmax>inf</xmax><ymax>4</ymax></bndbox>"
    path.write_text(f"<annotation><object><name>car</name>{box}</object></annotation>")
    with pytest.raises(voc.BadAnnotation, match="no bndbox"):
        voc.read(path)


def test_lists_with_spaces_in_their_paths_make_a_ready_split(source: Path, imported: Import) -> None:
    images.make_detection(source, 4)
    for name in ("JPEGImages/0000.jpg", "Annotations/0000.xml"):
        path = source / name
        path.rename(path.with_name(f"a b {path.name}"))
    (source / "labels.txt").write_text("circle\nsquare\ntriangle\n")
    (source / "train_list.txt").write_text(
        "JPEGImages/a b 0000.jpg Annotations/a b 0000.xml\nJPEGImages/0001.jpg Annotations/0001.xml\n"
    )
    (source / "val_list.txt").write_text("JPEGImages\\0002.jpg Annotations\\0002.xml\n")
    (source / "test_list.txt").write_text("JPEGImages/0003.jpg Annotations/0003.xml\n")
    details = datasets.details(imported("detection", source))
    assert details is not None
    assert details["train_files"] == ["JPEGImages/a b 0000.jpg", "JPEGImages/0001.jpg"]
    assert details["file_info"]["JPEGImages/a b 0000.jpg"] == "Annotations/a b 0000.xml"
    assert details["val_files"] == ["JPEGImages/0002.jpg"]
    assert details["test_files"] == ["JPEGImages/0003.jpg"]


def test_coco_annotations_serve_detection_without_segmentations(source: Path, imported: Import) -> None:
    images.make_detection(source, 4, coco=True)
    path = source / "annotations.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for record in content["annotations"]:
        del record["segmentation"]
    images.write_json(path, content)
    folder = imported("detection", source)
    assert datasets.split(folder, "detection", 0.25, 0.25) == {"train": 2, "val": 1, "test": 1}
    (sample,) = datasets.samples(folder, "detection", "test")
    assert isinstance(sample.label, list)
    assert [set(item) for item in sample.label] == [{"bbox", "category", "iscrowd", "difficult"}] * 2
    assert json.loads((folder / "test.json").read_text(encoding="utf-8"))["images"][0]["file_name"] == sample.image.name

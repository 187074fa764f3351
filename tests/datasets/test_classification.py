from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddlex_restful import datasets
from tests import images
from tests.datasets.conftest import Import, Refusal


def test_classes_are_the_sorted_folder_names_and_images_stay_where_they_were(source: Path, imported: Import) -> None:
    images.make_classification(source, 3, classes=["梨", "apple", "red pepper"], suffix=".JPG")
    (source / "apple" / "notes.txt").write_text("not an image")
    (source / ".git").mkdir()
    folder = imported("classification", source)
    details = datasets.details(folder)
    assert details is not None
    assert details["labels"] == datasets.labels(folder) == ["apple", "red pepper", "梨"]
    assert details["file_info"]["梨/0002.JPG"] == "梨"
    assert details["label_info"]["red pepper"] == [f"red pepper/000{number}.JPG" for number in range(3)]
    assert (folder / "梨/0002.JPG").read_bytes() == (source / "梨/0002.JPG").read_bytes()
    assert not (folder / "apple/notes.txt").exists()


def test_every_bad_image_is_named_with_what_is_wrong(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 4)
    images.truncate(source / "circle/0001.png")
    images.scramble(source / "square/0002.png")
    images.bomb(source / "triangle/0003.png")
    message = refusal("classification", source)
    assert "3 bad file(s)" in message
    assert "circle/0001.png: the image cannot be read" in message
    assert "square/0002.png: it is not a PNG" in message
    assert "triangle/0003.png: the image has 60000 x 60000 pixels" in message


def test_the_first_twenty_bad_files_are_named_and_the_others_counted(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 15, classes=["a", "b"])
    for path in source.glob("*/*"):
        images.scramble(path)
    message = refusal("classification", source)
    assert "30 bad file(s), the first 20 of them" in message
    assert "and 10 more" in message
    assert message.count("it is not a PNG") == 20


def test_an_empty_class_is_named(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 2)
    (source / "nothing").mkdir()
    assert "- nothing: the class has no images" in refusal("classification", source)


def test_images_in_folders_below_a_class_are_not_left_out_silently(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 2)
    (source / "circle/more").mkdir()
    (source / "circle/0000.png").rename(source / "circle/more/0000.png")
    assert "circle: images of a class must lie directly" in refusal("classification", source)


def test_a_folder_without_classes_or_with_one_is_refused(source: Path, refusal: Refusal) -> None:
    source.mkdir()
    assert "there are no class folders" in refusal("classification", source)
    images.make_classification(source, 2, classes=["only"])
    assert "only one class" in refusal("classification", source)


def test_a_class_named_as_a_file_of_the_server_is_refused(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 2, classes=["job", "play"])
    assert "- job: the server uses this name itself" in refusal("classification", source)


@pytest.mark.parametrize("name", [b"\xff\xfe.png", b"line\nbreak.png"])
def test_file_names_that_no_list_could_hold_are_told(source: Path, refusal: Refusal, name: bytes) -> None:
    images.make_classification(source, 2)
    (source / "circle/0000.png").rename(os.fsdecode(os.fsencode(source / "circle") + b"/" + name))
    assert "its name is not valid UTF-8 or has control characters" in refusal("classification", source)


def test_links_count_as_their_content_only_inside_the_folder(
    tmp_path: Path, source: Path, imported: Import, refusal: Refusal
) -> None:
    images.make_classification(source, 2)
    (source / "circle/inside.png").symlink_to("../square/0000.png")
    folder = imported("classification", source)
    assert not (folder / "circle/inside.png").is_symlink()
    assert (folder / "circle/inside.png").read_bytes() == (source / "square/0000.png").read_bytes()

    secret = images.make_classification(tmp_path / "elsewhere", 1) / "circle/0000.png"
    (source / "circle/outside.png").symlink_to(secret)
    (source / "linked").symlink_to(secret.parent)
    message = refusal("classification", source)
    assert "circle/outside.png: it is a link to something outside" in message
    assert "linked: it is a link to something outside" in message


def test_what_is_not_a_regular_file_does_not_block_the_check(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 2)
    os.mkfifo(source / "circle/pipe.png")
    assert "circle/pipe.png: it is not a regular file" in refusal("classification", source)


def test_lists_and_labels_make_a_ready_split_of_any_layout(source: Path, imported: Import) -> None:
    images.make_classification(source / "all my images", 3, classes=["x", "y"])
    (source / "labels.txt").write_text("梨\napple\n", encoding="gb18030")
    (source / "train_list.txt").write_text("all my images/x/0000.png 0\nall my images/y/0000.png\t1\n")
    (source / "val_list.txt").write_text("./all my images/x/0001.png 0\r\n\r\n")
    folder = imported("classification", source)
    details = datasets.details(folder)
    assert details is not None
    assert details["labels"] == ["梨", "apple"]
    assert details["train_files"] == ["all my images/x/0000.png", "all my images/y/0000.png"]
    assert details["val_files"] == ["all my images/x/0001.png"]
    assert details["test_files"] == []
    assert details["class_train_file_list"] == {"梨": details["train_files"][:1], "apple": details["train_files"][1:]}
    assert not (folder / "all my images/x/0002.png").exists()


def test_lines_of_lists_that_mean_nothing_are_told(source: Path, refusal: Refusal) -> None:
    images.make_classification(source, 2)
    (source / "labels.txt").write_text("circle\nsquare\ntriangle\n")
    (source / "train_list.txt").write_text(
        "circle/0000.png 0\nsquare/0000.png 7\n../outside.png 0\ncircle/gone.png 1\ntriangle/0000.png two\n"
    )
    (source / "val_list.txt").write_text("circle/0000.png 1\n")
    message = refusal("classification", source)
    assert "square/0000.png: the lists give it the class id 7, but labels.txt names only 3" in message
    assert "line 3 (../outside.png 0)" in message
    assert "line 4 (circle/gone.png 1)" in message
    assert "line 1 gives the image circle/0000.png another label" in message


def test_samples_are_absolute_paths_with_the_index_of_the_class(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 5))
    datasets.split(folder, "classification", 0.2, 0.2)
    samples = datasets.samples(folder, "classification", "train")
    assert len(samples) == 9
    for sample in samples:
        assert sample.image.is_file()
        assert ["circle", "square", "triangle"][sample.label] == sample.image.parent.name  # type: ignore[call-overload]

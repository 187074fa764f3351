from __future__ import annotations

from itertools import chain
from pathlib import Path

import orjson
import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets import splitting, store
from paddlex_restful.errors import UserError
from tests import images
from tests.datasets.conftest import Import

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")


def members(folder: Path) -> dict[str, list[str]]:
    split = store.load_split(folder)
    assert split is not None
    return split


@pytest.mark.parametrize("type", TYPES)
def test_every_image_is_in_exactly_one_part(source: Path, imported: Import, type: str) -> None:
    options = {"per_class": 4} if type == "classification" else {"count": 12}
    folder = imported(type, images.make_dataset(source, type, **options))
    assert store.load_split(folder) is None
    assert datasets.split(folder, type, 0.25, 0.25) == {"train": 6, "val": 3, "test": 3}
    assert store.load_split(folder) is not None
    details = datasets.details(folder)
    assert details is not None
    parts = [details["train_files"], details["val_files"], details["test_files"]]
    assert sorted(chain(*parts)) == sorted(details["file_info"])
    for label, of_label in details["label_info"].items():
        shown = [details[f"class_{name}_file_list"][label] for name in ("train", "val", "test")]
        assert sorted(chain(*shown)) == sorted(of_label)
    assert len(details["fields"]) == 9
    assert set(details["fields"]) == details.keys() - {"fields"}


def test_the_seed_decides_and_a_repeated_split_replaces(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 10))
    datasets.split(folder, "classification", 0.3, 0.1, seed=1)
    first = members(folder)
    datasets.split(folder, "classification", 0.3, 0.1, seed=2)
    assert members(folder) != first
    assert datasets.details(folder)["val_files"] == members(folder)["val"]  # type: ignore[index]
    datasets.split(folder, "classification", 0.3, 0.1, seed=1)
    assert members(folder) == first
    datasets.split(folder, "classification", 0.3, 0)
    assert members(folder)["test"] == []
    assert (folder / "test_list.txt").read_text() == ""


def test_classes_are_split_in_equal_shares_and_keep_a_training_image() -> None:
    groups = {
        "large": [f"l{n}" for n in range(100)],
        "small": [f"s{n}" for n in range(10)],
        "pair": ["p0", "p1"],
        "one": ["o0"],
    }
    parts = splitting.divide(groups, 33, 22, seed=0)
    assert parts is not None
    assert [len(parts[name]) for name in ("train", "val", "test")] == [58, 33, 22]
    for letter, low, high in (("l", 28, 31), ("s", 2, 4)):
        assert low <= sum(name.startswith(letter) for name in parts["val"]) <= high
    assert {name[0] for name in parts["train"]} == {"l", "s", "p", "o"}


@pytest.mark.parametrize(("val", "test"), [(0.45, 0.45), (0.9, 0.09), (0.01, 0.01)])
@pytest.mark.parametrize("size", [2, 3, 7])
def test_no_share_takes_the_last_training_image_of_a_class(
    source: Path, imported: Import, val: float, test: float, size: int
) -> None:
    folder = imported("classification", images.make_classification(source, size, size=8))
    counts = datasets.split(folder, "classification", val, test)
    assert min(counts.values()) >= 1
    assert {Path(name).parent.name for name in members(folder)["train"]} == {"circle", "square", "triangle"}


def test_shares_are_rounded_down_but_not_to_nothing() -> None:
    files = [str(number) for number in range(100)]
    assert splitting._count(0.29, len(files)) == 29
    assert splitting._count(0.001, len(files)) == 1
    assert splitting._count(0.0, len(files)) == 0


@pytest.mark.parametrize(
    ("val", "test", "expected"),
    [
        (-0.1, 0.1, "val_split must be a number"),
        (0.1, 1.0, "test_split must be a number"),
        (float("nan"), 0.1, "val_split must be a number"),
        (True, 0.1, "val_split must be a number"),
        (0.5, 0.5, "together are 1"),
        (0.7, 0.3, "together are 1"),
    ],
)
def test_impossible_shares_are_refused(source: Path, imported: Import, val: float, test: float, expected: str) -> None:
    folder = imported("classification", images.make_classification(source, 2))
    with pytest.raises(UserError, match=expected):
        datasets.split(folder, "classification", val, test)
    assert store.load_split(folder) is None


def test_too_few_images_are_refused(source: Path, imported: Import) -> None:
    folder = imported("detection", images.make_detection(source, 2))
    with pytest.raises(UserError, match="has 2 images, too few"):
        datasets.split(folder, "detection", 0.2, 0.2)
    folder = imported("classification", images.make_classification(source / "c", 1))
    with pytest.raises(UserError, match="every class keeps one for training"):
        datasets.split(folder, "classification", 0.2, 0)


def test_a_dataset_that_is_not_imported_or_not_split_says_so(tmp_path: Path, source: Path, imported: Import) -> None:
    with pytest.raises(UserError, match="no files yet"):
        datasets.split(tmp_path, "classification", 0.2, 0.1)
    with pytest.raises(UserError, match="no files yet"):
        datasets.labels(tmp_path)
    folder = imported("classification", images.make_classification(source, 2))
    with pytest.raises(UserError, match="not been split"):
        datasets.samples(folder, "classification", "train")
    with pytest.raises(UserError, match="train, val or test"):
        datasets.samples(folder, "classification", "all")


def test_the_conventional_lists_hold_the_split(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 4, classes=["梨", "red apple"]))
    datasets.split(folder, "classification", 0.25, 0)
    assert (folder / "labels.txt").read_text(encoding="utf-8") == "red apple\n梨\n"
    lines = (folder / "train_list.txt").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(" ")[0] for line in lines] == members(folder)["train"]
    assert {line.rpartition(" ")[2] for line in lines if line.startswith("梨")} == {"1"}


def test_what_was_read_before_is_not_answered_after_a_change(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 4))
    first = datasets.details(folder)
    assert datasets.details(folder) is first
    datasets.split(folder, "classification", 0.25, 0)
    second = datasets.details(folder)
    assert second is not first
    store.save_split(folder, {"train": ["circle/0000.png"], "val": [], "test": []})
    assert datasets.details(folder)["train_files"] == ["circle/0000.png"]  # type: ignore[index]


def test_a_split_that_breaks_off_leaves_the_old_one(
    source: Path, imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = imported("classification", images.make_classification(source, 8))
    datasets.split(folder, "classification", 0.25, 0, seed=1)
    before = (folder / "split.json").read_bytes()
    for failing in range(1, 6):
        writes = 0
        original = store.write_durably

        def write(path: Path, data: bytes, failing: int = failing, original: object = original) -> None:
            nonlocal writes
            writes += 1
            if writes == failing:
                raise OSError(28, "No space left on device")
            original(path, data)  # type: ignore[operator]

        with monkeypatch.context() as patch:
            for module in (splitting, store):
                patch.setattr(module, "write_durably", write)
            with pytest.raises(OSError, match="No space"):
                datasets.split(folder, "classification", 0.5, 0.2, seed=failing + 1)
        assert (folder / "split.json").read_bytes() == before
        assert orjson.loads(before) == members(folder)

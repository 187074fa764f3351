"""Images that are added: the dataset is what it was, or has all of them, whenever the process ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful import datasets
from paddlex_restful.datasets import adding, coco, importing, store
from paddlex_restful.jobs.context import JobContext, JobFailed
from tests import images
from tests.datasets.conftest import Import, MakeContext

MakeAdding = Callable[[str, Path, dict[str, str]], JobContext]


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture
def make_adding(make_context: MakeContext) -> MakeAdding:
    """Makes the context of a job that adds files of a folder: path in the dataset → name in the folder."""

    def make(type: str, folder: Path, added: dict[str, str]) -> JobContext:
        context = make_context(type, folder)
        uploaded = context.root / "uploads" / "U0"
        shutil.copytree(folder, uploaded)
        del context.args["source"]
        context.args |= {"upload": "uploads/U0", "added": added, "once": True}
        return context

    return make


def test_new_images_join_the_old_ones_and_the_upload_is_gone(
    source: Path, tmp_path: Path, imported: Import, make_adding: MakeAdding
) -> None:
    folder = imported("classification", images.make_classification(source, 3))
    inodes = {path: path.stat().st_ino for path in folder.rglob("*.png")}
    new = images.make_classification(tmp_path / "new", 2, seed=1)
    context = make_adding("classification", new, {"circle/n.png": "circle/0000.png", "star/n.png": "square/0001.png"})
    assert importing.run(context) == {"split": False, "images": 11}
    details = datasets.details(folder)
    assert details is not None
    assert details["labels"] == ["circle", "square", "star", "triangle"]
    assert (folder / "star/n.png").read_bytes() == (new / "square/0001.png").read_bytes()
    assert {path: path.stat().st_ino for path in inodes} == inodes
    assert not (context.root / "uploads" / "U0").exists()
    assert not {".gathered", ".import"} & {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("type", ["classification", "detection", "instance_segmentation"])
@pytest.mark.parametrize("step", ["gather", "publish", "sync", "describe"])
def test_a_process_that_ends_while_images_are_added(
    source: Path,
    tmp_path: Path,
    imported: Import,
    make_adding: MakeAdding,
    monkeypatch: pytest.MonkeyPatch,
    type: str,
    step: str,
) -> None:
    folder = imported(type, images.make_dataset(source, type))
    before = datasets.details(folder)
    samples = datasets.samples
    new = images.make_dataset(tmp_path / "new", type, seed=1)
    if type == "classification":
        added = {"circle/n.png": "circle/0000.png", "star/n.png": "circle/0001.png"}
    elif type == "detection":
        added = {"JPEGImages/n.jpg": "JPEGImages/0000.jpg", "Annotations/n.xml": "Annotations/0000.xml"}
    else:
        names = [path.name for path in (new / "JPEGImages").iterdir()]
        document = (new / "annotations.json").read_text()
        for name in names:
            document = document.replace(name, f"n{name}")
        (new / "added.json").write_text(document)
        added = {f"JPEGImages/n{name}": f"JPEGImages/{name}" for name in names} | {adding.ADDED_COCO: "added.json"}

    def end(*arguments: Any, **named: Any) -> None:
        raise KilledError

    replaced = {
        "gather": (coco, "_document") if type == "instance_segmentation" else (importing, "Inspection"),
        "publish": (adding, "publish"),
        "sync": (importing, "_describe"),
        "describe": (store, "write_durably"),
    }[step]
    context = make_adding(type, new, added)
    with monkeypatch.context() as killed:
        killed.setattr(*replaced, end)
        # Nothing is swept up by a process that is gone.
        killed.setattr(importing.shutil, "rmtree", lambda *arguments, **named: None)
        with pytest.raises(KilledError):
            importing.run(context)
    assert datasets.details(folder) == before
    assert before is not None
    store.save_split(folder, {"train": list(before["file_info"]), "val": [], "test": []})
    assert len(samples(folder, type, "train")) == len(before["file_info"])
    (folder / store.SPLIT_FILE).unlink()
    importing.run(context)
    after = datasets.details(folder)
    assert after is not None
    assert set(after["file_info"]) == {
        *before["file_info"],
        *(name for name in added if name.endswith((".png", ".jpg"))),
    }


def test_a_coco_file_that_is_not_sound_is_told_and_changes_nothing(
    source: Path, tmp_path: Path, imported: Import, make_adding: MakeAdding
) -> None:
    type = "instance_segmentation"
    folder = imported(type, images.make_dataset(source, type))
    before = (folder / "annotations.json").read_bytes()
    new = images.make_dataset(tmp_path / "new", type, seed=1)
    name = next((new / "JPEGImages").iterdir()).name
    (new / "added.json").write_text("{}")
    with pytest.raises(JobFailed, match=r"added\.json: it is not a COCO file") as failure:
        importing.run(make_adding(type, new, {"JPEGImages/n.jpg": f"JPEGImages/{name}", "added.json": "added.json"}))
    assert failure.value.reason == "check"
    assert (folder / "annotations.json").read_bytes() == before

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from paddlex_restful import datasets, diskspace
from paddlex_restful.datasets import findings, importing, store
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from tests import images
from tests.datasets.conftest import Import, MakeContext, Refusal

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and modification time of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("link", [False, True])
def test_every_file_arrives_and_the_source_stays_as_it_was(
    source: Path, make_context: MakeContext, type: str, link: bool
) -> None:
    images.make_dataset(source, type)
    before = tree(source)
    context = make_context(type, source, link)
    result = importing.run(context)
    folder = context.path("datasets/D0001")
    datasets.split(folder, type, 0.3, 0.2)
    assert tree(source) == before
    after = tree(folder)
    for name, (content, _) in before.items():
        if name != "labels.txt":
            assert after[name][0] == content
    details = datasets.details(folder)
    assert details is not None
    assert result == {"split": False, "images": len(details["file_info"])}
    assert after["info.pb"][0] == b"entry"
    assert not (folder / ".import").exists()


def test_linked_files_are_the_same_files(source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 2), link=True)
    assert (folder / "circle/0000.png").samefile(source / "circle/0000.png")


def test_progress_goes_through_both_stages(source: Path, make_context: MakeContext) -> None:
    seen: list[tuple[str, float]] = []

    class Watched(JobContext):
        def progress(self, *, flush: bool = False, **fields: object) -> None:
            super().progress(flush=flush, **fields)
            seen.append((self._fields["stage"], self._fields["percent"]))

    context = make_context("classification", images.make_classification(source, 50))
    importing.run(Watched(context.kind, context.subject, context.folder, context.root, context.args))
    assert seen == sorted(seen)
    assert ("checking", 100.0) in seen
    assert seen[-1] == ("copying", 100.0)


def test_details_are_none_before_the_import_and_after_one_that_failed(
    source: Path, make_context: MakeContext, refusal: Refusal
) -> None:
    images.make_classification(source, 2)
    images.scramble(source / "circle/0000.png")
    refusal("classification", source)
    folder = make_context("classification", source).path("datasets/D0001")
    assert datasets.details(folder) is None
    assert sorted(path.name for path in folder.iterdir()) == ["info.pb", "job"]


def test_an_import_over_another_replaces_it_and_its_split(tmp_path: Path, source: Path, imported: Import) -> None:
    folder = imported("classification", images.make_classification(source, 4))
    datasets.split(folder, "classification", 0.3, 0.3)
    imported("classification", images.make_classification(tmp_path / "new", 2, classes=["p", "q"]))
    details = datasets.details(folder)
    assert details is not None
    assert details["labels"] == ["p", "q"]
    assert details["train_files"] == []
    assert sorted(path.name for path in folder.iterdir()) == ["info.pb", "job", "p", "q", "statis.json"]


def test_a_bad_folder_leaves_the_earlier_import_as_it_was(
    tmp_path: Path, source: Path, imported: Import, refusal: Refusal
) -> None:
    folder = imported("classification", images.make_classification(source, 4))
    kept = ("circle", "statis.json")
    before = {name: (folder / name).stat() for name in kept}
    refusal("classification", images.make_classification(tmp_path / "bad", 4, classes=["one"]))
    assert {name: (folder / name).stat().st_mtime_ns for name in kept} == {
        name: found.st_mtime_ns for name, found in before.items()
    }
    assert len(list(folder.glob("*/*.png"))) == 12


@pytest.mark.parametrize("stage", ["checking", "copying"])
def test_a_stop_leaves_nothing(source: Path, make_context: MakeContext, stage: str) -> None:
    context = make_context("classification", images.make_classification(source, 100))

    class Stopping(JobContext):
        def progress(self, *, flush: bool = False, **fields: object) -> None:
            super().progress(flush=flush, **fields)
            if self._fields["stage"] == stage:
                self.request_stop()

    stopping = Stopping(context.kind, context.subject, context.folder, context.root, context.args)
    with pytest.raises(JobStopped):
        importing.run(stopping)
    folder = context.path("datasets/D0001")
    assert sorted(path.name for path in folder.iterdir()) == ["info.pb", "job"]


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1])
def test_an_import_killed_at_any_moment_is_whole_or_not_there(
    source: Path, make_context: MakeContext, delay: float
) -> None:
    images.make_classification(source, 300, size=8)
    context = make_context("classification", source)
    program = (
        "import sys; from pathlib import Path; from paddlex_restful.datasets import importing; "
        "from paddlex_restful.jobs.context import JobContext; root = Path(sys.argv[1]); "
        "folder = root / 'datasets/D0001/job/import'; args = {'type': 'classification', 'source': sys.argv[2], "
        "'target': 'datasets/D0001', 'link': False}; context = JobContext('import', 'D0001', folder, root, args); "
        "print('ready', flush=True); importing.run(context)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(context.root), str(source)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)  # the moment of the kill is the subject of this test
        process.send_signal(signal.SIGKILL)
        process.wait()
    folder = context.path("datasets/D0001")
    details = datasets.details(folder)
    if details is not None:
        assert all((folder / name).is_file() for name in details["file_info"])
    assert importing.run(context) == {"split": False, "images": 900}
    assert len(list(folder.rglob("*.png"))) == 900


def fail_at(monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    calls = 0
    original = os.copy_file_range

    def copy(*arguments: int) -> int:
        nonlocal calls
        calls += 1
        if calls == number:
            raise OSError(code, os.strerror(code))
        return original(*arguments)

    monkeypatch.setattr(os, "copy_file_range", copy)


@pytest.mark.usefixtures("no_reflinks")
@pytest.mark.parametrize(("code", "expected"), [(errno.ENOSPC, "became full"), (errno.EIO, "Input/output error")])
def test_a_disk_that_fails_is_told_in_words_and_leaves_nothing(
    source: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch, code: int, expected: str
) -> None:
    context = make_context("classification", images.make_classification(source, 10))
    fail_at(monkeypatch, 8, code)
    with pytest.raises(JobFailed, match=expected) as failure:
        importing.run(context)
    assert failure.value.reason == "copy"
    folder = context.path("datasets/D0001")
    assert sorted(path.name for path in folder.iterdir()) == ["info.pb", "job"]


@pytest.mark.usefixtures("no_reflinks")
def test_a_dataset_that_cannot_fit_is_refused_before_it_is_copied(
    source: Path, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context("classification", images.make_classification(source, 10))
    monkeypatch.setattr(diskspace.shutil, "disk_usage", lambda path: SimpleNamespace(free=20_000))
    with pytest.raises(JobFailed, match="1 MB free and 1 MB are needed"):
        importing.run(context)


def test_a_file_that_vanishes_before_it_is_copied_is_named(source: Path, make_context: MakeContext) -> None:
    context = make_context("classification", images.make_classification(source, 3))

    class Meddling(JobContext):
        def progress(self, *, flush: bool = False, **fields: object) -> None:
            super().progress(flush=flush, **fields)
            if fields.get("stage") == "copying":
                (source / "square/0001.png").unlink()

    with pytest.raises(JobFailed, match=r"square/0001\.png was changed or removed") as failure:
        importing.run(Meddling(context.kind, context.subject, context.folder, context.root, context.args))
    assert failure.value.reason == "copy"


def test_folders_that_cannot_be_a_source_are_refused(tmp_path: Path, make_context: MakeContext) -> None:
    root = make_context("classification", "x").root
    (tmp_path / "file").touch()
    for path, expected in [
        (str(tmp_path / "missing"), "which is not a folder"),
        (str(tmp_path / "file"), "which is not a folder"),
        (str(root), "overlaps"),
        (str(root / "datasets/D0001"), "overlaps"),
        (str(tmp_path), "overlaps"),
    ]:
        with pytest.raises(UserError, match=expected):
            importing.check_source(Path(path), root)
    (root / "demos/detection").mkdir(parents=True)
    assert importing.check_source(root / "demos/detection", root) == root / "demos/detection"


@pytest.mark.parametrize("type", TYPES)
def test_a_dataset_without_its_description_is_described_anew(source: Path, imported: Import, type: str) -> None:
    folder = imported(type, images.make_dataset(source, type))
    datasets.split(folder, type, 0.3, 0.2)
    before = datasets.details(folder)
    assert before is not None
    for name in (store.STATISTICS_FILE, store.SPLIT_FILE):
        (folder / name).unlink()
    (folder / "statis.pkl").write_bytes(b"of the original")
    result = importing.rebuild(folder, type)
    assert result["split"]
    after = datasets.details(folder)
    assert after is not None
    assert after["labels"] == before["labels"]
    for name in ("train_files", "val_files", "test_files"):
        assert after[name] == before[name]
    assert sorted(after["file_info"].items()) == sorted(before["file_info"].items())


def test_a_failed_check_leaves_its_findings_with_pictures(source: Path, make_context: MakeContext) -> None:
    images.make_detection(source, count=4, size=(320, 240))
    (source / "Annotations/0001.xml").write_text("<broken")
    images.truncate(source / "JPEGImages/0002.jpg")
    (source / "JPEGImages/0003.jpg").unlink()
    (source / "JPEGImages/0003.jpg").symlink_to("/etc/passwd")
    context = make_context("detection", source)
    with pytest.raises(JobFailed):
        importing.run(context)
    found = findings.load(context.folder)
    assert found is not None
    assert found.total == 3
    told = {one.file: one for one in found.files}
    assert "not well-formed XML" in told["Annotations/0001.xml"].problems[0]
    assert "truncated" in told["JPEGImages/0002.jpg"].problems[0]
    assert "link to something outside" in told["JPEGImages/0003.jpg"].problems[0]
    pictured = [number for number, one in enumerate(found.files) if one.pictured]
    assert [found.files[number].file for number in pictured] == ["Annotations/0001.xml"]
    with Image.open(findings.picture_file(context.folder, pictured[0])) as image:
        assert image.size == (240, 180)


def test_of_many_bad_files_the_first_are_told(source: Path, make_context: MakeContext) -> None:
    images.make_classification(source, per_class=40)
    for path in source.rglob("*.png"):
        path.write_bytes(b"")
    context = make_context("classification", source)
    with pytest.raises(JobFailed):
        importing.run(context)
    found = findings.load(context.folder)
    assert found is not None
    assert found.total == 120
    assert len(found.files) == findings.MOST

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.demo.download import run
from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped

Web = tuple[str, Path]


class Context(JobContext):
    """A context that remembers the stages and may ask to stop."""

    stop_in_stage = ""

    def progress(self, *, flush: bool = False, **fields: Any) -> None:
        super().progress(flush=flush, **fields)
        stages.append(fields.get("stage") or stages[-1])
        percents.append(fields["percent"])
        if stages[-1] == self.stop_in_stage and fields["percent"] > 0:
            self.request_stop()


stages: list[str] = []
percents: list[float] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    stages.clear()
    percents.clear()


def make_context(root: Path, url: str) -> Context:
    folder = root / "demos/.classification/job/download"
    folder.mkdir(parents=True, exist_ok=True)
    args = {"prj_type": "classification", "url": url, "target": "demos/classification"}
    return Context("download", "demo/classification", folder, root, args)


def pack(path: Path, size: int = 3 << 20) -> dict[str, bytes]:
    source = path.parent / "source"
    files = {"vegetables/a/1.jpg": os.urandom(size), "vegetables/b/2.jpg": os.urandom(100)}
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.add(source, arcname=".")
    return files


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_over(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "demos").iterdir() if path.name != ".classification")


def test_an_archive_is_downloaded_unpacked_and_put_in_its_place(web: Web, tmp_path: Path) -> None:
    url, folder = web
    files = pack(folder / "veg.tar.gz")
    context = make_context(tmp_path / "ws", f"{url}/veg.tar.gz")
    assert run(context) == {"files": 2}
    assert contents(tmp_path / "ws/demos/classification") == files
    assert left_over(tmp_path / "ws") == ["classification"]
    assert list(dict.fromkeys(stages)) == ["downloading", "decompressing", "done"]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100
    assert any(0 < percent < 100 for percent in percents)
    progress = json.loads((context.folder / "progress.json").read_bytes())
    assert progress.items() >= {"stage": "done", "percent": 100.0}.items()


def test_a_second_download_replaces_the_first(web: Web, tmp_path: Path) -> None:
    url, folder = web
    pack(folder / "a.tar.gz", 100)
    run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    (tmp_path / "ws/demos/classification/mine").touch()
    files = pack(folder / "a.tar.gz", 200)
    run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    assert contents(tmp_path / "ws/demos/classification") == files
    assert left_over(tmp_path / "ws") == ["classification"]


def test_a_missing_archive_fails_as_a_download(web: Web, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="404") as caught:
        run(make_context(tmp_path / "ws", f"{web[0]}/missing.tar.gz"))
    assert caught.value.reason == "download"


def test_a_page_instead_of_an_archive_fails_and_is_fetched_anew(web: Web, tmp_path: Path) -> None:
    url, folder = web
    (folder / "a.tar.gz").write_text("<html>come back later</html>")
    with pytest.raises(JobFailed, match="neither") as caught:
        run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    assert caught.value.reason == "unpack"
    assert left_over(tmp_path / "ws") == []
    pack(folder / "a.tar.gz", 10)
    assert run(make_context(tmp_path / "ws", f"{url}/a.tar.gz")) == {"files": 2}


@pytest.mark.parametrize("stage", ["downloading", "decompressing"])
def test_a_stopped_download_leaves_no_half_folder_and_goes_on(stage: str, web: Web, tmp_path: Path) -> None:
    url, folder = web
    files = pack(folder / "a.tar.gz")
    context = make_context(tmp_path / "ws", f"{url}/a.tar.gz")
    context.stop_in_stage = stage
    with pytest.raises(JobStopped):
        run(context)
    kept = left_over(tmp_path / "ws")
    assert kept
    assert all(name.startswith(".classification-a.tar.gz") for name in kept)
    run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    assert contents(tmp_path / "ws/demos/classification") == files
    assert left_over(tmp_path / "ws") == ["classification"]


def test_what_a_killed_job_left_is_no_hindrance(web: Web, tmp_path: Path) -> None:
    url, folder = web
    files = pack(folder / "a.tar.gz", 10)
    for name in (".classification.unpacking/half", ".classification.old/before"):
        (tmp_path / "ws/demos" / name).parent.mkdir(parents=True)
        (tmp_path / "ws/demos" / name).touch()
    run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    assert contents(tmp_path / "ws/demos/classification") == files
    assert left_over(tmp_path / "ws") == ["classification"]


def test_the_digits_need_no_network(tmp_path: Path) -> None:
    assert run(make_context(tmp_path / "ws", "digits:")) == {"files": 1797}
    made = contents(tmp_path / "ws/demos/classification")
    lists = [name for name in made if name.endswith("_list.txt")]
    assert sorted(lists) == ["test_list.txt", "train_list.txt", "val_list.txt"]
    assert made["labels.txt"].split() == [str(digit).encode() for digit in range(10)]
    listed = [line.rpartition(b" ")[0].decode() for name in lists for line in made[name].splitlines()]
    assert sorted(listed) == sorted(name for name in made if name.endswith(".png"))
    assert stages[-1] == "done"


def test_the_files_are_on_the_disk_before_their_folder_has_its_name(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, folder = web
    pack(folder / "a.tar.gz", 10)
    target = tmp_path / "ws/demos/classification"
    synced: list[tuple[str, bool]] = []

    def sync(folder: Path) -> None:
        synced.append((folder.name, target.exists()))

    for name in ("sync_file_system", "sync_folder"):
        monkeypatch.setattr(f"paddlex_restful.demo.download.{name}", sync)
    run(make_context(tmp_path / "ws", f"{url}/a.tar.gz"))
    assert synced == [(".classification.unpacking", False), ("demos", True)]

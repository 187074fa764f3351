"""Downloads as a client sees them, from an HTTP server that the test starts: demos and pretrained weights."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paddlex_restful.training.classification.nets import weights_url
from tests.conftest import Server
from tests.fileserver import Drip, Files, serving
from tests.flow import TINY, bound_project, import_dataset, task, until
from tests.images import make_classification


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with the archive of the classification demo, as it lies on the network."""
    source = make_classification(tmp_path / "vegetables_cls", per_class=8, size=256)
    (tmp_path / "web").mkdir()
    with tarfile.open(tmp_path / "web" / "vegetables_cls.tar.gz", "w:gz") as tar:
        tar.add(source, arcname=source.name)
    return tmp_path / "web"


@pytest.fixture
def dripping(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose demos come from a network that stops halfway, until ``Drip.goes_on`` is set."""
    Drip.goes_on.clear()
    with serving(archive, Drip) as url:
        monkeypatch.setenv("PADDLEX_RESTFUL_DEMO_URL", url)
        server = Server(tmp_path)
        yield server
        Drip.goes_on.set()
        server.close()


def test_a_demo_is_downloaded_with_progress_and_loaded(dripping: Server) -> None:
    server = dripping
    server.ok("POST", "/demo", type="download", prj_type=0)
    half = until(
        lambda: server.ok("GET", "/demo", prj_type="classification")["attr"], lambda attr: attr["progress"] > 0
    )
    assert half["status"] == 0
    assert half["progress"] < 100
    assert "still being downloaded" in server.refused("POST", "/demo", type="load", prj_type=0)
    Drip.goes_on.set()
    done = until(lambda: server.ok("GET", "/demo", prj_type=0)["attr"], lambda attr: attr["status"] == 3)
    assert done["progress"] == 100
    did = server.ok("POST", "/demo", type="load", prj_type=0)["did"]
    loaded = until(lambda: server.ok("GET", "/dataset", did=did), lambda seen: seen["dataset_status"] >= 4)
    assert loaded["dataset_status"] == 4, loaded["message"]


def test_a_demo_that_is_stopped_or_missing_says_so(dripping: Server) -> None:
    server = dripping
    server.ok("POST", "/demo", type="download", prj_type=0)
    until(lambda: server.ok("GET", "/demo", prj_type=0)["attr"], lambda attr: attr["progress"] > 0)
    server.ok("PUT", "/demo", prj_type=0)
    assert server.ok("GET", "/demo", prj_type=0)["attr"]["status"] == 1
    assert "nothing to stop" in server.refused("PUT", "/demo", prj_type=0)
    server.ok("POST", "/demo", type="download", prj_type=1)
    failed = until(lambda: server.ok("GET", "/demo", prj_type=1)["attr"], lambda attr: attr["status"] != 0)
    assert failed["status"] == 1
    assert "404" in failed["message"]


def test_weights_that_cannot_be_downloaded_fail_the_training_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = weights_url(TINY["model"])  # type: ignore[arg-type]
    assert published is not None
    served = tmp_path / "web" / urlsplit(published).path.lstrip("/")
    served.parent.mkdir(parents=True)
    with serving(tmp_path / "web", Files) as url:
        monkeypatch.setenv("PADDLEX_RESTFUL_WEIGHTS_URL", url)
        server = Server(tmp_path)
        try:
            did = import_dataset(server, make_classification(tmp_path / "shapes", per_class=8))
            server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
            pid = bound_project(server, did)
            tid = task(server, pid, pretrain_weights="IMAGENET", num_epochs=1)
            server.ok("POST", "/project/task/train", tid=tid)
            failed = until(
                lambda: server.ok("GET", "/project/task", tid=tid), lambda seen: seen["task_status"] not in (1, 2, 3)
            )
            assert failed["task_status"] == 9
            assert "null" in failed["message"]
            log = server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
            assert log["train_error"] == failed["message"]

            params = server.ok("GET", "/project/task/params", tid=tid)["train"]
            server.ok("POST", "/project/task/params", tid=tid, train={**params, "pretrain_weights": None})
            server.ok("POST", "/project/task/train", tid=tid)
            done = until(
                lambda: server.ok("GET", "/project/task", tid=tid), lambda seen: seen["task_status"] not in (1, 2, 3)
            )
            assert done["task_status"] == 4, done["message"]
        finally:
            server.close()


def test_a_training_whose_weights_are_being_downloaded_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = weights_url(TINY["model"])  # type: ignore[arg-type]
    assert published is not None
    served = tmp_path / "web" / urlsplit(published).path.lstrip("/")
    served.parent.mkdir(parents=True)
    served.write_bytes(bytes(8_000_000))
    Drip.goes_on.clear()
    with serving(tmp_path / "web", Drip) as url:
        monkeypatch.setenv("PADDLEX_RESTFUL_WEIGHTS_URL", url)
        server = Server(tmp_path)
        try:
            did = import_dataset(server, make_classification(tmp_path / "shapes", per_class=8))
            server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
            tid = task(server, bound_project(server, did), pretrain_weights="IMAGENET", num_epochs=1)
            server.ok("POST", "/project/task/train", tid=tid)
            until(lambda: server.ok("GET", "/project/task", tid=tid), lambda seen: seen["task_status"] == 2)
            half = until(
                lambda: server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"],
                lambda log: (log["download_status"] or {}).get("bytes", 0) > 0,
            )
            assert half["train_stage"] == "downloading"
            assert half["download_status"]["total"] == 8_000_000
            server.ok("PUT", "/project/task/train", tid=tid, act="stop")
            assert server.ok("GET", "/project/task", tid=tid)["task_status"] == 8
        finally:
            Drip.goes_on.set()
            server.close()

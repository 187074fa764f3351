"""Pretrained weights: from a server, from files, and when they cannot be had."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import paddle
import pytest

from paddlex_restful.jobs.context import JobContext, JobFailed, JobStopped
from paddlex_restful.training import checkpoint, weights
from paddlex_restful.training.classification import nets
from tests.training.conftest import Run, progress_of

MODEL = "MobileNetV3_small"
ADDRESS = Path("dygraph/legendary_models/MobileNetV3_small_x1_0_pretrained.pdparams")


class SmallTraining:
    """What ``weights`` needs of a training."""

    def __init__(self, classes: int = 3) -> None:
        self.net = nets.build_net(MODEL, classes)
        self.info = {"model": MODEL}

    def weights_url(self, source: str) -> str | None:
        return nets.weights_url(MODEL) if source == "IMAGENET" else None


class Handler(SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012  the class is made anew for each server

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """Serves published weights of a net with 10 classes."""
    file = tmp_path / "served" / ADDRESS
    file.parent.mkdir(parents=True)
    paddle.save(nets.build_net(MODEL, 10).state_dict(), str(file))
    handler = type("Handler", (Handler,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(tmp_path / "served")))
    server.asked = handler.asked  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def make_published(make_context: Run, server: ThreadingHTTPServer) -> Any:
    def make() -> JobContext:
        return make_context({"pretrain_weights": "IMAGENET"}, weights_url=f"http://127.0.0.1:{server.server_port}")

    return make


def arrays(net: paddle.nn.Layer) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def same(net: paddle.nn.Layer, file: Path) -> set[str]:
    """Names of the weights that are those of the file."""
    other = checkpoint.load_weights(file)
    return {
        name
        for name, value in arrays(net).items()
        if value.shape == other[name].shape and np.array_equal(value, other[name])
    }


def test_published_weights_are_downloaded_and_fill_all_but_the_head(
    make_published: Any, workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training, context = SmallTraining(), make_published()
    weights.initialise(training, context)
    file = workspace / "pretrain" / ADDRESS.name
    assert file.read_bytes() == (tmp_path / "served" / ADDRESS).read_bytes()
    assert set(arrays(training.net)) - same(training.net, file) == {"fc.weight", "fc.bias"}
    assert "fresh: fc.weight, fc.bias" in capsys.readouterr().out


def test_weights_of_two_nets_do_not_share_a_file() -> None:
    addresses = [
        nets.weights_url("PPLCNet"),
        *(f"https://host/dygraph/{net}/model.pdparams" for net in ("unet", "fcn")),
    ]
    names = [weights.file_name(address) for address in addresses]
    assert names == ["PPLCNet_x1_0_pretrained.pdparams", "unet.pdparams", "fcn.pdparams"]


def test_the_download_tells_its_progress(make_published: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    context = make_published()
    monkeypatch.setattr(context, "progress", lambda **fields: told.append(fields))
    weights.initialise(SmallTraining(), context)
    assert told[0]["stage"] == "downloading"
    status = [fields["download_status"] for fields in told if fields.get("download_status")]
    size = (tmp_path / "served" / ADDRESS).stat().st_size
    assert status[-1] == {"percent": 100.0, "bytes": size, "total": size}
    assert told[-1]["download_status"] is None


def test_what_was_downloaded_is_not_downloaded_again(make_published: Any, server: Any) -> None:
    weights.initialise(SmallTraining(), make_published())
    weights.initialise(SmallTraining(), make_published())
    assert server.asked == [f"/{ADDRESS}"]


def test_a_file_that_was_damaged_meanwhile_is_downloaded_again(
    make_published: Any, server: Any, workspace: Path
) -> None:
    weights.initialise(SmallTraining(), make_published())
    file = workspace / "pretrain" / ADDRESS.name
    whole = file.read_bytes()
    file.write_bytes(whole[:-100] + bytes(100))
    weights.initialise(SmallTraining(), make_published())
    assert file.read_bytes() == whole
    assert len(server.asked) == 2


def test_a_failed_download_offers_random_weights(make_published: Any, tmp_path: Path) -> None:
    (tmp_path / "served" / ADDRESS).unlink()
    with pytest.raises(JobFailed, match=r"answers 404 .* Set pretrain_weights to null") as caught:
        weights.initialise(SmallTraining(), make_published())
    assert caught.value.reason == "download"


def test_a_second_process_waits_for_the_first_and_can_be_stopped(
    make_published: Any, server: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_published()
    checks = 0

    def stop_at_the_second_check() -> None:
        nonlocal checks
        checks += 1
        if checks == 2:
            context.request_stop()
        JobContext.check_stop(context)

    monkeypatch.setattr(context, "check_stop", stop_at_the_second_check)
    folder = workspace / "pretrain"
    folder.mkdir()
    lock = folder / f"{ADDRESS.name}.lock"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import filelock; lock = filelock.FileLock({str(lock)!r}); lock.acquire(); print(flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()
    with pytest.raises(JobStopped):
        weights.initialise(SmallTraining(), context)
    assert server.asked == []
    holder.communicate(b"\n")
    weights.initialise(SmallTraining(), make_published())
    assert server.asked == [f"/{ADDRESS}"]
    with filelock.FileLock(lock, timeout=0):
        """It was given back."""


@pytest.mark.parametrize("place", ["w.pdparams", "pretrain/PM0001", "pretrain/PM0001/best_model"])
def test_weights_are_taken_from_a_file_or_a_folder(make_context: Run, workspace: Path, place: str) -> None:
    given = nets.build_net(MODEL, 3)
    if place == "w.pdparams":
        file = workspace / place
        paddle.save(given.state_dict(), str(file))
    else:
        checkpoint.save(workspace / place, given, {"type": "classification", "model": MODEL, "labels": ["a", "b", "c"]})
        file = workspace / place / "model.pdparams"
    training = SmallTraining()
    named = "pretrain/PM0001" if "PM0001" in place else str(file)
    weights.initialise(training, make_context(weights=named))
    assert same(training.net, file) == set(arrays(training.net))


def test_without_pretrained_weights_they_stay_as_they_are(make_context: Run) -> None:
    training = SmallTraining()
    before = arrays(training.net)
    for nothing in (None, ""):
        weights.initialise(training, make_context({"pretrain_weights": nothing}))
    assert all(np.array_equal(value, before[name]) for name, value in arrays(training.net).items())


def test_weights_that_are_not_there_are_told(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="pretrain_weights nowhere is not a file of weights"):
        weights.initialise(SmallTraining(), make_context(weights="nowhere"))


def test_weights_of_another_kind_are_told(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="no COCO weights for MobileNetV3_small"):
        weights.initialise(SmallTraining(), make_context({"pretrain_weights": "COCO"}))


def test_weights_that_fit_nowhere_are_told(make_context: Run, workspace: Path) -> None:
    paddle.save({"other": paddle.rand([2])}, str(workspace / "w.pdparams"))
    with pytest.raises(JobFailed, match=r"None of the weights in w\.pdparams fit"):
        weights.initialise(SmallTraining(), make_context(weights="w.pdparams"))


def test_a_malicious_file_runs_nothing(make_context: Run, workspace: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {workspace}/made",)

    (workspace / "w.pdparams").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(JobFailed, match="damaged or hold more than numbers"):
        weights.initialise(SmallTraining(), make_context(weights="w.pdparams"))
    assert not (workspace / "made").exists()


@pytest.mark.parametrize(
    ("mirror", "address"),
    [
        ("", "https://host/a/f?x=1"),
        ("http://m:8000", "http://m:8000/a/f"),
        ("http://m/below/", "http://m/below/a/f"),
    ],
)
def test_a_mirror_takes_the_place_of_scheme_and_host(mirror: str, address: str) -> None:
    assert weights.mirrored("https://host/a/f?x=1", mirror) == address


def test_progress_says_that_it_downloads(make_published: Any) -> None:
    context = make_published()
    weights.initialise(SmallTraining(), context)
    assert progress_of(context)["stage"] == "downloading"

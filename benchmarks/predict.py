"""Predictions: ``POST /predict`` beside the bare net in a loop, a model's first answer, and the contract's call."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import Load, request_bytes, run
from benchmarks.results import Figure
from benchmarks.serving import Server, run_server, temporary_folder
from paddlex_restful.api.answers import encode
from paddlex_restful.enums import PredictStatus, TaskStatus

CLIENTS = (1, 8, 32)
IMAGES = 40
MANY = 2000
SIZE = 224
SECONDS = 3.0
WARMING = 15.0
"""Seconds in which the process that answers faster gets ready."""

CONTRACT_CALLS = 10


def measure(runs: int) -> Iterator[Figure]:
    """Measure a MobileNetV3_small on images of 224 x 224 pixels."""
    with temporary_folder() as folder:
        with run_server(folder) as server:
            tid, checkpoint, exported = _trained(server)
        image = next(path for path in (folder / "source").rglob("*.jpg"))
        data = image.read_bytes()
        yield from _first_and_contract(folder, tid, data, runs)
        yield from _many(folder, tid, exported, runs)
        with run_server(folder) as server:
            yield from _against_the_net(server, tid, image, (checkpoint, exported), runs)
            # By the faster process, which is there by now.
            calls = tuple(_by_contract(server, tid, _encoded(data)) for _ in range(runs * CONTRACT_CALLS))
            yield Figure("predict", "POST /project/task/predict to done, later", "s", calls)
            server.close()


def _trained(server: Server) -> tuple[str, Path, Path]:
    """The id of a trained task, its checkpoint and its export."""
    tid = server.trained_task(server.project(IMAGES, SIZE), SIZE)
    exported = server.folder / "exported"
    server.call("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(exported))
    server.wait("/project/task/export", "export_status", tid, TaskStatus.XEXPORTED)
    attributes = server.call("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]
    return tid, Path(attributes["path"]) / "output" / "best_model", exported


def _first_and_contract(folder: Path, tid: str, data: bytes, runs: int) -> Iterator[Figure]:
    encoded = _encoded(data)
    first: list[float] = []
    contract_first: list[float] = []
    contract: list[float] = []
    for _ in range(runs):
        with run_server(folder) as server:
            # What the server imports ahead for its processes is there when the first of them has done something.
            server.call("POST", "/project/task/predict", tid=tid)
            server.wait("/project/task/predict", "predict_status", tid, PredictStatus.XPREDONE)
            begun = time.perf_counter()
            server.call("POST", "/predict", tid=tid, image_data=encoded)
            first.append(time.perf_counter() - begun)
            contract += [_by_contract(server, tid, encoded) for _ in range(CONTRACT_CALLS)]
        with run_server(folder) as server:
            server.call("POST", "/project/task/predict", tid=tid)
            server.wait("/project/task/predict", "predict_status", tid, PredictStatus.XPREDONE)
            contract_first.append(_by_contract(server, tid, encoded))
    yield Figure("predict", "POST /predict, first of a model", "s", tuple(first))
    yield Figure("predict", "POST /project/task/predict to done, first of a model", "s", tuple(contract_first))
    yield Figure("predict", "POST /project/task/predict to done, the ten after it", "s", tuple(contract))


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _by_contract(server: Server, tid: str, encoded: str) -> float:
    begun = time.perf_counter()
    server.call("POST", "/project/task/predict", tid=tid, image_data=encoded)
    server.wait("/project/task/predict", "predict_status", tid, PredictStatus.XPREDONE)
    return time.perf_counter() - begun


def _many(folder: Path, tid: str, exported: Path, runs: int) -> Iterator[Figure]:
    """Many images in one call, which get a picture each, in turn with the net alone on images of the same size."""
    images = [str(path) for path in (folder / "source").rglob("*.jpg")] * (MANY // IMAGES)
    rates, bare = [], []
    with run_server(folder) as server:
        for _ in range(runs):
            begun = time.perf_counter()
            server.call("POST", "/project/task/predict", tid=tid, img_list=images)
            server.wait("/project/task/predict", "predict_status", tid, PredictStatus.XPREDONE)
            rates.append(len(images) / (time.perf_counter() - begun))
            bare.append(_bare("inference", exported, Path(images[0])))
        server.close()
    name = f"{MANY:,} images in one call"
    yield Figure("predict", name, "img/s", tuple(rates))
    ratios = tuple(rate / one for rate, one in zip(rates, bare, strict=True))
    yield Figure("predict", f"{name} / bare paddle.inference in a loop", "x", ratios)


def _against_the_net(server: Server, tid: str, image: Path, models: tuple[Path, Path], runs: int) -> Iterator[Figure]:
    """Requests and the bare net in turn, so that whatever else the machine does concerns both."""
    body = encode({"tid": tid, "image_data": _encoded(image.read_bytes())})
    request = request_bytes("POST", "/predict", body)
    loads: dict[int, list[Load]] = {clients: [] for clients in CLIENTS}
    bare: dict[str, list[float]] = {"net": [], "inference": []}
    # Meanwhile a faster process takes the place of the first.
    run(server.port, request, 1, WARMING)
    for _ in range(runs):
        for clients in CLIENTS:
            loads[clients].append(run(server.port, request, clients, SECONDS))
        for kind, model in zip(bare, models, strict=True):
            bare[kind].append(_bare(kind, model, image))
    for clients in CLIENTS:
        name = f"POST /predict, {clients} client{'s' * (clients > 1)}"
        yield Figure("predict", name, "req/s", tuple(load.requests_per_second for load in loads[clients]))
        yield Figure("predict", f"{name}, p50", "ms", tuple(load.p50 for load in loads[clients]))
        yield Figure("predict", f"{name}, p99", "ms", tuple(load.p99 for load in loads[clients]))
    for kind, name in (("net", "bare net in a loop"), ("inference", "bare paddle.inference in a loop")):
        yield Figure("predict", name, "img/s", tuple(bare[kind]))
        for clients in CLIENTS:
            ratios = [load.requests_per_second / one for load, one in zip(loads[clients], bare[kind], strict=True)]
            yield Figure("predict", f"{clients} client{'s' * (clients > 1)} / {name}", "x", tuple(ratios))


def _bare(kind: str, model: Path, image: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.bare_net", kind, str(model), str(image), str(SECONDS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return float(done.stdout.split()[-1])

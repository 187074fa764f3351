"""Paths that lead out: nothing outside of the workspace and the named folders comes back or is written to."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.conftest import Server
from tests.flow import Trained, import_dataset, task, trained_task, until
from tests.images import make_classification

SECRET = "the answer is 42"


@dataclass(frozen=True)
class Target:
    """A server with named folders, a trained task, and what lies beside them.

    Attributes:
        trained: the server and its task.
        data: the folder that clients may have read.
        exports: the folder below which they may have models written.
        outside: a folder with a dataset, an exported model, weights and secrets that nobody was to reach.
        fresh: a task that was not trained.
        empty: a dataset without images.
    """

    trained: Trained
    data: Path
    exports: Path
    outside: Path
    fresh: str
    empty: str

    @property
    def server(self) -> Server:
        return self.trained.server


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("traversal")
    data, exports, outside = folder / "data", folder / "exports", folder / "outside"
    for made in (data, exports):
        made.mkdir()
        (made / "link").symlink_to(outside)
    make_classification(outside, per_class=3)
    for name in ("secret.txt", "secret.log", "secret.json", "secret.xml", "model.pdparams", "inference.pdiparams"):
        (outside / name).write_text(json.dumps({"secret": SECRET, "format": "infer"}))
    (outside / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n" + SECRET.encode())
    for name in ("export.json", "model.yml", "inference.yml"):
        (outside / name).write_text(json.dumps({"format": "infer", "secret": SECRET}))
    server = Server(folder, "--data_dir", str(data), "--export_dir", str(exports))
    trained = trained_task(server, data / "shapes")
    (server.workspace / "datasets/D0001/link").symlink_to(outside)
    empty = server.ok("POST", "/dataset", name="empty", dataset_type="classification")["did"]
    yield Target(trained, data, exports, outside, task(server, trained.pid), empty)
    server.close()


@dataclass(frozen=True)
class Place:
    """What a call takes: a path inside of a folder, and the thing outside that the attack is after."""

    inside: str
    name: str


Call = Callable[[Target, str], requests.Response]


def _read(path: str, **more: str) -> Call:
    def read(target: Target, named: str) -> requests.Response:
        return requests.get(target.server.url + path, params={"path": named, **more}, timeout=60)

    return read


def _post(method: str, path: str, argument: str, **more: Any) -> Call:
    def post(target: Target, named: str) -> requests.Response:
        ids = {"pid": target.trained.pid, "tid": target.trained.tid, "did": target.empty}
        value = [named] if argument == "img_list" else named
        return requests.request(method, target.server.url + path, json={**ids, **more, argument: value}, timeout=60)

    return post


def _weights(target: Target, named: str) -> requests.Response:
    params = target.server.ok("GET", "/project/task/params", tid=target.fresh)["train"]
    # What is no text for a parameter is refused here already.
    answer = requests.post(
        f"{target.server.url}/project/task/params",
        json={"tid": target.fresh, "train": {**params, "pretrain_weights": named}},
        timeout=60,
    )
    if answer.json()["status"] == -1:
        return answer
    return requests.post(f"{target.server.url}/project/task/train", json={"tid": target.fresh}, timeout=60)


_DATASET = "workspace/datasets/D0001"
_EXPORT = {"name": "m", "type": "exported"}

CALLS: dict[str, tuple[Call, Place]] = {
    "GET /file": (_read("/file"), Place(_DATASET, "secret.txt")),
    "GET /file of a dataset": (_read("/file", did="D0001"), Place(_DATASET, "secret.png")),
    "GET /dataset/image": (_read("/dataset/image"), Place(_DATASET, "secret.png")),
    "GET /dataset/file": (_read("/dataset/file"), Place(_DATASET, "secret.xml")),
    "GET /dataset/npy": (_read("/dataset/npy"), Place(_DATASET, "secret.json")),
    "GET /model/file": (_read("/model/file"), Place(_DATASET, "secret.json")),
    "GET /project/task/train/file": (_read("/project/task/train/file"), Place(_DATASET, "secret.log")),
    "PUT /dataset": (_post("PUT", "/dataset", "path"), Place("data", "")),
    "PUT /dataset of an upload": (_post("PUT", "/dataset", "upload_id"), Place("workspace/uploads", "")),
    "GET /upload": (_post("GET", "/upload", "upload_id"), Place("workspace/uploads", "")),
    "DELETE /upload": (_post("DELETE", "/upload", "upload_id"), Place("workspace/uploads", "")),
    "POST /project/task/predict": (_post("POST", "/project/task/predict", "img_list"), Place("data", "secret.png")),
    "POST /project/task/train": (_weights, Place("data", "model.pdparams")),
    "POST /project/task/export": (_post("POST", "/project/task/export", "save_dir"), Place("exports", "new")),
    "POST /project/task/export of a model": (
        _post("POST", "/project/task/export", "model_path", type="lite", save_dir="exports"),
        Place("data", ""),
    ),
    "POST /model pretrained": (
        _post("POST", "/model", "source_path", name="m", type="pretrained"),
        Place(_DATASET, ""),
    ),
    "POST /model exported": (_post("POST", "/model", "path", **_EXPORT), Place("data", "")),
}


def _encoded(text: str) -> str:
    return quote(text, safe="").replace(".", "%2e")


FORMS: dict[str, Callable[[str, str, str], str]] = {
    "parents": lambda inside, way, outside: f"{inside}/{way}",
    "parents of what is not there": lambda inside, way, outside: f"{inside}/no/such/../../{way}",
    "relative parents": lambda inside, way, outside: f"{way}",
    "encoded": lambda inside, way, outside: f"{inside}/{_encoded(way)}",
    "encoded twice": lambda inside, way, outside: f"{inside}/{quote(_encoded(way), safe='')}",
    "absolute": lambda inside, way, outside: outside,
    "through a link": lambda inside, way, outside: f"{inside}/link/{way.partition('outside')[2]}",
    "NUL": lambda inside, way, outside: f"{outside}\0{inside}",
    "drive": lambda inside, way, outside: "C:" + outside.replace("/", "\\"),
    "another machine": lambda inside, way, outside: "\\\\localhost\\" + outside.replace("/", "\\"),
    "another machine, slashes": lambda inside, way, outside: f"/{outside}",
    "over-long": lambda inside, way, outside: f"{inside}{'/x/..' * 2000}/{way}",
    "mixed separators": lambda inside, way, outside: f"{inside}/" + way.replace("../", "..\\"),
    "look-alikes": lambda inside, way, outside: f"{inside}/" + way.replace("../", "\uff0e\uff0e\u2215"),
    "overlong UTF-8": lambda inside, way, outside: f"{inside}/" + way.replace("../", "..%c0%af"),
    "the kernel's way": lambda inside, way, outside: f"/proc/self/root{outside}",
    "address": lambda inside, way, outside: f"file://{outside}",
}


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()} | {
        str(path): b"" for path in folder.rglob("*") if path.is_dir()
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CALLS)
def test_no_path_leads_out(target: Target, name: str, form: str) -> None:
    call, place = CALLS[name]
    base = target.outside.parent
    before = _content(target.outside)
    beside = sorted(base.iterdir())
    outside = str(target.outside / place.name)
    inside = str(base / place.inside)
    way = os.path.relpath(outside, base / ("workspace" if form == "relative parents" else place.inside))
    answer = call(target, FORMS[form](inside, way, outside))
    assert answer.status_code in (200, 400)
    for shown in (SECRET, json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode()[4:-4]):
        assert shown not in answer.text
    if answer.json()["status"] == 1:
        # A name with strange characters is a name: the folder of the export lies below that of all exports.
        assert name == "POST /project/task/export"
        assert Path(answer.json()["save_dir"]).is_relative_to(target.exports)
        target.server.ok("PUT", "/project/task/export", tid=target.trained.tid)
    assert _content(target.outside) == before
    assert sorted(base.iterdir()) == beside


def test_what_lies_inside_is_taken(target: Target) -> None:
    """The same calls are not refused for their other arguments."""
    server, trained = target.server, target.trained
    image = next((target.data / "shapes").rglob("*.png"))
    (target.data / "inner").symlink_to(target.data / "shapes")
    dataset = server.ok("GET", "/dataset", did=trained.did)["attr"]["path"]
    copied = f"{dataset}/{image.relative_to(trained.source)}"
    assert server.ok("GET", "/file", path=copied)["img_data"]
    assert server.ok("GET", "/dataset/image", path=f"{dataset}/x/../{image.relative_to(trained.source)}")["img_data"]
    did = import_dataset(server, target.data / "inner")
    assert server.ok("GET", "/dataset", did=did)["dataset_status"] == 4
    through_link = str(target.data / "inner" / image.relative_to(trained.source))
    server.ok("POST", "/project/task/predict", tid=trained.tid, img_list=[through_link])
    until(lambda: server.ok("GET", "/project/task/predict", tid=trained.tid), lambda seen: seen["predict_status"] == 1)
    told = server.ok("GET", "/project/task/predict/result", tid=trained.tid)["predictions"]
    assert [one["image"] for one in told] == [through_link]
    save_dir = target.exports / "a/model"
    server.ok("POST", "/project/task/export", tid=trained.tid, save_dir=str(save_dir))
    until(lambda: server.ok("GET", "/project/task/export", tid=trained.tid), lambda seen: seen["export_status"] == 7)
    assert (save_dir / "inference.yml").is_file()


def test_the_folder_of_all_exports_is_none_itself(target: Target, tmp_path: Path) -> None:
    message = target.server.refused(
        "POST", "/project/task/export", tid=target.trained.tid, save_dir=f"{target.exports}/x/.."
    )
    assert "name a new folder below it" in message


def test_files_of_the_system_are_never_touched_where_any_folder_may_be(shared_server: Server) -> None:
    did = shared_server.ok("POST", "/dataset", name="d", dataset_type="classification")["did"]
    for path in ("/proc/self", "/sys/class", "/dev/fd", "/proc/self/../1", "/dev/shm/.."):
        assert "devices and figures" in shared_server.refused("PUT", "/dataset", did=did, path=path)


def test_the_servers_own_records_are_never_handed_out(server: Server, tmp_path: Path) -> None:
    did = import_dataset(server, make_classification(tmp_path / "shapes"))
    records = ["access.json", "logs/server.log", "home/history.txt", "replies/x.json"]
    for name in records:
        (server.workspace / name).parent.mkdir(exist_ok=True)
        (server.workspace / name).write_text(SECRET)
    for name in [*records, f"datasets/{did}/job/import/job.json", f"datasets/{did}/job/import/outcome.json"]:
        assert (server.workspace / name).is_file()
        for call in ("/file", "/model/file"):
            assert "own records" in server.refused("GET", call, path=name)
    assert server.ok("GET", "/file", path=f"datasets/{did}/job/import/out.log")["log"] is not None
    for name in ("jobs.db", "workspace.restful.pb", f"datasets/{did}/info.pb"):
        assert "serves no files ending in" in server.refused("GET", "/file", path=name)

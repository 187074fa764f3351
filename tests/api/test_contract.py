"""Each call of the contract against a real server: the keys and the types of its answer, and its refusals."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from paddlex_restful.api.calls import CALLS
from tests.conftest import Server
from tests.flow import TINY, Trained, bound_project, import_dataset, task, trained_task, until
from tests.images import make_classification, make_dataset

CONTRACT = """
GET /workspace, PUT /workspace, POST /dataset, GET /dataset, PUT /dataset, DELETE /dataset, PUT /dataset/split,
GET /dataset/details, GET /file, GET /dataset/image, GET /dataset/file, GET /dataset/npy, GET /model/file,
GET /project/task/train/file, POST /project, GET /project, DELETE /project, POST /project/task, GET /project/task,
DELETE /project/task, GET /project/task/params, POST /project/task/params, POST /project/task/train,
PUT /project/task/train, GET /project/task/metrics, POST /project/task/prune, GET /project/task/prune,
PUT /project/task/prune, POST /project/task/evaluate, GET /project/task/evaluate, GET /project/task/evaluate/file,
POST /project/task/predict, GET /project/task/predict, PUT /project/task/predict, POST /project/task/export,
GET /project/task/export, PUT /project/task/export, GET /project/task/vdl, GET /system, DELETE /system, POST /demo,
GET /demo, PUT /demo, POST /model, GET /model, DELETE /model
"""

Shape = Any


def test_every_call_of_the_contract_exists_and_no_other() -> None:
    ours = {
        "GET /health",
        "GET /ready",
        "GET /metrics",
        "GET /models/zoo",
        "GET /model/download",
        "GET /dataset/preview",
        "PUT /dataset/images",
        "POST /upload",
        "PUT /upload",
        "GET /upload",
        "DELETE /upload",
        "GET /project/task/events",
        "GET /project/task/evaluate/errors",
        "GET /project/task/evaluate/errors/picture",
        "GET /project/task/predict/result",
        "POST /predict",
    }
    wanted = {text.strip() for text in CONTRACT.replace("\n", " ").split(",")} | ours
    assert {f"{call.method} {call.path}" for call in CALLS} == wanted


def assert_shape(value: Any, shape: Shape, where: str = "answer") -> None:
    """Compare a value with a shape: a type, a tuple of types, a list of one shape, or a dict of shapes by key."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{where} is {value!r}"
        assert set(value) == set(shape), f"{where} has the keys {sorted(value)}, not {sorted(shape)}"
        for key, inner in shape.items():
            assert_shape(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{where} is {value!r}"
        for number, item in enumerate(value):
            assert_shape(item, shape[0], f"{where}[{number}]")
    elif not (shape is float and type(value) is int):
        assert isinstance(value, shape), f"{where} is {value!r}"


NULL = type(None)
DATASET = {"type": str, "id": str, "name": str, "path": str, "desc": str, "create_time": str}
PROJECT = {"id": str, "name": str, "desc": str, "type": str, "did": str, "path": str, "create_time": str}
TASK = {
    "id": str,
    "name": str,
    "desc": str,
    "pid": str,
    "path": str,
    "create_time": str,
    "status": int,
    "type": str,
}
MODEL = {
    "id": str,
    "name": str,
    "model": str,
    "type": str,
    "pid": str,
    "tid": str,
    "create_time": str,
    "path": str,
}
EXPORTED = {
    "exported_type": int,
    "format": (str, NULL),
    "quantised": (bool, NULL),
    "pruned": (bool, NULL),
    "size": (int, NULL),
    "metric": (dict, NULL),
    "latency_ms": (float, NULL),
}
DETAILS = {
    "fields": [str],
    "file_info": dict,
    "label_info": dict,
    "labels": [str],
    "train_files": [str],
    "val_files": [str],
    "test_files": [str],
    "class_train_file_list": dict,
    "class_val_file_list": dict,
    "class_test_file_list": dict,
}


@pytest.fixture(scope="module")
def trained(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    yield trained_task(shared_server, tmp_path_factory.mktemp("contract") / "shapes")


# --- workspace


def test_get_workspace_tells_its_folder(shared_server: Server) -> None:
    answer = shared_server.ok("GET", "/workspace")
    assert answer == {"status": 1, "dirname": str(shared_server.workspace.resolve())}


@pytest.mark.parametrize(
    ("struct", "attributes"),
    [("dataset", DATASET), ("project", PROJECT), ("task", [*TASK, "parent_id"])],
)
def test_all_asked_attributes_are_answered(trained: Trained, struct: str, attributes: Any) -> None:
    names = [name for name in attributes if name not in ("status", "type")] if struct == "task" else list(attributes)
    entry = {"dataset": trained.did, "project": trained.pid, "task": trained.tid}[struct]
    attr = trained.server.ok("GET", "/workspace", struct=struct, id=entry, attr_list=names)["attr"]
    assert_shape(attr, dict.fromkeys(names, str))
    assert attr["id"] == entry
    assert Path(attr["path"]).is_dir()


def test_attributes_are_asked_for_in_a_query_string(trained: Trained) -> None:
    for text in ('attr_list=["path"]', "attr_list=path", "attr_list=path&attr_list=name"):
        answer = requests.get(f"{trained.server.url}/workspace?struct=task&id={trained.tid}&{text}", timeout=60).json()
        assert answer["attr"]["path"].endswith(trained.tid)


@pytest.mark.parametrize("name", ["id", "path", "type", "create_time", "nonsense"])
def test_fixed_attributes_are_refused_by_name(trained: Trained, name: str) -> None:
    message = trained.server.refused(
        "PUT", "/workspace", struct="project", id=trained.pid, attr_dict={"name": "changed", name: "/etc"}
    )
    assert name in message
    attr = trained.server.ok("GET", "/workspace", struct="project", id=trained.pid, attr_list=["name"])["attr"]
    assert attr["name"] == "project"


def test_name_and_description_are_changed(shared_server: Server) -> None:
    did = shared_server.ok("POST", "/dataset", name="before", dataset_type="detection")["did"]
    shared_server.ok("PUT", "/workspace", struct="dataset", id=did, attr_dict={"name": "之后", "desc": "新"})
    attr = shared_server.ok("GET", "/dataset", did=did)["attr"]
    assert (attr["name"], attr["desc"]) == ("之后", "新")


def test_a_project_is_bound_to_a_dataset_of_its_type_only(shared_server: Server) -> None:
    did = shared_server.ok("POST", "/dataset", name="boxes", dataset_type="detection")["did"]
    pid = shared_server.ok("POST", "/project", name="classes", project_type="classification")["pid"]
    message = shared_server.refused("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
    assert "detection" in message
    assert "classification" in message
    assert "D9999" in shared_server.refused("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": "D9999"})


# --- datasets


@pytest.mark.parametrize("dataset_type", ["classification", "detection", "segmentation", "instance_segmentation"])
def test_a_dataset_of_each_type_is_imported_split_described_and_drawn(
    shared_server: Server, tmp_path: Path, dataset_type: str
) -> None:
    source = make_dataset(tmp_path / "source", dataset_type)
    did = shared_server.ok("POST", "/dataset", name="d", desc="", dataset_type=dataset_type)["did"]
    empty = shared_server.ok("GET", "/dataset", did=did)
    assert_shape(
        empty,
        {"status": int, "id": str, "dataset_status": int, "message": str, "attr": {**DATASET, "pids": [str]}},
    )
    assert empty["dataset_status"] == 0
    assert shared_server.ok("GET", "/dataset/details", did=did)["details"] is None

    did = import_dataset(shared_server, source, dataset_type)
    imported = shared_server.ok("GET", "/dataset", did=did)
    assert imported["dataset_status"] == 4, imported["message"]
    shared_server.ok("PUT", "/dataset/split", did=did, val_split="0.25", test_split=0.25)
    assert shared_server.ok("GET", "/dataset", did=did)["dataset_status"] == 6

    details = shared_server.ok("GET", "/dataset/details", did=did)["details"]
    assert_shape(details, DETAILS)
    parts = [details[f"{part}_files"] for part in ("train", "val", "test")]
    assert sorted(file for part in parts for file in part) == sorted(details["file_info"])
    assert all(parts)

    image = parts[0][0]
    path = f"{imported['attr']['path']}/{image}"
    plain = base64.b64decode(shared_server.ok("GET", "/file", path=path)["img_data"])
    assert plain == (source / image).read_bytes()
    assert shared_server.ok("GET", "/dataset/image", path=path)["img_data"] == base64.b64encode(plain).decode()
    drawn = base64.b64decode(shared_server.ok("GET", "/file", path=path, did=did)["img_data"])
    assert drawn.startswith(b"\x89PNG")
    assert drawn != plain


def test_datasets_are_listed_oldest_first(shared_server: Server) -> None:
    first = shared_server.ok("POST", "/dataset", name="a", dataset_type="classification")["did"]
    second = shared_server.ok("POST", "/dataset", name="b", dataset_type="classification")["did"]
    listed = shared_server.ok("GET", "/dataset")["datasets"]
    assert_shape(listed, [{"id": str, "attr": {**DATASET, "dataset_status": int, "message": str}}])
    ids = [entry["id"] for entry in listed]
    assert ids.index(first) < ids.index(second)


def test_a_bad_folder_fails_the_check_with_the_names_of_its_files(shared_server: Server, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "source")
    bad = source / "circle" / "坏 图.png"
    bad.write_bytes(b"no picture")
    did = import_dataset(shared_server, source)
    answer = shared_server.ok("GET", "/dataset", did=did)
    assert answer["dataset_status"] == 2
    assert "坏 图.png" in answer["message"]
    assert shared_server.ok("GET", "/dataset/details", did=did)["details"] is None
    assert "PUT /dataset/split" not in shared_server.refused(
        "PUT", "/dataset/split", did=did, val_split=0.2, test_split=0
    )


def test_a_folder_that_brings_its_split_is_taken_as_split(shared_server: Server, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "source", classes=("cat", "dog"))
    (source / "labels.txt").write_text("cat\ndog\n")
    names = [f"{name}/{number:04d}.png {label}" for label, name in enumerate(("cat", "dog")) for number in range(4)]
    (source / "train_list.txt").write_text("\n".join(names[::2]) + "\n")
    (source / "val_list.txt").write_text("\n".join(names[1::2]) + "\n")
    did = import_dataset(shared_server, source)
    assert shared_server.ok("GET", "/dataset", did=did)["dataset_status"] == 6
    assert len(shared_server.ok("GET", "/dataset/details", did=did)["details"]["val_files"]) == 4


def test_a_bound_dataset_is_not_deleted(trained: Trained) -> None:
    assert trained.pid in trained.server.refused("DELETE", "/dataset", did=trained.did)


def test_a_deleted_dataset_is_gone_and_its_id_is_not_used_again(shared_server: Server) -> None:
    did = shared_server.ok("POST", "/dataset", name="short", dataset_type="classification")["did"]
    shared_server.ok("DELETE", "/dataset", did=did)
    assert did in shared_server.refused("GET", "/dataset", did=did)
    assert shared_server.ok("POST", "/dataset", name="next", dataset_type="classification")["did"] > did


# --- projects and tasks


def test_projects_are_told_with_the_statuses_of_their_tasks(trained: Trained) -> None:
    attr = trained.server.ok("GET", "/project", id=trained.pid)["attr"]
    assert_shape(attr, {**PROJECT, "tasks": dict})
    assert attr["tasks"][trained.tid]["status"] >= 4
    listed = trained.server.ok("GET", "/project")["projects"]
    assert_shape(listed, [{"id": str, "attr": PROJECT}])


def test_a_task_is_told_and_listed(trained: Trained) -> None:
    plain = trained.server.ok("GET", "/project/task", tid=trained.tid)
    assert_shape(plain, {"status": int, "task_status": int, "message": str, "type": str})
    # Present is asked for, whatever its value.
    resume = requests.get(f"{trained.server.url}/project/task?tid={trained.tid}&resume=", timeout=60).json()
    assert_shape(
        resume,
        {
            "status": int,
            "task_status": int,
            "message": str,
            "type": str,
            "resumable": bool,
            "max_saved_epochs": int,
        },
    )
    assert resume["max_saved_epochs"] == TINY["num_epochs"]
    for args in ({}, {"pid": trained.pid}):
        listed = trained.server.ok("GET", "/project/task", **args)["tasks"]
        assert_shape(listed, [TASK])
        assert trained.tid in [entry["id"] for entry in listed]


def test_a_project_takes_its_tasks_with_it(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = task(shared_server, pid)
    shared_server.ok("DELETE", "/project", pid=pid)
    assert tid in shared_server.refused("GET", "/project/task", tid=tid)
    assert pid in shared_server.refused("GET", "/project", id=pid)


def test_parameters_come_as_an_object_or_as_text_with_numbers_as_text(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    defaults = shared_server.ok("GET", "/project/task/params", pid=pid)["train"]
    assert defaults["model"] == "MobileNetV2"
    texts = {**defaults, "num_epochs": "7", "learning_rate": "0.01"}
    tid = shared_server.ok("POST", "/project/task", pid=pid, train=json.dumps(texts))["tid"]
    stored = shared_server.ok("GET", "/project/task/params", tid=tid)["train"]
    assert (stored["num_epochs"], stored["learning_rate"]) == (7, 0.01)
    shared_server.ok("POST", "/project/task/params", tid=tid, train={**defaults, "num_epochs": 9})
    assert shared_server.ok("GET", "/project/task/params", tid=tid)["train"]["num_epochs"] == 9


def test_bad_parameters_are_named_and_nothing_is_made(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    defaults = shared_server.ok("GET", "/project/task/params", pid=pid)["train"]
    message = shared_server.refused(
        "POST", "/project/task", pid=pid, train={**defaults, "num_epochs": -1, "learnin_rate": 1}
    )
    assert "num_epochs" in message
    assert "learnin_rate" in message
    assert shared_server.ok("GET", "/project/task", pid=pid)["tasks"] == []
    message = shared_server.refused("POST", "/project/task", pid=pid, train={**defaults, "cuda_visible_devices": "31"})
    assert "GPU 31" in message


def test_a_task_without_parameters_is_uninitialised_and_not_trained(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = shared_server.ok("POST", "/project/task", pid=pid)["tid"]
    assert shared_server.ok("GET", "/project/task", tid=tid)["task_status"] == 0
    assert "/project/task/params" in shared_server.refused("POST", "/project/task/train", tid=tid)


def test_a_training_needs_a_dataset_that_is_split(shared_server: Server, tmp_path: Path) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = task(shared_server, pid)
    assert "no dataset" in shared_server.refused("POST", "/project/task/train", tid=tid)
    did = import_dataset(shared_server, make_classification(tmp_path / "source"))
    tid = task(shared_server, bound_project(shared_server, did))
    assert "not split" in shared_server.refused("POST", "/project/task/train", tid=tid)


def test_what_was_not_trained_is_not_evaluated_tried_exported_stopped_or_resumed(shared_server: Server) -> None:
    pid = shared_server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    tid = task(shared_server, pid)
    for method, path, args in [
        ("POST", "/project/task/evaluate", {}),
        ("POST", "/project/task/predict", {"image_data": "AAAA"}),
        ("POST", "/project/task/export", {"type": "infer", "save_dir": "/tmp/nowhere"}),
        ("PUT", "/project/task/train", {"act": "stop"}),
        ("PUT", "/project/task/train", {"act": "resume"}),
        ("GET", "/project/task/evaluate/file", {}),
        ("GET", "/project/task/vdl", {}),
    ]:
        assert tid in shared_server.refused(method, path, tid=tid, **args), path
    log = shared_server.ok("GET", "/project/task/metrics", tid=tid, type="train")["train_log"]
    nulls = {key for key, value in log.items() if value is None}
    assert {"eta", "train_metrics", "eval_metrics", "download_status", "train_error", "train_stage"} <= nulls
    assert log["eval_done"] is False
    assert shared_server.ok("GET", "/project/task/predict", tid=tid)["predict_status"] is None
    assert shared_server.ok("GET", "/project/task/evaluate", tid=tid)["result"] is None


def test_a_trained_task_keeps_its_parameters(trained: Trained) -> None:
    params = trained.server.ok("GET", "/project/task/params", tid=trained.tid)["train"]
    assert "new task" in trained.server.refused("POST", "/project/task/params", tid=trained.tid, train=params)


def test_metrics_of_a_training(trained: Trained) -> None:
    answer = trained.server.ok("GET", "/project/task/metrics", tid=trained.tid, type="eval_all")
    assert_shape(
        answer,
        {"status": int, "key": str, "epoch_result_dict": dict, "best_epoch": int, "best_result": float},
    )
    answer = trained.server.ok("GET", "/project/task/metrics", tid=trained.tid, type="eval")
    assert answer["eval_metric"] == answer["eval_metrics"]
    assert "type" in trained.server.refused("GET", "/project/task/metrics", tid=trained.tid, type="nonsense")


# --- what was not asked for yet


def test_what_was_never_started_says_so(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    prune = server.ok("GET", "/project/task/prune", tid=tid)
    assert_shape(prune, {"status": int, "prune_status": NULL, "message": str})
    assert server.ok("GET", "/project/task/metrics", tid=tid, type="prune")["prune_log"] is None
    assert_shape(
        server.ok("GET", "/project/task/export", tid=tid, quant="log")["quant_log"],
        {"stage": NULL, "running_duration": NULL, "log_file": str},
    )
    assert server.ok("GET", "/project/task/export", tid=tid, quant="result")["quant_result"] == {}


def test_remote_segmentation_is_refused_in_a_sentence(shared_server: Server) -> None:
    assert "tiles" in shared_server.refused("POST", "/dataset", name="r", dataset_type="remote_segmentation")
    assert "tiles" in shared_server.refused("POST", "/project", name="r", project_type="remote_segmentation")


# --- prediction


def test_a_list_and_the_test_split_are_predicted(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    images = sorted(str(path) for path in trained.source.rglob("*.png"))[:3]
    answer = server.ok("POST", "/project/task/predict", tid=tid, img_list=images, epoch=1)
    assert answer["path"] is None
    done = until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["predict_status"] != 0)
    assert_shape(
        done,
        {
            "status": int,
            "predict_status": int,
            "message": str,
            "predict_num": int,
            "total_num": int,
            "log_file": str,
            "log_tail": list,
        },
    )
    assert (done["predict_status"], done["predict_num"], done["total_num"]) == (1, 3, 3), done["message"]
    server.ok("POST", "/project/task/predict", tid=tid)
    done = until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["predict_status"] != 0)
    details = server.ok("GET", "/dataset/details", did=trained.did)["details"]
    assert done["total_num"] == len(details["test_files"])
    assert server.ok("PUT", "/project/task/predict", tid=tid)["predict_status"] == 1


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({"image_data": "$$$"}, "base64"),
        ({"image_data": base64.b64encode(b"GIF89a").decode()}, "base64"),
        ({"img_list": []}, "img_list"),
        ({"img_list": ["relative.png"]}, "absolute"),
        ({"img_list": ["/nowhere/a.png"]}, "/nowhere/a.png"),
        ({"epoch": 77}, "77"),
    ],
)
def test_a_prediction_that_cannot_be_made_is_refused(trained: Trained, args: dict[str, Any], word: str) -> None:
    assert word in trained.server.refused("POST", "/project/task/predict", tid=trained.tid, **args)


# --- export


@pytest.mark.parametrize(
    "place",
    [
        "relative",
        "{workspace}",
        "{workspace}/datasets/D0001",
        "{workspace}/exports",
        "{workspace}/.workspace.restful.pb.tmp",
        "{workspace}/projects/P0009",
        "{workspace}/projects/P0001/T0001/output/epoch_9",
        "{full}",
    ],
)
def test_an_export_never_writes_over_anything(trained: Trained, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("keep me")
    save_dir = place.format(workspace=trained.server.workspace, full=tmp_path)
    trained.server.refused("POST", "/project/task/export", tid=trained.tid, type="infer", save_dir=save_dir)
    assert (tmp_path / "file").read_text() == "keep me"


# --- models


def test_models_are_kept_listed_described_and_deleted(trained: Trained, tmp_path: Path) -> None:
    server = trained.server
    path = server.ok("GET", "/workspace", struct="task", id=trained.tid, attr_list=["path"])["attr"]["path"]
    common = {"pid": trained.pid, "tid": trained.tid, "name": "kept"}
    pmid = server.ok(
        "POST",
        "/model",
        **common,
        type="pretrained",
        source_path=f"{path}/output/best_model",
        eval_results={"Acc1": 0.5},
    )["pmid"]
    (tmp_path / "inference.yml").write_text("")
    emid = server.ok("POST", "/model", **common, type="exported", path=str(tmp_path), exported_type=0)["emid"]
    assert_shape(server.ok("GET", "/model", type="pretrained")["pretrained_models"], [MODEL])
    assert_shape(server.ok("GET", "/model", type="exported")["exported_models"], [{**MODEL, **EXPORTED}])
    details = server.ok("GET", "/model", mid=pmid)
    assert_shape(
        details,
        {
            "status": int,
            "dataset_attr": {
                "name": str,
                "desc": str,
                "labels": [str],
                "train_num": int,
                "val_num": int,
                "test_num": int,
            },
            "task_params": str,
            "eval_result": str,
        },
    )
    assert json.loads(details["eval_result"]) == {"Acc1": 0.5}
    assert json.loads(details["task_params"])["model"] == TINY["model"]
    assert_shape(server.ok("GET", "/model", mid=emid)["task_params"], str)
    server.ok("DELETE", "/model", type="pretrained", pmid=pmid)
    server.ok("DELETE", "/model", type="exported", emid=emid)
    assert pmid in server.refused("GET", "/model", mid=pmid)
    assert emid in server.refused("GET", "/model", mid=emid)
    assert (tmp_path / "inference.yml").exists(), "files outside the workspace are left alone"


def test_the_list_tells_what_exports_are(trained: Trained, tmp_path: Path) -> None:
    server = trained.server
    common = {"pid": trained.pid, "tid": trained.tid, "name": "m", "type": "exported"}
    told = {"format": "lite", "quantised": True, "pruned": False, "size": 9, "metric": {"Acc1": 1}, "latency_ms": 2}
    (tmp_path / "export.json").write_text(json.dumps(told))
    # As clients of the original send it (0 is an inference model, 1 a lite one), as ours do, and without.
    sent: list[Any] = [0, 1, 4, "5", None]
    emids = [server.ok("POST", "/model", **common, path=str(tmp_path), exported_type=kind)["emid"] for kind in sent]
    server.restart()
    listed = {model["id"]: model for model in server.ok("GET", "/model", type="exported")["exported_models"]}
    assert [listed[emid]["exported_type"] for emid in emids] == [0, 1, 4, 5, 0]
    for emid in emids:
        assert listed[emid].items() >= told.items()
        assert set(server.ok("GET", "/model", mid=emid)) == {"dataset_attr", "task_params", "eval_result", "status"}
    for kind in (6, -1, "lite"):
        server.refused("POST", "/model", **common, path=str(tmp_path), exported_type=kind)


def test_a_model_is_kept_from_the_workspace_only(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "model.pdparams").write_bytes(b"x")
    trained.server.refused(
        "POST",
        "/model",
        pid=trained.pid,
        tid=trained.tid,
        name="stolen",
        type="pretrained",
        source_path=str(tmp_path),
    )


# --- files


@pytest.mark.parametrize(
    "call", ["/file", "/dataset/image", "/dataset/file", "/model/file", "/project/task/train/file"]
)
@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/hosts.txt", "../../etc/hosts", "jobs.db", "/proc/self/environ"])
def test_files_outside_the_workspace_and_its_own_are_not_served(shared_server: Server, call: str, path: str) -> None:
    shared_server.refused("GET", call, path=path)


def test_a_symlink_out_of_the_workspace_is_not_followed(shared_server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (shared_server.workspace / "way_out.txt").symlink_to(tmp_path / "secret.txt")
    shared_server.refused("GET", "/file", path="way_out.txt")


def test_a_log_is_lines_for_scripts_and_text_for_pages(trained: Trained) -> None:
    server = trained.server
    path = server.ok("GET", "/project/task/metrics", tid=trained.tid, type="train")["train_log"]["log_file"]
    lines = server.ok("GET", "/file", path=path)["log"]
    page = requests.get(f"{server.url}/file", params={"path": path}, timeout=60)
    assert page.text.splitlines() == lines
    assert server.ok("GET", "/file", path=path, offset=1, limit=2)["log"] == lines[1:3]


def test_objects_of_an_image_are_told_for_instance_segmentation(shared_server: Server, tmp_path: Path) -> None:
    source = make_dataset(tmp_path / "source", "instance_segmentation")
    did = import_dataset(shared_server, source, "instance_segmentation")
    folder = shared_server.ok("GET", "/dataset", did=did)["attr"]["path"]
    image = next((source / "JPEGImages").iterdir())
    answer = shared_server.ok("GET", "/dataset/npy", path=f"{folder}/JPEGImages/{image.name}")
    assert_shape(answer, {"status": int, "gt_bbox": [[float]], "gt_class": list, "gt_poly": list, "h": int, "w": int})
    assert len(answer["gt_bbox"]) == len(answer["gt_class"]) == len(answer["gt_poly"]) > 0


# --- system, demo


def test_the_machine_is_told(shared_server: Server) -> None:
    info = shared_server.ok("GET", "/system", type="machine_info")["info"]
    assert {"message", "cpu_num", "gpu_num", "sysstr"} <= set(info)
    memory = shared_server.ok("GET", "/system", type="gpu_memory_size")["gpu_mem_infos"]
    assert len(memory) == info["gpu_num"]


def test_a_demo_that_was_not_downloaded_says_so(shared_server: Server) -> None:
    attr = shared_server.ok("GET", "/demo", prj_type=1)["attr"]
    assert attr["status"] is None
    assert "download" in shared_server.refused("POST", "/demo", type="load", prj_type=1)
    shared_server.refused("PUT", "/demo", prj_type=1)
    shared_server.refused("GET", "/demo", prj_type="nonsense")


def test_the_classification_demo_loads_without_a_network(shared_server: Server) -> None:
    answer = shared_server.ok("POST", "/demo", type="load", prj_type=0)
    did = answer["did"]
    done = until(
        lambda: shared_server.ok("GET", "/dataset", did=did), lambda seen: seen["dataset_status"] not in (0, 1, 3)
    )
    assert done["dataset_status"] == 6, done["message"]
    attr = shared_server.ok("GET", "/project", id=answer["pid"])["attr"]
    assert attr["did"] == did
    labels = shared_server.ok("GET", "/dataset/details", did=did)["details"]["labels"]
    assert labels == [str(digit) for digit in range(10)]


# --- every call


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b"\xff", b'{"did": 1e999}', b"null"])
def test_a_body_that_is_no_object_is_one_clear_sentence(shared_server: Server, call: Any, body: bytes) -> None:
    if call.method == "DELETE" and call.path == "/system":
        pytest.skip("stops the jobs of the other tests when it is understood")
    answer = requests.request(call.method, shared_server.url + call.path, data=body, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["status"] == -1
    assert "Traceback" not in answer.json()["message"]

"""The whole way with the client, and what it tells where something goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import paddlex_restful.client
from paddlex_restful.api.calls import CALLS
from paddlex_restful.client import ApiError, Client, ClientError, JobFailed, NoAnswer, TookTooLong
from paddlex_restful.client.tasks import Task
from paddlex_restful.enums import DatasetStatus, TaskStatus
from tests.conftest import Server
from tests.flow import TINY, until
from tests.images import make_classification

PACKAGE = Path(paddlex_restful.client.__path__[0])
HEAVY = ("flask", "waitress", "google.protobuf", "numpy", "pydantic", "orjson", "PIL", "paddle")
OURS = ("api", "app", "services", "server", "workspace", "jobs", "datasets", "training", "config")


def _params(**changes: object) -> dict[str, object]:
    return {**{name: value for name, value in TINY.items() if name != "model"}, **changes}


def test_the_client_imports_nothing_of_the_server() -> None:
    script = "import sys, json, paddlex_restful.client; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = json.loads(done.stdout)
    heavy = [name for name in loaded if name in HEAVY or name.startswith(tuple(f"{part}." for part in HEAVY))]
    assert heavy == []
    assert [name for name in loaded if name.split(".")[:2] in [["paddlex_restful", part] for part in OURS]] == []


def test_each_documented_call_is_made_by_a_method() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in PACKAGE.glob("*.py"))
    missing = [call.path for call in CALLS if f'"{call.path}"' not in source]
    # GET /dataset/file sends what /model/file does, and fewer kinds; stops of /project/task share a method.
    assert set(missing) <= {"/dataset/file"}


def test_the_whole_way(client: Client, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = make_classification(tmp_path / "图 片", per_class=12, size=32)
    dataset = client.datasets.create("shapes", "classification")
    assert dataset.status is DatasetStatus.XEMPTY
    assert dataset.details() is None
    assert dataset.import_folder(source).wait(60)["dataset_status"] == DatasetStatus.XCOPYDONE
    dataset.split(val=0.2, test=0.2)
    details = dataset.details()
    assert details is not None
    picture = details["test_files"][0]
    assert dataset.picture(picture).startswith(b"\x89PNG")
    assert len(dataset.preview(2, seed=1)) == 2
    assert client.files.picture(f"datasets/{dataset.id}/{picture}") == (source / picture).read_bytes()

    project = client.projects.create("shapes", "classification", dataset)
    task = project.tasks.create("MobileNetV3_small", **_params())
    assert (task.status, task.params()["num_epochs"]) == (TaskStatus.XINIT, 3)
    task.train()
    seen: list[str] = []
    assert task.wait(120, watch=lambda log: seen.append(log["train_stage"]))["task_status"] == TaskStatus.XTRAINDONE
    assert seen
    assert task.metrics()["best_epoch"] is not None
    first = next(event for event in task.events() if event.name == "metrics")
    assert first.data["Epoch"] == 1

    assert 0 <= task.evaluate(timeout=120)["Acc1"] <= 1
    assert task.report().endswith(".xlsx")
    for error in task.errors():
        assert task.error_picture(error["image"]).startswith(b"\x89PNG")
    found = task.predict(source / picture, timeout=120)
    assert found.result["category"] in {folder.name for folder in source.iterdir()}
    assert found.picture is not None
    assert found.picture.startswith(b"\x89PNG")
    at_once = task.predict_now(source / picture)
    assert (at_once.result["category"], at_once.picture) == (found.result["category"], None)
    drawn = task.predict_now((source / picture).read_bytes(), drawn=True).picture
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    with pytest.raises(ApiError, match="has no saved epoch"):
        task.predict_now(source / picture, epoch=99)
    assert len(task.predict_on_server(timeout=120)) == len(details["test_files"])

    told = task.export(tmp_path / "exported", timeout=120)
    assert (told["save_dir"], told["format"]) == (str(tmp_path / "exported"), "infer")
    kept = client.models.save(task, "kept")
    assert client.models.predict_now(kept, source / picture).result["category"] == found.result["category"]
    listed = client.models.list_export(task, "listed", tmp_path / "exported")
    assert [model["id"] for model in client.models.pretrained()].count(kept) == 1
    assert client.models.get(listed)["dataset_attr"]["name"] == "shapes"
    with zipfile.ZipFile(client.models.download(listed, tmp_path / "model.zip")) as archive:
        assert archive.testzip() is None
        assert "inference.yml" in archive.namelist()
    assert client.files.read(f"pretrain/{kept}/model.yml").startswith(b"type: classification")
    sensitivities = task.prune(timeout=900)
    assert sensitivities["layers"]
    child = project.tasks.create("MobileNetV3_small", parent=task, **_params(num_epochs=1))
    child.train(pruned_flops=0.2)
    child.wait(120)

    client.models.delete(kept)
    client.models.delete(listed)
    child.delete()
    task.change(name="other")
    assert task.attributes()["name"] == "other"
    project.delete()
    dataset.delete()
    assert dataset.id not in [each["id"] for each in client.datasets.list()]
    # No terminal, no bar.
    assert capfd.readouterr() == ("", "")


def test_a_refusal_is_told_in_the_servers_words(client: Client) -> None:
    with pytest.raises(ApiError) as refused:
        client.datasets.get("D9999")
    assert str(refused.value) == refused.value.message
    assert "There is no dataset D9999" in refused.value.message
    assert (refused.value.code, refused.value.method, refused.value.path) == (200, "GET", "/dataset")
    with pytest.raises(ApiError) as unknown:
        client.call("GET", "/nothing")
    assert unknown.value.code == 404


def test_a_refusal_is_told_in_the_language_of_the_client(shared_server: Server) -> None:
    with Client(shared_server.url, language="zh") as client, pytest.raises(ApiError) as caught:
        client.datasets.get("D9999")
    assert caught.value.message == "没有数据集 D9999；请对照现有的列表检查该 id。"


def test_a_call_that_has_no_method_of_its_own_is_made_by_name(client: Client) -> None:
    assert client.call("GET", "/workspace")["dirname"] == client.system.workspace()
    assert client.system.info()["info"]
    assert client.system.is_alive()
    assert client.system.is_ready()
    assert "paddlex_restful_build_info" in client.system.metrics()
    assert client.models.zoo("detection")


def test_images_that_are_refused_say_why(client: Client, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    dataset = client.datasets.create("empty", "classification").import_folder(tmp_path / "empty")
    with pytest.raises(JobFailed, match="The import was not completed: ") as failed:
        dataset.wait(60)
    assert failed.value.reason == dataset.info()["message"]


def _task(client: Client, source: Path, **changes: object) -> Task:
    dataset = client.datasets.create("d", "classification").import_folder(make_classification(source, 12, 32))
    dataset.wait(60)
    dataset.split(val=0.2)
    return client.projects.create("p", "classification", dataset).tasks.create(
        "MobileNetV3_small", **_params(**changes)
    )


def test_a_training_that_fails_tells_the_end_of_its_log(client: Client, tmp_path: Path) -> None:
    task = _task(client, tmp_path / "shapes", learning_rate=9.0, lr_policy="Piecewise", pretrain_weights=str(tmp_path))
    (tmp_path / "model.pdparams").write_bytes(b"no weights")
    task.train()
    with pytest.raises(JobFailed, match="The training was not completed: ") as failed:
        task.wait(120)
    assert failed.value.log_tail


def test_waiting_has_an_end_and_a_training_can_be_stopped_and_resumed(client: Client, tmp_path: Path) -> None:
    task = _task(client, tmp_path / "shapes", num_epochs=400, save_interval_epochs=1)
    with pytest.raises(ClientError, match="not started"):
        task.wait()
    task.train()
    with pytest.raises(TookTooLong, match=r"longer than 0.5 seconds"):
        task.wait(0.5)
    until(task.info, lambda seen: seen["max_saved_epochs"] >= 1)
    task.stop()
    with pytest.raises(JobFailed, match="was not completed: Stopped on request"):
        task.wait(60)
    task.resume()
    assert task.status in (TaskStatus.XTRAINING, TaskStatus.XINIT)
    task.stop()


def test_a_server_that_is_not_there_is_told() -> None:
    with (
        Client("http://127.0.0.1:9", retries=1) as client,
        pytest.raises(NoAnswer, match=r"from http://127\.0\.0\.1:9"),
    ):
        client.call("GET", "/workspace")


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="is no address of a server"):
        Client(url)


def test_the_token_comes_from_argument_address_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path, "--require_token")
    try:
        token = server.token()
        with Client(server.url) as stranger, pytest.raises(ApiError) as refused:
            stranger.system.workspace()
        assert refused.value.code == 401
        for made in (Client(server.url, token), Client(f"{server.url}/?token={token}")):
            with made:
                assert made.system.workspace()
                assert token not in made.url
        monkeypatch.setenv("PADDLEX_RESTFUL_TOKEN", token)
        with Client(server.url) as made:
            assert made.system.workspace()
    finally:
        monkeypatch.delenv("PADDLEX_RESTFUL_TOKEN", raising=False)
        server.close()

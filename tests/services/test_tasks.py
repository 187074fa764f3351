"""Parameters of tasks, and who may change them when."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from paddlex_restful.errors import UserError
from paddlex_restful.params import default_params
from paddlex_restful.services import Services, projects, tasks
from tests.conftest import Server
from tests.flow import TINY, bound_project, import_dataset, task, train
from tests.images import make_classification, make_detection


def test_parameters_are_not_changed_under_a_training_that_begins_meanwhile(toy_services: Services) -> None:
    pid = projects.create(toy_services, "p", "", "classification")
    before = default_params("classification")
    tid = tasks.create(toy_services, pid, before, "", None)
    refused: list[str] = []

    def change() -> None:
        with pytest.raises(UserError) as caught:
            tasks.set_params(toy_services, tid, {**before, "num_epochs": 99})
        refused.append(str(caught.value))

    changing = threading.Thread(target=change)
    with toy_services.gate:
        changing.start()
        changing.join(0.3)
        folder = toy_services.workspace.folder(toy_services.workspace.task(tid))
        toy_services.jobs.submit("train", tid, folder / "job" / "train", {})
    changing.join(90)
    assert [f"{tid} is at work" in sentence for sentence in refused] == [True]
    assert tasks.get_params(toy_services, tid)["num_epochs"] == before["num_epochs"]


def test_default_parameters_follow_from_the_classes_of_the_dataset(shared_server: Server, tmp_path: Path) -> None:
    def warmup(pid: str) -> int:
        params = shared_server.ok("GET", "/project/task/params", pid=pid, model_type="PPYOLO")["train"]
        return int(params["warmup_steps"])

    classes = ("circle", "square", "triangle", "star", "ring")
    source = make_detection(tmp_path / "shapes", classes=classes, count=10)
    did = import_dataset(shared_server, source, "detection")
    labels = shared_server.ok("GET", "/dataset/details", did=did)["details"]["labels"]
    empty = shared_server.ok("POST", "/dataset", name="empty", dataset_type="detection")["did"]
    unbound = shared_server.ok("POST", "/project", name="p", project_type="detection")["pid"]
    expected = default_params("detection", "PPYOLO", classes=len(labels))["warmup_steps"]
    assert warmup(bound_project(shared_server, did, "detection")) == expected
    unknown = default_params("detection", "PPYOLO")["warmup_steps"]
    assert expected != unknown
    assert warmup(unbound) == warmup(bound_project(shared_server, empty, "detection")) == unknown


def test_the_curves_of_a_training_are_shown(shared_server: Server, tmp_path: Path) -> None:
    did = import_dataset(shared_server, make_classification(tmp_path / "shapes", per_class=8))
    shared_server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
    tid = task(shared_server, bound_project(shared_server, did), num_epochs=1, image_shape=TINY["image_shape"])
    train(shared_server, tid)
    address = shared_server.ok("GET", "/project/task/vdl", tid=tid)["url"]
    assert requests.get(f"http://{address}/alive", timeout=60).status_code == 204
    assert shared_server.ok("GET", "/project/task/vdl", tid=tid)["url"] == address

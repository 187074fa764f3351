"""GET /dataset/preview against a real server."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.conftest import Server
from tests.flow import bound_project, import_dataset
from tests.images import make_dataset, scramble

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
SMALL = {"classification": [96, 64], "detection": [64, 96], "segmentation": [64, 96], "instance_segmentation": [64, 96]}


def split_dataset(server: Server, folder: Path, type: str) -> str:
    did = import_dataset(server, make_dataset(folder, type), type)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.3, test_split=0)
    return did


def configured_task(server: Server, did: str, type: str, **changes: Any) -> str:
    pid = bound_project(server, did, type)
    params = server.ok("GET", "/project/task/params", pid=pid)["train"]
    tid: str = server.ok("POST", "/project/task", pid=pid, train={**params, "image_shape": SMALL[type], **changes})[
        "tid"
    ]
    return tid


def pictures(answer: dict[str, Any]) -> list[Any]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each["img_data"])))) for each in answer["samples"]]


@pytest.fixture(scope="module")
def datasets(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A split dataset of each type."""
    return {type: split_dataset(shared_server, tmp_path_factory.mktemp(type) / "shapes", type) for type in TYPES}


@pytest.mark.parametrize("type", TYPES)
def test_training_images_are_shown_with_their_labels(
    shared_server: Server, datasets: dict[str, str], type: str
) -> None:
    answer = shared_server.ok("GET", "/dataset/preview", did=datasets[type])
    assert set(answer) == {"status", "samples", "seed"}
    assert [set(each) for each in answer["samples"]] == [{"image", "img_data"}] * 4
    training = shared_server.ok("GET", "/dataset/details", did=datasets[type])["details"]["train_files"]
    shown = [each["image"] for each in answer["samples"]]
    assert len(set(shown)) == 4
    assert set(shown) <= set(training)
    for picture in pictures(answer):
        assert picture.shape[2] == 3
        assert min(picture.shape[:2]) >= 224


@pytest.mark.parametrize("type", TYPES)
def test_a_seed_gives_the_same_pictures_and_none_gives_others(
    shared_server: Server, datasets: dict[str, str], type: str
) -> None:
    tid = configured_task(shared_server, datasets[type], type)
    first = shared_server.ok("GET", "/dataset/preview", did=datasets[type], tid=tid, n=2)
    again = shared_server.ok("GET", "/dataset/preview", did=datasets[type], tid=tid, n=2, seed=first["seed"])
    assert again == first
    others = [shared_server.ok("GET", "/dataset/preview", did=datasets[type], tid=tid, n=2) for _ in range(3)]
    assert len({each["seed"] for each in [first, *others]}) > 1
    assert any(each["samples"] != first["samples"] for each in others)


@pytest.mark.parametrize("type", TYPES)
def test_the_parameters_of_a_task_apply(shared_server: Server, datasets: dict[str, str], type: str) -> None:
    off = ("brightness", "contrast", "saturation", "hue", "horizontal_flip", "rotate", "expand_image", "crop_image")
    still = dict.fromkeys((*off, "vertical_flip", "use_mixup", "random_shape"), False)
    pid = bound_project(shared_server, datasets[type], type)
    known = shared_server.ok("GET", "/project/task/params", pid=pid)["train"]
    tid = configured_task(
        shared_server, datasets[type], type, **{name: value for name, value in still.items() if name in known}
    )
    count = len(shared_server.ok("GET", "/dataset/details", did=datasets[type])["details"]["train_files"])
    seen = [
        shared_server.ok("GET", "/dataset/preview", did=datasets[type], tid=tid, n=min(16, count), seed=seed)
        for seed in (1, 2)
    ]
    # Nothing is left to chance but the order.
    one, two = ({each["image"]: each["img_data"] for each in answer["samples"]} for answer in seen)
    assert one == two
    assert len(one) == count
    changed = shared_server.ok("GET", "/dataset/preview", did=datasets[type], n=min(16, count), seed=1)
    assert {each["image"]: each["img_data"] for each in changed["samples"]} != one


def test_there_are_never_more_pictures_than_training_images(shared_server: Server, datasets: dict[str, str]) -> None:
    answer = shared_server.ok("GET", "/dataset/preview", did=datasets["detection"], n=16)
    training = shared_server.ok("GET", "/dataset/details", did=datasets["detection"])["details"]["train_files"]
    assert sorted(each["image"] for each in answer["samples"]) == sorted(training)


def test_a_page_may_ask_with_a_query_string(shared_server: Server, datasets: dict[str, str]) -> None:
    url = f"{shared_server.url}/dataset/preview?did={datasets['segmentation']}&tid=&n=1&seed=7"
    answer = requests.get(url, timeout=60).json()
    assert (answer["status"], answer["seed"], len(answer["samples"])) == (1, 7, 1)


def test_pictures_are_of_a_size_that_can_be_looked_at(shared_server: Server, datasets: dict[str, str]) -> None:
    did = datasets["instance_segmentation"]
    for shape, expected in ((SMALL["instance_segmentation"], (240, 360)), ([2000, 3000], (683, 1024))):
        tid = configured_task(shared_server, did, "instance_segmentation", image_shape=shape)
        (picture,) = pictures(shared_server.ok("GET", "/dataset/preview", did=did, tid=tid, n=1))
        assert picture.shape[:2] == expected


@pytest.mark.parametrize("n", [0, 17, -1, "many"])
def test_a_wrong_number_is_refused(shared_server: Server, datasets: dict[str, str], n: Any) -> None:
    assert "n must be" in shared_server.refused("GET", "/dataset/preview", did=datasets["detection"], n=n)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5])
def test_a_wrong_seed_is_refused(shared_server: Server, datasets: dict[str, str], seed: Any) -> None:
    assert "seed must be" in shared_server.refused("GET", "/dataset/preview", did=datasets["detection"], seed=seed)


def test_what_is_missing_or_does_not_fit_is_named(
    shared_server: Server, datasets: dict[str, str], tmp_path: Path
) -> None:
    def refused(**args: Any) -> str:
        return shared_server.refused("GET", "/dataset/preview", **args)

    assert "D9999" in refused(did="D9999")
    assert "T9999" in refused(did=datasets["detection"], tid="T9999")
    other = configured_task(shared_server, datasets["segmentation"], "segmentation")
    sentence = refused(did=datasets["detection"], tid=other)
    assert f"Task {other} is of type segmentation" in sentence
    assert "of type detection" in sentence
    pid = bound_project(shared_server, datasets["detection"], "detection")
    bare = shared_server.ok("POST", "/project/task", pid=pid)["tid"]
    assert "has no parameters yet" in refused(did=datasets["detection"], tid=bare)
    empty = shared_server.ok("POST", "/dataset", name="empty", dataset_type="detection")["did"]
    assert "cannot be used yet" in refused(did=empty)
    unsplit = import_dataset(shared_server, make_dataset(tmp_path / "shapes", "detection"), "detection")
    assert "not been split" in refused(did=unsplit)


def test_an_image_that_became_unreadable_is_named(shared_server: Server, tmp_path: Path) -> None:
    did = split_dataset(shared_server, tmp_path / "shapes", "detection")
    folder = Path(shared_server.ok("GET", "/dataset", did=did)["attr"]["path"])
    for image in (folder / "JPEGImages").iterdir():
        scramble(image)
    assert "JPEGImages/000" in shared_server.refused("GET", "/dataset/preview", did=did)


def test_opencv_is_loaded_with_the_first_preview_and_paddle_never(server: Server, tmp_path: Path) -> None:
    def mapped() -> str:
        return Path(f"/proc/{server.process.pid}/maps").read_text()

    did = split_dataset(server, tmp_path / "shapes", "classification")
    assert "cv2.abi" not in mapped()
    server.ok("GET", "/dataset/preview", did=did)
    assert "cv2.abi" in mapped()
    assert "libpaddle" not in mapped()

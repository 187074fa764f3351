import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paddlex_restful.client import Client, ClientError
from paddlex_restful.demo.plans import PLANS, Plan
from paddlex_restful.demo.scenes import write_scenes
from paddlex_restful.demo.steps import run_demo
from tests.conftest import Server
from tests.images import make_classification

DIGITS = PLANS["classification"]
TINY = replace(
    DIGITS,
    params={**DIGITS.params, "model": "MobileNetV3_small", "num_epochs": 2, "batch_size": 8, "warmup_steps": 0},
)


@pytest.fixture
def client(shared_server: Server) -> Iterator[Client]:
    client = Client(shared_server.url)
    yield client
    client.close()


def test_the_whole_way_from_pictures_to_an_exported_model(
    client: Client, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_classification(tmp_path / "图 片", per_class=10, size=32)
    outcome = run_demo(client, TINY, tmp_path / "图 片", tmp_path / "exported")
    assert 0 <= outcome.figure <= 1
    assert outcome.test_images > 0
    classes = {folder.name for folder in (tmp_path / "图 片").iterdir()}
    shown = re.fullmatch(r"(\w+)/\d+\.png: taken for a (\w+)", outcome.shown)
    assert shown is not None
    assert set(shown.groups()) <= classes
    assert list(outcome.files) == ["best model", "Excel report", "prediction", "inference model"]
    assert all(path.exists() for path in outcome.files.values())
    stages = ["import", "split", "create", "train", "evaluate", "report", "predict", "export"]
    assert list(outcome.seconds) == stages
    lines = capfd.readouterr().out.splitlines()
    assert [line.removeprefix("· ") for line in lines if line.startswith("· ")] == stages
    # Not a terminal: a line an epoch in place of a bar. Short epochs may end between two looks.
    progress = [line for line in lines if not line.startswith("· ")]
    assert 1 <= len(progress) <= TINY.params["num_epochs"]
    assert re.fullmatch(r"  epoch 2/2, step \d+, loss \d+\.\d{3}(, 00:\d\d left)?(, \w+)?", progress[-1])


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (PLANS["detection"], r"\d+ digits found: .+|no digit found"),
        (PLANS["segmentation"], r"its pixels show [\w ]+ \(\d+\.\d%\).*"),
        (PLANS["instance_segmentation"], r"\d+ digits found: .+|no digit found"),
    ],
    ids=lambda value: value.project_type if isinstance(value, Plan) else "",
)
def test_the_whole_way_from_scenes(client: Client, tmp_path: Path, plan: Plan, said: str) -> None:
    write_scenes(tmp_path / "scenes", plan.project_type, 20, 64)
    short = {"num_epochs": 1, "save_interval_epochs": 1, "image_shape": [64, 64], "lr_decay_epochs": [1]}
    outcome = run_demo(
        client, replace(plan, params={**plan.params, **short}), tmp_path / "scenes", tmp_path / "exported"
    )
    assert 0 <= outcome.figure <= 1
    assert outcome.test_images == 4
    assert re.fullmatch(rf"JPEGImages/\d+\.jpg: (?:{said})", outcome.shown)
    assert all(path.exists() for path in outcome.files.values())


def test_a_stage_that_fails_is_told_with_the_reason(client: Client, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClientError, match=r"import was not completed"):
        run_demo(client, TINY, tmp_path / "empty", tmp_path / "exported")

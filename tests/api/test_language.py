"""Sentences of answers in the reader's language, over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Blueprint, Flask
from pydantic import Field

from paddlex_restful.api import calls
from paddlex_restful.api.answers import register_failures
from paddlex_restful.api.calls import CALLS, NoArguments, call
from paddlex_restful.api.schemas import Answer, Part
from paddlex_restful.api.schemas.sentences import HERE, Sentence, places, retold
from paddlex_restful.messages import demo_service, status
from paddlex_restful.workspace.replies import Replies
from tests.conftest import Server
from tests.flow import import_dataset, running_task, task, until
from tests.images import make_classification, truncate

CHINESE = "zh-CN,zh;q=0.9,en;q=0.8"


def asked(server: Server, method: str, path: str, language: str | None = CHINESE, **args: Any) -> requests.Response:
    headers = {} if language is None else {"Accept-Language": language}
    response = requests.request(method, server.url + path, json=args or None, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    return response


def in_chinese(server: Server, method: str, path: str, **args: Any) -> dict[str, Any]:
    response = asked(server, method, path, **args)
    assert response.headers["Content-Language"] == "zh"
    assert {"Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))
    answer: dict[str, Any] = response.json()
    return answer


def test_a_refusal_is_in_the_readers_language_with_its_values(shared_server: Server) -> None:
    answer = in_chinese(shared_server, "GET", "/dataset", did="D9999")
    assert answer == {"status": -1, "message": "没有数据集 D9999；请对照现有的列表检查该 id。"}
    for language in (None, "en", "en-GB,en;q=0.9,zh;q=0.1", "de", "x;;q=,"):
        response = asked(shared_server, "GET", "/dataset", language, did="D9999")
        assert response.json()["message"].startswith("There is no dataset D9999; ")
        assert "Content-Language" not in response.headers


def test_arguments_are_explained_in_the_readers_language(shared_server: Server) -> None:
    answer = in_chinese(shared_server, "PUT", "/dataset/split", val_split="much")
    assert answer["message"] == (
        "参数有误：缺少 did（数据集的 id，例如 D0001）；"
        'val_split 必须是数字，而不是 "much"（验证集的图片比例，例如 0.2）；'
        "缺少 test_split（测试集的图片比例，例如 0.1）。"
    )


def test_the_cookie_of_the_page_goes_before_the_header(shared_server: Server) -> None:
    address = f"{shared_server.url}/nowhere"
    told = requests.get(address, cookies={"language": "zh"}, headers={"Accept-Language": "en"}, timeout=60)
    assert told.status_code == 404
    assert told.json()["message"] == "此服务器没有地址 /nowhere；GET / 列出所有调用。"


def test_what_users_named_is_not_translated(shared_server: Server) -> None:
    did = shared_server.ok("POST", "/dataset", name="The training failed.", desc="", dataset_type="detection")["did"]
    one = in_chinese(shared_server, "GET", "/dataset", did=did)
    assert (one["attr"]["name"], one["message"]) == (
        "The training failed.",
        "数据集中还没有图片：请用 PUT /dataset 导入文件夹。",
    )
    # Twice, because lists are kept.
    for ask, message in 2 * ((in_chinese, one["message"]), (Server.ok, status.DATASET_EMPTY)):
        [found] = [each["attr"] for each in ask(shared_server, "GET", "/dataset")["datasets"] if each["id"] == did]
        assert (found["name"], found["message"]) == ("The training failed.", message)
    assert shared_server.ok("GET", "/dataset", did=did)["message"] == status.DATASET_EMPTY
    assert "Content-Language" not in asked(shared_server, "GET", "/workspace").headers


def test_what_a_check_found_is_in_the_readers_language(shared_server: Server, tmp_path: Path) -> None:
    folder = make_classification(tmp_path / "flowers", per_class=3, size=32)
    [first, second, *_] = sorted(path for path in folder.rglob("*.png"))
    truncate(first)
    second.write_bytes(b"")
    did = import_dataset(shared_server, folder)
    names = [path.relative_to(folder).as_posix() for path in (first, second)]
    assert in_chinese(shared_server, "GET", "/dataset", did=did)["message"] == (
        f"数据集中有 2 个有问题的文件：\n- {names[0]}：无法读取图片：文件不完整或已损坏\n- {names[1]}：文件为空\n"
        "请更正或删除这些文件，然后重新导入。"
    )
    assert "2 bad file(s)" in shared_server.ok("GET", "/dataset", did=did)["message"]


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Server]:
    """A server that does one heavy job at a time."""
    running = Server(tmp_path, "--cpu_jobs", "1")
    yield running
    running.close()


def test_waiting_and_failing_is_told_in_the_readers_language(single: Server, tmp_path: Path) -> None:
    busy = running_task(single, tmp_path / "shapes", epochs=4000, saved=1)
    waiting = task(single, single.ok("GET", "/project/task")["tasks"][0]["pid"], num_epochs=1)
    single.ok("POST", "/project/task/train", tid=waiting)
    told = until(lambda: in_chinese(single, "GET", "/project/task", tid=waiting), lambda seen: "位" in seen["message"])
    assert told["message"] == f"正在排队，第 1 位：1 个处理器槽位已占用 1 个，占用者为 {busy} 的训练。"
    assert first_state(single, waiting)["message"] == told["message"]
    refused = in_chinese(single, "POST", "/project/task/train", tid=busy)
    assert refused["message"] == f"任务 {busy} 正在工作（训练）：请停止它或等待其结束。"

    folder = Path(single.ok("GET", "/project/task/metrics", tid=busy, type="train")["train_log"]["log_file"]).parent
    os.kill(json.loads((folder / "process.json").read_bytes())["pid"], signal.SIGKILL)
    failed = until(lambda: in_chinese(single, "GET", "/project/task", tid=busy), lambda seen: seen["task_status"] == 10)
    assert re.fullmatch(
        r"进程被.*信号 9（SIGKILL）.*重新开始。可以从第 \d+ 轮之后继续：请调用 PUT /project/task/train，"
        rf"tid 为 {busy}，act 为 resume。",
        failed["message"],
    )
    log = in_chinese(single, "GET", "/project/task/metrics", tid=busy, type="train")["train_log"]
    assert failed["message"].startswith(log["train_error"])
    assert "was killed by signal 9" in single.ok("GET", "/project/task", tid=busy)["message"]


def first_state(server: Server, tid: str) -> dict[str, Any]:
    """The data of the first event of the live updates of a task."""
    address = f"{server.url}/project/task/events?tid={tid}"
    with requests.get(address, headers={"Accept-Language": CHINESE}, stream=True, timeout=60) as stream:
        assert stream.headers["Content-Language"] == "zh"
        for line in stream.iter_lines():
            if line.startswith(b"data: "):
                data: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return data
    raise AssertionError("the stream ended")


def test_what_is_kept_for_a_repeated_request_is_in_no_readers_language(tmp_path: Path) -> None:
    class Told(Answer):
        message: Sentence = Field(description="a sentence")

    declared = len(CALLS)
    blueprint = Blueprint("told", __name__)

    def tell(args: NoArguments, services: object) -> dict[str, Any]:
        """Tell something."""
        return {"message": demo_service.NOT_DOWNLOADED}

    call(blueprint, "POST", "/tell", Told)(tell)
    app = Flask(__name__)
    app.extensions["services"] = SimpleNamespace(replies=Replies(tmp_path))
    app.register_blueprint(blueprint)
    register_failures(app)
    del calls.CALLS[declared:]
    client = app.test_client()
    for language, expected in (("zh", "示例尚未下载。"), ("en", demo_service.NOT_DOWNLOADED), ("zh", "示例尚未下载。")):
        headers = {"Idempotency-Key": "once", "Accept-Language": language}
        assert client.post("/tell", headers=headers).json == {"status": 1, "message": expected}


def test_the_places_of_sentences_are_those_of_the_models() -> None:
    told = {f"{one.method} {one.path}": places(*one.answers) for one in CALLS if places(*one.answers)}
    assert told == {
        "GET /dataset": {"message": HERE, "datasets": {"attr": {"message": HERE}}},
        "GET /demo": {"attr": {"message": HERE}},
        "GET /project/task": {"message": HERE},
        "GET /project/task/evaluate": {"message": HERE},
        "GET /project/task/evaluate/file": {"message": HERE},
        "GET /project/task/export": {"message": HERE, "quant_result": {"remarks": HERE}},
        "GET /project/task/metrics": {"train_log": {"train_error": HERE}},
        "GET /project/task/predict": {"message": HERE},
        "GET /project/task/predict/result": {"predictions": {"error": HERE}},
        "GET /project/task/prune": {"message": HERE},
        "GET /system": {"info": {"message": HERE}},
        "PUT /project/task/export": {"message": HERE},
        "PUT /project/task/predict": {"message": HERE},
        "POST /project/task/export": {"message": HERE},
    }


def test_each_field_that_is_a_sentence_is_known_as_one() -> None:
    for model in _below(Part):
        for name, field in model.model_fields.items():
            if name in ("message", "train_error") or "sentence" in (field.description or ""):
                assert places(model)[name] == HERE, (model.__name__, name)


def _below(model: type[Part]) -> set[type[Part]]:
    return {model}.union(*map(_below, model.__subclasses__()))


def test_sentences_are_changed_where_they_are_and_nowhere_else() -> None:
    where = places(*(answer for one in CALLS for answer in one.answers))
    value = {
        "message": "a",
        "name": "a",
        "predictions": [{"error": "a"}, {"image": "a"}],
        "quant_result": {"remarks": ["a"]},
    }
    assert retold(value, where, str.upper) == {
        "message": "A",
        "name": "a",
        "predictions": [{"error": "A"}, {"image": "a"}],
        "quant_result": {"remarks": ["A"]},
    }
    copying = {"message": {"pid": 3, "percent": 1.0}}
    assert retold(copying, where, str.upper) == copying

"""POST /predict against a real server, and predictions of one picture by the model that it keeps loaded."""

from __future__ import annotations

import base64
import io
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests
from PIL import Image

from paddlex_restful.messages.inference import PREDICTED_WARM
from tests import images
from tests.answers import check_answer
from tests.conftest import Server
from tests.flow import Trained, task, train, trained_task, until


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A trained task on a server of this module's own; tests may train it anew."""
    folder = tmp_path_factory.mktemp("direct")
    server = Server(folder)
    yield trained_task(server, folder / "shapes")
    server.close()


def send(server: Server, files: list[tuple[str, bytes]], **args: Any) -> dict[str, Any]:
    """Send pictures as a form; gives the answer."""
    parts = [("image", file) for file in files]
    response = requests.post(f"{server.url}/predict", data=args, files=parts, timeout=60)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    check_answer("POST", "/predict", answer)
    return answer


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def shapes(trained: Trained) -> list[Path]:
    return sorted(trained.source.rglob("*.png"))


def by_contract(server: Server, tid: str, data: bytes, **args: Any) -> dict[str, Any]:
    """Predict one picture as clients of the original do; gives what the result says."""
    path = server.ok("POST", "/project/task/predict", tid=tid, image_data=encoded(data), **args)["path"]
    until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["predict_status"] != 0)
    answer = server.ok("GET", "/project/task/predict", tid=tid)
    assert (answer["predict_status"], answer["predict_num"], answer["total_num"]) == (1, 1, 1)
    [found] = server.ok("GET", "/project/task/predict/result", tid=tid)["predictions"]
    assert found["picture"] == path
    return found


def warm(trained: Trained) -> bool:
    """Whether the last prediction of the task was done without a process of its own."""
    log = trained.server.workspace / "projects" / trained.pid / trained.tid / "job/predict/out.log"
    return PREDICTED_WARM in log.read_text()


def workers(server: Server) -> set[int]:
    """The prediction processes of a server: what they are told by is the log that they write."""
    logs = str(server.workspace / "logs" / "predict-")
    found = set()
    for process in psutil.process_iter():
        try:
            if str(Path(f"/proc/{process.pid}/fd/2").readlink()).startswith(logs):
                found.add(process.pid)
        except OSError:
            continue
    return found


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def test_a_picture_is_predicted_as_the_job_does_it_however_it_is_sent(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    file = shapes(trained)[0]
    data = file.read_bytes()
    expected = by_contract(server, tid, data)
    by_list = server.ok("POST", "/project/task/predict", tid=tid, img_list=[str(file)])
    assert by_list["path"] is None
    until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["predict_status"] != 0)
    [by_job] = server.ok("GET", "/project/task/predict/result", tid=tid)["predictions"]
    assert not warm(trained)
    assert by_job["score"] == pytest.approx(expected["score"], abs=1e-4)

    in_form = send(server, [(file.name, data)], tid=tid)["predictions"]
    in_json = server.ok("POST", "/predict", tid=tid, image_data=encoded(data))["predictions"]
    prefixed = f"data:image/png;base64,{encoded(data)}"
    in_address = server.ok("POST", f"/predict?tid={tid}", image_data=prefixed)["predictions"]
    assert [in_form[0]["image"], in_json[0]["image"]] == [file.name, "image_data"]
    for [found] in (in_form, in_json, in_address):
        assert without(found, "image", "score", "topk") == without(expected, "image", "picture", "score", "topk")
        assert found["score"] == pytest.approx(expected["score"], abs=1e-4)


def test_the_drawn_picture_comes_along_where_it_is_wanted(trained: Trained) -> None:
    data = shapes(trained)[0].read_bytes()
    expected = by_contract(trained.server, trained.tid, data)["picture"]
    assert warm(trained)
    [found] = send(trained.server, [("a.png", data)], tid=trained.tid, picture="true")["predictions"]
    with Image.open(expected) as one, Image.open(io.BytesIO(base64.b64decode(found["img_data"]))) as other:
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_several_pictures_are_answered_in_their_order_and_a_torn_one_for_itself(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    files = shapes(trained)[::12]
    data = [file.read_bytes() for file in files]
    alone = [server.ok("POST", "/predict", tid=tid, image_data=encoded(each))["predictions"][0] for each in data]
    torn = data[0][:-900]
    sent = [(file.name, each) for file, each in zip(files, data, strict=True)]
    found = send(server, [*sent, ("torn.png", torn)], tid=tid)["predictions"]
    assert [each["image"] for each in found] == [*(file.name for file in files), "torn.png"]
    assert [each["category"] for each in found[:-1]] == [each["category"] for each in alone]
    assert "torn.png cannot be read as a picture" in found[-1]["error"]
    assert "image_data cannot be read as a picture" in server.refused(
        "POST", "/predict", tid=tid, image_data=encoded(torn)
    )


def test_clients_at_the_same_time_get_their_own_answers(trained: Trained) -> None:
    files = shapes(trained)[:24]
    expected = [send(trained.server, [(file.name, file.read_bytes())], tid=trained.tid) for file in files]
    with ThreadPoolExecutor(8) as clients:
        found = list(
            clients.map(lambda file: send(trained.server, [(file.name, file.read_bytes())], tid=trained.tid), files)
        )
    for one, other in zip(found, expected, strict=True):
        [seen], [alone] = one["predictions"], other["predictions"]
        assert (seen["image"], seen["category"]) == (alone["image"], alone["category"])
        assert seen["score"] == pytest.approx(alone["score"], abs=1e-4)


def test_a_killed_process_costs_no_answer(trained: Trained) -> None:
    data = shapes(trained)[0].read_bytes()
    [first] = send(trained.server, [("a.png", data)], tid=trained.tid)["predictions"]
    before = workers(trained.server)
    for process in before:
        # One may have made room for a faster one just now.
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    [again] = send(trained.server, [("a.png", data)], tid=trained.tid)["predictions"]
    assert again["score"] == pytest.approx(first["score"], abs=1e-4)
    assert workers(trained.server).isdisjoint(before)


def test_a_saved_model_and_a_saved_epoch_answer(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    source = str(server.workspace / "projects" / trained.pid / tid / "output/epoch_1")
    pmid = server.ok("POST", "/model", pid=trained.pid, tid=tid, name="kept", type="pretrained", source_path=source)
    data = encoded(shapes(trained)[0].read_bytes())
    saved = server.ok("POST", "/predict", mid=pmid["pmid"], image_data=data)["predictions"]
    of_epoch = server.ok("POST", "/predict", tid=tid, epoch=1, image_data=data)["predictions"]
    assert saved[0]["score"] == pytest.approx(of_epoch[0]["score"], abs=1e-4)
    assert "epoch is for" in server.refused("POST", "/predict", mid=pmid["pmid"], epoch=1, image_data=data)


def test_the_model_that_was_trained_anew_answers(trained: Trained) -> None:
    server = trained.server
    tid = task(server, trained.pid, num_epochs=1)
    data = shapes(trained)[0].read_bytes()
    assert "has no trained model yet" in server.refused("POST", "/predict", tid=tid, image_data=encoded(data))
    train(server, tid)
    old = send(server, [("a.png", data)], tid=tid)["predictions"][0]
    params = server.ok("GET", "/project/task/params", tid=tid)["train"]
    # The seed of the second training is another.
    other = task(server, trained.pid, **{**params, "seed": 7, "num_epochs": 2})
    train(server, other)
    process = workers(server)
    checkpoint = server.workspace / "projects" / trained.pid
    (checkpoint / tid / "output/best_model").rename(checkpoint / tid / "output/old")
    (checkpoint / other / "output/best_model").rename(checkpoint / tid / "output/best_model")
    new = send(server, [("a.png", data)], tid=tid)["predictions"][0]
    assert new["score"] != old["score"]
    assert new["score"] == pytest.approx(by_contract(server, tid, data)["score"], abs=1e-4)
    assert workers(server) != process
    server.ok("DELETE", "/project/task", tid=tid)
    assert "There is no task" in server.refused("POST", "/predict", tid=tid, image_data=encoded(data))


def test_what_cannot_be_predicted_is_refused_in_words(trained: Trained, tmp_path: Path) -> None:
    server, tid = trained.server, trained.tid
    good = encoded(shapes(trained)[0].read_bytes())
    bomb = images.bomb(tmp_path / "bomb.png").read_bytes()

    def refused(**args: Any) -> str:
        return server.refused("POST", "/predict", **args)

    assert "Name one model" in refused(image_data=good)
    assert "Name one model" in refused(tid=tid, mid="PM0001", image_data=good)
    assert "There is no task T9999" in refused(tid="T9999", image_data=good)
    assert "PM9999" in refused(mid="PM9999", image_data=good)
    assert "../x" in refused(mid="../x", image_data=good)
    assert "epoch 99" in refused(tid=tid, epoch=99, image_data=good)
    assert "Send a picture" in refused(tid=tid)
    assert "not a base64 picture" in refused(tid=tid, image_data="hello!")
    assert "60000 x 60000 pixels" in refused(tid=tid, image_data=encoded(bomb))
    many = send(server, [("a.png", base64.b64decode(good))] * 17, tid=tid)
    assert "17 pictures are more than the 16" in many["message"]
    assert "score_thresh" in refused(tid=tid, image_data=good, score_thresh=2)
    wrong = send(server, [("a.gif", b"GIF89a"), ("b.png", base64.b64decode(good))], tid=tid)
    assert wrong["message"] == "image 'a.gif' is not a picture: send the bytes of a JPEG, PNG or BMP file."
    assert "bomb.png cannot be used" in send(server, [("bomb.png", bomb)], tid=tid)["message"]
    strange = send(server, [("a\"\n'\u202e图.png", base64.b64decode(good)[:-900])], tid=tid)
    assert "cannot be read as a picture" in strange["message"]


def test_an_exported_model_is_told_to_answer_elsewhere(trained: Trained) -> None:
    server = trained.server
    folder = server.workspace / "exports" / "listed"
    folder.mkdir(parents=True)
    (folder / "inference.yml").write_text("")
    listed = {"pid": trained.pid, "tid": trained.tid, "name": "listed", "type": "exported", "path": str(folder)}
    emid = server.ok("POST", "/model", **listed)["emid"]
    data = encoded(shapes(trained)[0].read_bytes())
    assert f"{emid} is an exported model" in server.refused("POST", "/predict", mid=emid, image_data=data)
    assert "EM9999" in server.refused("POST", "/predict", mid="EM9999", image_data=data)


def test_a_damaged_model_is_told_of(trained: Trained) -> None:
    weights = trained.server.workspace / "projects" / trained.pid / trained.tid / "output/epoch_2/model.pdparams"
    whole = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(b"damaged")
    data = encoded(shapes(trained)[0].read_bytes())
    try:
        refusal = trained.server.refused("POST", "/predict", tid=trained.tid, epoch=2, image_data=data)
    finally:
        weights.write_bytes(whole)
    assert "epoch_2/model.pdparams" in refusal
    assert trained.server.ok("POST", "/predict", tid=trained.tid, epoch=2, image_data=data)["predictions"]


def test_a_model_behind_a_link_is_not_loaded(trained: Trained, tmp_path: Path) -> None:
    server, tid = trained.server, trained.tid
    epoch = server.workspace / "projects" / trained.pid / tid / "output/epoch_3"
    epoch.rename(tmp_path / "elsewhere")
    epoch.symlink_to(tmp_path / "elsewhere")
    try:
        data = encoded(shapes(trained)[0].read_bytes())
        assert "symbolic link" in server.refused("POST", "/predict", tid=tid, epoch=3, image_data=data)
    finally:
        epoch.unlink()
        (tmp_path / "elsewhere").rename(epoch)


def test_a_picture_of_the_contract_that_cannot_be_read_fails_as_a_job_does(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    torn = shapes(trained)[0].read_bytes()[:-900]
    server.ok("POST", "/project/task/predict", tid=tid, image_data=encoded(torn))
    answer = until(lambda: server.ok("GET", "/project/task/predict", tid=tid), lambda seen: seen["predict_status"] != 0)
    assert answer["predict_status"] == 2
    assert "image_data cannot be read as a picture" in answer["message"]
    assert any("JobFailed" in line for line in answer["log_tail"])
    by_contract(server, tid, shapes(trained)[0].read_bytes())
    assert warm(trained)


def test_predictions_of_the_contract_come_one_after_another(trained: Trained) -> None:
    server, tid = trained.server, trained.tid
    by_contract(server, tid, shapes(trained)[0].read_bytes())
    for file in shapes(trained)[::6]:
        data = file.read_bytes()
        expected = server.ok("POST", "/predict", tid=tid, image_data=encoded(data))["predictions"][0]
        assert by_contract(server, tid, data)["score"] == pytest.approx(expected["score"], abs=1e-4)
        assert warm(trained)


def test_the_prediction_that_a_killed_server_was_doing_is_done_by_the_next(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        trained = trained_task(server, tmp_path / "shapes")
        data = shapes(trained)[0].read_bytes()
        expected = by_contract(server, trained.tid, data)
        for process in workers(server):
            os.kill(process, signal.SIGSTOP)
        server.ok("POST", "/project/task/predict", tid=trained.tid, image_data=encoded(data))
        assert server.ok("GET", "/project/task/predict", tid=trained.tid)["predict_status"] == 0
        before = workers(server)
        server.kill()
        for process in before:
            os.kill(process, signal.SIGCONT)
        until(lambda: workers(server), lambda left: not left)
        server.start()
        seen = until(
            lambda: server.ok("GET", "/project/task/predict", tid=trained.tid), lambda seen: seen["predict_status"] != 0
        )
        assert seen["predict_status"] == 1
        [found] = server.ok("GET", "/project/task/predict/result", tid=trained.tid)["predictions"]
        assert found["score"] == pytest.approx(expected["score"], abs=1e-4)

        send(server, [("a.png", data)], tid=trained.tid)
        assert workers(server)
        assert server.stop() == 0
        # A server that is slow to end them leaves them, and they end by themselves.
        until(lambda: workers(server), lambda left: not left)
    finally:
        server.close()


def test_a_model_that_nobody_asks_is_let_go(tmp_path: Path) -> None:
    server = Server(tmp_path, "--predict_idle", "1", "--predict_workers", "1")
    try:
        trained = trained_task(server, tmp_path / "shapes")
        send(server, [("a.png", shapes(trained)[0].read_bytes())], tid=trained.tid)
        until(lambda: workers(server), lambda left: not left)
    finally:
        server.close()

"""Many requests, few processes: who gets which answer, and which process ends when. The models are toys."""

from __future__ import annotations

import io
import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from paddlex_restful.checkpoints import WEIGHTS_FILE
from paddlex_restful.errors import UserError
from paddlex_restful.serving import Model, Pool, Request
from tests.jobs.conftest import until
from tests.serving import toys as colours
from tests.serving.conftest import Asked, Toys, ask, picture


def pid_of(pool: Pool, model: Model) -> int:
    return int(ask(pool, model, 9, 9, 9).told["pid"])


def worked_on(pool: Pool, model: Model) -> int:
    """How many requests have the process of a model."""
    with pool._changed:
        held = pool._held.get(model)
        return 0 if held is None else held.users


def test_a_model_is_loaded_once_and_answers_again_and_again(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    answers = [ask(pool, model, 10, 20, blue) for blue in range(5)]
    assert [answer.told["colour"] for answer in answers] == [[10, 20, blue] for blue in range(5)]
    assert len({answer.told["pid"] for answer in answers}) == 1
    assert answers[0].told["score_thresh"] == 0.5
    assert answers[0].files == {}


def test_pictures_and_masks_come_as_files_where_they_are_wanted(toys: Toys) -> None:
    answer = ask(toys.pool(), toys.model(), 10, 20, 30, picture=True, mask=True)
    with Image.open(io.BytesIO(answer.files["picture"])) as drawn, Image.open(io.BytesIO(answer.files["mask"])) as mask:
        assert (drawn.format, drawn.getpixel((0, 0))) == ("PNG", (10, 20, 30))
        assert (mask.format, mask.mode) == ("PNG", "P")


def test_many_clients_get_their_own_answers_in_few_batches(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    ask(pool, model, 9, 9, 9)
    first = Asked(pool, model, colours.HOLDS, 0, 0)
    held, prepared = model.folder / colours.HELD, model.folder / colours.PREPARED
    until(held.exists)
    others = [Asked(pool, model, 100, 0, blue) for blue in range(12)]
    until(lambda: prepared.stat().st_size == 14)
    held.unlink()
    assert [asked.answer.told["colour"][2] for asked in others] == list(range(12))
    assert first.answer.told["colour"][0] == colours.HOLDS
    # They arrived while the net was busy.
    assert max(asked.answer.told["batch"] for asked in others) == 4


def test_the_pictures_of_one_request_are_answered_in_their_order(toys: Toys) -> None:
    data = [picture(50, 0, 1), b"no picture", picture(colours.FAILS, 0, 0), picture(50, 0, 2)]
    requests = [Request(each, f"number {place}", 0.5) for place, each in enumerate(data)]
    first, second, third, fourth = toys.pool().predict(toys.model(), requests)
    assert (first.told["colour"], fourth.told["colour"]) == ([50, 0, 1], [50, 0, 2])
    assert "number 1 cannot be read as a picture" in second.error
    assert "predict-0.log" in third.error
    assert "the net fails" in (toys.folder / "logs/predict-0.log").read_text()


def test_a_killed_process_costs_nobody_an_answer(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    process = pid_of(pool, model)
    os.kill(process, signal.SIGSTOP)
    asked = [Asked(pool, model, 100, 0, blue) for blue in range(5)]
    until(lambda: pool._waiting == 5)
    os.kill(process, signal.SIGKILL)
    assert [each.answer.told["colour"][2] for each in asked] == list(range(5))
    assert process not in {each.answer.told["pid"] for each in asked}


def test_a_process_killed_while_nobody_asks_is_replaced(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    process = pid_of(pool, model)
    os.kill(process, signal.SIGKILL)
    assert pid_of(pool, model) != process


@pytest.mark.parametrize("deadly", [colours.DIES, colours.DIES_IN_NET])
def test_a_picture_that_ends_its_process_costs_that_request_alone(toys: Toys, deadly: int) -> None:
    pool, model = toys.pool(), toys.model()
    ask(pool, model, 9, 9, 9)
    first = Asked(pool, model, colours.LASTS, 0, 0)
    asked = [Asked(pool, model, deadly if blue == 2 else 100, 0, blue) for blue in range(6)]
    for blue, each in enumerate(asked):
        if blue == 2:
            assert "ended while it worked on this picture (signal 9: SIGKILL)" in each.answer.error
            assert str(toys.folder / "logs") in each.answer.error
        else:
            assert (each.answer.error, each.answer.told.get("colour")) == ("", [100, 0, blue])
    assert first.answer.error == ""
    assert ask(pool, model, 10, 20, 30).told["colour"] == [10, 20, 30]


def test_a_model_that_cannot_be_loaded_is_told_and_tried_again(toys: Toys) -> None:
    pool, broken = toys.pool(), toys.model("broken", (), "broken")
    with pytest.raises(UserError, match=r"The toy is broken\."):
        ask(pool, broken, 0, 0, 0)
    (broken.folder / "broken").unlink()
    assert ask(pool, broken, 0, 0, 0).error == ""
    with pytest.raises(UserError, match=r"ended while it loaded the model \(signal 9: SIGKILL\)"):
        ask(pool, toys.model("deadly", (), "deadly"), 0, 0, 0)


def test_the_model_that_was_used_longest_ago_makes_room(toys: Toys) -> None:
    pool = toys.pool(most=2)
    first, second, third = (toys.model(name) for name in ("first", "second", "third"))
    pids = {model: pid_of(pool, model) for model in (first, second)}
    assert pid_of(pool, first) == pids[first]
    pid_of(pool, third)
    until(lambda: not psutil.pid_exists(pids[second]))
    assert pid_of(pool, first) == pids[first]


def test_a_model_that_makes_room_answers_what_it_was_asked(toys: Toys) -> None:
    pool = toys.pool(most=1)
    busy = toys.model("busy")
    process = pid_of(pool, busy)
    asked = Asked(pool, busy, colours.LASTS, 0, 0)
    until(lambda: worked_on(pool, busy))
    ask(pool, toys.model("other"), 0, 0, 0)
    assert asked.answer.told["pid"] == process
    until(lambda: not psutil.pid_exists(process))


def test_a_model_that_nobody_asks_is_let_go(toys: Toys) -> None:
    pool, model = toys.pool(idle=0.5), toys.model()
    process = pid_of(pool, model)
    until(lambda: not psutil.pid_exists(process))
    assert pid_of(pool, model) != process


def test_models_make_room_for_the_last_where_memory_is_short(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paddlex_restful.serving.pool._LOOK_AT_MEMORY", 0.0)
    pool = toys.pool(most_bytes=1)
    first = pid_of(pool, toys.model("first"))
    last = pid_of(pool, toys.model("last"))
    until(lambda: not psutil.pid_exists(first))
    assert pid_of(pool, toys.model("last")) == last


def test_a_model_that_was_trained_anew_or_deleted_is_let_go(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    old = pid_of(pool, model)
    (model.folder / WEIGHTS_FILE).write_bytes(b"other weights")
    new = pid_of(pool, toys.model())
    assert new != old
    until(lambda: not psutil.pid_exists(old))
    (model.folder / WEIGHTS_FILE).unlink()
    until(lambda: not psutil.pid_exists(new))


def test_a_model_that_is_asked_again_gets_a_faster_process(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model("model", (), "traceable")
    first = ask(pool, model, 9, 9, 9).told
    assert not first["traced"]
    told = until(lambda: [told for told in [ask(pool, model, 9, 9, 9).told] if told["traced"]])[0]
    until(lambda: not psutil.pid_exists(first["pid"]))
    assert pid_of(pool, model) == told["pid"]
    os.kill(told["pid"], signal.SIGKILL)
    assert not ask(pool, model, 9, 9, 9).told["traced"]


def test_a_process_that_cannot_become_faster_stays(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model("model", (), "traceable", "deadly traced")
    process = pid_of(pool, model)
    assert pid_of(pool, model) == process
    [held] = pool._held.values()
    until(lambda: held.succeeded and held.successor is None)
    assert pid_of(pool, model) == process


def test_a_closed_pool_leaves_no_process_that_was_to_be_faster(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model("model", (), "traceable")
    for _ in range(2):
        pid_of(pool, model)
    [held] = pool._held.values()
    successor = until(lambda: held.successor)
    pool.close()
    assert not psutil.pid_exists(successor.pid)


def test_a_gpu_that_a_job_has_is_left_to_it_and_the_processor_answers(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddlex_restful.serving.pool._LEASE", 60.0)
    pool, model = toys.pool(), toys.model("model", (0,))
    on_gpu = pid_of(pool, model)
    assert pid_of(pool, model) == on_gpu
    # As a job that starts does it: it has the GPU on record, then asks for it.
    asked = Asked(pool, model, colours.LASTS, 0, 0)
    until(lambda: worked_on(pool, model))
    toys.taken.add(0)
    pool.give_back([0])
    assert not psutil.pid_exists(on_gpu)
    assert asked.answer.told["pid"] == on_gpu
    on_processor = pid_of(pool, model)
    assert on_processor != on_gpu
    pool.give_back([0])
    assert psutil.pid_exists(on_processor)
    toys.taken.clear()
    assert pid_of(pool, model) not in (on_gpu, on_processor)


def test_the_owner_of_a_gpu_uses_it(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model("model", (0,))
    process = pid_of(pool, model)
    toys.taken.add(0)
    [answer] = pool.predict(model, [Request(picture(7, 1, 1), "mine", 0.5)], leased=True)
    assert answer.told["pid"] == process


def test_more_requests_than_can_wait_are_refused(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paddlex_restful.serving.pool.MOST_WAITING", 3)
    pool, model = toys.pool(), toys.model()
    process = pid_of(pool, model)
    os.kill(process, signal.SIGSTOP)
    asked = [Asked(pool, model, 100, 0, blue) for blue in range(3)]
    until(lambda: pool._waiting == 3)
    with pytest.raises(UserError, match="3 pictures wait to be predicted already, of at most 3"):
        ask(pool, model, 0, 0, 0)
    os.kill(process, signal.SIGCONT)
    assert [each.answer.error for each in asked] == ["", "", ""]
    assert ask(pool, model, 10, 20, 30).error == ""


def test_a_process_that_hangs_is_ended_and_told_of(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, model = toys.pool(), toys.model()
    process = pid_of(pool, model)
    # Not before: a busy machine may take longer to start it.
    monkeypatch.setattr("paddlex_restful.serving.pool._PATIENCE", 1.0)
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(UserError, match="did not answer within 1 seconds"):
        ask(pool, model, 0, 0, 0)
    assert not psutil.pid_exists(process)


def test_a_closed_pool_leaves_no_process_and_takes_no_requests(toys: Toys) -> None:
    pool, model = toys.pool(), toys.model()
    process = pid_of(pool, model)
    os.kill(process, signal.SIGSTOP)
    begun = time.monotonic()
    pool.close()
    # It would be given two minutes for an answer.
    assert time.monotonic() - begun < 60
    assert not psutil.pid_exists(process)
    with pytest.raises(UserError, match="shutting down"):
        ask(pool, model, 0, 0, 0)


def test_fresh_interpreters_serve_too(toys: Toys) -> None:
    pool, model = toys.pool(method="spawn"), toys.model()
    process = pid_of(pool, model)
    answer = ask(pool, model, 10, 2, 3)
    assert (answer.told["colour"], answer.told["pid"]) == ([10, 2, 3], process)
    os.kill(process, signal.SIGKILL)
    assert pid_of(pool, model) != process
    assert not Path(f"/proc/{process}").exists()

"""Checkpoints: complete or absent, and never trusted."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddlex_restful.checkpoints import is_complete
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training import checkpoint

INFO = {"type": "classification", "model": "Net", "labels": ["是", "no", "1"], "epoch": 3, "metrics": {"acc1": 0.5}}


def make_net(width: int = 4) -> paddle.nn.Layer:
    with paddle.utils.unique_name.guard():
        return paddle.nn.Sequential(paddle.nn.Linear(3, width), paddle.nn.BatchNorm1D(width))


def trained(net: paddle.nn.Layer) -> paddle.optimizer.Optimizer:
    optimizer = paddle.optimizer.Momentum(0.1, parameters=net.parameters())
    net(paddle.rand([4, 3])).sum().backward()
    optimizer.step()
    return optimizer


def values(net: paddle.nn.Layer) -> dict[str, list[Any]]:
    return {name: tensor.numpy().tolist() for name, tensor in net.state_dict().items()}


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    with paddle.utils.unique_name.guard():
        net = make_net()
        optimizer = trained(net)
        checkpoint.save(tmp_path / "输出" / "epoch_3", net, INFO, optimizer=optimizer, state={"epoch": 3})
    assert checkpoint.read_info(tmp_path / "输出" / "epoch_3") == INFO
    with paddle.utils.unique_name.guard():
        other = make_net()
        fresh = paddle.optimizer.Momentum(0.1, parameters=other.parameters())
        assert values(other) != values(net)
        checkpoint.load_net(tmp_path / "输出" / "epoch_3", other)
        assert checkpoint.load_training(tmp_path / "输出" / "epoch_3", fresh) == {"epoch": 3}
        assert values(other) == values(net)
        paddle.seed(1)
        images = paddle.rand([4, 3])
        for one, its in ((net, optimizer), (other, fresh)):
            its.clear_grad()
            one(images).sum().backward()
            its.step()
    assert values(other) == values(net)


def test_saving_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "best_model", make_net(), INFO)
    net = make_net()
    checkpoint.save(tmp_path / "best_model", net, INFO | {"epoch": 4})
    assert [path.name for path in tmp_path.iterdir()] == ["best_model"]
    assert checkpoint.read_info(tmp_path / "best_model")["epoch"] == 4
    again = make_net()
    checkpoint.load_net(tmp_path / "best_model", again)
    assert values(again) == values(net)


def test_a_save_that_fails_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "best_model", make_net(), INFO)
    with pytest.raises(TypeError):
        checkpoint.save(tmp_path / "best_model", make_net(), INFO, state={"not": object()})
    assert checkpoint.read_info(tmp_path / "best_model") == INFO
    with pytest.raises(TypeError):
        checkpoint.save(tmp_path / "epoch_1", make_net(), INFO, state={"not": object()})
    assert not (tmp_path / "epoch_1").exists()
    checkpoint.save(tmp_path / "epoch_1", make_net(), INFO)
    assert is_complete(tmp_path / "epoch_1")


def test_a_copy_outlives_its_source(tmp_path: Path) -> None:
    net = make_net()
    checkpoint.save(tmp_path / "epoch_1", net, INFO)
    checkpoint.copy(tmp_path / "epoch_1", tmp_path / "best_model")
    checkpoint.save(tmp_path / "epoch_1", make_net(), INFO | {"epoch": 9})
    assert checkpoint.read_info(tmp_path / "best_model") == INFO
    again = make_net()
    checkpoint.load_net(tmp_path / "best_model", again)
    assert values(again) == values(net)


def test_a_missing_checkpoint_is_told(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="no complete checkpoint in epoch_7"):
        checkpoint.read_info(tmp_path / "epoch_7")
    with pytest.raises(JobFailed, match="no complete checkpoint in epoch_7"):
        checkpoint.load_net(tmp_path / "epoch_7", make_net())


def test_another_nets_checkpoint_is_refused_instead_of_half_loaded(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "epoch_1", make_net(5), INFO)
    with pytest.raises(JobFailed, match="damaged"):
        checkpoint.load_net(tmp_path / "epoch_1", make_net(4))


@pytest.mark.parametrize("text", ["- a list", "model: [", "model: only", "!!python/object/apply:os.system ['true']"])
def test_a_damaged_description_is_told(tmp_path: Path, text: str) -> None:
    checkpoint.save(tmp_path / "epoch_1", make_net(), INFO)
    (tmp_path / "epoch_1" / "model.yml").write_text(text)
    with pytest.raises(JobFailed, match=r"epoch_1/model\.yml is damaged"):
        checkpoint.read_info(tmp_path / "epoch_1")


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_state_is_told(tmp_path: Path, text: str) -> None:
    net = make_net()
    optimizer = trained(net)
    checkpoint.save(tmp_path / "epoch_1", net, INFO, optimizer=optimizer, state={})
    (tmp_path / "epoch_1" / "state.json").write_text(text)
    with pytest.raises(JobFailed, match=r"epoch_1/state\.json is damaged"):
        checkpoint.load_training(tmp_path / "epoch_1", optimizer)


class Evil:
    """A pickle of it runs a command when it is read."""

    def __init__(self, *call: Any) -> None:
        self._call = call

    def __reduce__(self) -> Any:
        return self._call[0], self._call[1:]


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {file}"),
        (eval, "open('{file}', 'w')"),
        (exec, "open('{file}', 'w')"),
        (getattr, os, "system"),
        (np.load, "{file}"),
    ],
    ids=["system", "eval", "exec", "getattr", "numpy.load"],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, call: tuple[Any, ...], protocol: int) -> None:
    made = tmp_path / "made"
    told = tuple(part.format(file=made) if isinstance(part, str) else part for part in call)
    if call[0] is getattr:
        told = (getattr, "text", "upper")
    (tmp_path / "w.pdparams").write_bytes(pickle.dumps({"w": Evil(*told)}, protocol))
    with pytest.raises(JobFailed, match="damaged"):
        checkpoint.load_weights(tmp_path / "w.pdparams")
    assert not made.exists()


@pytest.mark.parametrize("name", ["os.system", "path.join", "ndarray.__class__", "__init__"])
def test_dotted_names_do_not_reach_through_what_is_admitted(tmp_path: Path, name: str) -> None:
    text = name.encode()
    for module in (b"numpy", b"collections", b"os"):
        pickled = b"\x80\x04\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(text)]) + text + b"\x93."
        (tmp_path / "w.pdparams").write_bytes(pickled)
        with pytest.raises(JobFailed, match="damaged"):
            checkpoint.load_weights(tmp_path / "w.pdparams")


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", pickle.dumps([1]), pickle.dumps({"w": "text"}), pickle.dumps({"w": np.array([{}], object)})],
    ids=["empty", "text", "list", "text in it", "objects in it"],
)
def test_what_holds_no_numbers_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pdparams").write_bytes(content)
    with pytest.raises(JobFailed, match="damaged"):
        checkpoint.load_weights(tmp_path / "w.pdparams")


def test_a_file_cut_short_is_told(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "epoch_1", make_net(), INFO)
    file = tmp_path / "epoch_1" / "model.pdparams"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(JobFailed, match=r"epoch_1/model\.pdparams is damaged"):
        checkpoint.load_net(tmp_path / "epoch_1", make_net())


@pytest.mark.parametrize("protocol", [2, 4])
def test_files_of_older_paddle_and_numpy_are_read(tmp_path: Path, protocol: int) -> None:
    weights = OrderedDict(w=np.arange(6, dtype=np.float32).reshape(2, 3), n=np.float32(2), i=np.array([1, 2]))
    pickled = pickle.dumps({**weights, "StructuredToParameterName@@": {"w": "linear_0.w_0"}}, protocol)
    # The length before a name is part of protocol 4; this one has no length before it.
    old = pickled.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray") if protocol == 2 else pickled
    (tmp_path / "w.pdparams").write_bytes(old)
    read = checkpoint.load_weights(tmp_path / "w.pdparams")
    assert set(read) == {"w", "n", "i"}
    assert all(np.array_equal(read[name], weights[name]) for name in weights)

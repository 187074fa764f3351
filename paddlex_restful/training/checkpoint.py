"""Checkpoint folders: a net's weights, what it is, and what is needed to train it further.

A folder is complete or absent: it is written beside its place and renamed. It holds

- ``model.pdparams``: the weights, as ``paddle.save`` writes them,
- ``model.yml``: what the net is: ``type``, ``model``, ``labels``, ``params``, ``epoch``, ``metrics`` and what is needed
  to feed it (classification: ``image_shape`` as width and height, ``mean``, ``std``); of a pruned net also
  ``pruning``: the ``shapes`` of its parameters, and ``flops`` and ``parameters`` ``before`` and ``after``,
- ``model.pdopt`` and ``state.json``: the optimiser and the place in the training, for training on.

There is no file of random states: all that is random in an epoch comes from the seed and the epoch's number alone.
"""

from __future__ import annotations

import pickle
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import orjson
import paddle
import yaml
from numpy.typing import NDArray

from paddlex_restful.checkpoints import INFO_FILE, OPTIMIZER_FILE, STATE_FILE, WEIGHTS_FILE, is_complete, replaced
from paddlex_restful.durable import sync, sync_folder
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training import yamlfile
from paddlex_restful.training.pruning.shapes import give_shapes

_NAME_TABLE = "StructuredToParameterName@@"
"""Where paddle's files tell which name in the net is which parameter's."""

Weights = dict[str, NDArray[Any]]
"""Arrays by the names of a net's ``state_dict``."""

Net = TypeVar("Net", bound=paddle.nn.Layer)


@dataclass(frozen=True)
class Content:
    """What a checkpoint is to hold, apart from a net that is trained on meanwhile.

    Attributes:
        info: what goes into ``model.yml``.
        weights: of the net, as ``paddle.save`` takes them.
        optimizer: its state, likewise; None where nobody is to train on.
        state: the place in the training, as JSON; None likewise.
    """

    info: Mapping[str, Any]
    weights: Mapping[str, Any]
    optimizer: Mapping[str, Any] | None
    state: Mapping[str, Any] | None


def hold(
    net: paddle.nn.Layer,
    info: Mapping[str, Any],
    *,
    optimizer: paddle.optimizer.Optimizer | None = None,
    state: Mapping[str, Any] | None = None,
) -> Content:
    """Copy what a checkpoint of a net as it is now holds; arguments as of ``save``."""
    return Content(info, _arrays(net), None if optimizer is None else _arrays(optimizer), state)


def write(folder: Path, content: Content) -> None:
    """Write a checkpoint; one that is there is replaced.

    Args:
        folder: its folder; the parent is made.
        content: what it holds.

    Raises:
        OSError: it cannot be written.
    """
    beside = _beside(folder)
    paddle.save(content.weights, str(beside / WEIGHTS_FILE))
    if content.optimizer is not None:
        paddle.save(content.optimizer, str(beside / OPTIMIZER_FILE))
    if content.state is not None:
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        (beside / STATE_FILE).write_bytes(orjson.dumps(content.state, option=options))
    yamlfile.write(beside / INFO_FILE, content.info)
    _publish(beside, folder)


def save(
    folder: Path,
    net: paddle.nn.Layer,
    info: Mapping[str, Any],
    *,
    optimizer: paddle.optimizer.Optimizer | None = None,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint of a net as it is now; one that is there is replaced.

    Args:
        folder: its folder; the parent is made.
        net: its weights are written.
        info: what goes into ``model.yml``.
        optimizer: its state is written, for training on.
        state: the place in the training, as JSON, for training on.

    Raises:
        OSError: it cannot be written.
    """
    write(folder, hold(net, info, optimizer=optimizer, state=state))


def _arrays(source: paddle.nn.Layer | paddle.optimizer.Optimizer) -> dict[str, Any]:
    """The state of a net or an optimiser as ``paddle.save`` puts it into a file, copied to memory of the host."""
    values = source.state_dict()
    tensors = {name: value for name, value in values.items() if isinstance(value, paddle.Tensor)}
    copies = {name: value.numpy() for name, value in tensors.items()}
    return {**values, **copies, _NAME_TABLE: {name: value.name for name, value in tensors.items()}}


def size(net: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer) -> int:
    """Bytes that a checkpoint takes, but for its small files."""
    values = (*net.state_dict().values(), *optimizer.state_dict().values())
    return sum(value.size * value.element_size() for value in values if isinstance(value, paddle.Tensor))


def copy(source: Path, target: Path) -> None:
    """Make ``target`` the same checkpoint as ``source``; one that is there is replaced.

    The files are shared (hard links) where the file system can: none is ever changed in place.

    Raises:
        OSError: it cannot be written.
    """
    beside = _beside(target)
    for file in source.iterdir():
        try:
            (beside / file.name).hardlink_to(file)
        except OSError:
            shutil.copy2(file, beside / file.name)
    _publish(beside, target)


def read_info(folder: Path) -> dict[str, Any]:
    """What the net of a checkpoint is: its ``model.yml``.

    Raises:
        JobFailed: there is no checkpoint, or the file is damaged.
    """
    if not is_complete(folder):
        raise JobFailed("checkpoint", messages.CHECKPOINT_MISSING, folder=folder.name)
    file = folder / INFO_FILE
    try:
        info = yamlfile.read(file)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _damaged(file) from error
    if not isinstance(info, dict) or not {"type", "model", "labels"} <= info.keys():
        raise _damaged(file)
    return info


def load(folder: Path, build: Callable[[Mapping[str, Any]], Net]) -> tuple[Net, dict[str, Any]]:
    """The net of a checkpoint, and its ``model.yml``.

    Args:
        folder: the checkpoint.
        build: makes the net that a ``model.yml`` describes, with whatever weights.

    Raises:
        JobFailed: there is no checkpoint, it is damaged, or ``build`` refuses.
    """
    info = read_info(folder)
    with _unset_weights():
        net = build(info)
    _give_weights(folder, info, net)
    return net, info


def load_net(folder: Path, net: paddle.nn.Layer) -> None:
    """Give a net exactly the weights of a checkpoint; to one that was pruned, its shapes first.

    Args:
        folder: the checkpoint.
        net: fresh, of the model that the checkpoint names.

    Raises:
        JobFailed: there is no checkpoint, it is damaged, or it is of another net.
    """
    _give_weights(folder, read_info(folder), net)


@contextmanager
def _unset_weights() -> Iterator[None]:
    """Make nets whose weights are about to be read: to draw random ones first can take longer than to read them."""
    nothing = paddle.nn.initializer.Constant()
    paddle.nn.initializer.set_global_initializer(nothing, nothing)
    try:
        yield
    finally:
        paddle.nn.initializer.set_global_initializer(None)


def _give_weights(folder: Path, info: Mapping[str, Any], net: paddle.nn.Layer) -> None:
    pruning = info.get("pruning")
    if pruning is not None:
        try:
            give_shapes(net, pruning["shapes"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # whatever a stranger's file holds
            raise _damaged(folder / INFO_FILE) from error
    weights = load_weights(folder / WEIGHTS_FILE)
    wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise _damaged(folder / WEIGHTS_FILE)
    net.set_state_dict(weights)


def load_training(folder: Path, optimizer: paddle.optimizer.Optimizer) -> dict[str, Any]:
    """Give an optimiser its state back, and read the place in the training.

    Returns:
        What was given to ``save`` as ``state``.

    Raises:
        JobFailed: the checkpoint is damaged or cannot be trained on.
    """
    file = folder / STATE_FILE
    try:
        state = orjson.loads(file.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError) as error:
        raise _damaged(file) from error
    if not isinstance(state, dict):
        raise _damaged(file)
    optimizer.set_state_dict(load_weights(folder / OPTIMIZER_FILE))
    return state


def load_weights(path: Path) -> Weights:
    """Read a ``.pdparams`` or ``.pdopt`` file that may come from strangers.

    Such files are pickles, and ``paddle.load`` runs whatever a pickle asks for. Here a pickle can name nothing but
    dictionaries and numpy arrays of numbers.

    Returns:
        The arrays by name.

    Raises:
        JobFailed: the file is missing, damaged or holds anything else.
    """
    try:
        with path.open("rb") as file:
            content = _Unpickler(file).load()
        content.pop(_NAME_TABLE, None)
        weights = {str(name): np.asarray(value) for name, value in content.items()}
    except Exception as error:  # a damaged pickle raises whatever its bytes lead it to
        raise _damaged(path) from error
    if any(value.dtype.kind not in "fiub" for value in weights.values()):
        raise _damaged(path)
    return weights


# How numpy pickles an array and a figure: the functions it names there, asked of numpy itself.
_ARRAY = np.empty(0).__reduce__()[0]
_SCALAR = np.float64(0).__reduce__()[0]


class _Unpickler(pickle.Unpickler):
    """Admits what ``paddle.save`` writes for a dictionary of tensors."""

    _ADMITTED: ClassVar[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        # The module's name changed with numpy 2; files of both times are about.
        ("numpy.core.multiarray", "_reconstruct"): _ARRAY,
        ("numpy._core.multiarray", "_reconstruct"): _ARRAY,
        ("numpy.core.multiarray", "scalar"): _SCALAR,
        ("numpy._core.multiarray", "scalar"): _SCALAR,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin1
        try:
            return self._ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not admitted") from None


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """How pickles of protocol 2 hold bytes; only this encoding is used for that."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("an unexpected encoding")
    return text.encode("latin1")


def _damaged(file: Path) -> JobFailed:
    return JobFailed("checkpoint", messages.CHECKPOINT_DAMAGED, file=f"{file.parent.name}/{file.name}")


def _beside(folder: Path) -> Path:
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    return beside


def _publish(beside: Path, folder: Path) -> None:
    for file in beside.iterdir():
        sync(file)
    sync_folder(beside)
    old = replaced(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)

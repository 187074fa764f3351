"""Which channels of a net can only be removed together.

The net is traced as a program. Every output channel of a convolution gets a number, and the numbers are followed
through the program: an addition ties those of both sides together, a concatenation puts them one after another, a
depthwise convolution passes them on, the next convolution takes them in. What is met on the way, a slice of a weight
along an axis, goes with its channel. Channels that reach an operator whose work would change without them (a reshape to
a fixed shape, a split, the net's own output) stay. This is the dependency graph of Fang et al., "DepGraph: Towards Any
Structural Pruning", 2023, kept by the channel instead of by the layer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.training.tracing import AsItRuns, traced

Ids = NDArray[np.int64]
"""Numbers of channels, in an array that can be broadcast to the shape of the value that they belong to."""

Place = tuple[str, int]
"""Name of a parameter and an axis of it."""


@dataclass(frozen=True)
class Group:
    """Channels of convolutions that are pruned as one layer.

    Attributes:
        name: of the first convolution's weight.
        convolutions: all of the group: their weights, and the axes of these along which the channels lie.
        channels: numbers of the channels; a channel of several convolutions is one.
    """

    name: str
    convolutions: tuple[Place, ...]
    channels: Ids


@dataclass(frozen=True)
class Channels:
    """The channels of a net.

    Attributes:
        groups: what can be pruned, in the order of the program.
        places: of each axis of a parameter that goes with channels, the number of the channel of each index.
    """

    groups: Sequence[Group]
    places: dict[Place, Ids]


def find_channels(net: paddle.nn.Layer, outputs: Callable[[paddle.Tensor], Any], height: int, width: int) -> Channels:
    """Follow the channels of a net; nothing is computed.

    Args:
        net: in the mode in which all its parameters are used.
        outputs: all that the net says of images [1, 3, H, W], before it chooses among it.
        height: of its input, in pixels.
        width: alike.
    """
    spec = paddle.static.InputSpec([1, 3, height, width], "float32", "image")
    with traced(AsItRuns(net, outputs), [spec]) as seen:
        program = seen.forward.concrete_program
    walk = _Walk({weight.name: name for name, weight in net.named_parameters()})
    for operation in program.main_program.global_block().ops:
        walk.step(operation)
    walk.end(paddle.utils.flatten(program.outputs))
    return walk.channels()


class _Ties:
    """Channels that are one: a disjoint-set forest."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._kept: set[int] = set()

    def fresh(self, number: int) -> Ids:
        start = len(self._parents)
        self._parents += range(start, start + number)
        return np.arange(start, start + number)

    def root(self, channel: int) -> int:
        while self._parents[channel] != channel:
            self._parents[channel] = channel = self._parents[self._parents[channel]]
        return channel

    def roots(self, ids: Ids) -> Ids:
        return np.array([self.root(channel) for channel in ids.ravel().tolist()], np.int64).reshape(ids.shape)

    def tie(self, ones: Ids, others: Ids) -> None:
        for one, other in zip(*(each.ravel().tolist() for each in np.broadcast_arrays(ones, others)), strict=True):
            kept, joined = self.root(one), self.root(other)
            self._parents[joined] = kept
            if joined in self._kept:
                self._kept.add(kept)

    def keep(self, ids: Ids) -> None:
        self._kept.update(self.root(channel) for channel in ids.ravel().tolist())

    def is_kept(self, root: int) -> bool:
        return root in self._kept


_PASSED_ON = frozenset(
    {
        "abs", "assign", "bilinear_interp", "cast", "clip", "dropout", "elu", "exp", "gelu", "hardsigmoid", "hardswish",
        "hardtanh", "leaky_relu", "max_pool2d_with_index", "mish", "nearest_interp", "pad", "pad3d", "pool2d", "pow",
        "relu", "relu6", "scale", "sigmoid", "silu", "softplus", "sqrt", "square", "swish", "tanh",
    }
)  # fmt: skip
"""Operators whose first result has the channels of their first operand."""

_ELEMENTWISE = frozenset({"add", "divide", "maximum", "minimum", "multiply", "subtract"})
_REDUCING = frozenset({"max", "mean", "sum"})
_UNREAD = frozenset({"shape", "shape64", "set_parameter", "shadow_output"})
"""Operators that only look at shapes, or hand values on to what is not computed; the outputs are told apart."""


class _Walk:
    """Follows channels through a program, an operator after the other."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._ties = _Ties()
        self._ids: dict[str, Ids] = {}
        self._lists: dict[str, list[Any]] = {}
        self._weights: dict[str, str] = {}
        self._places: dict[Place, Ids] = {}
        self._convolutions: list[Place] = []

    def step(self, operation: Any) -> None:
        name = operation.name().partition(".")[2].rstrip("_")  # marked so if they work in place
        inputs = [value for value in operation.operands_source() if _is_there(value)]
        results = operation.results()
        if name in _PASSED_ON:
            self._pass_on(inputs[0], results[0])
        elif name in _ELEMENTWISE:
            self._join(inputs[0], inputs[1], results[0])
        elif name in _REDUCING:
            self._reduce(operation, inputs, results[0])
        elif name not in _UNREAD:
            getattr(self, f"_op_{name}", self._unknown)(operation, inputs, results)

    def end(self, outputs: Sequence[Any]) -> None:
        """What the net answers stays as it is."""
        for value in outputs:
            self._keep(value)

    def channels(self) -> Channels:
        places = {place: self._ties.roots(ids) for place, ids in self._places.items()}
        return Channels(list(self._groups(places)), places)

    def _groups(self, places: dict[Place, Ids]) -> Iterator[Group]:
        """Convolutions that share a channel make one group."""
        sharing = _Ties()
        convolutions = [place for place in self._convolutions if len(set(places[place].tolist())) > 1]
        numbers = sharing.fresh(len(convolutions))
        owner: dict[int, int] = {}
        for number, place in enumerate(convolutions):
            for root in places[place].tolist():
                sharing.tie(numbers[owner.setdefault(root, number)], numbers[number])
        members: dict[int, list[Place]] = defaultdict(list)
        for number, place in enumerate(convolutions):
            members[sharing.root(number)].append(place)
        for group in members.values():
            roots = np.unique(np.concatenate([places[place] for place in group]))
            free = roots[[not self._ties.is_kept(root) for root in roots.tolist()]]
            if len(free) > 1:
                yield Group(group[0][0], tuple(group), free)

    # What is known of values.

    def _known(self, value: Any) -> Ids | None:
        return self._ids.get(value.id)

    def _keep(self, value: Any) -> None:
        for each in self._lists.get(value.id, [value]):
            if (ids := self._known(each)) is not None:
                self._ties.keep(ids)

    def _bind(self, weight: str, axis: int, ids: Ids) -> None:
        """An axis of a parameter goes with channels; one that is used twice with both."""
        bound = self._places.setdefault((weight, axis), ids)
        if bound is not ids:
            self._ties.tie(bound, ids)

    def _kept(self, number: int) -> Ids:
        ids = self._ties.fresh(number)
        self._ties.keep(ids)
        return ids

    def _taken_in(self, value: Any, axis: int, number: int) -> Ids:
        """The channels along an axis of an operand, of which a weight has a slice each."""
        ids = self._known(value)
        if ids is not None and ids.size == ids.shape[axis] == number:
            return ids.reshape(-1)
        self._keep(value)
        return self._kept(number)

    def _given_out(self, weight: str, axis: int, number: int) -> Ids:
        """The channels that a weight makes; those of a layer that is used twice are the same."""
        place = (weight, axis)
        if place not in self._places:
            self._places[place] = self._ties.fresh(number)
            self._convolutions.append(place)
        return self._places[place]

    # Operators.

    def _unknown(self, _operation: Any, inputs: list[Any], _results: list[Any]) -> None:
        for value in inputs:
            self._keep(value)

    def _op_parameter(self, operation: Any, _inputs: list[Any], results: list[Any]) -> None:
        name = self._names.get(operation.attrs()["parameter_name"])
        if name is not None:
            self._weights[results[0].id] = name

    def _pass_on(self, value: Any, result: Any) -> None:
        ids = self._known(value)
        if ids is None:
            return
        if len(result.shape) == ids.ndim and all(n in (1, m) for n, m in zip(ids.shape, result.shape, strict=True)):
            self._ids[result.id] = ids
        else:
            self._ties.keep(ids)

    def _op_conv2d(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        image, weight = inputs[:2]
        name, (number, per_group) = self._weights.get(weight.id), weight.shape[:2]
        groups = operation.attrs()["groups"]
        if name is None or (groups > 1 and not number == groups == image.shape[1]):
            self._keep(image)
            if name is not None:
                # The slices of a grouped convolution cannot be taken out one by one.
                self._bind(name, 0, self._kept(number))
            return
        if groups > 1:
            ids = self._taken_in(image, 1, number)
            self._bind(name, 0, ids)
        else:
            self._bind(name, 1, self._taken_in(image, 1, per_group))
            ids = self._given_out(name, 0, number)
        self._ids[results[0].id] = ids.reshape(1, -1, 1, 1)

    _op_depthwise_conv2d = _op_conv2d

    def _op_conv2d_transpose(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        image, weight = inputs[:2]
        name = self._weights.get(weight.id)
        if name is None or operation.attrs()["groups"] > 1:
            self._keep(image)
            return
        self._bind(name, 0, self._taken_in(image, 1, weight.shape[0]))
        self._ids[results[0].id] = self._given_out(name, 1, weight.shape[1]).reshape(1, -1, 1, 1)

    def _op_matmul(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        left, right = inputs
        name, attributes = self._weights.get(right.id), operation.attrs()
        if name is None or attributes["transpose_x"] or attributes["transpose_y"]:
            self._unknown(operation, inputs, results)
            return
        axis = len(left.shape) - 1
        self._bind(name, 0, self._taken_in(left, axis, right.shape[0]))
        ids = self._places.setdefault((name, 1), self._ties.fresh(right.shape[1]))
        self._ids[results[0].id] = ids.reshape((1,) * axis + (-1,))

    def _op_batch_norm(self, _operation: Any, inputs: list[Any], results: list[Any]) -> None:
        image, *figures = inputs
        number = image.shape[1]
        ids = self._taken_in(image, 1, number)
        for figure in figures:
            if (name := self._weights.get(figure.id)) is not None:
                self._bind(name, 0, ids)
        self._ids[results[0].id] = ids.reshape(1, number, *[1] * (len(image.shape) - 2))

    def _joined(self, value: Any, other: Any) -> Ids | None:
        ids, others = self._known(value), self._known(other)
        if ids is not None and others is not None:
            self._ties.tie(ids, others)
            return ids if ids.size >= others.size else others
        ids, plain = (ids, other) if ids is not None else (others, value)
        if ids is None:
            return None
        name, sizes = self._weights.get(plain.id), [side for side in plain.shape if side != 1]
        if name is not None and sizes == [ids.size]:
            self._bind(name, int(np.argmax(self._shape_of(plain))), ids.reshape(-1))
        elif (name is not None and sizes) or _has_channels(plain, ids):
            self._ties.keep(ids)
        return ids

    @staticmethod
    def _shape_of(value: Any) -> list[int]:
        source = value.get_defining_op()
        if source.name() == "pd_op.reshape":
            return list(source.operands_source()[0].shape)
        return list(value.shape)

    def _join(self, value: Any, other: Any, result: Any) -> None:
        ids = self._joined(value, other)
        if ids is not None:
            self._ids[result.id] = ids.reshape((1,) * (len(result.shape) - ids.ndim) + ids.shape)

    def _reduce(self, operation: Any, inputs: list[Any], result: Any) -> None:
        ids = self._known(inputs[0])
        if ids is None:
            return
        axes = operation.attrs().get("axis") if len(inputs) == 1 else _constant(inputs[1])
        if axes is None or any(ids.shape[axis] > 1 for axis in axes):
            # Over all channels: the result is there with fewer of them, too.
            return
        if len(result.shape) < ids.ndim:
            ids = ids.squeeze(tuple(axes))
        self._ids[result.id] = ids

    def _op_reshape(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        value, result = inputs[0], results[0]
        if value.id in self._weights and [n for n in value.shape if n != 1] == [n for n in result.shape if n != 1]:
            # A bias in the shape of what it is added to.
            self._weights[result.id] = self._weights[value.id]
            return
        ids = self._known(value)
        if ids is None:
            return
        if ids.size == np.prod(value.shape) and [n for n in result.shape if n != 1] == [ids.size]:
            self._ids[result.id] = ids.reshape(tuple(result.shape))
        else:
            self._unknown(operation, inputs, results)

    def _op_squeeze(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        self._op_reshape(operation, inputs, results)

    _op_unsqueeze = _op_squeeze

    def _op_flatten(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        ids, shape = self._known(inputs[0]), list(inputs[0].shape)
        attributes = operation.attrs()
        if ids is None:
            return
        if attributes["start_axis"] == 1 and attributes["stop_axis"] in (-1, len(shape) - 1) and min(shape) > 0:
            self._ids[results[0].id] = np.broadcast_to(ids, shape).reshape(1, -1)
        else:
            self._unknown(operation, inputs, results)

    def _op_transpose(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        if (ids := self._known(inputs[0])) is not None:
            self._ids[results[0].id] = ids.transpose(operation.attrs()["perm"])

    def _op_combine(self, _operation: Any, inputs: list[Any], results: list[Any]) -> None:
        self._lists[results[0].id] = inputs

    def _op_concat(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        parts, axis = self._lists.get(inputs[0].id, []), _constant(inputs[1])
        known = [self._known(part) for part in parts]
        if all(ids is None for ids in known):
            return
        rank = len(results[0].shape)
        sized = {ids.shape.index(ids.size) for ids in known if ids is not None and ids.size > 1}
        if axis is None or sized != {axis[0] % rank} or any(part.shape[axis[0]] < 1 for part in parts):
            self._unknown(operation, parts, results)
            return
        along = axis[0] % rank
        numbers = [
            self._kept(part.shape[along]) if ids is None else ids.reshape(-1)
            for part, ids in zip(parts, known, strict=True)
        ]
        shape = [1] * rank
        shape[along] = -1
        self._ids[results[0].id] = np.concatenate(numbers).reshape(shape)

    def _op_add_n(self, operation: Any, inputs: list[Any], results: list[Any]) -> None:
        first, *others = self._lists.get(inputs[0].id, inputs)
        for other in others:
            self._join(first, other, results[0])
            first = results[0] if results[0].id in self._ids else first


def _has_channels(value: Any, ids: Ids) -> bool:
    """Whether a value that comes from elsewhere differs along the axes along which channels lie."""
    return len(value.shape) == ids.ndim and any(
        own > 1 and other != 1 for own, other in zip(ids.shape, value.shape, strict=True)
    )


def _is_there(value: Any) -> bool:
    try:
        return bool(value.initialized())
    except AttributeError:
        return value is not None


def _constant(value: Any) -> list[int] | None:
    """What a value is that the program itself holds."""
    source = value.get_defining_op()
    if source.name() not in ("pd_op.full", "pd_op.full_int_array"):
        return None
    found = source.attrs()["value"]
    return [int(each) for each in found] if isinstance(found, list) else [int(found)]

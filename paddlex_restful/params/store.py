"""``params.pkl``: the training parameters of a task on the disk."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddlex_restful.durable import write_durably
from paddlex_restful.errors import UserError
from paddlex_restful.messages import params as messages

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000
MOST_DEPTH = 50

_DAMAGE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What unpickling damaged bytes raises."""


def write_params(path: Path, values: Mapping[str, Any]) -> None:
    """Write training parameters durably: after a crash the file holds the old ones or the new ones.

    Args:
        path: the file ``params.pkl``; its folder exists.
        values: plain dict, list, str, int, float, bool and None, nested freely.

    Raises:
        TypeError: a value is of another type.
        OSError: the file cannot be written.
    """
    write_durably(path, pickle.dumps(_plain(dict(values), [0], 0), protocol=4))


def read_params(path: Path) -> dict[str, Any]:
    """Read training parameters, also those that the original server pickled as an object of its own.

    No code of the file runs and no module is imported for it.

    Args:
        path: the file ``params.pkl``.

    Raises:
        UserError: the file is missing, damaged, or holds more than plain values.
        OSError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(messages.MISSING_FILE) from None
    try:
        if len(data) > MOST_BYTES:
            raise ValueError
        _refuse_wild_memo(data)
        values = _plain(_Unpickler(io.BytesIO(data)).load(), [0], 0)
        if not isinstance(values, dict):
            raise TypeError
    except _DAMAGE:
        raise UserError(messages.UNREADABLE_FILE, path=path.name) from None
    return values


class _Original:
    """Stands for an object of the original's parameter class; it keeps the attributes and does nothing."""

    state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type[_Original]:
        if module.split(".")[0] in ("paddlex", "paddlex_restful") and name.isidentifier():
            return _Original
        raise pickle.UnpicklingError


def _refuse_wild_memo(data: bytes) -> None:
    """Refuse memo places that no honest pickle of this size has: the unpickler would reserve memory up to them."""
    for opcode, argument, _ in pickletools.genops(data):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > len(data):
            raise ValueError


def _plain(value: Any, seen: list[int], depth: int) -> Any:
    """Copy of a value made of plain types only; ``seen`` counts, for lists that hold themselves many times over."""
    seen[0] += 1
    if seen[0] > MOST_VALUES or depth > MOST_DEPTH:
        raise ValueError
    if isinstance(value, _Original):
        value = value.state
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) in (list, tuple):
        return [_plain(item, seen, depth + 1) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: _plain(item, seen, depth + 1) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} is not a plain value")

"""The sentences of ``paddlex_restful.messages``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from paddlex_restful import messages


def templates() -> dict[str, str]:
    """Every sentence as it stands in its module, without its values: by sentence, the name of the first that has it."""
    found: dict[str, str] = {}
    below = (module.name for module in pkgutil.iter_modules(messages.__path__, f"{messages.__name__}."))
    for module in (messages.__name__, *below):
        for name, value in vars(importlib.import_module(module)).items():
            if name.isupper():
                for text in _texts(value):
                    found.setdefault(text, module)
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, tuple):
        yield from value

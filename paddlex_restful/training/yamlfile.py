"""Files of plain content in YAML, by the C library: the parser in Python takes ten times as long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def read(file: Path) -> Any:
    """The content of a file.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is no text.
        yaml.YAMLError: it is no YAML, or would make objects.
    """
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Write plain content, readable and in its order.

    Raises:
        OSError: it cannot be written.
    """
    text = yaml.dump(dict(content), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    file.write_text(text, encoding="utf-8")

"""Figures: what was measured, how it is kept, and how two sets are laid side by side."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / "results"


@dataclass(frozen=True)
class Figure:
    """One measured quantity.

    Attributes:
        topic: the module that measured it.
        name: what was measured.
        unit: its unit, such as ``req/s``, ``ms``, ``s`` or ``x`` (a ratio of two figures of the same run).
        runs: what each run gave.
    """

    topic: str
    name: str
    unit: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.runs)


def save(figures: Sequence[Figure]) -> Path:
    """Keep the figures as JSON, named by the commit and the time.

    Returns:
        The file, below ``benchmarks/results``.
    """
    FOLDER.mkdir(exist_ok=True)
    now = datetime.now()
    commit = _commit()
    content = {
        "commit": commit,
        "time": now.isoformat(" ", "seconds"),
        "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()},
        "figures": [asdict(figure) | {"median": figure.median} for figure in figures],
    }
    path = FOLDER / f"{now:%Y%m%d-%H%M%S}-{commit}.json"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def load(path: Path) -> dict[str, Any]:
    """Read a file that :func:`save` wrote."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def table(figures: Sequence[Figure], before: dict[str, Any] | None = None) -> str:
    """Lay the figures out as text, one a line, beside those of an earlier file where it is given."""
    old = {(row["topic"], row["name"]): float(row["median"]) for row in (before or {}).get("figures", ())}
    heads = ["topic", "what", "median", "min", "max", "unit", *(["before", "now/before"] if before else [])]
    lines = [heads]
    for figure in figures:
        line = [
            figure.topic,
            figure.name,
            *map(_number, (figure.median, min(figure.runs), max(figure.runs))),
            figure.unit,
        ]
        if before:
            earlier = old.get((figure.topic, figure.name))
            line += ["", ""] if not earlier else [_number(earlier), f"{figure.median / earlier:.2f}"]
        lines.append(line)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text_columns = (0, 1, 5)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + ("-changed" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "no-commit"

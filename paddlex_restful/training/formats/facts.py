"""What is told of an export: in the job's result, and in ``export.json`` beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.results import EXPORT_FILE


@dataclass(frozen=True)
class Facts:
    """Of one export.

    Attributes:
        format: infer, onnx or lite.
        difference: how far it answers from what it was made of; None where it cannot be run here.
        metric: the figure by which nets of its type are judged, where it was measured.
        latency_ms: milliseconds for one image on one core of the processor, in the median; None where it cannot be run.
        quantised: whether it computes in 8 bits.
        paddlex_name: the name under which PaddleX 3 loads it; None where it does not.
        more: what the format tells besides.
    """

    format: str
    difference: float | None
    metric: Mapping[str, float]
    latency_ms: float | None
    quantised: bool = False
    paddlex_name: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def write(folder: Path, facts: Facts, info: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``export.json``, and give its content.

    Args:
        folder: of the export, complete but for this file.
        facts: of it.
        info: its ``model.yml``.
    """
    content = {
        "format": facts.format,
        "quantised": facts.quantised,
        "pruned": "pruning" in info,
        "size": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "metric": dict(facts.metric),
        "latency_ms": facts.latency_ms,
        "difference": facts.difference,
        "model_name": facts.paddlex_name,
        **facts.more,
    }
    write_atomically(folder / EXPORT_FILE, content, durable=True)
    return content

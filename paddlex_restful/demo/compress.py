"""What pruning, quantisation and ONNX make of a model, side by side: ``make demo-compress``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.client import Client, ClientError, Task
from paddlex_restful.demo import steps
from paddlex_restful.demo.plans import Plan
from paddlex_restful.demo.steps import Outcome

SHARES = (0.3, 0.5)
"""Of the FLOPs, that are pruned."""

_MILLION = 1e6
_HEADS = ("model", "MFLOPs", "parameters, M", "size, MB", "metric", "value", "latency, ms")


@dataclass(frozen=True)
class Row:
    """A model and what is known of it.

    Attributes:
        name: for people.
        figures: ``flops``, ``parameters``, ``size`` (bytes), ``metric`` ({name: value} on the validation pictures) and
            ``latency_ms`` (of one picture on the processor); what is not known is missing.
        refused: why there is no such model.
    """

    name: str
    figures: Mapping[str, Any]
    refused: str = ""


class Comparison:
    """Makes smaller models of one that was trained.

    Args:
        client: of a server that can read and write the folder.
        plan: what is trained.
        folder: takes the exported models.
    """

    def __init__(self, client: Client, plan: Plan, folder: Path) -> None:
        self._client = client
        self._plan = plan
        self._folder = folder
        self.outcome = Outcome()
        self.rows: list[Row] = []

    def run(self, pictures: Path) -> list[Row]:
        """Train, compress, export and compare.

        Args:
            pictures: a folder with a dataset of the plan's project type.

        Raises:
            ClientError: the first training or its export was refused or failed; what follows is told in its row.
        """
        plan = self._plan
        dataset = steps.import_pictures(self._client, plan, pictures, self.outcome)
        tasks = steps.make_project(self._client, plan, dataset).tasks
        trained = tasks.create(**plan.params)
        with self.outcome.stage("train"):
            steps.train(trained)

        params = trained.params()
        again = {
            **plan.params,
            "num_epochs": max(1, params["num_epochs"] // 2),
            "learning_rate": params["learning_rate"] / 2,
        }
        whole: dict[str, int] = {}
        pruned: list[tuple[str, Task, dict[str, int]]] = []
        for share in SHARES:
            name = f"pruned by {share:.0%}"
            child = tasks.create(desc=name, parent=trained, **again)
            try:
                with self.outcome.stage(name):
                    steps.train(child, pruned_flops=share)
            except ClientError as error:
                self.rows.append(Row(name, {}, str(error)))
                continue
            computed = child.train_log()["pruning"]
            whole = {what: sizes["before"] for what, sizes in computed.items()}
            pruned.append((name, child, {what: sizes["after"] for what, sizes in computed.items()}))
        self.rows.insert(0, self._exported("trained", trained, whole))
        for name, child, after in pruned:
            self._add(name, child, after)
        self._add("quantised", trained, whole, quantised=True)
        for name, child, after in pruned[-1:]:
            self._add(f"{name}, quantised", child, after, quantised=True)
        self._add("ONNX", trained, whole, format="onnx")
        return self.rows

    def _add(self, name: str, task: Task, computed: Mapping[str, int], **wish: Any) -> None:
        try:
            self.rows.append(self._exported(name, task, computed, **wish))
        except ClientError as error:
            self.rows.append(Row(name, computed, str(error)))

    def _exported(self, name: str, task: Task, computed: Mapping[str, int], **wish: Any) -> Row:
        with self.outcome.stage(f"export: {name}"):
            folder = self._folder / "".join(each if each.isalnum() else "-" for each in name)
            told = task.export(folder, timeout=steps.STAGE_SECONDS, **wish)
        return Row(name, {**computed, **{key: told[key] for key in ("size", "metric", "latency_ms")}})


def table(rows: list[Row]) -> str:
    """The models side by side, as lines for a terminal."""
    cells = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    rule = "─" * max(map(len, lines))
    notes = [f"{row.name}: {row.refused}" for row in rows if row.refused]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule, *notes])


def _cells(row: Row) -> tuple[str, ...]:
    figures = row.figures
    metric, value = next(iter((figures.get("metric") or {}).items()), ("–", None))
    return (
        row.name,
        _scaled(figures.get("flops"), _MILLION),
        _scaled(figures.get("parameters"), _MILLION),
        _scaled(figures.get("size"), _MILLION),
        metric,
        _scaled(value),
        _scaled(figures.get("latency_ms")),
    )


def _scaled(value: float | None, unit: float = 1.0) -> str:
    return "–" if value is None else f"{value / unit:.4g}"

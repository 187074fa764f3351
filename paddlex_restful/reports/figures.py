"""What a report says about an evaluation result: which figures, tables and matrices each project type has.

Works on the result dictionaries alone, so that a result of an opened original workspace is reported like our own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddlex_restful.enums import ProjectType
from paddlex_restful.results import BACKGROUND


@dataclass(frozen=True)
class ClassTable:
    """Figures a class.

    Attributes:
        heading: what the figures are measured on, empty where there is only one kind.
        columns: names of the figures.
        rows: label and its figures, None where a figure could not be computed.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix.

    Attributes:
        heading: what is counted.
        labels: names of the rows (truth) and of the columns (prediction).
        counts: one row for each label.
    """

    heading: str
    labels: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]

    def confusions(self, limit: int) -> list[tuple[str, str, float, float]]:
        """The most frequent confusions: label, what it was taken for, how often, and as a share of the label's row."""
        pairs = [
            (self.labels[i], self.labels[j], count, count / total)
            for i, row in enumerate(self.counts)
            for total in (sum(row),)
            for j, count in enumerate(row)
            if i != j and count > 0
        ]
        return sorted(pairs, key=lambda pair: -pair[2])[:limit]


@dataclass(frozen=True)
class Figures:
    """Everything that a report shows of one result."""

    overall: tuple[tuple[str, float | None], ...]
    tables: tuple[ClassTable, ...]
    matrices: tuple[Matrix, ...]


def figures(result: Mapping[str, Any], project_type: str) -> Figures:
    """Arranges an evaluation result for a reader.

    Args:
        result: the evaluation result as the contract states it for the project type.
        project_type: name of a project type.

    Raises:
        KeyError: the result lacks what results of this type hold.
    """
    return _ARRANGE[ProjectType(project_type)](result)


def _classification(result: Mapping[str, Any]) -> Figures:
    average = result["PRF1_average"]["over_all"]
    overall = (
        ("Top-1 accuracy", _number(result["Acc1"])),
        (f"Top-{result['topk']} accuracy", _number(result["Acck"])),
        ("Precision (mean weighted by images)", _number(average["precision"])),
        ("Recall (mean weighted by images)", _number(average["recall"])),
        ("F1 (mean weighted by images)", _number(average["F1"])),
    )
    columns = {"precision": "Precision", "recall": "Recall", "F1": "F1", "auc": "AUC"}
    return Figures(overall, (_table("", result["PRF1"], columns),), (_matrix("Images", result, "Confusion_Matrix"),))


def _detection(result: Mapping[str, Any]) -> Figures:
    overall = (("mAP", _number(result["mAP"])),)
    return Figures(overall, (_table("", result["PRAP"], _PRAP),), (_matrix("Objects", result, "Confusion_Matrix"),))


def _segmentation(result: Mapping[str, Any]) -> Figures:
    overall = (
        ("Mean IoU", _number(result["Mean_IoU"])),
        ("Pixel accuracy", _number(result["Mean_Acc"])),
    )
    columns = {"precision": "Precision", "recall": "Recall", "iou": "IoU"}
    return Figures(overall, (_table("", result["PRIoU"], columns),), (_matrix("Pixels", result, "Confusion_Matrix"),))


def _instance_segmentation(result: Mapping[str, Any]) -> Figures:
    kinds = (("BBox", "Boxes"), ("Mask", "Masks"))
    return Figures(
        tuple((f"mAP of {heading.lower()}", _number(result[f"{kind}_mAP"])) for kind, heading in kinds),
        tuple(_table(heading, result[f"{kind}_PRAP"], _PRAP) for kind, heading in kinds),
        tuple(_matrix(heading, result, f"{kind}_Confusion_Matrix") for kind, heading in kinds),
    )


_PRAP = {"precision": "Precision", "recall": "Recall", "AP": "AP"}

_ARRANGE = {
    ProjectType.CLASSIFICATION: _classification,
    ProjectType.DETECTION: _detection,
    ProjectType.SEGMENTATION: _segmentation,
    ProjectType.INSTANCE_SEGMENTATION: _instance_segmentation,
    ProjectType.REMOTE_SEGMENTATION: _segmentation,
}


def _table(heading: str, by_label: Mapping[str, Mapping[str, Any]], columns: Mapping[str, str]) -> ClassTable:
    rows = tuple((str(label), tuple(_number(figures[key]) for key in columns)) for label, figures in by_label.items())
    return ClassTable(heading, tuple(columns.values()), rows)


def _matrix(heading: str, result: Mapping[str, Any], key: str) -> Matrix:
    counts = tuple(tuple(float(count) for count in row) for row in result[key])
    return Matrix(heading, _names(result["label_list"], len(counts)), counts)


def _names(labels: Sequence[Any], size: int) -> tuple[str, ...]:
    names = [str(label) for label in labels]
    return tuple(names if len(names) == size else [*names, BACKGROUND][:size])


def _number(value: Any) -> float | None:
    """A figure, None where it could not be computed; the original wrote NaN or -1 there, which no share can be."""
    if value is None or not math.isfinite(value) or value < 0:
        return None
    return float(value)

"""Workbooks of results that were really measured, with figures that could not be computed among them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook

from paddlex_restful.metrics.detection import evaluation_result, instance_evaluation_result
from paddlex_restful.reports.excel import write_report
from tests.metrics.scenes import detections, scenes, truth

LABELS = ["cat", "=狗", "never seen"]


def results(only: bool = False) -> dict[str, dict[str, Any]]:
    """The results of both project types: of scenes with two of three classes, or of one image without anything."""
    truths, found = ([truth([], [])], [detections([], [], [])]) if only else scenes(5, 20, 2)
    return {
        "detection": evaluation_result(truths, found, LABELS, 0.3, 0.5),
        "instance_segmentation": instance_evaluation_result(truths, found, LABELS, 0.3, 0.5),
    }


def kinds(project_type: str) -> Mapping[str, str]:
    """How sheets end, by what the keys of the result begin with."""
    return {"": ""} if project_type == "detection" else {"BBox_": " (boxes)", "Mask_": " (masks)"}


@pytest.mark.parametrize("project_type", ["detection", "instance_segmentation"])
def test_the_workbook_holds_the_measured_figures(project_type: str, tmp_path: Path) -> None:
    result = results()[project_type]
    book = load_workbook(write_report({**result, "split": "val"}, project_type, tmp_path / "report.xlsx"))
    overview = {row[0].value: row[1].value for row in book["Overview"].iter_rows(min_row=3)}
    for prefix, suffix in kinds(project_type).items():
        name = {"": "mAP", " (boxes)": "mAP of boxes", " (masks)": "mAP of masks"}[suffix]
        assert 0 < overview[name] < 1
        assert overview[name] == pytest.approx(result[f"{prefix}mAP"])
        rows = [[cell.value for cell in row] for row in book[f"Classes{suffix}"].iter_rows(max_col=4)]
        assert rows[0] == ["Class", "Precision", "Recall", "AP"]
        for row, label in zip(rows[1:], LABELS, strict=True):
            figures = result[f"{prefix}PRAP"][label]
            told = ["not computable" if value is None else pytest.approx(value) for value in figures.values()]
            assert row == [label, *told]
        assert rows[3] == ["never seen", *["not computable"] * 3]
        matrix = [[cell.value for cell in row] for row in book[f"Confusion matrix{suffix}"].iter_rows(min_row=3)]
        assert matrix[0] == [None, *LABELS, "back_ground"]
        assert [row[1:] for row in matrix[1:]] == result[f"{prefix}Confusion_Matrix"]
        confused = list(book[f"Confusions{suffix}"].iter_rows(min_row=2, values_only=True))
        counts = np.array(result[f"{prefix}Confusion_Matrix"])
        assert sum(row[2] for row in confused) == counts.sum() - counts.trace()
        assert all(isinstance(row[2], int) and 0 < row[3] <= 1 for row in confused)


@pytest.mark.parametrize("project_type", ["detection", "instance_segmentation"])
def test_a_result_without_any_figure_has_a_workbook(project_type: str, tmp_path: Path) -> None:
    book = load_workbook(write_report(results(only=True)[project_type], project_type, tmp_path / "report.xlsx"))
    for suffix in kinds(project_type).values():
        cells = [
            cell.value for row in book[f"Classes{suffix}"].iter_rows(min_row=2, min_col=2, max_col=4) for cell in row
        ]
        assert cells == ["not computable"] * 9
        assert list(book[f"Confusions{suffix}"].iter_rows(min_row=2)) == []
    values = {cell.value for cell in book["Overview"]["B"]}
    assert "not computable" in values

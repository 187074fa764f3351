from __future__ import annotations

import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from paddlex_restful.reports.excel import write_report
from tests.reports import results


@pytest.mark.parametrize("project_type", sorted(results.RESULTS))
def test_every_project_type_gets_its_sheets(project_type: str, tmp_path: Path) -> None:
    target = write_report(results.RESULTS[project_type], project_type, tmp_path / "report.xlsx", title="T0001")
    book = load_workbook(target)
    kinds = [" (boxes)", " (masks)"] if project_type == "instance_segmentation" else [""]
    expected = ["Overview", *(f"Classes{kind}" for kind in kinds)]
    for kind in kinds:
        expected += [f"Confusion matrix{kind}", f"Confusions{kind}"]
    assert book.sheetnames == expected
    assert book["Overview"]["A1"].value == "T0001"


def test_figures_are_the_numbers_of_the_result(tmp_path: Path) -> None:
    book = load_workbook(write_report(results.CLASSIFICATION, "classification", tmp_path / "r.xlsx"))
    overview = {row[0].value: row[1].value for row in book["Overview"].iter_rows(min_row=3)}
    assert overview["Top-1 accuracy"] == 0.5
    assert overview["Top-3 accuracy"] == 1.0
    assert overview["Precision (mean weighted by images)"] == "not computable"
    assert (overview["Images of the split"], overview["Epoch"]) == ("test", "4")
    rows = [[cell.value for cell in row] for row in book["Classes"].iter_rows(max_col=5)]
    assert rows[0] == ["Class", "Precision", "Recall", "F1", "AUC"]
    assert rows[3] == ["triangle", 0.5, 1.0, pytest.approx(2 / 3), 0.28]
    matrix = [[cell.value for cell in row] for row in book["Confusion matrix"].iter_rows(min_row=3)]
    assert matrix == [
        [None, "circle", "square", "triangle"],
        ["circle", 0, 0, 1],
        ["square", 0, 0, 4],
        ["triangle", 0, 0, 5],
    ]


def test_a_label_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://example.com","x")'
    result = _renamed("circle", hostile)
    target = write_report(result, "classification", tmp_path / "r.xlsx", title="=1+1")
    book = load_workbook(target)
    for cell in (
        book["Overview"]["A1"],
        book["Classes"]["A2"],
        book["Confusion matrix"]["A4"],
        book["Confusion matrix"]["B3"],
    ):
        assert cell.data_type == "s"
    assert book["Classes"]["A2"].value == hostile
    with zipfile.ZipFile(target) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_labels_of_any_script_and_control_characters_are_written(tmp_path: Path) -> None:
    book = load_workbook(write_report(_renamed("circle", "圆 形\x00\x1f"), "classification", tmp_path / "r.xlsx"))
    assert book["Classes"]["A2"].value == "圆 形\ufffd\ufffd"


def test_many_classes_are_listed_without_the_matrix(tmp_path: Path) -> None:
    labels = [f"class {i}" for i in range(300)]
    figure = {"precision": 1.0, "recall": 1.0, "F1": 1.0, "auc": 1.0}
    result = {
        **results.CLASSIFICATION,
        "label_list": labels,
        "PRF1": dict.fromkeys(labels, figure),
        "Confusion_Matrix": [[int(i != j) for j in range(300)] for i in range(300)],
    }
    book = load_workbook(write_report(result, "classification", tmp_path / "r.xlsx"))
    assert book.sheetnames == ["Overview", "Classes", "Confusions"]
    assert book["Confusions"].max_row == 101


def test_a_report_replaces_the_one_before_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "报告 of T0001" / "report.xlsx"
    write_report(results.CLASSIFICATION, "classification", target)
    write_report(results.DETECTION, "detection", target)
    assert "mAP" in {cell.value for cell in load_workbook(target)["Overview"]["A"]}
    assert list(target.parent.iterdir()) == [target]


def test_two_reports_at_once_do_not_break_each_other(tmp_path: Path) -> None:
    target = tmp_path / "report.xlsx"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: write_report(results.CLASSIFICATION, "classification", target), range(24)))
    assert load_workbook(target).sheetnames[0] == "Overview"
    assert list(tmp_path.iterdir()) == [target]


def test_importing_the_reports_costs_neither_openpyxl_nor_paddle() -> None:
    code = (
        "import paddlex_restful.reports.excel, sys; sys.exit(bool({'openpyxl', 'paddle', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _renamed(label: str, new: str) -> dict[str, Any]:
    classes = {new if name == label else name: figure for name, figure in results.CLASSIFICATION["PRF1"].items()}
    return {**results.CLASSIFICATION, "PRF1": classes, "label_list": list(classes)}

"""An evaluation result as an Excel workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddlex_restful.durable import write_durably
from paddlex_restful.reports.figures import ClassTable, Figures, Matrix, figures

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MATRIX_LIMIT = 200
"""More classes than this and the matrix is left out, for no reader can use it; the list of confusions stays."""

CONFUSIONS_LIMIT = 100
"""How many of the most frequent confusions are listed."""

CHART_LIMIT = 50
"""More classes than this and the bar chart is left out."""

_NOT_COMPUTED = "not computable"
_SHARE = "0.0000"
_COUNT = "#,##0"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_LONGEST_TEXT = 1000
_HEADING_SIZE = 14


def write_report(result: Mapping[str, Any], project_type: str, target: Path, *, title: str = "Evaluation") -> Path:
    """Writes the report of one evaluation: overall figures, figures a class, confusion matrix and confusions.

    Labels are always written as text: one that looks like a formula is never one.

    Args:
        result: the evaluation result as the contract states it for the project type.
        project_type: name of a project type.
        target: the .xlsx file; replaced in one step if it exists.
        title: heading of the first sheet.

    Returns:
        The target.

    Raises:
        KeyError: the result lacks what results of this type hold.
        OSError: the file cannot be written.
    """
    from openpyxl import Workbook

    shown = figures(result, project_type)
    book = Workbook()
    _overall_sheet(book.active, shown, result, project_type, title)
    for table in shown.tables:
        _class_sheet(book.create_sheet(_sheet_name("Classes", table.heading)), table)
    for matrix in shown.matrices:
        several = matrix.heading if len(shown.matrices) > 1 else ""
        _matrix_sheets(book, matrix, several)

    target.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    book.save(content)
    write_durably(target, content.getvalue())
    return target


def _overall_sheet(sheet: Worksheet, shown: Figures, result: Mapping[str, Any], project_type: str, title: str) -> None:
    sheet.title = "Overview"
    _heading(sheet, 1, title)
    facts = [("Project type", project_type.replace("_", " ")), ("Classes", str(len(shown.tables[0].rows)))]
    epoch = result.get("checkpoint_epoch", result.get("epoch"))
    if epoch is not None:
        facts.append(("Epoch", str(epoch)))
    if result.get("split") is not None:
        facts.append(("Images of the split", str(result["split"])))
    for row, (name, value) in enumerate(facts, start=3):
        _text(sheet.cell(row, 1), name)
        _text(sheet.cell(row, 2), value)
    first = 3 + len(facts) + 1
    _header(sheet, first, ("Figure", "Value"))
    for row, (name, figure) in enumerate(shown.overall, start=first + 1):
        _text(sheet.cell(row, 1), name)
        _figure(sheet.cell(row, 2), figure)
    _widths(sheet, 44, 20)


def _class_sheet(sheet: Worksheet, table: ClassTable) -> None:
    from openpyxl.formatting.rule import ColorScaleRule
    from openpyxl.utils import get_column_letter

    _header(sheet, 1, ("Class", *table.columns))
    for row, (label, values) in enumerate(table.rows, start=2):
        _text(sheet.cell(row, 1), label)
        for column, value in enumerate(values, start=2):
            _figure(sheet.cell(row, column), value)
    last = get_column_letter(len(table.columns) + 1)
    if table.rows:
        sheet.conditional_formatting.add(
            f"B2:{last}{len(table.rows) + 1}",
            ColorScaleRule(
                start_type="num", start_value=0, start_color="F8A5A5",
                mid_type="num", mid_value=0.5, mid_color="FFF2B3",
                end_type="num", end_value=1, end_color="A8D8A8",
            ),
        )  # fmt: skip
        sheet.auto_filter.ref = f"A1:{last}{len(table.rows) + 1}"
    sheet.freeze_panes = "B2"
    _widths(sheet, 32, *([16] * len(table.columns)))
    if 0 < len(table.rows) <= CHART_LIMIT:
        _chart(sheet, table)


def _chart(sheet: Worksheet, table: ClassTable) -> None:
    from openpyxl.chart import BarChart, Reference

    chart = BarChart()
    chart.type = "bar"
    chart.title = ", ".join(table.columns)
    chart.y_axis.scaling.min = 0
    chart.y_axis.scaling.max = 1
    # Excel hides the axes of a chart whose file does not say that they stay.
    chart.x_axis.delete = False
    chart.y_axis.delete = False
    chart.x_axis.scaling.orientation = "maxMin"
    columns = len(table.columns)
    rows = len(table.rows)
    chart.add_data(Reference(sheet, min_col=2, max_col=columns + 1, min_row=1, max_row=rows + 1), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows + 1))
    chart.width = 18
    chart.height = 6 + 1.2 * rows
    sheet.add_chart(chart, sheet.cell(1, columns + 3).coordinate)


def _matrix_sheets(book: Workbook, matrix: Matrix, several: str) -> None:
    if len(matrix.labels) <= MATRIX_LIMIT:
        _matrix_sheet(book.create_sheet(_sheet_name("Confusion matrix", several)), matrix)
    sheet = book.create_sheet(_sheet_name("Confusions", several))
    _header(sheet, 1, ("Class", "Taken for", matrix.heading, "Share of the class"))
    for row, (label, taken_for, count, share) in enumerate(matrix.confusions(CONFUSIONS_LIMIT), start=2):
        _text(sheet.cell(row, 1), label)
        _text(sheet.cell(row, 2), taken_for)
        _figure(sheet.cell(row, 3), count, _COUNT)
        _figure(sheet.cell(row, 4), share, "0.0%")
    sheet.freeze_panes = "A2"
    _widths(sheet, 32, 32, 14, 18)


def _matrix_sheet(sheet: Worksheet, matrix: Matrix) -> None:
    from openpyxl.formatting.rule import ColorScaleRule
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    size = len(matrix.labels)
    _heading(sheet, 1, f"{matrix.heading}: a row is a true class, a column what it was taken for")
    for index, label in enumerate(matrix.labels):
        for cell in (sheet.cell(3, index + 2), sheet.cell(index + 4, 1)):
            _text(cell, label)
            cell.font = Font(bold=True)
        sheet.cell(3, index + 2).alignment = Alignment(horizontal="center", text_rotation=45 if size > 6 else 0)
        for column, count in enumerate(matrix.counts[index], start=2):
            cell = sheet.cell(index + 4, column)
            _figure(cell, count, _COUNT)
            cell.alignment = Alignment(horizontal="center")
    last = get_column_letter(size + 1)
    for row in range(4, size + 4):
        # A scale a row: a class with few images shows its confusions as plainly as one with many.
        sheet.conditional_formatting.add(
            f"B{row}:{last}{row}",
            ColorScaleRule(
                start_type="num", start_value=0, start_color="FFFFFF",
                end_type="num", end_value=max(1.0, sum(matrix.counts[row - 4])), end_color="2F75B5",
            ),
        )  # fmt: skip
    sheet.freeze_panes = "B4"
    _widths(sheet, 32, *([10] * size))


def _heading(sheet: Worksheet, row: int, text: str) -> None:
    from openpyxl.styles import Font

    cell = sheet.cell(row, 1)
    _text(cell, text)
    cell.font = Font(bold=True, size=_HEADING_SIZE)


def _header(sheet: Worksheet, row: int, names: tuple[str, ...]) -> None:
    from openpyxl.styles import Font, PatternFill

    for column, name in enumerate(names, start=1):
        cell = sheet.cell(row, column)
        _text(cell, name)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2F75B5")


def _text(cell: Cell, text: str) -> None:
    # openpyxl refuses control characters, and takes text that begins with "=" for a formula.
    cell.value = _CONTROL_CHARACTERS.sub("\ufffd", text)[:_LONGEST_TEXT]
    cell.data_type = "s"
    cell.quotePrefix = text.startswith("=")


def _figure(cell: Cell, value: float | None, form: str = _SHARE) -> None:
    if value is None:
        _text(cell, _NOT_COMPUTED)
        return
    cell.value = int(value) if form == _COUNT and value == int(value) else value
    cell.number_format = form


def _widths(sheet: Worksheet, *widths: int) -> None:
    from openpyxl.utils import get_column_letter

    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _sheet_name(name: str, kind: str) -> str:
    return f"{name} ({kind.lower()})" if kind else name

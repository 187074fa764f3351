"""Statuses in words and colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.enums import DatasetStatus, TaskStatus
from paddlex_restful.language import gettext as _

Words = Callable[[], str]

_DATASETS: Mapping[int, tuple[Words, str]] = {
    DatasetStatus.XEMPTY: (lambda: _("Empty"), "gray"),
    DatasetStatus.XCHECKING: (lambda: _("Checking"), "blue"),
    DatasetStatus.XCHECKFAIL: (lambda: _("Check failed"), "red"),
    DatasetStatus.XCOPYING: (lambda: _("Copying"), "blue"),
    DatasetStatus.XCOPYDONE: (lambda: _("Not split"), "yellow"),
    DatasetStatus.XCOPYFAIL: (lambda: _("Copy failed"), "red"),
    DatasetStatus.XSPLITED: (lambda: _("Ready"), "green"),
}

_TASKS: Mapping[int, tuple[Words, str]] = {
    TaskStatus.XUNINIT: (lambda: _("No parameters"), "gray"),
    TaskStatus.XINIT: (lambda: _("Waiting"), "gray"),
    TaskStatus.XDOWNLOADING: (lambda: _("Downloading weights"), "blue"),
    TaskStatus.XTRAINING: (lambda: _("Training"), "blue"),
    TaskStatus.XTRAINDONE: (lambda: _("Trained"), "green"),
    TaskStatus.XEVALUATED: (lambda: _("Evaluated"), "green"),
    TaskStatus.XEXPORTING: (lambda: _("Exporting"), "blue"),
    TaskStatus.XEXPORTED: (lambda: _("Exported"), "green"),
    TaskStatus.XTRAINEXIT: (lambda: _("Stopped"), "yellow"),
    TaskStatus.XDOWNLOADFAIL: (lambda: _("Download failed"), "red"),
    TaskStatus.XTRAINFAIL: (lambda: _("Training failed"), "red"),
    TaskStatus.XEVALUATING: (lambda: _("Evaluating"), "blue"),
    TaskStatus.XEVALUATEFAIL: (lambda: _("Evaluation failed"), "red"),
    TaskStatus.XEXPORTFAIL: (lambda: _("Export failed"), "red"),
    TaskStatus.XPRUNEING: (lambda: _("Analysing"), "blue"),
    TaskStatus.XPRUNETRAIN: (lambda: _("Training, pruned"), "blue"),
}

_TYPES: Mapping[str, Words] = {
    "classification": lambda: _("Image classification"),
    "detection": lambda: _("Object detection"),
    "segmentation": lambda: _("Semantic segmentation"),
    "instance_segmentation": lambda: _("Instance segmentation"),
}


def dataset_status(status: int) -> Component:
    """The status of a dataset, by its ``DatasetStatus``."""
    return _badge(_DATASETS[status])


def task_status(status: int) -> Component:
    """The status of a task, by its ``TaskStatus``."""
    return _badge(_TASKS[status])


def type_words(project_type: str) -> str:
    """A project type in words."""
    return _TYPES[project_type]() if project_type in _TYPES else project_type


def types() -> list[dict[str, str]]:
    """The project types, as a ``Select`` takes them."""
    return [{"value": name, "label": words()} for name, words in _TYPES.items()]


def _badge(told: tuple[Words, str]) -> Component:
    words, colour = told
    return dmc.Badge(words(), color=colour, variant="light", radius="sm", tt="none")

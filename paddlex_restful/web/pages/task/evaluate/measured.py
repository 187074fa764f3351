"""The result of an evaluation as the tab reads it, whatever the project type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddlex_restful.language import gettext as _
from paddlex_restful.metrics.errors import CONFUSION, FALSE_POSITIVE, MISS, RIGHT, Wanted
from paddlex_restful.results import BACKGROUND
from paddlex_restful.services import Services, evaluation, trained

Words = Callable[[], str]

_COMPARED: Mapping[str, Sequence[str]] = {
    "classification": ("images",),
    "detection": ("boxes",),
    "segmentation": ("pixels",),
    "instance_segmentation": ("masks", "boxes"),
}
_PREFIXES: Mapping[str, str] = {"masks": "Mask_", "boxes": "BBox_"}
_BY_CLASS: Mapping[str, str] = {
    "classification": "PRF1",
    "detection": "PRAP",
    "segmentation": "PRIoU",
    "instance_segmentation": "PRAP",
}


@dataclass(frozen=True)
class Column:
    """A figure of each class.

    Attributes:
        key: its name in a row.
        words: what it is called.
        meaning: what it says, in a sentence.
        share: whether it is one from 0 to 1, and not a number.
    """

    key: str
    words: Words
    meaning: Words
    share: bool = True


_PRECISION = Column("precision", lambda: _("Precision"), lambda: _("Of what was taken for it, the share that is it"))
_RECALL = Column("recall", lambda: _("Recall"), lambda: _("Of what is it, the share that was found"))
_OBJECTS = Column("count", lambda: _("Objects"), lambda: _("How many there are"), share=False)
_AP = Column("AP", lambda: _("AP"), lambda: _("Precision over all recalls, at the overlap of this evaluation"))
_COCO_AP = Column("COCO_AP", lambda: _("AP, strict"), lambda: _("The same over the overlaps from 50 % to 95 %"))
_COLUMNS: Mapping[str, Sequence[Column]] = {
    "classification": (
        Column("count", lambda: _("Images"), lambda: _("How many there are"), share=False),
        _PRECISION,
        _RECALL,
        Column("F1", lambda: _("F1"), lambda: _("High where precision and recall both are")),
        Column("auc", lambda: _("AUC"), lambda: _("How well its score tells it from the others; 50 % is chance")),
    ),
    "detection": (_OBJECTS, _PRECISION, _RECALL, _AP, _COCO_AP),
    "instance_segmentation": (_OBJECTS, _PRECISION, _RECALL, _AP, _COCO_AP),
    "segmentation": (
        Column("area", lambda: _("Area"), lambda: _("Its share of all pixels")),
        _PRECISION,
        _RECALL,
        Column("iou", lambda: _("IoU"), lambda: _("Overlap of truth and prediction: shared area by that of both")),
    ),
}


@dataclass(frozen=True)
class Measured:
    """An evaluation that is done.

    Attributes:
        tid: the task.
        project_type: its type.
        result: in the contract's shape.
        curves: what thresholds of the score change; None where there is nothing of the kind.
        version: id of the evaluation.
        images: how many were evaluated.
        arguments: those of the evaluation.
    """

    tid: str
    project_type: str
    result: Mapping[str, Any]
    curves: Mapping[str, Sequence[Mapping[str, Any]]] | None
    version: int
    images: int
    arguments: Mapping[str, Any]

    @property
    def compared(self) -> Sequence[str]:
        """What truth and prediction are compared by: ``images``, ``boxes``, ``masks`` or ``pixels``."""
        return _COMPARED[self.project_type]

    @property
    def columns(self) -> Sequence[Column]:
        """The figures that each class has."""
        return _COLUMNS[self.project_type]

    @property
    def labels(self) -> list[str]:
        """The names of the classes, in the order of the confusion matrix; in detection the background is the last."""
        found: list[str] = self.result["label_list"]
        return found

    @property
    def classes(self) -> list[str]:
        """The names of the classes without the background of detection."""
        return [label for label in self.labels if label != BACKGROUND] if self._finds_objects else self.labels

    @property
    def _finds_objects(self) -> bool:
        return self.project_type in ("detection", "instance_segmentation")

    def of(self, compared: str, name: str) -> Any:
        """A figure of the contract.

        Args:
            compared: one of ``compared``.
            name: of the figure, without the prefix that tells masks from boxes.
        """
        prefix = _PREFIXES[compared] if len(self.compared) > 1 else ""
        return self.result[prefix + name]

    def rows(self, compared: str) -> list[dict[str, Any]]:
        """The figures of each class: ``name`` and those of ``columns``, None where there is no figure."""
        matrix = self.of(compared, "Confusion_Matrix")
        found = self.of(compared, _BY_CLASS[self.project_type])
        strict = self.of(compared, "COCO_AP") if self._finds_objects else {}
        total = sum(map(sum, matrix)) or 1
        return [
            {
                "name": name,
                "count": int(sum(row)),
                "area": sum(row) / total,
                "COCO_AP": strict.get(name),
                **found[name],
            }
            for name, row in zip(self.classes, matrix, strict=False)
        ]

    def wanted(self, true: int, predicted: int) -> Wanted:
        """The images behind a cell of the confusion matrix.

        Args:
            true: row of the cell.
            predicted: its column.
        """
        labels = self.labels
        background = {"segmentation": 0, "classification": None}.get(self.project_type, len(labels) - 1)
        if true == predicted:
            return Wanted(RIGHT, labels[true])
        if true == background:
            return Wanted(FALSE_POSITIVE, None, labels[predicted])
        if predicted == background:
            return Wanted(MISS, labels[true])
        return Wanted(CONFUSION, labels[true], labels[predicted])

    def figures(self) -> list[tuple[str, float | None, str]]:
        """The figures of the whole: name, value from 0 to 1 and meaning."""
        return _FIGURES[self.project_type](self)


def measured(services: Services, tid: str) -> Measured | None:
    """The newest evaluation of a task, None where none is done.

    Args:
        services: what the page works on.
        tid: the task.
    """
    job, result = trained.complete(services, tid, "evaluate"), evaluation.result(services, tid)
    if job is None or result is None:
        return None
    images = (job.result or {})["images"]
    curves = evaluation.curves(services, tid)
    return Measured(tid, job.args["type"], result, curves, job.id, images, job.args)


Figures = list[tuple[str, float | None, str]]


def _classification(seen: Measured) -> Figures:
    result = seen.result
    overall = result["PRF1_average"]["over_all"]
    guesses = (
        _("Among {count} guesses").format(count=result["topk"]),
        result["Acck"],
        _("of the images have the right class among the surest {count}").format(count=result["topk"]),
    )
    return [
        (_("Accuracy"), result["Acc1"], _("of the images are taken for what they are")),
        *([guesses] if 1 < result["topk"] < len(seen.labels) else []),
        (_("Precision"), overall["precision"], _("of what is said of a class is right, on average")),
        (_("F1"), overall["F1"], _("weighs false alarms and misses alike; 100 % is best")),
    ]


def _detection(seen: Measured, compared: str = "boxes") -> Figures:
    overlap = f"{seen.arguments['overlap_thresh']:.0%}"
    return [
        (
            _("mAP"),
            seen.of(compared, "mAP"),
            _("how well objects are found over all scores, where an overlap of {overlap} is enough").format(
                overlap=overlap
            ),
        ),
        (_("mAP at 50 %"), seen.of(compared, "COCO_mAP50"), _("the same where half must overlap")),
        (_("mAP at 75 %"), seen.of(compared, "COCO_mAP75"), _("the same where three quarters must overlap")),
        (_("mAP, strict"), seen.of(compared, "COCO_mAP"), _("the mean from 50 % to 95 %: how exact the outlines are")),
    ]


def _instances(seen: Measured) -> Figures:
    return [
        *((_("Masks: {name}").format(name=name), value, meaning) for name, value, meaning in _detection(seen, "masks")),
        *((_("Boxes: {name}").format(name=name), value, meaning) for name, value, meaning in _detection(seen, "boxes")),
    ]


def _segmentation(seen: Measured) -> Figures:
    result = seen.result
    return [
        (_("Mean IoU"), result["Mean_IoU"], _("overlap of truth and prediction, on average over the classes")),
        (_("Right pixels"), result["Mean_Acc"], _("of the pixels are taken for what they are")),
        (_("Kappa"), result["kappa"], _("how much better than chance the pixels are told apart; 100 % is best")),
    ]


_FIGURES: Mapping[str, Callable[[Measured], Figures]] = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
    "instance_segmentation": _instances,
}

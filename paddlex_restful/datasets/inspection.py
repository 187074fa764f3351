"""The check of one folder: what a format is given for it, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paddlex_restful.datasets import work
from paddlex_restful.datasets.imagefile import measure
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.report import Report
from paddlex_restful.datasets.source import Source
from paddlex_restful.datasets.store import Split

Size = tuple[int, int]
Step = Callable[[float], None]


@dataclass
class Content:
    """A sound dataset: what ``store.Statistics`` keeps of it, and what belongs to it.

    Attributes:
        labels: names of the classes, in the order of their indices.
        file_info: image → its annotation file; in classification, its class.
        label_info: class → images that have it.
        extras: further files that belong to the dataset.
        split: the split that the folder brings, if it does.
        made: files to write beside the copied ones, by name.
    """

    labels: list[str]
    file_info: dict[str, str]
    label_info: dict[str, list[str]]
    extras: set[str] = field(default_factory=set)
    split: Split | None = None
    made: dict[str, bytes] = field(default_factory=dict)

    def files(self, source: Source) -> list[str]:
        """All files of the dataset that lie in its source, sorted."""
        annotations = {name for name in self.file_info.values() if name not in self.made and source.has(name)}
        return sorted({*self.file_info, *annotations, *self.extras})


class Inspection:
    """One check under way.

    Args:
        root: the folder to check.
        step: called with the percentage done, in this thread; may raise to end the check.
        skip: names directly in ``root`` that are not there for the dataset.
        growing: further images may be added later, so that what there is too little of yet is not reported.
    """

    def __init__(self, root: Path, step: Step, skip: frozenset[str] = frozenset(), *, growing: bool = False) -> None:
        self.growing = growing
        self.report = Report()
        self.source = Source(root, self.report, skip)
        self._step = step

    def each(self, function: Callable[[str], Sequence[Finding]], files: Sequence[str]) -> None:
        """Call ``function`` for every file, on several cores where that pays, and report its findings."""
        workers = work.workers_for([self.source.path(file) for file in files])
        for findings in work.each(function, files, self._step, workers):
            for finding in findings:
                self.report.add(finding.file, finding.template, **finding.values)

    def sizes(self, images: Sequence[str]) -> dict[str, Size]:
        """Width and height of the sound ones among the images; the others are reported."""
        sizes: dict[str, Size] = {}

        def look(image: str) -> list[Finding]:
            try:
                sizes[image] = measure(self.source.path(image))
            except BadFile as error:
                return [Finding(image, error.template, error.values)]
            return []

        self.each(look, images)
        return sizes


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one file."""

    file: str
    template: str
    values: dict[str, object]


def count_labels(labels: Sequence[str], members: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """class → images that have it, for pairs of an image and the classes in it."""
    found: dict[str, list[str]] = {label: [] for label in labels}
    for image, classes in members:
        for label in dict.fromkeys(classes):
            found[label].append(image)
    return found

"""Classification: a folder a class with its images; or any layout, with lists."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from paddlex_restful.datasets import drawing, lists
from paddlex_restful.datasets.inspection import Content, Inspection, count_labels
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.source import RESERVED, Source, is_image
from paddlex_restful.datasets.store import Split, Statistics
from paddlex_restful.messages import dataset as messages


class Classification:
    """See ``formats.Format``."""

    def check(self, inspection: Inspection) -> Content:
        """See ``formats.Format.check``. The classes are the folders' names, sorted, or the lines of ``labels.txt``."""
        source = inspection.source
        content = _listed(source) if lists.present(source) else _foldered(source, least=1 if inspection.growing else 2)
        inspection.sizes(list(content.file_info))
        return content

    def lists(self, folder: Path, statistics: Statistics, split: Split) -> dict[str, bytes]:
        """See ``formats.Format.lists``."""
        indices = {label: str(index) for index, label in enumerate(statistics.labels)}
        pairs = {image: indices[label] for image, label in statistics.file_info.items()}
        return lists.write(pairs, statistics.labels, split)

    def samples(self, folder: Path, statistics: Statistics, images: list[str]) -> list[Sample]:
        """See ``formats.Format.samples``: the label is the index of the class."""
        indices = {label: index for index, label in enumerate(statistics.labels)}
        return [Sample(folder / image, indices[statistics.file_info[image]]) for image in images]

    def draw(
        self,
        folder: Path,
        statistics: Statistics,
        name: str,
        image: Image.Image,
        scale: float = 1.0,
        *,
        named: bool = True,
    ) -> Image.Image:
        """See ``formats.Format.draw``: the name of the class in the upper left corner."""
        label = statistics.file_info[name]
        if not named:
            return image
        return drawing.caption(image, label, statistics.labels.index(label))


def _foldered(source: Source, least: int) -> Content:
    top = source.listing()
    file_info: dict[str, str] = {}
    labels = []
    for name, fault in top.unusable.items():
        if Path(source.path(name)).is_dir():
            source.report.add(name, fault)
    for label in sorted(top.folders):
        if label.startswith("."):
            continue
        images = source.images(label)
        if label in RESERVED:
            if images:
                source.report.add(label, messages.RESERVED_NAME)
            continue
        labels.append(label)
        file_info.update(dict.fromkeys(images, label))
        if any(
            is_image(name)
            for below in source.listing(label).folders
            for name in source.listing(f"{label}/{below}").files
        ):
            source.report.add(label, messages.NESTED_IMAGES)
        elif not images:
            source.report.add(label, messages.EMPTY_CLASS)
    if len(labels) < least:
        source.report.add(".", messages.ONE_CLASS if labels else messages.NO_CLASSES)
    return Content(labels, file_info, count_labels(labels, ((image, (label,)) for image, label in file_info.items())))


def _listed(source: Source) -> Content:
    labels = source.labels() or []
    pairs, split = lists.read(source, lists.class_line, messages.LIST_LABEL_ID)
    if len(labels) < 2:
        source.report.add(lists.LABELS_FILE, messages.ONE_CLASS_LABEL)
    file_info: dict[str, str] = {}
    for image, number in pairs.items():
        if int(number) < len(labels):
            file_info[image] = labels[int(number)]
        else:
            source.report.add(image, messages.LIST_ID_TOO_LARGE, id=number, labels=len(labels))
    label_info = count_labels(labels, ((image, (label,)) for image, label in file_info.items()))
    for label, images in label_info.items():
        if not images:
            source.report.add(lists.LABELS_FILE, messages.LIST_CLASS_EMPTY, label=label)
    return Content(labels, file_info, label_info, lists.files(source), split)

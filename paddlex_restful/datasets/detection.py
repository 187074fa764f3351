"""Detection: ``JPEGImages`` with ``Annotations/*.xml`` (Pascal VOC), or with ``annotations.json`` (COCO)."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from paddlex_restful.datasets import boxes, coco, drawing, lists, pairing, voc
from paddlex_restful.datasets.imagefile import measure
from paddlex_restful.datasets.inspection import Content, Finding, Inspection, count_labels
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.store import Split, Statistics
from paddlex_restful.messages import dataset as messages


class Detection:
    """See ``formats.Format``."""

    def check(self, inspection: Inspection) -> Content:
        """See ``formats.Format.check``. The classes are the lines of ``labels.txt``, or the names, sorted."""
        source = inspection.source
        if lists.present(source):
            pairs, split = lists.read(source, lists.annotation_line, messages.LIST_ANNOTATION)
            return _check_voc(inspection, pairs, split)
        if coco.present(source) and not source.has_folder(pairing.ANNOTATIONS):
            return coco.check(inspection, with_masks=False)
        return _check_voc(inspection, pairing.pairs(source, ".xml"), None)

    def lists(self, folder: Path, statistics: Statistics, split: Split) -> dict[str, bytes]:
        """See ``formats.Format.lists``."""
        if _is_coco(statistics):
            return coco.lists(folder, split)
        return lists.write(statistics.file_info, statistics.labels, split)

    def samples(self, folder: Path, statistics: Statistics, images: list[str]) -> list[Sample]:
        """See ``formats.Format.samples``."""
        if _is_coco(statistics):
            return coco.samples(folder, images)
        return [_sample(folder, statistics, image) for image in images]

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
        """See ``formats.Format.draw``: boxes with the names of their classes."""
        (sample,) = self.samples(folder, statistics, [name])
        assert isinstance(sample.label, list)
        return drawing.boxes(image, drawing.scaled(sample.label, statistics.labels, scale), named=named)


def _is_coco(statistics: Statistics) -> bool:
    return coco.ANNOTATIONS_FILE in statistics.file_info.values()


def _check_voc(inspection: Inspection, pairs: dict[str, str], split: Split | None) -> Content:
    source = inspection.source
    labels = source.labels()
    known = None if labels is None else set(labels)
    classes: dict[str, list[str]] = {}

    def look(image: str) -> list[Finding]:
        file, annotation = image, pairs[image]
        try:
            size = measure(source.path(image))
            file = annotation
            found = voc.read(source.path(annotation))
        except BadFile as error:
            return [Finding(file, error.template, error.values)]
        classes[image] = [one.name for one in found.objects]
        return _faults(annotation, image, found, size, known)

    inspection.each(look, list(pairs))
    if labels is None:
        labels = sorted({name for names in classes.values() for name in names})
        known = set(labels)
        if not labels and not len(inspection.report):
            inspection.report.add(pairing.ANNOTATIONS, messages.NO_OBJECTS)
    members = ((image, [name for name in classes.get(image, ()) if known is None or name in known]) for image in pairs)
    return Content(labels, pairs, count_labels(labels, members), lists.files(source), split)


def _faults(
    annotation: str, image: str, found: voc.VocFile, size: tuple[int, int], known: set[str] | None
) -> list[Finding]:
    if found.size is not None and found.size != size:
        width, height = found.size
        values: dict[str, object] = {"width": width, "height": height, "image": image}
        values |= {"image_width": size[0], "image_height": size[1]}
        return [Finding(annotation, messages.DECLARED_SIZE_DIFFERS, values)]
    findings = []
    for number, one in enumerate(found.objects, start=1):
        if known is not None and one.name not in known:
            values = {"number": number, "name": one.name, "where": lists.LABELS_FILE}
            findings.append(Finding(annotation, messages.UNKNOWN_CATEGORY, values))
        fault = boxes.fault(one.box, size)
        if fault is not None:
            values = {"number": number, "box": boxes.printable(one.box), "width": size[0], "height": size[1]}
            findings.append(Finding(annotation, fault, values))
    return findings


def _sample(folder: Path, statistics: Statistics, image: str) -> Sample:
    found = voc.read(folder / statistics.file_info[image])
    size = found.size or measure(str(folder / image))
    indices = {label: index for index, label in enumerate(statistics.labels)}
    return Sample(
        folder / image,
        [
            {
                "bbox": boxes.clip(one.box, size),
                "category": indices[one.name],
                "iscrowd": 0,
                "difficult": one.difficult,
            }
            for one in found.objects
        ],
    )

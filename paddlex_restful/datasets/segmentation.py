"""Semantic segmentation: ``JPEGImages`` with ``Annotations/*.png`` of the same size, whose pixels are class ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from paddlex_restful.datasets import drawing, lists, pairing
from paddlex_restful.datasets.imagefile import BadImage, measure
from paddlex_restful.datasets.inspection import Content, Finding, Inspection, count_labels
from paddlex_restful.datasets.reading import BadFile
from paddlex_restful.datasets.sample import Sample
from paddlex_restful.datasets.store import Split, Statistics
from paddlex_restful.messages import dataset as messages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IGNORED = 255
"""Value of pixels that belong to no class and count for nothing."""


class Segmentation:
    """See ``formats.Format``."""

    def check(self, inspection: Inspection) -> Content:
        """See ``formats.Format.check``. The classes are the lines of ``labels.txt``, or the ids as text."""
        source = inspection.source
        split: Split | None = None
        if lists.present(source):
            pairs, split = lists.read(source, lists.annotation_line, messages.LIST_ANNOTATION)
        else:
            pairs = pairing.pairs(source, ".png")
        labels = source.labels()
        ids: dict[str, list[int]] = {}

        def look(image: str) -> list[Finding]:
            file = image
            try:
                size = measure(source.path(image))
                file = pairs[image]
                mask = read_mask(Path(source.path(file)))
            except BadFile as error:
                return [Finding(file, error.template, error.values)]
            height, width = mask.shape
            if (width, height) != size:
                values: dict[str, object] = {"width": width, "height": height, "image": image}
                return [
                    Finding(file, messages.SIZE_DIFFERS, values | {"image_width": size[0], "image_height": size[1]})
                ]
            ids[image] = _ids(mask)
            return []

        inspection.each(look, list(pairs))
        found = sorted({number for numbers in ids.values() for number in numbers})
        highest = found[-1] if found else 0
        missing = next((number for number in range(1, highest) if number not in found), None)
        if missing is not None:
            image, number = next((image, n) for image in pairs for n in ids.get(image, ()) if n > missing)
            inspection.report.add(pairs[image], messages.MASK_ID_GAP, id=number, missing=missing)
        if labels is None:
            labels = [str(number) for number in range(highest + 1)]
            if highest == 0 and not len(inspection.report):
                inspection.report.add(pairing.ANNOTATIONS, messages.NO_OBJECTS)
        elif highest >= len(labels):
            values = {"labels": len(labels), "id": highest, "needed": highest + 1}
            inspection.report.add(lists.LABELS_FILE, messages.FEWER_LABELS, **values)
        names = labels
        members = ((image, (names[n] for n in ids.get(image, ()) if n < len(names))) for image in pairs)
        return Content(labels, pairs, count_labels(labels, members), lists.files(source), split)

    def lists(self, folder: Path, statistics: Statistics, split: Split) -> dict[str, bytes]:
        """See ``formats.Format.lists``."""
        return lists.write(statistics.file_info, statistics.labels, split)

    def samples(self, folder: Path, statistics: Statistics, images: list[str]) -> list[Sample]:
        """See ``formats.Format.samples``: the label is the path of the annotation."""
        return [Sample(folder / image, folder / statistics.file_info[image]) for image in images]

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
        """See ``formats.Format.draw``: translucent classes and a legend of those that occur, without the background."""
        import numpy as np

        mask = drawing.resized(read_mask(folder / statistics.file_info[name]), image.size)
        present = [int(number) for number in np.unique(mask) if 0 < number < len(statistics.labels)]
        drawn = drawing.masks(image, [(mask == number, number) for number in present])
        return drawing.legend(drawn, [(statistics.labels[number], number) for number in present] if named else [])


def _ids(mask: NDArray[np.uint8]) -> list[int]:
    """The class ids that occur, sorted; by Pillow's table of colours, four times as fast as counting with numpy."""
    colours = Image.fromarray(mask).getcolors(256) or []
    return sorted(value for _, value in colours if isinstance(value, int) and value != IGNORED)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """The class ids of an annotation PNG.

    Args:
        path: a palette or greyscale PNG of 1, 2, 4, 8 or 16 bits a pixel.

    Returns:
        ids [height, width]; 0 is background, 255 marks ignored pixels.

    Raises:
        BadImage: the file is damaged, no PNG, coloured, or has ids that are too large.
    """
    import numpy as np

    measure(str(path))
    try:
        with Image.open(path) as image:
            kind, mode = image.format, image.mode
            image.load()
            depth = _grey_depth(path) if mode == "L" else 8
            values = np.asarray(image)
    except Exception:  # noqa: BLE001  whatever the decoder makes of damaged bytes, the file is bad
        raise BadImage(messages.UNREADABLE_IMAGE) from None
    if kind != "PNG":
        raise BadImage(messages.MASK_NOT_PNG)
    if values.ndim != 2:
        raise BadImage(messages.MASK_NOT_INDEXED)
    if depth < 8:
        # Pillow stretches 2 and 4 bit greys over 0 to 255.
        values = values // (255 // (2**depth - 1))
    highest = int(values.max())
    if highest > IGNORED:
        raise BadImage(messages.MASK_ID_TOO_LARGE, id=highest)
    return values.astype(np.uint8)


def _grey_depth(path: Path) -> int:
    """Bits a pixel, from the header of a PNG file."""
    with path.open("rb") as file:
        header = file.read(25)
    return header[24] if len(header) == 25 and header[24] in (1, 2, 4) else 8

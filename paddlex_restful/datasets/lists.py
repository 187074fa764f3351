"""The lists by which people split a dataset: ``train_list.txt``, ``val_list.txt``, ``test_list.txt``, ``labels.txt``.

A line of classification is ``image class-id``, one of detection and segmentation ``image annotation``.
Paths may hold spaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from paddlex_restful.datasets.source import Source, is_image, tidy
from paddlex_restful.datasets.store import SPLITS, Split
from paddlex_restful.messages import dataset as messages

LABELS_FILE = "labels.txt"
LIST_FILES = {split: f"{split}_list.txt" for split in SPLITS}

_CLASS_LINE = re.compile(r"(.+?)\s+(\d{1,9})\s*")
_SPACE = re.compile(r"\s+")

Parse = Callable[[Source, str], "tuple[str, str] | None"]


def present(source: Source) -> bool:
    """Whether the folder brings its own split: the lists of training and validation, and the labels."""
    return all(source.has(name) for name in (LIST_FILES["train"], LIST_FILES["val"], LABELS_FILE))


def files(source: Source) -> set[str]:
    """The lists and labels that the folder has."""
    return {name for name in (*LIST_FILES.values(), LABELS_FILE) if source.has(name)}


def read(source: Source, parse: Parse, what: str) -> tuple[dict[str, str], Split]:
    """The images of the lists, each with the second part of its line, and the split.

    Args:
        source: the folder; lines that cannot be understood are reported.
        parse: splits a line into an image of the folder and the other part; None where it is neither.
        what: what the other part is, for the report.
    """
    pairs: dict[str, str] = {}
    split: Split = {name: [] for name in SPLITS}
    for name, file in LIST_FILES.items():
        if not source.has(file):
            continue
        members: dict[str, None] = {}
        for number, line in enumerate(source.lines(file), start=1):
            if not line.strip():
                continue
            pair = parse(source, line.strip())
            if pair is None:
                source.report.add(file, messages.LIST_LINE_BAD, line=number, text=line.strip()[:200], what=what)
            elif pairs.setdefault(*pair) != pair[1]:
                source.report.add(file, messages.LIST_DIFFERS, line=number, image=pair[0])
            else:
                members[pair[0]] = None
        split[name] = list(members)
    if not split["train"]:
        source.report.add(LIST_FILES["train"], messages.LIST_EMPTY)
    return pairs, split


def class_line(source: Source, line: str) -> tuple[str, str] | None:
    """Image and class id of a line."""
    match = _CLASS_LINE.fullmatch(line)
    image = match and tidy(match[1])
    return (image, str(int(match[2]))) if match and image and is_image(image) and source.has(image) else None


def annotation_line(source: Source, line: str) -> tuple[str, str] | None:
    """Image and annotation of a line: of all places where it could be parted, the last at which both files exist."""
    for gap in reversed(list(_SPACE.finditer(line))):
        image, annotation = tidy(line[: gap.start()]), tidy(line[gap.end() :])
        if image and annotation and is_image(image) and source.has(image) and source.has(annotation):
            return image, annotation
    return None


def write(pairs: Mapping[str, str], labels: list[str], split: Split) -> dict[str, bytes]:
    """The content of the four files, by name.

    Args:
        pairs: image → second part of its line.
        labels: names of the classes in the order of their indices.
        split: the images of each part.
    """
    content = {LIST_FILES[name]: [f"{image} {pairs[image]}" for image in split[name]] for name in SPLITS}
    content[LABELS_FILE] = labels
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in content.items()}

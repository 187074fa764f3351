"""The files that describe an imported dataset: ``statis.json`` (what it holds) and ``split.json`` (how it is split)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from paddlex_restful.durable import write_durably
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages
from paddlex_restful.stamps import Stamp, stamp

STATISTICS_FILE = "statis.json"
SPLIT_FILE = "split.json"
SPLITS = ("train", "val", "test")

Split = dict[str, list[str]]
"""Images of ``train``, ``val`` and ``test``."""


@dataclass(frozen=True)
class Statistics:
    """What a dataset holds. All paths are relative to the dataset.

    Attributes:
        type: project type's name.
        labels: names of the classes, in the order of their indices.
        file_info: image → its annotation file; in classification, its class.
        label_info: class → images that have it.
    """

    type: str
    labels: list[str]
    file_info: dict[str, str]
    label_info: dict[str, list[str]]


def save_statistics(folder: Path, statistics: Statistics) -> None:
    """Write ``statis.json``; from then on the dataset counts as imported."""
    write_durably(folder / STATISTICS_FILE, orjson.dumps(statistics))


def save_split(folder: Path, split: Split) -> None:
    """Write ``split.json``."""
    write_durably(folder / SPLIT_FILE, orjson.dumps(split))


def load_statistics(folder: Path) -> Statistics:
    """Read ``statis.json``, from memory while it is unchanged. The result is shared: do not change it.

    Raises:
        UserError: the dataset has not been imported.
    """
    stamp = _stamp(folder / STATISTICS_FILE)
    if stamp is None:
        raise UserError(messages.NO_FILES)
    return _statistics(str(folder / STATISTICS_FILE), stamp)


def load_split(folder: Path) -> Split | None:
    """Read ``split.json``, from memory while it is unchanged; None when the dataset is not split. Do not change it."""
    stamp = _stamp(folder / SPLIT_FILE)
    return None if stamp is None else _split(str(folder / SPLIT_FILE), stamp)


def described(folder: Path) -> bool:
    """Whether a folder holds a dataset that was imported."""
    return _stamp(folder / STATISTICS_FILE) is not None


def details(folder: Path) -> dict[str, Any] | None:
    """The details of a dataset as GET /dataset/details answers them.

    Args:
        folder: the dataset.

    Returns:
        ``fields`` (the other names), ``file_info``, ``label_info``, ``labels``, ``train_files``, ``val_files``,
        ``test_files`` and ``class_train_file_list``, ``class_val_file_list``, ``class_test_file_list`` (class →
        images), or None before the import. Kept in memory while the dataset is unchanged: do not change it.
    """
    stamp = _stamp(folder / STATISTICS_FILE)
    return None if stamp is None else _details(str(folder), stamp, _stamp(folder / SPLIT_FILE))


def object_labels(statistics: Statistics, type: str) -> list[str]:
    """The classes that objects can have. In a segmentation the first class is the background, which is none."""
    return statistics.labels[1:] if type == ProjectType.SEGMENTATION else statistics.labels


def version(folder: Path) -> str:
    """Another text whenever the images, labels or split of an imported dataset are others."""
    stamps = (_stamp(folder / STATISTICS_FILE), _stamp(folder / SPLIT_FILE))
    return "-".join(f"{figure:x}" for stamp in stamps if stamp for figure in stamp)


def _stamp(path: Path) -> Stamp | None:
    """Changes whenever the file is replaced; None when there is none."""
    try:
        return stamp(path)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=8)
def _statistics(path: str, version: Stamp) -> Statistics:
    return Statistics(**orjson.loads(Path(path).read_bytes()))


@lru_cache(maxsize=8)
def _split(path: str, version: Stamp) -> Split:
    content: Split = orjson.loads(Path(path).read_bytes())
    return content


@lru_cache(maxsize=8)
def _details(folder: str, version: Stamp, split_version: Stamp | None) -> dict[str, Any]:
    statistics = load_statistics(Path(folder))
    split = load_split(Path(folder)) or {name: [] for name in SPLITS}
    found: dict[str, Any] = {
        "file_info": statistics.file_info,
        "label_info": statistics.label_info,
        "labels": statistics.labels,
    }
    for name in SPLITS:
        found[f"{name}_files"] = split[name]
    for name in SPLITS:
        members = set(split[name])
        found[f"class_{name}_file_list"] = {
            label: [image for image in statistics.label_info[label] if image in members] for label in statistics.labels
        }
    return {"fields": list(found), **found}

"""Images that are added to a dataset: put together with those that are there, checked as a whole, then moved in.

Nothing that is there is moved or rewritten but the COCO file, which is replaced by one that says the same of the old
images. So a dataset that loses its process at any moment is what it was before, or has the new images.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from paddlex_restful.datasets import coco, lists, store
from paddlex_restful.datasets.copying import Copier, sync_file_system
from paddlex_restful.datasets.report import Report
from paddlex_restful.datasets.source import Source
from paddlex_restful.durable import write_durably

ADDED_COCO = "added.json"
"""The COCO file of the new images, among the files that are put together."""


def gather(dataset: Path, uploaded: Path, new: Mapping[str, str], workbench: Path) -> None:
    """Put the files of a dataset and new ones together, as links where the file system has them.

    Args:
        dataset: its folder, without symbolic links.
        uploaded: the folder of the new files, without symbolic links.
        new: path in the dataset → name in ``uploaded``.
        workbench: the folder to make; it must not exist.

    Raises:
        UserError: the new COCO file, or that of the dataset, is not sound.
        OSError: a file cannot be read or written.
    """
    workbench.mkdir()
    present = set(_files(dataset))
    for root, files in ((dataset, {name: name for name in present}), (uploaded, new)):
        copier = Copier(root, link=True)
        for path in sorted({str(Path(path).parent) for path in files}):
            (workbench / path).mkdir(parents=True, exist_ok=True)
        for path, name in files.items():
            copier.copy(f"{root}/{name}", f"{workbench}/{path}")
    if ADDED_COCO in new:
        report = Report()
        whole = coco.extended(Source(workbench, report), present, ADDED_COCO)
        report.raise_if_bad()
        # Not through the link, which is the file of the dataset.
        write_durably(workbench / coco.ANNOTATIONS_FILE, whole)


def publish(dataset: Path, workbench: Path, files: Collection[str], new: Collection[str]) -> None:
    """Move the new ones among the files of a checked dataset into it, durably; the COCO file last.

    Args:
        dataset: its folder.
        workbench: what ``gather`` put together.
        files: all files of the dataset, as the check found them.
        new: those that the dataset does not have yet.

    Raises:
        OSError: a file cannot be moved.
    """
    sync_file_system(workbench)
    moved = [name for name in files if name in new and name != coco.ANNOTATIONS_FILE]
    if ADDED_COCO in new:
        moved.append(coco.ANNOTATIONS_FILE)
    for folder in sorted({str(Path(name).parent) for name in moved}):
        (dataset / folder).mkdir(parents=True, exist_ok=True)
    for name in moved:
        (workbench / name).replace(dataset / name)
    sync_file_system(dataset)


def _files(dataset: Path) -> list[str]:
    """The files of a described dataset that is not split; none where there is no description."""
    if store.details(dataset) is None:
        return []
    info = store.load_statistics(dataset).file_info
    annotations = {name for name in info.values() if (dataset / name).is_file()}
    labels = {name for name in (lists.LABELS_FILE,) if (dataset / name).is_file()}
    return sorted({*info, *annotations, *labels})

"""Where a training keeps its checkpoints and what their files are called; read by the server and by its jobs."""

from __future__ import annotations

import re
from pathlib import Path

WEIGHTS_FILE = "model.pdparams"
INFO_FILE = "model.yml"
OPTIMIZER_FILE = "model.pdopt"
STATE_FILE = "state.json"
CHECKPOINT_FILES = (INFO_FILE, OPTIMIZER_FILE, STATE_FILE, WEIGHTS_FILE)
"""What a checkpoint consists of; the weights come last, for with them it is whole."""

BEST_MODEL = "best_model"

PUBLISHED_WEIGHTS = ("IMAGENET", "COCO", "CITYSCAPES")
"""Sets of images of which nets have published weights."""

_EPOCH = re.compile(r"epoch_(\d+)")


def epoch_folder(output: Path, epoch: int) -> Path:
    """Where the checkpoint of an epoch lies in the ``output`` folder of a task."""
    return output / f"epoch_{epoch}"


def epoch_folders(output: Path) -> dict[int, Path]:
    """Folders named like checkpoints of epochs, complete or not, in ascending order of the epochs."""
    if not output.is_dir():
        return {}
    matches = ((_EPOCH.fullmatch(folder.name), folder) for folder in output.iterdir())
    return dict(sorted((int(match[1]), folder) for match, folder in matches if match))


def replaced(folder: Path) -> Path:
    """Where a checkpoint lies for the instant in which another takes its place; a training that is killed then leaves
    it there."""
    return folder.with_name(f".{folder.name}.old")


def is_complete(folder: Path) -> bool:
    """Whether a folder holds a trained model, of this server or of the original one."""
    return (folder / INFO_FILE).is_file() and (folder / WEIGHTS_FILE).is_file()


def can_be_continued(folder: Path) -> bool:
    """Whether a folder holds a checkpoint of this server, which knows the place in its training.

    The original server left models of another form, which only serve as first weights.
    """
    return is_complete(folder) and (folder / STATE_FILE).is_file()

"""Which checkpoints a training left, seen from the server, which cannot load them."""

from __future__ import annotations

import re
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import task as sentences

WEIGHTS_FILE = "model.pdparams"
BEST_MODEL = "best_model"
_REPLACED = ".best_model.old"
"""Where the best model lies for the instant in which a better one takes its place; a training that is killed then
leaves it there."""

_EPOCH = re.compile(r"epoch_(\d+)")


def saved_epochs(output: Path) -> list[int]:
    """Epochs with a complete checkpoint, ascending.

    Args:
        output: the ``output`` folder of a task.
    """
    if not output.is_dir():
        return []
    matches = ((_EPOCH.fullmatch(folder.name), folder) for folder in output.iterdir())
    return sorted(int(match[1]) for match, folder in matches if match and is_checkpoint(folder))


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder holds a trained model."""
    return (folder / WEIGHTS_FILE).is_file()


def checkpoint(tid: str, output: Path, epoch: int | None) -> Path:
    """Folder of the checkpoint of an epoch, or of the best one.

    Raises:
        UserError: the task has no model, or none of that epoch.
    """
    epochs = saved_epochs(output)
    if epoch is not None:
        if epoch not in epochs:
            _no_such_epoch(tid, epoch, epochs)
        return output / f"epoch_{epoch}"
    for name in (BEST_MODEL, _REPLACED):
        if is_checkpoint(output / name):
            return output / name
    raise UserError(sentences.NOT_TRAINED, tid=tid)


def resume_epoch(tid: str, output: Path, epoch: int | None, num_epochs: int) -> int:
    """The saved epoch from which a training goes on: the asked one, or the last.

    Raises:
        UserError: there is none, or it is the last of the training.
    """
    epochs = saved_epochs(output)
    if not epochs:
        raise UserError(sentences.NO_CHECKPOINT, tid=tid)
    chosen = epochs[-1] if epoch is None else epoch
    if chosen not in epochs:
        _no_such_epoch(tid, chosen, epochs)
    if chosen >= num_epochs:
        raise UserError(sentences.COMPLETE, tid=tid, epoch=chosen)
    return chosen


def _no_such_epoch(tid: str, epoch: int, epochs: list[int]) -> None:
    if not epochs:
        raise UserError(sentences.NOT_TRAINED, tid=tid)
    raise UserError(sentences.NO_SUCH_EPOCH, tid=tid, epoch=epoch, epochs=", ".join(map(str, epochs)))

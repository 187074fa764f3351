"""Which checkpoints a training left, seen from the server, which cannot load them."""

from __future__ import annotations

from pathlib import Path

from paddlex_restful.checkpoints import (
    BEST_MODEL,
    can_be_continued,
    epoch_folder,
    epoch_folders,
    is_complete,
    replaced,
)
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.messages import task as sentences


def saved_epochs(output: Path) -> list[int]:
    """Epochs with a complete checkpoint, ascending.

    Args:
        output: the ``output`` folder of a task.
    """
    return [epoch for epoch, folder in epoch_folders(output).items() if is_complete(folder)]


def checkpoint(tid: str, output: Path, epoch: int | None) -> Path:
    """Folder of the checkpoint of an epoch, or of the best one.

    Raises:
        UserError: the task has no model, none of that epoch, or one of the original server.
    """
    if epoch is not None:
        epochs = saved_epochs(output)
        if epoch not in epochs:
            _no_such_epoch(tid, epoch, epochs)
        return _of_this_server(tid, epoch_folder(output, epoch))
    best = output / BEST_MODEL
    for folder in (best, replaced(best)):
        if is_complete(folder):
            return _of_this_server(tid, folder)
    raise UserError(sentences.NOT_TRAINED, tid=tid)


def _of_this_server(tid: str, folder: Path) -> Path:
    if not can_be_continued(folder):
        raise UserError(sentences.TRAINED_BY_ORIGINAL, tid=tid, path=folder)
    return folder


def resume_obstacle(job: Job | None, output: Path, num_epochs: int) -> str | None:
    """Why a training cannot go on: a sentence with ``tid``, ``kind`` (of the job that runs) and
    ``epoch`` (the last one saved); None if it can.

    Args:
        job: the task's newest training.
        output: the ``output`` folder of the task.
        num_epochs: epochs of the whole training.
    """
    epochs = _continuable(output)
    if job is not None and job.active:
        return sentences.BUSY
    if job is None or not epochs:
        return sentences.NO_CHECKPOINT
    if job.state == states.DONE or epochs[-1] >= num_epochs:
        return sentences.COMPLETE
    return None


def resumable_epochs(job: Job | None, output: Path, num_epochs: int) -> list[int]:
    """The saved epochs from which a training can go on, ascending; none where it cannot.

    Args:
        job: the task's newest training.
        output: the ``output`` folder of the task.
        num_epochs: epochs of the whole training.
    """
    return _continuable(output) if resume_obstacle(job, output, num_epochs) is None else []


def resume_epoch(tid: str, job: Job | None, output: Path, epoch: int | None, num_epochs: int) -> int:
    """The saved epoch from which a training goes on: the asked one, or the last.

    Raises:
        UserError: it cannot go on, or not from there.
    """
    epochs = _continuable(output)
    obstacle = resume_obstacle(job, output, num_epochs)
    if obstacle is not None:
        raise UserError(obstacle, tid=tid, kind="train", epoch=epochs[-1] if epochs else 0)
    chosen = epochs[-1] if epoch is None else epoch
    if chosen not in epochs:
        _no_such_epoch(tid, chosen, epochs)
    return chosen


def _continuable(output: Path) -> list[int]:
    return [epoch for epoch, folder in epoch_folders(output).items() if can_be_continued(folder)]


def _no_such_epoch(tid: str, epoch: int, epochs: list[int]) -> None:
    if not epochs:
        raise UserError(sentences.NOT_TRAINED, tid=tid)
    raise UserError(sentences.NO_SUCH_EPOCH, tid=tid, epoch=epoch, epochs=", ".join(map(str, epochs)))

"""What is asked of a prediction process, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import WEIGHTS_FILE
from paddlex_restful.stamps import stamp

Version = tuple[int, int, int]
"""Time, size and inode of the weights, which tell a checkpoint from the one that takes its place."""


@dataclass(frozen=True)
class Model:
    """A checkpoint as it lies there now, and where it computes.

    Attributes:
        type: its project type.
        folder: the checkpoint.
        version: of its weights.
        gpus: numbers as the machine counts them; empty for the processor.
    """

    type: str
    folder: Path
    version: Version | None
    gpus: tuple[int, ...]

    @classmethod
    def of(cls, project_type: str, folder: Path, gpus: tuple[int, ...] = ()) -> Model:
        """The checkpoint in a folder."""
        return cls(project_type, folder, _version(folder), gpus)

    def is_current(self) -> bool:
        """Whether the folder holds this checkpoint still: it was not trained anew, deleted or moved."""
        return self.version is not None and self.version == _version(self.folder)


def _version(folder: Path) -> Version | None:
    try:
        return stamp(folder / WEIGHTS_FILE)
    except OSError:
        return None


@dataclass(frozen=True)
class Request:
    """One image to predict.

    Attributes:
        data: the file.
        name: what sentences call it.
        score_thresh: lowest score of an object.
        picture: whether the drawn picture is wanted.
        mask: whether the class ids of segmentation are wanted as an image.
    """

    data: bytes
    name: str
    score_thresh: float
    picture: bool = False
    mask: bool = False


@dataclass(frozen=True)
class Answer:
    """What a model says of an image.

    Attributes:
        told: as ``result.json`` of a prediction has it, without what it says of files.
        files: PNG files by ``picture`` and ``mask``, as far as they were wanted and there are.
        error: a sentence, where there is no answer; the others are empty then.
    """

    told: Mapping[str, Any]
    files: Mapping[str, bytes]
    error: str = ""

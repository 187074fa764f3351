"""The enumerations that clients know by their integers. The integers are the contract: never reorder."""

from __future__ import annotations

from enum import Enum, IntEnum


class ProjectType(str, Enum):
    """What a project's net is for; clients name it by the word or by its position (see ``PROJECT_TYPES``)."""

    CLASSIFICATION = "classification"
    DETECTION = "detection"
    SEGMENTATION = "segmentation"
    INSTANCE_SEGMENTATION = "instance_segmentation"
    REMOTE_SEGMENTATION = "remote_segmentation"


PROJECT_TYPES: tuple[ProjectType, ...] = tuple(ProjectType)
"""Project types in the order of their integers, from 0."""

TRAINABLE_TYPES: tuple[str, ...] = tuple(
    kind.value for kind in PROJECT_TYPES if kind is not ProjectType.REMOTE_SEGMENTATION
)
"""Names of the project types that can be trained, in the same order."""


class DatasetStatus(IntEnum):
    """State of a dataset."""

    XEMPTY = 0
    XCHECKING = 1
    XCHECKFAIL = 2
    XCOPYING = 3
    XCOPYDONE = 4
    XCOPYFAIL = 5
    XSPLITED = 6


class TaskStatus(IntEnum):
    """State of a task."""

    XUNINIT = 0
    XINIT = 1
    XDOWNLOADING = 2
    XTRAINING = 3
    XTRAINDONE = 4
    XEVALUATED = 5
    XEXPORTING = 6
    XEXPORTED = 7
    XTRAINEXIT = 8
    XDOWNLOADFAIL = 9
    XTRAINFAIL = 10
    XEVALUATING = 11
    XEVALUATEFAIL = 12
    XEXPORTFAIL = 13
    XPRUNEING = 14
    XPRUNETRAIN = 15


class DownloadStatus(IntEnum):
    """State of the download of a demo."""

    XDDOWNLOADING = 0
    XDDOWNLOADFAIL = 1
    XDDOWNLOADDONE = 2
    XDDECOMPRESSED = 3


class PruneStatus(IntEnum):
    """State of a sensitivity analysis."""

    XSPRUNESTART = 0
    XSPRUNEING = 1
    XSPRUNEDONE = 2
    XSPRUNEFAIL = 3
    XSPRUNEEXIT = 4


class PredictStatus(IntEnum):
    """State of a prediction."""

    XPRESTART = 0
    XPREDONE = 1
    XPREFAIL = 2


class PretrainedModelStatus(IntEnum):
    """State of a saved pretrained model."""

    XPINIT = 0
    XPSAVING = 1
    XPSAVEFAIL = 2
    XPSAVEDONE = 3


class ExportedModelType(IntEnum):
    """What kind of exported model an entry is."""

    XQUANTMOBILE = 0
    XPRUNEMOBILE = 1
    XTRAINMOBILE = 2
    XQUANTSERVER = 3
    XPRUNESERVER = 4
    XTRAINSERVER = 5

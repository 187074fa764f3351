"""What a dataset or a task is doing, in words."""

from __future__ import annotations

from paddlex_restful.enums import TaskStatus

DATASET_EMPTY = "The dataset holds no images yet: import a folder with PUT /dataset."
DATASET_UNPACKING = "The archive is being unpacked."
DATASET_CHECKING = "The images and labels are being checked."
DATASET_COPYING = "The images are being copied."
DATASET_IMPORTED = "The dataset is imported: split it with PUT /dataset/split."
DATASET_SPLIT = "The dataset is split and ready for training."
IMPORT_STOPPED = "The import was stopped: start it again with PUT /dataset."
ADDING_STOPPED = "Adding them was stopped."
NOT_ADDED = f"{DATASET_IMPORTED} The new images were not added: {{reason}}"

RESUMABLE = "{message} It can go on after epoch {epoch}: call PUT /project/task/train with tid {tid} and act resume."

TASK = {
    TaskStatus.XUNINIT: "The task has no parameters yet: set them with POST /project/task/params.",
    TaskStatus.XINIT: "The task is ready to be trained.",
    TaskStatus.XDOWNLOADING: "The pretrained weights are being downloaded.",
    TaskStatus.XTRAINING: "The task is being trained.",
    TaskStatus.XTRAINDONE: "The training is complete.",
    TaskStatus.XEVALUATED: "The evaluation is complete.",
    TaskStatus.XEXPORTING: "The model is being exported.",
    TaskStatus.XEXPORTED: "The model is exported.",
    TaskStatus.XTRAINEXIT: "The training was stopped.",
    TaskStatus.XDOWNLOADFAIL: "The pretrained weights could not be downloaded.",
    TaskStatus.XTRAINFAIL: "The training failed.",
    TaskStatus.XEVALUATING: "The model is being evaluated.",
    TaskStatus.XEVALUATEFAIL: "The evaluation failed.",
    TaskStatus.XEXPORTFAIL: "The export failed.",
    TaskStatus.XPRUNEING: "The sensitivities of the model are being analysed.",
    TaskStatus.XPRUNETRAIN: "The pruned model is being trained.",
}
"""A sentence for each status that has no message of its own."""

"""Evaluation results of the four project types, in the shapes of the contract."""

from __future__ import annotations

from typing import Any

CLASSIFICATION: dict[str, Any] = {
    "Confusion_Matrix": [[0, 0, 1], [0, 0, 4], [0, 0, 5]],
    "PRF1": {
        "circle": {"precision": None, "recall": 0.0, "F1": 0.0, "auc": 1.0},
        "square": {"precision": None, "recall": 0.0, "F1": 0.0, "auc": 0.145},
        "triangle": {"precision": 0.5, "recall": 1.0, "F1": 2 / 3, "auc": 0.28},
    },
    "PRF1_average": {"over_all": {"precision": None, "recall": 0.5, "F1": 1 / 3}},
    "Acc1": 0.5,
    "Acck": 1.0,
    "topk": 3,
    "label_list": ["circle", "square", "triangle"],
    "epoch": None,
    "checkpoint_epoch": 4,
    "split": "test",
}

_PRAP = {
    "circle": {"precision": 0.75, "recall": 0.5, "AP": 0.4},
    "square": {"precision": -1, "recall": 0.0, "AP": None},
}
_OBJECTS = [[3.0, 0.0, 1.0], [1.0, 0.0, 2.0], [2.0, 0.0, 0.0]]
_OBJECT_LABELS = ["circle", "square", "back_ground"]

DETECTION: dict[str, Any] = {
    "Confusion_Matrix": _OBJECTS,
    "PRAP": _PRAP,
    "mAP": 0.2,
    "label_list": _OBJECT_LABELS,
    "epoch": None,
}

SEGMENTATION: dict[str, Any] = {
    "Confusion_Matrix": [[88463, 2], [2148, 1637]],
    "PRIoU": {
        "0": {"precision": 0.97, "recall": 0.99, "iou": 0.96},
        "1": {"precision": float("nan"), "recall": 0.43, "iou": 0.4},
    },
    "Mean_IoU": 0.68,
    "Mean_Acc": 0.97,
    "label_list": ["0", "1"],
    "epoch": 2,
}

INSTANCE_SEGMENTATION: dict[str, Any] = {
    "BBox_Confusion_Matrix": _OBJECTS,
    "Mask_Confusion_Matrix": [[2.0, 0.0, 2.0], [1.0, 0.0, 2.0], [2.0, 0.0, 0.0]],
    "BBox_PRAP": _PRAP,
    "Mask_PRAP": _PRAP,
    "BBox_mAP": 0.2,
    "Mask_mAP": None,
    "label_list": _OBJECT_LABELS,
    "epoch": None,
}

RESULTS = {
    "classification": CLASSIFICATION,
    "detection": DETECTION,
    "segmentation": SEGMENTATION,
    "instance_segmentation": INSTANCE_SEGMENTATION,
}

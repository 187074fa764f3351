"""The numbers that stand for states and kinds, in words, for the documents."""

from __future__ import annotations

from enum import IntEnum

from paddlex_restful import enums

STATUSES: tuple[tuple[str, type[IntEnum], tuple[str, ...]], ...] = (
    (
        "`dataset_status`",
        enums.DatasetStatus,
        (
            "holds nothing yet",
            "is being checked",
            "the check failed",
            "is being copied",
            "is imported, not split",
            "the copy failed",
            "is split, ready for training",
        ),
    ),
    (
        "`task_status`, `evaluate_status`, `export_status`",
        enums.TaskStatus,
        (
            "has no parameters yet",
            "is ready to be trained, or waits in the queue",
            "its pretrained weights are being downloaded",
            "is being trained",
            "the training is complete",
            "the evaluation is complete",
            "is being exported",
            "the export is complete",
            "the training was stopped",
            "the download of weights failed",
            "the training failed",
            "is being evaluated",
            "the evaluation failed",
            "the export failed",
            "its sensitivities are being analysed",
            "is being trained after pruning",
        ),
    ),
    ("`predict_status`", enums.PredictStatus, ("waits or goes on", "complete", "failed or stopped")),
    (
        "`status` of a demo",
        enums.DownloadStatus,
        ("is being downloaded", "the download failed or was stopped", "is being unpacked", "ready to be loaded"),
    ),
    (
        "`prune_status`",
        enums.PruneStatus,
        ("begins", "goes on", "complete", "failed", "stopped"),
    ),
    (
        "`exported_type`",
        enums.ExportedModelType,
        (
            "quantised, for mobile devices (lite); as the first clients sent it: an inference model",
            "pruned, for mobile devices; as the first clients sent it: a lite model",
            "as trained, for mobile devices",
            "quantised, for servers (infer, onnx)",
            "pruned, for servers",
            "as trained, for servers",
        ),
    ),
)
"""The numbers that stand for states and kinds: the fields that hold them, and what each means."""

"""The names that jobs give what they measured, and the files it lies in, for the server and its jobs."""

from __future__ import annotations

RESULT_FILE = "result.json"
METRICS_FILE = "metrics.jsonl"
PREDICTIONS_FILE = "predictions.json"
"""What an evaluation found in each image, beside its result; ``metrics.errors`` tells what is in it."""

CURVES_FILE = "curves.json"
"""What thresholds of the score change in an evaluation, beside its result; ``metrics.curves`` tells what is in it."""

EXPORT_FILE = "export.json"
"""What an export tells of itself, beside the model."""

SENSITIVITIES_FILE = "sensitivities.json"
SINGLE_PICTURE = "predict_result.png"
"""The result picture of a prediction of one picture; clients of the original know the name."""

BACKGROUND = "back_ground"
"""The name that detection results give the last row and column of their confusion matrix: no object."""

MASKS_FOLDER = "masks"
"""Of segmentation, below the folder of results: a PNG of class ids for each image."""

"""The names of the files in which jobs leave what they measured, for the server and its jobs."""

from __future__ import annotations

RESULT_FILE = "result.json"
METRICS_FILE = "metrics.jsonl"
SINGLE_PICTURE = "predict_result.png"
"""The result picture of a prediction of one picture; clients of the original know the name."""

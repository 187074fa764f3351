"""The names of the files in which evaluations and predictions leave their results, for the server and its jobs."""

from __future__ import annotations

RESULT_FILE = "result.json"
SINGLE_PICTURE = "predict_result.png"
"""The result picture of a prediction of one picture; clients of the original know the name."""

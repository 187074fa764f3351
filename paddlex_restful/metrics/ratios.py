"""Counts of answers, figures that are shares of counts, and how those that cannot be computed are told."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]

Confusion = NDArray[np.int64]
"""Numbers of answers, [classes, classes]: rows are the true class, columns the predicted one."""


def confusion(truth: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], classes: int) -> Confusion:
    """Count answers by true and predicted class.

    Args:
        truth: class ids, shape [n].
        predicted: class ids, shape [n].
        classes: their number; ids lie below it.
    """
    pairs = truth.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def ratio(part: Any, whole: Any) -> Figures:
    """Shares, of numbers or arrays of one shape; NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    shares: Figures = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)
    return shares


def figure(value: float) -> float | None:
    """A figure as JSON has it: None in the place of NaN."""
    return None if np.isnan(value) else float(value)

"""Waiting for what the server works on, and how that is shown on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from tqdm import tqdm

from paddlex_restful.client.errors import TookTooLong
from paddlex_restful.messages import client as sentences

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0
_GROWTH = 1.2


def wait_until(what: str, look: Callable[[], T], ended: Callable[[T], bool], timeout: float | None) -> T:
    """Look again and again, less often with time, until something has ended.

    Args:
        what: its name, for the sentence.
        look: asks the server.
        ended: tells from what was seen whether it has.
        timeout: seconds to wait at most; None waits as long as it takes.

    Returns:
        What was seen last.

    Raises:
        TookTooLong: it has not ended in time.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        seen = look()
        if ended(seen):
            return seen
        if deadline is not None and time.monotonic() >= deadline:
            raise TookTooLong(sentences.TOO_LONG, what=what, seconds=timeout)
        time.sleep(pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(LONGEST_PAUSE, pause * _GROWTH)


class Bar:
    """A progress bar; nothing where the program's errors go to no terminal.

    Args:
        total: of what is counted.
        unit: its name, such as ``B``.
        text: what is shown beside it.
        shown: False shows none anywhere.
    """

    def __init__(self, total: int, unit: str, text: str, shown: bool = True) -> None:
        self._bar = tqdm(
            total=total,
            unit=unit,
            unit_scale=unit == "B",
            desc=text,
            bar_format=None if unit == "B" else "  {percentage:3.0f}% |{bar}| {desc}",
            dynamic_ncols=True,
            disable=not (shown and sys.stderr.isatty()),
        )

    def show(self, done: int, text: str | None = None) -> None:
        """Show how much is done."""
        if self._bar.disable:
            return
        self._bar.n = min(done, self._bar.total)
        if text is not None:
            self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()


def training_text(log: Mapping[str, Any], epochs: int) -> str:
    """Where a training is, in a line.

    Args:
        log: the ``train_log`` of the server.
        epochs: how many there are to be.
    """
    metrics = log["train_metrics"]
    stage = str(log["train_stage"] or "starting")
    if metrics is None:
        return stage
    text = f"epoch {metrics['Epoch']}/{epochs}, step {metrics['Step']}, loss {_figure(metrics['loss'])}"
    if log["eta"] is not None:
        text += f", {tqdm.format_interval(log['eta'])} left"
    return text if stage in ("training", "complete") else f"{text}, {stage}"


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"

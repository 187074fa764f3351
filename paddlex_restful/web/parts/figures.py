"""Numbers as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from paddlex_restful.language import gettext as _

_METRICS: Mapping[str, Callable[[], str]] = {
    "acc1": lambda: _("Accuracy"),
    "Acc1": lambda: _("Accuracy"),
    "bbox_map": lambda: _("mAP of boxes, IoU 0.5"),
    "bbox_mmap": lambda: _("mAP of boxes"),
    "segm_map": lambda: _("mAP of masks, IoU 0.5"),
    "segm_mmap": lambda: _("mAP of masks"),
    "miou": lambda: _("Mean IoU"),
    "oacc": lambda: _("Share of the pixels"),
    "loss": lambda: _("Loss"),
    "lr": lambda: _("Learning rate"),
}


def metric_name(name: str) -> str:
    """What a figure of a training is called."""
    if name in _METRICS:
        return _METRICS[name]()
    among = re.fullmatch("acc([0-9]+)", name)
    return _("Accuracy, first {count}").format(count=among[1]) if among else name


def share(value: float | None) -> str:
    """A figure from 0 to 1, in percent; a dash where there is none."""
    return "–" if value is None else f"{value:.1%}"


def named_share(name: str, value: float | None) -> str:
    """A figure of a training from 0 to 1 with its name."""
    return f"{metric_name(name)} {share(value)}"


def duration(seconds: float | None) -> str:
    """A time in hours, minutes and seconds; a dash where there is none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    return _("{seconds} s").format(seconds=rest)


def number(value: float | None) -> str:
    """A number with three digits that count; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"

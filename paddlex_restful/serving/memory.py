"""The memory of prediction processes, and how much of the machine's they may have."""

from __future__ import annotations

from pathlib import Path

import psutil

_SHARE = 0.25
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def most_bytes() -> int:
    """Bytes that all prediction processes together may have: a quarter of the machine's, or of the container's."""
    total: int = psutil.virtual_memory().total
    told = _LIMIT.read_text().strip() if _LIMIT.exists() else ""
    return int(_SHARE * (min(total, int(told)) if told.isdecimal() else total))


def own_bytes(pid: int) -> int:
    """Bytes that would be free without a process: what it shares with others does not count. 0 if it is gone."""
    try:
        return int(psutil.Process(pid).memory_full_info().uss)
    except psutil.Error:
        return 0

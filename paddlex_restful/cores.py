"""How many processor cores there are to use: for this process, and for the job in it."""

from __future__ import annotations

import math
import os
from pathlib import Path

THREADS_VARIABLE = "OMP_NUM_THREADS"
"""The environment variable that tells a job, and the libraries in it, how many threads its slot is for."""

_BLOCK_TIME_VARIABLE = "KMP_BLOCKTIME"
_BLOCK_MILLISECONDS = "3"

_CGROUP = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Processor cores that this process may use: those it is bound to, fewer where its container is given less."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(bound, _quota(_CGROUP))))


def cores_of_job() -> int:
    """Processor cores for the job in this process: those of its slot, or all where no server started it."""
    share = os.environ.get(THREADS_VARIABLE, "")
    return int(share) if share.isdecimal() and int(share) else usable_cores()


def rest_between_products() -> None:
    """Let the threads of matrix products give up their cores soon after they have nothing to do.

    They would go on turning for 0.2 s, where images are decoded and drawn on the same cores. Three milliseconds are
    longer than anything between two layers of a net: to be woken for each of them would double the time of a small one.
    To be called before the first product.
    """
    os.environ[_BLOCK_TIME_VARIABLE] = _BLOCK_MILLISECONDS


def cores_of_slot(slots: int) -> int:
    """Processor cores for each of so many jobs at once."""
    return max(1, usable_cores() // slots)


def _quota(folder: Path) -> float:
    """Cores' worth of time that a container is given, by control groups of version 2 or 1; infinity without a limit."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        share = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no control groups
        return math.inf
    return share if share > 0 else math.inf

"""The machine: processor, operating system, GPUs."""

from __future__ import annotations

import platform
from typing import Any

from paddlex_restful.cores import usable_cores
from paddlex_restful.messages import system as messages
from paddlex_restful.system.gpu import has_library, read_gpus

__all__ = ["gpu_count", "gpu_memory", "machine_info", "read_gpus"]


def gpu_count() -> int:
    """Number of GPUs of the machine; 0 without a GPU, a driver or a package that can see them."""
    return len(read_gpus().cards)


def gpu_memory() -> list[dict[str, int | None]]:
    """Memory of each GPU in MiB, as ``{"free", "used", "total"}``; empty without a GPU."""
    return [{"free": card.free, "used": card.used, "total": card.total} for card in read_gpus().cards]


def machine_info() -> dict[str, Any]:
    """Figures of the machine, under the names that clients know.

    Returns:
        ``message`` (a sentence), ``cpu_num``, ``gpu_num``, ``sysstr`` (name of the operating system),
        ``driver_version`` (None without one) and ``gpu_free_mem`` (MiB of each GPU).
    """
    gpus = read_gpus()
    if gpus.cards:
        message = messages.GPUS_FOUND.format(count=len(gpus.cards), driver=gpus.driver)
    else:
        message = messages.NO_GPU if has_library() else messages.NO_LIBRARY
    return {
        "message": message,
        "cpu_num": usable_cores(),
        "gpu_num": len(gpus.cards),
        "sysstr": platform.system(),
        "driver_version": gpus.driver or None,
        "gpu_free_mem": [card.free for card in gpus.cards],
    }

"""The machine, and a stop for what the server runs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import psutil

from paddlex_restful import __version__, system
from paddlex_restful.jobs import states
from paddlex_restful.jobs.job import Job
from paddlex_restful.services import Services


def describe(kind: str) -> dict[str, Any]:
    """What the machine is.

    Args:
        kind: ``gpu_memory_size`` for the memory of the GPUs, else processor and GPUs are told.
    """
    if kind == "gpu_memory_size":
        return {"gpu_mem_infos": system.gpu_memory()}
    return {"info": system.machine_info()}


@dataclass(frozen=True)
class Usage:
    """How busy the machine is.

    Attributes:
        cpu: share of the processor's time since the last look, from 0 to 1.
        memory: bytes in use and bytes that there are.
        disk: the same of the disk of the workspace.
    """

    cpu: float
    memory: tuple[int, int]
    disk: tuple[int, int]


def usage(services: Services) -> Usage:
    """How busy the machine is now."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(services.workspace.root))
    return Usage(
        cpu=psutil.cpu_percent() / 100,
        memory=(memory.total - memory.available, memory.total),
        disk=(disk.used, disk.used + disk.free),
    )


_PACKAGES = ("paddlepaddle", "paddlepaddle-gpu", "paddlex", "paddledet", "paddleseg", "paddleslim", "paddle2onnx")


def versions() -> Mapping[str, str]:
    """Of this program and of the packages that do its work, as far as they are installed."""
    found = {"paddlex-restful": __version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def stop_job(services: Services, job_id: int) -> None:
    """Stops a job, unless it has ended by itself.

    Args:
        services: of the server.
        job_id: number of a job.
    """
    stop_together(services, [job for job in services.jobs.active() if job.id == job_id])


def stop_all(services: Services) -> None:
    """Stops every job of this server, and nothing else."""
    stop_together(services, services.jobs.active())


def stop_together(services: Services, jobs: Sequence[Job]) -> None:
    """Stops jobs and waits until they have ended.

    Args:
        services: of the server.
        jobs: records of active jobs.
    """
    # First those that wait: else one of them would begin in each place that becomes free.
    begun = []
    for job in jobs:
        if job.state == states.QUEUED:
            services.jobs.stop(job)
        else:
            begun.append(job)
    with ThreadPoolExecutor(max(1, len(begun))) as pool:
        list(pool.map(services.jobs.stop, begun))

"""The machine, and a stop for what the server runs on it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from paddlex_restful import system
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

"""How the server is: whether it can do its work, and figures of what it does."""

from __future__ import annotations

import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from paddlex_restful import __version__, system
from paddlex_restful.durable import TEMPORARY_SUFFIX
from paddlex_restful.errors import UserError
from paddlex_restful.messages import health as sentences
from paddlex_restful.prometheus import Family, Sample
from paddlex_restful.services import Services

FRESH = 1.0
"""Seconds for which an answer of the disk is repeated: whoever asks often must not keep it busy."""

_MIB = 1 << 20
_PROBE = bytes(4096)


class Readiness:
    """Tells whether a server can do its work. Safe to use from several threads.

    Args:
        services: of the server.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._problem: str | None = None

    def check(self) -> None:
        """Look whether jobs are attended to and the workspace can be written.

        Raises:
            UserError: what keeps the server from working.
        """
        if not self._services.jobs.attended:
            raise UserError(sentences.JOBS_UNATTENDED)
        with self._lock:
            if time.monotonic() - self._looked >= FRESH:
                self._problem = _write_problem(self._services.workspace.root)
                self._looked = time.monotonic()
            problem = self._problem
        if problem:
            raise UserError(sentences.NOT_WRITABLE, reason=problem)


def _write_problem(root: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=root, prefix=".", suffix=TEMPORARY_SUFFIX, buffering=0) as probe:
            probe.write(_PROBE)
    except OSError as error:
        return error.strerror or str(error)
    return None


def families(services: Services) -> Iterator[Family]:
    """Figures of the jobs, the GPUs, the disk and the program."""
    build = {"version": __version__, "python": platform.python_version()}
    yield Family("build_info", "gauge", "The program that runs.", [Sample(1, build)])
    jobs = services.jobs.counts()
    yield Family(
        "jobs",
        "gauge",
        "Jobs on record, the newest of each kind of a dataset, task or demo.",
        [Sample(count, {"kind": kind, "state": state}) for (kind, state), count in sorted(jobs.items())],
    )
    disk = shutil.disk_usage(services.workspace.root)
    yield Family("disk_free_bytes", "gauge", "Room on the disk of the workspace.", [Sample(disk.free)])
    yield Family("disk_total_bytes", "gauge", "Size of the disk of the workspace.", [Sample(disk.total)])
    yield from _of_gpus()


def _of_gpus() -> Iterator[Family]:
    cards = list(enumerate(system.read_gpus().cards))
    figures = (
        ("gpu_memory_used_bytes", "Memory of a GPU that is in use.", [(n, card.used, _MIB) for n, card in cards]),
        ("gpu_memory_total_bytes", "Memory of a GPU.", [(n, card.total, _MIB) for n, card in cards]),
        (
            "gpu_utilization_ratio",
            "Share of time that a GPU works.",
            [(n, card.busy, 0.01) for n, card in cards],
        ),
    )
    for name, told, values in figures:
        samples = [Sample(value * unit, {"gpu": str(gpu)}) for gpu, value, unit in values if value is not None]
        yield Family(name, "gauge", told, samples)

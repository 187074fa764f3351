"""The settings of one server."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from paddlex_restful.cores import usable_cores

DEFAULT_DEMO_URL = "https://bj.bcebos.com/paddlex/demos"


def default_cpu_jobs() -> int:
    """Half of the processor cores, at least one."""
    return max(1, usable_cores() // 2)


@dataclass(frozen=True)
class Config:
    """Settings of a server, fixed from its start.

    Attributes:
        workspace_dir: folder that holds everything; made if it is missing.
        host: address to listen on.
        port: TCP port to listen on; 0 takes a free one.
        cpu_jobs: how many heavy jobs (training, exporting) share the processor at once, each with an equal part of the
            cores.
        share_gpus: evaluations and predictions use their GPUs beside the job that has them, and wait for none.
        data_dirs: folders outside the workspace that clients may have read: datasets, pictures, models. None named: any
            folder on a loopback address, where the clients are programs of this machine, and none elsewhere.
        export_dirs: folders outside the workspace below which clients may have models written. None named: any new or
            empty folder on a loopback address, and none elsewhere.
        demo_url: address below which the demo archives lie.
        weights_url: address that replaces scheme and host of the pretrained weights' own addresses; empty keeps them.
    """

    workspace_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    cpu_jobs: int = field(default_factory=default_cpu_jobs)
    share_gpus: bool = False
    data_dirs: tuple[Path, ...] = ()
    export_dirs: tuple[Path, ...] = ()
    demo_url: str = field(default_factory=lambda: os.environ.get("PADDLEX_RESTFUL_DEMO_URL", DEFAULT_DEMO_URL))
    weights_url: str = field(default_factory=lambda: os.environ.get("PADDLEX_RESTFUL_WEIGHTS_URL", ""))

"""The settings of one server."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from paddlex_restful.cores import usable_cores

TOKEN_VARIABLE = "PADDLEX_RESTFUL_TOKEN"  # noqa: S105 - the name of the variable
"""The environment variable that sets the access token."""

DEFAULT_DEMO_URL = "https://bj.bcebos.com/paddlex/demos"
DEFAULT_MIN_FREE = 1 << 30
DEFAULT_PREDICT_WORKERS = 4
DEFAULT_PREDICT_IDLE = 600


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
        token: the access token that clients need; empty for the one that is kept in the workspace, if one is needed.
        require_token: clients need a token on a loopback address, too.
        allowed_hosts: names by which clients may call this server, besides those that it knows of.
        allowed_origins: origins (``https://page.example``) whose pages may use this server.
        min_free: bytes of a disk that are to stay free: what would take more is refused, and trainings wait.
        predict_workers: models that stay loaded to predict, each in a process of its own.
        predict_idle: seconds after which a model that nobody asks is let go.
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
    token: str = field(default_factory=lambda: os.environ.get(TOKEN_VARIABLE, ""), repr=False)
    require_token: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    min_free: int = DEFAULT_MIN_FREE
    predict_workers: int = DEFAULT_PREDICT_WORKERS
    predict_idle: float = DEFAULT_PREDICT_IDLE
    demo_url: str = field(default_factory=lambda: os.environ.get("PADDLEX_RESTFUL_DEMO_URL", DEFAULT_DEMO_URL))
    weights_url: str = field(default_factory=lambda: os.environ.get("PADDLEX_RESTFUL_WEIGHTS_URL", ""))

    @property
    def local(self) -> bool:
        """Whether the address to listen on is a loopback one, which only programs of this machine reach."""
        try:
            return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

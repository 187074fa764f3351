"""/system: the machine, and a stop for everything that runs on it."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, NoArguments, call
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.workspace import GpuMemories, MachineInfo
from paddlex_restful.services import Services, system

blueprint = Blueprint("system", __name__)


class GetSystem(Arguments):
    """Arguments of GET /system."""

    type: Literal["machine_info", "gpu_memory_size"] = Field(
        "machine_info", description="machine_info or gpu_memory_size"
    )


@call(blueprint, "GET", "/system", MachineInfo, GpuMemories)
def get(args: GetSystem, services: Services) -> dict[str, Any]:
    """Processor and GPUs of the server, or the memory of the GPUs."""
    return system.describe(args.type)


@call(blueprint, "DELETE", "/system", Nothing)
def stop(args: NoArguments, services: Services) -> None:
    """Stops every job of this server, and nothing else."""
    system.stop_all(services)

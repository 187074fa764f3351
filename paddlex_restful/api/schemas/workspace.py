"""Answers of /workspace, /system and /demo."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from paddlex_restful.api.schemas.base import Answer, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import DownloadStatus


class WorkspaceFolder(Answer):
    """Without arguments."""

    dirname: str = Field(description="absolute path of the workspace on the server")


class AskedAttributes(TypedDict, total=False):
    """The attributes that were asked for."""

    id: str
    name: str
    desc: str
    type: str
    did: str
    pid: str
    path: str
    create_time: str
    parent_id: str


class Attributes(Answer):
    """With `struct` and `id`."""

    attr: AskedAttributes = Field(description="the attributes that were asked for, all of them if none were named")


class Machine(Part):
    """Processor and GPUs."""

    message: Sentence = Field(description="a sentence about the GPUs")
    cpu_num: int = Field(description="processor cores")
    gpu_num: int = Field(description="GPUs")
    sysstr: str = Field(description="name of the operating system")
    driver_version: str | None = Field(description="of the GPUs' driver")
    gpu_free_mem: list[int | None] = Field(description="MiB of each GPU")


class MachineInfo(Answer):
    """With `type` machine_info."""

    info: Machine = Field(description="the machine")


class GpuMemory(Part):
    """Memory of a GPU in MiB."""

    free: int | None = Field(description="MiB")
    used: int | None = Field(description="MiB")
    total: int | None = Field(description="MiB")


class GpuMemories(Answer):
    """With `type` gpu_memory_size."""

    gpu_mem_infos: list[GpuMemory] = Field(description="of each GPU")


class LoadedDemo(Answer):
    """With `type` load."""

    did: str = Field(description="id of the new dataset")
    pid: str = Field(description="id of the new project")


class Download(Part):
    """The download of a demo."""

    status: DownloadStatus | None = Field(description="null before the first download")
    progress: float = Field(description="percent")
    message: Sentence = Field(description="a sentence")


class DemoDownload(Answer):
    """How the download stands."""

    attr: Download = Field(description="the download")

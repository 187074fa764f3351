import importlib.machinery
import os
import platform
import subprocess
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paddlex_restful import system
from paddlex_restful.system import gpu

MIB = 1 << 20


class NVMLError(Exception):
    pass


class FakeNvml(types.ModuleType):
    """Stands for the driver, which this machine need not have; it answers as NVIDIA's library does."""

    NVMLError = NVMLError

    def __init__(self, cards: list[tuple[int, int] | None], driver: object = "550.54") -> None:
        super().__init__("pynvml")
        self.__spec__ = importlib.machinery.ModuleSpec("pynvml", None)
        self.cards = cards
        self.driver = driver
        self.starts = 0
        self.broken = False
        self.silent = -1

    def nvmlInit(self) -> None:
        self.starts += 1
        self.broken = False

    def nvmlSystemGetDriverVersion(self) -> object:
        if self.broken:
            raise NVMLError
        return self.driver

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        card = self.cards[handle]
        if card is None:
            raise NVMLError
        free, total = card
        return types.SimpleNamespace(free=free * MIB, used=(total - free) * MIB, total=total * MIB)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        if handle == self.silent:
            raise NVMLError
        return types.SimpleNamespace(gpu=25, memory=10)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gpu, "_nvml_ready", False)
    yield
    gpu._nvml_ready = False


def put(monkeypatch: pytest.MonkeyPatch, nvml: FakeNvml) -> FakeNvml:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    return nvml


def test_this_machine_answers_consistently() -> None:
    info = system.machine_info()
    memory = system.gpu_memory()
    assert info["cpu_num"] == len(os.sched_getaffinity(0)) >= 1
    assert info["sysstr"] == platform.system()
    assert info["gpu_num"] == system.gpu_count() == len(memory) == len(info["gpu_free_mem"])
    assert info["message"].endswith(".")
    for figures in memory:
        assert set(figures) == {"free", "used", "total"}


def test_gpus_are_told_in_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeNvml([(1000, 24000), (80000, 81000)]))
    assert system.gpu_count() == 2
    assert system.gpu_memory() == [
        {"free": 1000, "used": 23000, "total": 24000},
        {"free": 80000, "used": 1000, "total": 81000},
    ]
    info = system.machine_info()
    assert info["gpu_num"] == 2
    assert info["driver_version"] == "550.54"
    assert info["gpu_free_mem"] == [1000, 80000]
    assert "2 GPU(s)" in info["message"]


def test_library_starts_once_also_for_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = put(monkeypatch, FakeNvml([(1, 2)]))
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: system.gpu_count(), range(200))) == {1}
    assert nvml.starts == 1


def test_a_reloaded_driver_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = put(monkeypatch, FakeNvml([(1, 2)]))
    assert system.gpu_count() == 1
    nvml.broken = True
    assert system.gpu_count() == 0
    assert system.gpu_count() == 1


def test_a_card_without_figures_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeNvml([None, (5, 10)]))
    assert system.gpu_memory() == [
        {"free": None, "used": None, "total": None},
        {"free": 5, "used": 5, "total": 10},
    ]


def test_old_libraries_give_the_version_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, FakeNvml([(1, 2)], driver=b"470.1"))
    assert system.machine_info()["driver_version"] == "470.1"


def test_without_any_library_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_installed", lambda name: False)
    info = system.machine_info()
    assert info["gpu_num"] == 0
    assert info["driver_version"] is None
    assert "nvidia-ml-py" in info["message"]


class FakePycuda(types.ModuleType):
    class Error(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("pycuda.driver")
        self.open_contexts = 0
        module = self

        class Device:
            @staticmethod
            def count() -> int:
                return 1

            def __init__(self, index: int) -> None:
                self.index = index

            def make_context(self) -> Any:
                module.open_contexts += 1
                return self

            def pop(self) -> None:
                pass

            def detach(self) -> None:
                module.open_contexts -= 1

        self.Device = Device

    def init(self) -> None:
        pass

    def get_driver_version(self) -> int:
        return 12020

    def mem_get_info(self) -> tuple[int, int]:
        return 3 * MIB, 10 * MIB


def test_pycuda_serves_where_only_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakePycuda()
    monkeypatch.setitem(sys.modules, "pycuda", types.ModuleType("pycuda"))
    monkeypatch.setitem(sys.modules, "pycuda.driver", cuda)
    monkeypatch.setattr(gpu, "_installed", lambda name: name == "pycuda")
    assert system.gpu_memory() == [{"free": 3, "used": 7, "total": 10}]
    assert system.machine_info()["driver_version"] == "CUDA 12.2"
    assert cuda.open_contexts == 0


def test_importing_it_loads_no_gpu_library() -> None:
    code = (
        "import sys, paddlex_restful.system; sys.exit(bool({'pynvml', 'pycuda', 'pycuda.driver'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_gpu_tells_how_busy_it_is_unless_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = put(monkeypatch, FakeNvml([(1000, 2000), (500, 2000)]))
    nvml.silent = 1
    assert [card.busy for card in gpu.read_gpus().cards] == [25, None]
    assert system.gpu_memory() == [
        {"free": 1000, "used": 1000, "total": 2000},
        {"free": 500, "used": 1500, "total": 2000},
    ]

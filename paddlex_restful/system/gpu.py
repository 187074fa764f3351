"""What the GPUs of this machine are doing.

NVIDIA's management library is asked first: it needs no CUDA context and answers in under a millisecond. PyCUDA is
asked only where that library's Python package is missing. The GPUs are counted as the PCI bus counts them, so a
process that picks one by its number needs ``CUDA_DEVICE_ORDER=PCI_BUS_ID``.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from dataclasses import dataclass
from typing import Any

MIB = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """One GPU; its memory in MiB, None where it has none of its own to tell.

    ``busy`` is the share of the last moments in which it worked, in percent; None where it does not tell.
    """

    free: int | None
    used: int | None
    total: int | None
    busy: int | None = None


@dataclass(frozen=True)
class Gpus:
    """The GPUs that answered.

    Attributes:
        cards: in the order of the PCI bus.
        driver: version of the driver; empty where none answers.
    """

    cards: tuple[Gpu, ...] = ()
    driver: str = ""


_lock = threading.Lock()
_nvml_ready = False


def has_library() -> bool:
    """Whether a package that can see GPUs is installed."""
    return _installed("pynvml") or _installed("pycuda")


def read_gpus() -> Gpus:
    """Ask the GPUs for their memory; answers none where no driver or no GPU is there."""
    with _lock:
        if _installed("pynvml"):
            return _from_nvml()
        if _installed("pycuda"):
            return _from_pycuda()
    return Gpus()


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _from_nvml() -> Gpus:
    global _nvml_ready
    nvml = importlib.import_module("pynvml")
    try:
        if not _nvml_ready:
            nvml.nvmlInit()
            _nvml_ready = True
        driver = nvml.nvmlSystemGetDriverVersion()
        cards = tuple(_nvml_card(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
    except nvml.NVMLError:
        # No driver, or one that was reloaded under us: the next call starts anew.
        _nvml_ready = False
        return Gpus()
    return Gpus(cards, driver.decode() if isinstance(driver, bytes) else str(driver))


def _nvml_card(nvml: Any, index: int) -> Gpu:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError:
        # Cards that share the machine's memory have none to report, and a card that fell off the bus keeps its number.
        return Gpu(None, None, None)
    return Gpu(int(memory.free) // MIB, int(memory.used) // MIB, int(memory.total) // MIB, _nvml_busy(nvml, handle))


def _nvml_busy(nvml: Any, handle: Any) -> int | None:
    try:
        return int(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except nvml.NVMLError:  # a card that was cut into parts does not tell
        return None


def _from_pycuda() -> Gpus:
    try:
        cuda = importlib.import_module("pycuda.driver")
    except ImportError:
        # It is linked against the driver.
        return Gpus()
    try:
        cuda.init()
        version = int(cuda.get_driver_version())
        cards = tuple(_pycuda_card(cuda, index) for index in range(cuda.Device.count()))
    except cuda.Error:
        return Gpus()
    return Gpus(cards, f"CUDA {version // 1000}.{version % 1000 // 10}")


def _pycuda_card(cuda: Any, index: int) -> Gpu:
    context = cuda.Device(index).make_context()
    try:
        free, total = cuda.mem_get_info()
    finally:
        context.pop()
        context.detach()
    return Gpu(free // MIB, (total - free) // MIB, total // MIB)

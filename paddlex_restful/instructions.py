"""Which instructions of the processor the matrix products of paddle use."""

from __future__ import annotations

from pathlib import Path

VARIABLE = "MKL_DEBUG_CPU_TYPE"
"""The environment variable that tells paddle's library for matrix products (MKL of 2019) which kernels to take."""

_KERNELS = {"7": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}, "5": {"avx2", "fma"}}
"""Names of kernels, the fastest first, and what the processor must know for them."""

_CPUINFO = Path("/proc/cpuinfo")


def fastest_kernels() -> str | None:
    """The value of ``VARIABLE`` that gives this machine's processor the kernels it is able to run.

    By itself the library does so on Intel's processors alone; on others it takes instructions of 2008, with which
    matrix products take four times and convolutions twice as long.

    Returns:
        None where there is nothing to set: on a processor of Intel's, an old one, or where it cannot be told.
    """
    try:
        lines = _CPUINFO.read_text(encoding="ascii", errors="replace").partition("\n\n")[0].splitlines()
    except OSError:
        return None
    facts = {name.strip(): value for name, _, value in (line.partition(":") for line in lines)}
    if facts.get("vendor_id", "").strip() in {"", "GenuineIntel"}:
        return None
    able = set(facts.get("flags", "").split())
    return next((name for name, needed in _KERNELS.items() if needed <= able), None)

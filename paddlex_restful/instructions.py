"""Which instructions of the processor the matrix products of paddle use."""

from __future__ import annotations

from pathlib import Path

VARIABLE = "MKL_DEBUG_CPU_TYPE"
"""The environment variable that tells paddle's library for matrix products (MKL of 2019) which kernels to take."""

_KERNELS, _NEEDED = "5", {"avx2", "fma"}
"""The kernels with AVX2, and what the processor must know for them. Those with AVX-512 ("7") are not taken: with them a
training of MobileNetV3 on an EPYC gave NaN, each time, where it does not with any others."""

_CPUINFO = Path("/proc/cpuinfo")


def fastest_kernels() -> str | None:
    """The value of ``VARIABLE`` that gives this machine's processor the fastest kernels that are right on it.

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
    return _KERNELS if set(facts.get("flags", "").split()) >= _NEEDED else None

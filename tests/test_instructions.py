"""Paddle's matrix products take the instructions that the processor has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paddlex_restful import instructions

_AVX512 = "fpu avx2 fma avx512f avx512dq avx512bw avx512vl"

_PRODUCT = """
import sys
import numpy as np
import paddle

random = np.random.default_rng(0)
left, right = (random.standard_normal((256, 256), np.float32) for _ in range(2))
np.save(sys.argv[1], (paddle.to_tensor(left) @ paddle.to_tensor(right)).numpy())
"""


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("AuthenticAMD", _AVX512, "5"),
        ("HygonGenuine", "fpu avx2 fma", "5"),
        ("AuthenticAMD", "fpu avx2 fma avx512f", "5"),
        ("AuthenticAMD", "fpu sse2 avx", None),
        ("GenuineIntel", _AVX512, None),
    ],
)
def test_only_kernels_that_the_processor_runs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vendor: str, flags: str, expected: str | None
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        f"processor\t: 0\nvendor_id\t: {vendor}\npower management:\nflags\t\t: {flags}\n\nprocessor\t: 1\n"
    )
    monkeypatch.setattr(instructions, "_CPUINFO", cpuinfo)
    assert instructions.fastest_kernels() == expected


@pytest.mark.parametrize("text", [None, "", "processor\t: 0\nCPU implementer\t: 0x41\nFeatures\t: fp asimd\n"])
def test_other_processors_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if text is not None:
        cpuinfo.write_text(text)
    monkeypatch.setattr(instructions, "_CPUINFO", cpuinfo)
    assert instructions.fastest_kernels() is None


@pytest.mark.skipif(instructions.fastest_kernels() is None, reason="this processor gets its kernels anyway")
def test_paddle_takes_the_kernels_and_multiplies_right(tmp_path: Path) -> None:
    products = {}
    for kernels in ("", instructions.fastest_kernels() or ""):
        environment = {**os.environ, instructions.VARIABLE: kernels}
        path = tmp_path / f"{kernels}.npy"
        subprocess.run([sys.executable, "-c", _PRODUCT, str(path)], env=environment, check=True)
        products[kernels] = np.load(path)
    slow, fast = products.values()
    # Fused multiplications round once where others round twice: equal bits would be those of the same kernels.
    assert (slow != fast).any()
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((256, 256), np.float32).astype(np.float64) for _ in range(2))
    np.testing.assert_allclose(fast, left @ right, atol=1e-3)

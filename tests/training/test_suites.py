"""How a missing suite is told."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training.suites import paddleclas_backbone


def test_a_missing_suite_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "paddleclas"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JobFailed, match=r"paddleclas is not installed; install it with: pip install") as caught:
        paddleclas_backbone("model_zoo.alexnet")
    assert caught.value.reason == "missing_package"

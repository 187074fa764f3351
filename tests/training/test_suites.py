"""How a missing suite is told."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training.suites import paddleclas_backbone, paddleseg_models


@pytest.mark.parametrize(
    ("suite", "use"),
    [
        ("paddleclas", lambda: paddleclas_backbone("model_zoo.alexnet")),
        ("paddleseg", lambda: paddleseg_models("unet")),
    ],
    ids=["paddleclas", "paddleseg"],
)
def test_a_missing_suite_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, suite: str, use: Callable[[], ModuleType]
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == suite]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JobFailed, match=rf"{suite} is not installed; install it with: pip install") as caught:
        use()
    assert caught.value.reason == "missing_package"

"""Which side imports what: jobs never the HTTP side, the server never the engines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from paddlex_restful import imaging
from paddlex_restful.jobs.kinds import KINDS, PREDICTIONS
from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification

IMPORTER = """
import importlib, json, sys
for named in sys.argv[1:]:
    module, _, name = named.partition(":")
    getattr(importlib.import_module(module), name or "__name__")
print(json.dumps(sorted(sys.modules)))
"""

ENGINES = ("paddle", "ppdet", "paddleseg", "paddleslim")

HTTP_SIDE = (
    "flask",
    "waitress",
    "paddlex_restful.api",
    "paddlex_restful.app",
    "paddlex_restful.server",
    "paddlex_restful.services",
    "paddlex_restful.workspace",
)


@pytest.mark.parametrize("function", sorted({PREDICTIONS, *(kind.function for kind in KINDS.values())}))
def test_a_process_imports_nothing_of_the_http_side(function: str) -> None:
    loaded = loaded_with(function)
    assert function.partition(":")[0] in loaded
    assert within(loaded, HTTP_SIDE) == []


def test_imaging_imports_no_engine_and_nothing_of_the_training_or_the_http_side() -> None:
    modules = [f"paddlex_restful.imaging.{file.stem}" for file in Path(imaging.__path__[0]).glob("[!_]*.py")]
    loaded = loaded_with(*modules)
    assert set(modules) < set(loaded)
    assert within(loaded, (*ENGINES, *HTTP_SIDE, "paddlex_restful.training")) == []


def test_a_server_imports_nothing_large_that_its_start_can_do_without() -> None:
    server = "paddlex_restful.server"
    loaded = loaded_with(server)
    assert server in loaded
    assert within(loaded, (*ENGINES, "numpy", "cv2", "dash", "openpyxl")) == []


def loaded_with(*named: str) -> list[str]:
    """All modules that a fresh interpreter has after it imported these, or the functions ``module:function``."""
    done = subprocess.run([sys.executable, "-c", IMPORTER, *named], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def within(modules: list[str], packages: Sequence[str]) -> list[str]:
    """Those of the modules that are one of the packages or belong to one."""
    return [name for name in modules if name in packages or name.startswith(tuple(f"{part}." for part in packages))]


def test_the_server_that_answered_calls_and_ran_jobs_has_no_engine(server: Server, tmp_path: Path) -> None:
    did = import_dataset(server, make_classification(tmp_path / "source", 4))
    server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0.25)
    server.ok("GET", "/dataset/details", did=did)
    pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    server.ok("GET", "/project/task/params", pid=pid)
    server.ok("GET", "/system")
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "python" in mapped
    for library in ("libpaddle", "cv2.abi", "libcudart"):
        assert library not in mapped

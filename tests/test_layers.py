"""Which side imports what: jobs never the HTTP side, the server never the engines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paddlex_restful.jobs.kinds import KINDS
from tests.conftest import Server
from tests.flow import import_dataset
from tests.images import make_classification

IMPORTER = """
import importlib, json, sys
module, _, name = sys.argv[1].partition(":")
getattr(importlib.import_module(module), name)
print(json.dumps(sorted(sys.modules)))
"""

HTTP_SIDE = (
    "flask",
    "waitress",
    "paddlex_restful.api",
    "paddlex_restful.app",
    "paddlex_restful.server",
    "paddlex_restful.services",
    "paddlex_restful.workspace",
)


@pytest.mark.parametrize("function", sorted({kind.function for kind in KINDS.values()}))
def test_a_job_imports_nothing_of_the_http_side(function: str) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTER, function], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert function.partition(":")[0] in loaded
    assert [
        name for name in loaded if name.startswith(tuple(f"{part}." for part in HTTP_SIDE)) or name in HTTP_SIDE
    ] == []


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

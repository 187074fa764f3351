"""Requests that schemathesis makes of the OpenAPI document find no fault and get no undocumented answer.

The environment variable FUZZ_EXAMPLES says how many random ones each call gets, 5 if it is not set; ``make fuzz`` sends
thousands.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import Server
from tests.flow import trained_task

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "5")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

COMMAND = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"

ENDLESS = "/project/task/events"
"""The stream of events does not end by itself; tests of its own look at it."""


def fuzz(server: Server, *selected: str) -> int:
    """Send requests to the selected calls; gives how many."""
    program = [sys.executable, "-c", COMMAND, "run", f"{server.url}/openapi.json"]
    chosen = ["--exclude-path", ENDLESS, *selected]
    how = ["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--checks", CHECKS, "--seed", "1"]
    limits = ["--suppress-health-check", "all", "--request-timeout", "60", "--continue-on-failure"]
    done = subprocess.run(
        [*program, *chosen, *how, *limits], capture_output=True, text=True, cwd=server.workspace.parent
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    counted = re.search(r"(\d+) generated", done.stdout)
    assert counted is not None, done.stdout[-2000:]
    return int(counted[1])


def test_no_request_finds_a_fault_or_gets_an_undocumented_answer(server: Server, tmp_path: Path) -> None:
    # The ids of the examples are those of the first entries.
    trained_task(server, tmp_path / "images")
    cases = fuzz(server, "--exclude-method", "DELETE") + fuzz(server, "--include-method", "DELETE")
    print(f"{cases} requests")
    assert cases > 500
    # A fault of the server is told with HTTP 200; its log has it.
    assert "failed, reference" not in server.log.read_text()

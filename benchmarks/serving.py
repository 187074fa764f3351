"""A real server in a process and a workspace of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 300


class Server:
    """A running server.

    Attributes:
        port: its port on 127.0.0.1.
        folder: a temporary folder for what a benchmark needs; the workspace is inside.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self._session = requests.Session()

    def call(self, method: str, path: str, /, **arguments: Any) -> dict[str, Any]:
        """Make a call that must succeed."""
        url = f"http://127.0.0.1:{self.port}{path}"
        answer: dict[str, Any] = self._session.request(method, url, json=arguments, timeout=60).json()
        if answer["status"] != 1:
            raise RuntimeError(f"{method} {path}: {answer['message']}")
        return answer

    def until(self, condition: Callable[[], bool]) -> None:
        """Ask again and again until the server's answer fulfils a condition."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not get there")
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Stop the jobs and give the connection back."""
        self.call("DELETE", "/system")
        self._session.close()


@contextmanager
def serve() -> Iterator[Server]:
    """Start a server in a fresh workspace on a free port, and end it."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        command = [sys.executable, "-m", "paddlex_restful", "--port", "0", "--workspace_dir", str(folder / "workspace")]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        if " at http://" not in line:
            raise RuntimeError(f"the server did not start: {(folder / 'server.log').read_text()}")
        server = Server(int(line.rpartition(":")[2]), folder)
        try:
            yield server
            server.close()
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()

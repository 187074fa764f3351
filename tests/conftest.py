"""A real server in a process of its own, for every test that speaks HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.answers import check_answer

START_SECONDS = 180
STOP_SECONDS = 60
"""Seconds that nothing but a hang takes, also while others keep the machine busy."""


class Server:
    """A server process on a free port.

    Attributes:
        workspace: its workspace folder.
        url: its address, ``http://127.0.0.1:…``; the same after a restart.
        log: the file that takes its stderr.
        process: the running process.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        self.workspace = folder / "workspace"
        self.log = folder / "server.log"
        self.url = ""
        self._flags = flags
        self._session = requests.Session()
        self.start()

    def start(self) -> None:
        """Start the process and wait until it listens."""
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "paddlex_restful", "--port", port, "--workspace_dir", str(self.workspace)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self._flags], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        assert " at http://" in line, f"The server did not start:\n{self.log.read_text()}"
        self.url = line.split()[-1]
        if token := self.token():
            self._session.headers["Authorization"] = f"Bearer {token}"

    def token(self) -> str:
        """The access token that it asks for; empty where it needs none."""
        file = self.workspace / "access.token"
        return os.environ.get("PADDLEX_RESTFUL_TOKEN") or (file.read_text().strip() if file.exists() else "")

    def call(self, method: str, path: str, /, **args: Any) -> dict[str, Any]:
        """Make a call with its arguments as JSON body; asserts HTTP 200, strict JSON and a documented answer."""
        response = self._session.request(method, self.url + path, json=args or None, timeout=180)
        assert response.status_code == 200, response.text
        answer = json.loads(response.content, parse_constant=_refuse_constant)
        check_answer(method, path, answer)
        return dict(answer)

    def ok(self, method: str, path: str, /, **args: Any) -> dict[str, Any]:
        """Make a call that must succeed."""
        answer = self.call(method, path, **args)
        assert answer["status"] == 1, answer["message"]
        return answer

    def refused(self, method: str, path: str, /, **args: Any) -> str:
        """Make a call that must be refused; gives the message."""
        answer = self.call(method, path, **args)
        assert answer["status"] == -1, answer
        return str(answer["message"])

    def stop(self) -> int:
        """End the process as a terminal or a service manager does; gives its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """End the process as a crash does."""
        self.process.kill()
        self._ended()

    def restart(self) -> None:
        """End the process, if it still runs, and start another in the same workspace on the same port."""
        if self.process.poll() is None:
            self.stop()
        self.start()

    def close(self) -> None:
        """Give everything back, with the jobs that still run."""
        if self.process.poll() is not None and any(self.workspace.rglob("job.json")):
            # Jobs outlive a server; the next one finds them.
            self.start()
        if self.process.poll() is None:
            self._session.delete(self.url + "/system", timeout=180)
            self.stop()
        self._session.close()

    def _ended(self) -> int:
        status = self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._session.close()
        return status


def changed_server(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that a program of the test's own starts in the place of the package; it changes settings first.

    Args:
        script: the program; it ends by calling ``paddlex_restful.cli.main``.
        folder: takes the program and the workspace.
        monkeypatch: makes its interpreter that of all servers, until the end of the test.
    """
    program = folder / "changed.py"
    program.write_text(script)
    python = folder / "python"
    # The first two arguments are those that name the package.
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{program}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr(sys, "executable", str(python))
    return Server(folder)


def _refuse_constant(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own."""
    running = Server(tmp_path)
    yield running
    running.close()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only add to the workspace and look at what they added."""
    running = Server(tmp_path_factory.mktemp("shared"))
    yield running
    running.close()

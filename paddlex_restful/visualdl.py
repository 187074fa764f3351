"""The VisualDL pages with the training curves: one small server a task, as long as our own server lives.

Run as a program, this module is such a server: it listens on a free port of the loopback address, writes the port to
its standard output, and ends when its standard input does. So it ends with its parent, however that ends.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import queue
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from paddlex_restful.errors import UserError
from paddlex_restful.messages import visualdl as messages

HOST = "127.0.0.1"
START_SECONDS = 60
END_SECONDS = 2


@dataclass(frozen=True)
class _Page:
    process: subprocess.Popen[bytes]
    logdir: Path
    address: str

    def serves(self, logdir: Path) -> bool:
        return self.logdir == logdir and self.process.poll() is None


class VisualDLServers:
    """The running pages. Safe to use from several threads.

    Args:
        max_servers: pages that run at once; the one that was asked for longest ago makes room.
    """

    def __init__(self, max_servers: int = 4) -> None:
        self._max_servers = max_servers
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, tid: str, logdir: Path) -> str:
        """Address of the page of a task; starts it if it does not run.

        Args:
            tid: id of the task.
            logdir: folder of its VisualDL files; it may be empty or come later.

        Returns:
            ``host:port``, where it answers already.

        Raises:
            UserError: VisualDL is not installed or does not start.
        """
        with self._lock:
            page = self._pages.pop(tid, None)
            if page is not None and not page.serves(logdir):
                _end(page.process)
                page = None
            if page is None:
                while len(self._pages) >= self._max_servers:
                    _end(self._pages.popitem(last=False)[1].process)
                page = _start(logdir)
            self._pages[tid] = page
            return page.address

    def close_one(self, tid: str) -> None:
        """End the page of a task, if it runs."""
        with self._lock:
            page = self._pages.pop(tid, None)
            if page is not None:
                _end(page.process)

    def close(self) -> None:
        """End all pages."""
        with self._lock:
            while self._pages:
                _end(self._pages.popitem()[1].process)


def _start(logdir: Path) -> _Page:
    if importlib.util.find_spec("visualdl") is None:
        raise UserError(messages.MISSING)
    command = [sys.executable, "-m", "paddlex_restful.visualdl", str(logdir)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  our own module
    try:
        port = _first_line(process)
        if not port.isdigit():
            raise UserError(messages.NOT_STARTED, seconds=START_SECONDS)
    except BaseException:
        _end(process)
        raise
    return _Page(process, logdir, f"{HOST}:{int(port)}")


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """What the process writes first; nothing if it ends before or takes too long."""
    assert process.stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()

    def read(stream: IO[bytes]) -> None:
        with stream:
            lines.put(stream.readline())

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    try:
        return lines.get(timeout=START_SECONDS).strip()
    except queue.Empty:
        return b""


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    # VisualDL keeps threads that would hold the process.
    os._exit(0)


def _serve(logdir: Path) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()

    from visualdl.server.app import create_app
    from visualdl.server.args import ParseArgs
    from waitress import create_server

    # The language is named because the page fails for a client that names none; telemetry would call a foreign host.
    settings = ParseArgs(logdir=[str(logdir)], host=HOST, language="en", telemetry=False)
    server = create_server(create_app(settings), host=HOST, port=0)
    # From here on VisualDL complains of every folder without curves.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    sys.stdout.write(f"{server.effective_port}\n")
    sys.stdout.close()
    server.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the training curves of one folder.")
    parser.add_argument("logdir", type=Path)
    _serve(parser.parse_args().logdir)

"""An HTTP server that a test fills with files."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Files(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *args: Any) -> None:
        """Keep the output of the tests quiet."""


class Drip(Files):
    """Sends half of a file, a little more now and then, and waits, for the tests that look at a download or stop it."""

    goes_on = threading.Event()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send most of it in small pieces until ``goes_on`` is set, and the rest then.

        The pieces of the second half come so slowly that progress, which is written ten times a second at most, tells
        of each: who reads the first half late would have all of it at once.
        """
        data = source.read()
        half = len(data) // 2
        piece = half // 20 + 1
        sent = 0
        while sent < half + 15 * piece:
            outputfile.write(data[sent : sent + piece])
            outputfile.flush()
            sent += piece
            self.goes_on.wait(0.02 if sent < half else 0.3)
        self.goes_on.wait(300)
        outputfile.write(data[sent:])


@contextmanager
def serving(folder: Path, handler: type[Files] = Files) -> Iterator[str]:
    """Serve a folder on loopback; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

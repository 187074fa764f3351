"""Requests a second and latencies, beside the same HTTP server around an application that does nothing."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.load import Load, request_bytes, run
from benchmarks.results import Figure
from benchmarks.serving import Server, run_server, serve, temporary_folder
from paddlex_restful.api.access.token import FILE

CLIENTS = (1, 8, 32)
DATASETS = (1, 100, 1000)
SECONDS = 1.5
CREATE = b'{"name": "benchmark", "desc": "", "dataset_type": "classification"}'


def measure(runs: int) -> Iterator[Figure]:
    """Measure the calls that pages and scripts make most."""
    with _bare_server() as port:
        yield from _figures("bare waitress", port, request_bytes("GET", "/"), runs)
    yield Figure("http", "write, fsync, rename", "ms", tuple(_durable_write() for _ in range(runs)))
    # Before any folder is removed: for five minutes ext4 is slow to make files where others were.
    with serve() as server:
        yield from _figures("POST /dataset", server.port, request_bytes("POST", "/dataset", CREATE), runs)
    with temporary_folder() as folder, run_server(folder, "--require_token") as server:
        token = (folder / "workspace" / FILE).read_text(encoding="utf-8").strip()
        request = request_bytes("GET", f"/workspace?token={token}")
        yield from _figures("GET /workspace with a token", server.port, request, runs)
    with serve() as server:
        yield from _figures("GET /workspace", server.port, request_bytes("GET", "/workspace"), runs)
        for count in DATASETS:
            _fill(server, count)
            yield from _figures(
                f"GET /dataset, {count} dataset{'s' * (count > 1)}", server.port, request_bytes("GET", "/dataset"), runs
            )


def _figures(name: str, port: int, request: bytes, runs: int) -> Iterator[Figure]:
    for clients in CLIENTS:
        loads = [run(port, request, clients, SECONDS) for _ in range(runs)]
        label = f"{name}, {clients} client{'s' * (clients > 1)}"
        quantities: tuple[tuple[str, str, Callable[[Load], float]], ...] = (
            ("", "req/s", lambda load: load.requests_per_second),
            (", p50", "ms", lambda load: load.p50),
            (", p99", "ms", lambda load: load.p99),
        )
        for suffix, unit, quantity in quantities:
            yield Figure("http", label + suffix, unit, tuple(map(quantity, loads)))


def _fill(server: Server, count: int) -> None:
    present = len(server.call("GET", "/dataset")["datasets"])
    for number in range(present, count):
        name = f"dataset {number}"
        server.call("POST", "/dataset", name=name, desc="for the benchmark", dataset_type="classification")


def _durable_write(times: int = 50) -> float:
    """Milliseconds of the least that a durable change takes on this disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        for _ in range(times):
            with (folder / "new").open("wb") as file:
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
            (folder / "new").replace(folder / "file")
        return 1e3 * (time.perf_counter() - begun) / times


@contextmanager
def _bare_server() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        process = multiprocessing.get_context("spawn").Process(target=_serve_bare, args=(listener,), daemon=True)
        process.start()
        yield int(listener.getsockname()[1])
        process.terminate()
        process.join()


def _serve_bare(listener: socket.socket) -> None:
    import waitress

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)

    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        body = b'{"status":1}'
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    waitress.serve(application, sockets=[listener], threads=100, _quiet=True)

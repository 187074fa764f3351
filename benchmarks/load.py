"""Clients: processes of their own with one kept connection each, so that the load costs the server's process nothing.

They speak HTTP over plain sockets: ``http.client`` takes about as long for a request as the server does, and would be
what is measured.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

# Not plain fork, which is unsafe in a process with threads, nor spawn, which imports everything again for each client.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["benchmarks.load"])


@dataclass(frozen=True)
class Load:
    """What the clients saw.

    Attributes:
        requests_per_second: answers to all clients together.
        p50: median latency in milliseconds.
        p99: 99th percentile of the latency in milliseconds.
    """

    requests_per_second: float
    p50: float
    p99: float


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """Make a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def run(port: int, request: bytes, clients: int, seconds: float) -> Load:
    """Let clients send one request after another.

    Args:
        port: the server's port on 127.0.0.1.
        request: what each client sends, again and again.
        clients: how many there are.
        seconds: how long they go on.

    Raises:
        RuntimeError: a client was not answered with success.
    """
    barrier = _PROCESSES.Barrier(clients)
    ends = [_PROCESSES.Pipe(duplex=False) for _ in range(clients)]
    processes = [
        _PROCESSES.Process(target=_client, args=(port, request, seconds, barrier, sender), daemon=True)
        for _, sender in ends
    ]
    for process in processes:
        process.start()
    for _, sender in ends:
        sender.close()
    try:
        latencies = sorted(latency for receiver, _ in ends for latency in receiver.recv())
    except EOFError:
        raise RuntimeError("a client was not answered with success") from None
    for process in processes:
        process.join()
    return Load(len(latencies) / seconds, 1e3 * _share(latencies, 0.5), 1e3 * _share(latencies, 0.99))


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _client(port: int, request: bytes, seconds: float, barrier: Barrier, sender: Connection) -> None:
    latencies: list[float] = []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        barrier.wait()
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            connection.sendall(request)
            _read_answer(connection)
            latencies.append(time.perf_counter() - begun)
    sender.send(latencies)


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(1 << 16)
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    if body.startswith(b'{"status":-1'):
        raise RuntimeError(body.decode())
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    left = int(head[at:].split(b"\r\n", 1)[0]) - len(body)
    while left > 0:
        left -= len(connection.recv(min(left, 1 << 20)))

"""A proxy that breaks connections, as bad networks do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What is done to the requests that match, a certain number of times.

    Attributes:
        matches: tells from the head of a request whether it is one.
        times: how often.
        answer: bytes to answer in the place of the server; None passes the request on.
        keep: of the server's answer so many bytes pass before the connection breaks.
    """

    matches: Callable[[bytes], bool]
    times: int = 1
    answer: bytes | None = None
    keep: int = 0


@dataclass
class Flaky:
    """Hands the requests of a port on to a server, a connection each.

    Attributes:
        port: of the server.
        faults: what goes wrong.
        seen: heads of the requests that came.
    """

    port: int
    faults: list[Fault] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # The client may leave before everything was handed on.
        with client, suppress(ConnectionError):
            request = _request(client)
            head = request.partition(b"\r\n\r\n")[0]
            if not head:
                return
            with self._lock:
                self.seen.append(head)
                fault = next((fault for fault in self.faults if fault.times and fault.matches(head)), None)
                if fault is not None:
                    fault.times -= 1
            if fault is not None and fault.answer is not None:
                client.sendall(fault.answer)
                return
            with socket.create_connection(("127.0.0.1", self.port)) as server:
                server.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
                left = fault.keep if fault is not None else None
                while block := server.recv(1 << 16):
                    if left is None:
                        client.sendall(block)
                        continue
                    # The server has answered, so what was asked is done; little of that or nothing arrives.
                    client.sendall(block[:left])
                    left = max(0, left - len(block))


def _request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(1 << 16)
        if not block:
            return b""
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        block = client.recv(1 << 16)
        if not block:
            return b""
        body += block
    return head + b"\r\n\r\n" + body


def request_line(line: bytes) -> Callable[[bytes], bool]:
    """Matches requests that begin so."""
    return lambda head: head.startswith(line)

"""The machine of a server."""

from __future__ import annotations

from typing import Any

import requests

from paddlex_restful.client.transport import CONNECT_SECONDS, Transport


class System:
    """The machine of a server, and its workspace."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def info(self) -> dict[str, Any]:
        """Processor and GPUs."""
        found: dict[str, Any] = self._transport.call("GET", "/system", {"type": "machine_info"})
        return found

    def gpu_memory(self) -> dict[str, Any]:
        """Memory of the GPUs."""
        found: dict[str, Any] = self._transport.call("GET", "/system", {"type": "gpu_memory_size"})
        return found

    def is_alive(self) -> bool:
        """Whether the server answers at all."""
        return self._says_yes("/health")

    def is_ready(self) -> bool:
        """Whether the server can do work: it is not ending, and its disk can be written."""
        return self._says_yes("/ready")

    def metrics(self) -> str:
        """Figures of requests, jobs, GPUs and the disk, as Prometheus reads them.

        Raises:
            ApiError: the server refuses.
            NoAnswer: it does not answer.
        """
        response = self._transport.request("GET", "/metrics")
        if not response.ok:
            raise self._transport.refusal(response, "GET", "/metrics")
        return response.text

    def workspace(self) -> str:
        """Path of the workspace on the server."""
        return str(self._transport.call("GET", "/workspace", {})["dirname"])

    def stop_all(self) -> None:
        """Stop every job of the server."""
        self._transport.call("DELETE", "/system", {})

    def _says_yes(self, path: str) -> bool:
        # Asked once: whoever wants to know how it is now does not wait until it is better.
        try:
            return self._transport.session.get(self._transport.url + path, timeout=CONNECT_SECONDS).ok
        except requests.RequestException:
            return False

"""The machine of a server."""

from __future__ import annotations

from typing import Any

from paddlex_restful.client.transport import Transport


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

    def workspace(self) -> str:
        """Path of the workspace on the server."""
        return str(self._transport.call("GET", "/workspace", {})["dirname"])

    def stop_all(self) -> None:
        """Stop every job of the server."""
        self._transport.call("DELETE", "/system", {})

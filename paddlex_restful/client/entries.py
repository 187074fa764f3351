"""What datasets, projects and tasks on the server have in common."""

from __future__ import annotations

from paddlex_restful.client.transport import Transport


class Entry:
    """An entry of the workspace on the server.

    Attributes:
        id: such as ``D0001``.
    """

    _struct: str
    """What ``/workspace`` calls its kind."""

    def __init__(self, transport: Transport, entry_id: str) -> None:
        self._transport = transport
        self.id = entry_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    def change(self, *, name: str | None = None, desc: str | None = None) -> None:
        """Give it another name or description."""
        self._change({key: value for key, value in (("name", name), ("desc", desc)) if value is not None})

    def _change(self, attributes: dict[str, str]) -> None:
        arguments = {"struct": self._struct, "id": self.id, "attr_dict": attributes}
        self._transport.call("PUT", "/workspace", arguments)

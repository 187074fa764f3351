"""Files of the workspace."""

from __future__ import annotations

import base64
from typing import Any

from paddlex_restful.client.transport import Transport


class Files:
    """Pictures, annotations and logs in the workspace of a server; paths are absolute or relative to the workspace."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, path: str) -> bytes:
        """The bytes of a file of a model: a picture, an annotation, a log, weights."""
        response = self._transport.request("GET", "/model/file", json={"path": path})
        # Refusals have the same type as a JSON file; no file is sent without being named.
        if response.ok and "Content-Disposition" in response.headers:
            return response.content
        raise self._transport.refusal(response, "GET", "/model/file")

    def picture(self, path: str) -> bytes:
        """A picture of a dataset as it is."""
        return base64.b64decode(self._transport.call("GET", "/dataset/image", {"path": path})["img_data"])

    def document(self, path: str) -> Any:
        """The content of a JSON file."""
        return self._transport.call("GET", "/file", {"path": path})

    def annotation(self, path: str) -> dict[str, Any]:
        """Boxes, classes and polygons of an image of an instance segmentation dataset."""
        found: dict[str, Any] = self._transport.call("GET", "/dataset/npy", {"path": path})
        return found

    def log(self, path: str, offset: int | None = None, limit: int | None = None) -> list[str]:
        """Lines of a log, the last ones if no offset is given.

        Args:
            path: of the log.
            offset: number of the first line, from 0.
            limit: how many lines at most.
        """
        arguments = {"path": path, "offset": offset, **({} if limit is None else {"limit": limit})}
        found: list[str] = self._transport.call("GET", "/file", arguments)["log"]
        return found

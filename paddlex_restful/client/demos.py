"""The demos that a server can load."""

from __future__ import annotations

from typing import Any

from paddlex_restful.client.datasets import Dataset
from paddlex_restful.client.errors import JobFailed
from paddlex_restful.client.projects import Project
from paddlex_restful.client.transport import Transport
from paddlex_restful.client.waiting import Bar, wait_until
from paddlex_restful.enums import DownloadStatus

_ENDED = {DownloadStatus.XDDECOMPRESSED, DownloadStatus.XDDOWNLOADFAIL}


class Demos:
    """Demo projects of each project type."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def download(self, type: str, timeout: float | None = None, *, bar: bool = True) -> None:
        """Have the server download the images of a demo, and wait for them.

        Args:
            type: a project type.
            timeout: seconds to wait at most.
            bar: show a bar, if on a terminal.

        Raises:
            JobFailed: they could not be had.
            TookTooLong: it still downloads.
        """
        self._transport.call("POST", "/demo", {"type": "download", "prj_type": type})
        with Bar(100, "%", f"demo of {type}", bar) as shown:

            def look() -> dict[str, Any]:
                seen: dict[str, Any] = self._transport.call("GET", "/demo", {"prj_type": type})["attr"]
                shown.show(int(seen["progress"]))
                return seen

            answer = wait_until("download", look, lambda seen: seen["status"] in _ENDED, timeout)
        if answer["status"] != DownloadStatus.XDDECOMPRESSED:
            raise JobFailed("download", answer["message"])

    def stop(self, type: str) -> None:
        """Stop the download of a demo."""
        self._transport.call("PUT", "/demo", {"prj_type": type})

    def load(self, type: str) -> tuple[Dataset, Project]:
        """Make a dataset and a project of a demo; ``wait`` for the import of the dataset."""
        made = self._transport.call("POST", "/demo", {"type": "load", "prj_type": type})
        return Dataset(self._transport, made["did"]), Project(self._transport, made["pid"])

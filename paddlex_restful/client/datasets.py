"""Datasets."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from paddlex_restful.client.entries import Entry
from paddlex_restful.client.errors import JobFailed
from paddlex_restful.client.transport import Transport
from paddlex_restful.client.uploads import upload
from paddlex_restful.client.waiting import Bar, wait_until
from paddlex_restful.enums import DatasetStatus

_WORKING = {DatasetStatus.XCHECKING, DatasetStatus.XCOPYING}
_FAILED = {DatasetStatus.XCHECKFAIL, DatasetStatus.XCOPYFAIL}


class Dataset(Entry):
    """A dataset on the server.

    Attributes:
        id: such as ``D0001``.
    """

    _struct = "dataset"

    def _call(self, method: str, path: str, /, **arguments: Any) -> Any:
        return self._transport.call(method, path, {"did": self.id, **arguments})

    def info(self) -> dict[str, Any]:
        """``dataset_status``, ``message`` and the attributes (``attr``)."""
        found: dict[str, Any] = self._call("GET", "/dataset")
        return found

    @property
    def status(self) -> DatasetStatus:
        """How it stands."""
        return DatasetStatus(self.info()["dataset_status"])

    def import_folder(self, path: str | PurePath, *, link: bool = False) -> Dataset:
        """Start to import a folder that lies on the server; ``wait`` for its end.

        Args:
            path: absolute path on the server.
            link: hard-link the files in place of copying them.
        """
        self._call("PUT", "/dataset", path=str(path), link=link)
        return self

    def upload(self, path: str | PurePath, *, bar: bool = True) -> Dataset:
        """Send the images to the server and start to import them; ``wait`` for the end.

        Args:
            path: a folder of this machine, or a zip, tar or tar.gz archive of one.
            bar: show a bar, if on a terminal.
        """
        upload_id = upload(self._transport, Path(path), bar)
        self._call("PUT", "/dataset", upload_id=upload_id)
        return self

    def add_images(
        self,
        images: Sequence[str | PurePath],
        label: str | None = None,
        annotations: Sequence[str | PurePath] = (),
    ) -> Dataset:
        """Send further images and start to add them, as long as the dataset is not split; ``wait`` for the end.

        Args:
            images: files of this machine.
            label: in classification, the class of all of them.
            annotations: of other datasets, the files with their annotations.
        """
        path = "/dataset/images"
        named = [*(("images", each) for each in images), *(("annotations", each) for each in annotations)]
        files = [(field, (Path(each).name, Path(each).read_bytes())) for field, each in named]
        fields = {"did": self.id, **({} if label is None else {"label": label})}
        self._transport.answer(self._transport.request("PUT", path, data=fields, files=files), "PUT", path)
        return self

    def wait(self, timeout: float | None = None, *, bar: bool = True) -> dict[str, Any]:
        """Wait for the end of an import.

        Args:
            timeout: seconds to wait at most; None waits as long as it takes.
            bar: show a bar, if on a terminal.

        Returns:
            The same as ``info``.

        Raises:
            JobFailed: the images were refused or could not be copied.
            TookTooLong: it still runs.
        """
        with Bar(100, "%", "checking", bar) as shown:

            def look() -> dict[str, Any]:
                seen = self.info()
                if isinstance(seen["message"], dict):
                    shown.show(int(seen["message"]["percent"]), "copying")
                return seen

            answer = wait_until("import", look, lambda seen: seen["dataset_status"] not in _WORKING, timeout)
        if answer["dataset_status"] in _FAILED:
            raise JobFailed("import", str(answer["message"]))
        return answer

    def split(self, *, val: float, test: float = 0.0) -> None:
        """Divide the images into training, validation and test.

        Args:
            val: share for validation, such as 0.2.
            test: share for the test.
        """
        self._call("PUT", "/dataset/split", val_split=val, test_split=test)

    def details(self) -> dict[str, Any] | None:
        """Labels, files and split; None before the import."""
        found: dict[str, Any] | None = self._call("GET", "/dataset/details")["details"]
        return found

    def picture(self, name: str) -> bytes:
        """A picture with its labels drawn, as a PNG.

        Args:
            name: path relative to the dataset.
        """
        return base64.b64decode(self._call("GET", "/file", path=name)["img_data"])

    def preview(self, count: int = 4, *, seed: int | None = None, tid: str | None = None) -> list[tuple[str, bytes]]:
        """Training images as a training would see them: their names, and pictures with labels as PNG.

        Args:
            count: how many.
            seed: the same seed gives the same pictures.
            tid: the task whose parameters apply.
        """
        samples = self._call("GET", "/dataset/preview", n=count, seed=seed, tid=tid)["samples"]
        return [(sample["image"], base64.b64decode(sample["img_data"])) for sample in samples]

    def delete(self) -> None:
        """Delete it and its files; no project may be bound to it."""
        self._call("DELETE", "/dataset")


class Datasets:
    """The datasets of a server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, type: str, desc: str = "") -> Dataset:
        """Make an empty dataset.

        Args:
            name: for people.
            type: classification, detection, segmentation or instance_segmentation.
            desc: a description.
        """
        arguments = {"name": name, "dataset_type": type, "desc": desc}
        return Dataset(self._transport, self._transport.call("POST", "/dataset", arguments)["did"])

    def list(self) -> Sequence[dict[str, Any]]:
        """``id`` and ``attr`` of all datasets, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/dataset", {})["datasets"]
        return found

    def get(self, did: str) -> Dataset:
        """The dataset of an id.

        Raises:
            ApiError: there is none.
        """
        found = Dataset(self._transport, did)
        found.info()
        return found

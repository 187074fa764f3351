"""Saved and exported models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from paddlex_restful.client.downloads import download
from paddlex_restful.client.predicting import Prediction, predict_now
from paddlex_restful.client.tasks import Task
from paddlex_restful.client.transport import Transport


class Models:
    """The models of a server: saved ones (``PM0001``), exported ones (``EM0001``), and those that tasks can name."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def zoo(self, type: str | None = None) -> Sequence[dict[str, Any]]:
        """The models that tasks can name: how large they are, how much they compute.

        Args:
            type: a project type; all of them if None.
        """
        found: list[dict[str, Any]] = self._transport.call("GET", "/models/zoo", {"type": type})["models"]
        return found

    def save(self, task: Task, name: str, checkpoint: str = "best_model") -> str:
        """Keep a checkpoint of a task as a model to start others from; gives its id.

        Args:
            task: the trained task.
            name: for people.
            checkpoint: its best model, or a saved epoch such as ``epoch_10``.
        """
        attributes = task.attributes()
        source = str(PurePath(attributes["path"], "output", checkpoint))
        arguments = {"pid": attributes["pid"], "tid": task.id, "name": name, "source_path": source}
        return str(self._transport.call("POST", "/model", {"type": "pretrained", **arguments})["pmid"])

    def list_export(self, task: Task, name: str, save_dir: str | PurePath) -> str:
        """Take an export into the list, from which it can be downloaded; gives its id.

        Args:
            task: that it was made of.
            name: for people.
            save_dir: its folder on the server.
        """
        arguments = {"pid": task.attributes()["pid"], "tid": task.id, "name": name, "path": str(save_dir)}
        return str(self._transport.call("POST", "/model", {"type": "exported", **arguments})["emid"])

    def pretrained(self) -> Sequence[dict[str, Any]]:
        """The saved models, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/model", {"type": "pretrained"})["pretrained_models"]
        return found

    def exported(self) -> Sequence[dict[str, Any]]:
        """The exported models of the list, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/model", {"type": "exported"})["exported_models"]
        return found

    def get(self, mid: str) -> dict[str, Any]:
        """Dataset, parameters and evaluation of a model, as they were when it was kept."""
        found: dict[str, Any] = self._transport.call("GET", "/model", {"mid": mid})
        return found

    def predict_now(
        self, pmid: str, picture: str | PurePath | bytes, *, score_thresh: float = 0.5, drawn: bool = False
    ) -> Prediction:
        """What a saved model says of one picture; see ``Task.predict_now``."""
        return predict_now(self._transport, picture, mid=pmid, score_thresh=score_thresh, picture=drawn)

    def download(self, mid: str, target: str | PurePath, *, bar: bool = True) -> Path:
        """Download a model as a zip archive; one that was cut off goes on where it stopped.

        Args:
            mid: its id.
            target: the file to write; one that is there is replaced.
            bar: show a bar, if on a terminal.

        Returns:
            The file.

        Raises:
            ApiError: there is no such model.
            NoAnswer: the server is gone; call it again when it is back.
        """
        return download(self._transport, mid, Path(target), bar)

    def delete(self, mid: str) -> None:
        """Delete a saved model, or take an exported one off the list."""
        if mid.startswith("EM"):
            self._transport.call("DELETE", "/model", {"type": "exported", "emid": mid})
        else:
            self._transport.call("DELETE", "/model", {"type": "pretrained", "pmid": mid})

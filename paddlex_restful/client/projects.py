"""Projects and the tasks in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddlex_restful.client.datasets import Dataset
from paddlex_restful.client.entries import Entry
from paddlex_restful.client.tasks import Task
from paddlex_restful.client.transport import Transport


class Project(Entry):
    """A project on the server.

    Attributes:
        id: such as ``P0001``.
        tasks: its tasks.
    """

    _struct = "project"

    def __init__(self, transport: Transport, pid: str) -> None:
        super().__init__(transport, pid)
        self.tasks = ProjectTasks(transport, pid)

    def info(self) -> dict[str, Any]:
        """Its attributes, and the statuses of its tasks."""
        found: dict[str, Any] = self._transport.call("GET", "/project", {"id": self.id})["attr"]
        return found

    def bind(self, dataset: Dataset) -> None:
        """Have its tasks learn from a dataset of its type."""
        self._change({"did": dataset.id})

    def delete(self) -> None:
        """Stop its tasks, and delete it with them."""
        self._transport.call("DELETE", "/project", {"pid": self.id})


class ProjectTasks:
    """The tasks of one project."""

    def __init__(self, transport: Transport, pid: str) -> None:
        self._transport = transport
        self._pid = pid

    def default_params(self, model: str | None = None, gpus: Sequence[int] | None = None) -> dict[str, Any]:
        """The parameters that are recommended for a model.

        Args:
            model: its name; the default of the project type if None.
            gpus: numbers of the GPUs to train on; the first one if None.
        """
        arguments = {"pid": self._pid, "model_type": model, "gpu_list": None if gpus is None else list(gpus)}
        found: dict[str, Any] = self._transport.call("GET", "/project/task/params", arguments)["train"]
        return found

    def create(
        self,
        model: str | None = None,
        *,
        desc: str = "",
        parent: Task | None = None,
        gpus: Sequence[int] | None = None,
        **params: Any,
    ) -> Task:
        """Make a task that trains a model with its default parameters, but for those that are given.

        Args:
            model: its name; the default of the project type if None.
            desc: a description.
            parent: the trained task whose model it is to prune.
            gpus: numbers of the GPUs to train on; the first one if None.
            params: training parameters, such as ``num_epochs=20``.
        """
        train = {**self.default_params(model, gpus), **params}
        arguments = {"pid": self._pid, "train": train, "desc": desc, "parent_id": parent.id if parent else None}
        return Task(self._transport, self._transport.call("POST", "/project/task", arguments)["tid"])

    def list(self) -> list[dict[str, Any]]:
        """What is told of each, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/project/task", {"pid": self._pid})["tasks"]
        return found


class Projects:
    """The projects of a server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, type: str, dataset: Dataset | None = None, desc: str = "") -> Project:
        """Make a project.

        Args:
            name: for people.
            type: classification, detection, segmentation or instance_segmentation.
            dataset: what its tasks are to learn from; it can be bound later.
            desc: a description.
        """
        arguments = {"name": name, "project_type": type, "desc": desc}
        made = Project(self._transport, self._transport.call("POST", "/project", arguments)["pid"])
        if dataset is not None:
            made.bind(dataset)
        return made

    def list(self) -> Sequence[dict[str, Any]]:
        """``id`` and ``attr`` of all projects, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/project", {})["projects"]
        return found

    def get(self, pid: str) -> Project:
        """The project of an id.

        Raises:
            ApiError: there is none.
        """
        found = Project(self._transport, pid)
        found.info()
        return found

"""A published state of the workspace with the indexes over it. It never changes, so readers need no lock."""

from __future__ import annotations

from functools import cached_property

from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import number_of


class Snapshot:
    """One state of the entries. Indexes are made when they are first asked for.

    Args:
        message: the entries, not to be changed from here on.
    """

    def __init__(self, message: pb.Workspace) -> None:
        self.message = message

    @cached_property
    def datasets(self) -> list[pb.Dataset]:
        """All datasets, oldest first."""
        return sorted(self.message.datasets.values(), key=number_of)

    @cached_property
    def projects(self) -> list[pb.Project]:
        """All projects, oldest first."""
        return sorted(self.message.projects.values(), key=number_of)

    @cached_property
    def tasks(self) -> list[pb.Task]:
        """All tasks, oldest first."""
        return sorted(self.message.tasks.values(), key=number_of)

    @cached_property
    def pretrained_models(self) -> list[pb.PretrainedModel]:
        """All pretrained models, oldest first."""
        return sorted(self.message.pretrained_models.values(), key=number_of)

    @cached_property
    def exported_models(self) -> list[pb.ExportedModel]:
        """All exported models, oldest first."""
        return sorted(self.message.exported_models.values(), key=number_of)

    @cached_property
    def tasks_by_project(self) -> dict[str, list[pb.Task]]:
        """The tasks of each project that has any, oldest first."""
        index: dict[str, list[pb.Task]] = {}
        for task in self.tasks:
            index.setdefault(task.pid, []).append(task)
        return index

    @cached_property
    def projects_by_dataset(self) -> dict[str, list[pb.Project]]:
        """The projects that are bound to each dataset, oldest first."""
        index: dict[str, list[pb.Project]] = {}
        for project in self.projects:
            if project.did:
                index.setdefault(project.did, []).append(project)
        return index

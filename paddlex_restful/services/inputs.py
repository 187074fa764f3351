"""What jobs on a task are given: datasets, saved models, GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddlex_restful import system
from paddlex_restful.enums import DatasetStatus
from paddlex_restful.errors import UserError
from paddlex_restful.messages import project as project_sentences
from paddlex_restful.messages import task as sentences
from paddlex_restful.services import Services, datasets
from paddlex_restful.workspace import workspace_pb2 as pb


def bound_dataset(services: Services, project: pb.Project) -> pb.Dataset:
    """The dataset of a project.

    Raises:
        UserError: it has none.
    """
    if not project.did:
        raise UserError(project_sentences.NOT_BOUND, pid=project.id)
    return services.workspace.dataset(project.did)


def split_dataset(services: Services, project: pb.Project) -> pb.Dataset:
    """The dataset of a project, which must be imported and split.

    Raises:
        UserError: it is not, or there is none.
    """
    dataset = bound_dataset(services, project)
    if datasets.require_imported(services, dataset) is not DatasetStatus.XSPLITED:
        raise UserError(sentences.NOT_SPLIT, did=dataset.id)
    return dataset


def find_pretrained(services: Services, pmid: str) -> Path | None:
    """Folder of the saved model of this id; None if the text is no id of one."""
    if pmid not in services.workspace.state.pretrained_models:
        return None
    return services.workspace.folder(services.workspace.pretrained_model(pmid))


def existing_gpus(gpus: Sequence[int]) -> list[int]:
    """Those of these GPUs that the machine has; none means the processor.

    What was trained on a GPU is used on a machine without one, too.
    """
    count = system.gpu_count()
    return [gpu for gpu in gpus if gpu < count]

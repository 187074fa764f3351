"""What kinds of entries there are, how their ids look and where their folders lie."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences
from paddlex_restful.paths import readable
from paddlex_restful.workspace import workspace_pb2 as pb

Entry = pb.Dataset | pb.Project | pb.Task | pb.PretrainedModel | pb.ExportedModel

DATASETS = "datasets"
PROJECTS = "projects"
PRETRAIN = "pretrain"
HOMES = (DATASETS, PROJECTS, PRETRAIN)
"""Folders directly below the workspace that hold the folders of entries."""

MAX_TEXT = 65_536
"""Characters in one field of an entry: all entries are held in memory, and at times written together."""

_ID = re.compile(r"(D|P|T|PM|EM)([0-9]{4,9})", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """One kind of entry.

    Attributes:
        prefix: what its ids begin with.
        noun: what people call it.
        message: its protobuf message.
        plural: field of the workspace message that maps ids to entries.
        max_id: field of the workspace message with the greatest number that was ever given.
    """

    prefix: str
    noun: str
    message: type[Entry]
    plural: str
    max_id: str

    def entries(self, workspace: pb.Workspace) -> MutableMapping[str, Any]:
        """The entries of this kind by id. Reading a missing id by ``[]`` would insert it: use ``get``."""
        return cast("MutableMapping[str, Any]", getattr(workspace, self.plural))

    def id_of(self, number: int) -> str:
        """The id with this number: four digits, then as many as needed."""
        return f"{self.prefix}{number:04d}"

    def greatest(self, workspace: pb.Workspace) -> int:
        """The greatest number that was ever given."""
        return int(getattr(workspace, self.max_id))

    def note(self, workspace: pb.Workspace, number: int) -> None:
        """Records that this number was given."""
        setattr(workspace, self.max_id, max(number, self.greatest(workspace)))


DATASET = Kind("D", "dataset", pb.Dataset, "datasets", "max_dataset_id")
PROJECT = Kind("P", "project", pb.Project, "projects", "max_project_id")
TASK = Kind("T", "task", pb.Task, "tasks", "max_task_id")
PRETRAINED = Kind("PM", "pretrained model", pb.PretrainedModel, "pretrained_models", "max_pretrained_model_id")
EXPORTED = Kind("EM", "exported model", pb.ExportedModel, "exported_models", "max_exported_model_id")
KINDS = (DATASET, PROJECT, TASK, PRETRAINED, EXPORTED)

_BY_PREFIX = {kind.prefix: kind for kind in KINDS}


def parse_id(text: str) -> tuple[Kind, int] | None:
    """Kind and number of an id in its one right spelling; None for anything else."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    kind, number = _BY_PREFIX[match[1]], int(match[2])
    return (kind, number) if number > 0 and kind.id_of(number) == text else None


def kind_of(entry_id: str) -> Kind:
    """The kind that an id names.

    Raises:
        UserError: it is not an id.
    """
    parsed = parse_id(entry_id)
    if parsed is None:
        raise UserError(sentences.NOT_AN_ID, id=readable(entry_id) or "''")
    return parsed[0]


def number_of(entry: Entry) -> int:
    """The number in an entry's id: entries in its order are in the order of their creation."""
    return int(entry.id.lstrip("DPTEM"))


def relative_folder(entry: Entry) -> PurePosixPath | None:
    """Folder of an entry, relative to the workspace; None for an exported model, which has none of its own.

    It follows from what the entry is and not from its ``path``, so that no content of a file leads elsewhere.
    """
    if isinstance(entry, pb.Dataset):
        return PurePosixPath(DATASETS, entry.id)
    if isinstance(entry, pb.Project):
        return PurePosixPath(PROJECTS, entry.id)
    if isinstance(entry, pb.Task):
        return PurePosixPath(PROJECTS, entry.pid, entry.id)
    if isinstance(entry, pb.PretrainedModel):
        return PurePosixPath(PRETRAIN, entry.id)
    return None


def set_fields(entry: Entry, **fields: str | bool | int) -> None:
    """Sets fields by name.

    Raises:
        UserError: text that is too long, or not valid Unicode.
    """
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise UserError(sentences.TEXT_TOO_LONG, field=name, limit=MAX_TEXT)
        try:
            setattr(entry, name, value)
        except UnicodeEncodeError:
            raise UserError(sentences.NOT_TEXT, field=name) from None

"""Kept and exported models as people look for them: by words or by their task, with the figures to compare them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paddlex_restful.errors import UserError
from paddlex_restful.services import Services, models
from paddlex_restful.services.listing import ALL, Selection
from paddlex_restful.workspace import workspace_pb2 as pb

Kind = Literal["pretrained", "exported"]


@dataclass(frozen=True)
class Listed:
    """A model.

    Attributes:
        mid: its id.
        kind: ``pretrained`` is one to start other trainings from, ``exported`` one that runs elsewhere.
        name: what it is called.
        model: name of the net.
        type: its project type.
        tid: id of the task that made it.
        task_there: whether that task still exists.
        dataset: name of the dataset that it learned from; empty where that is not known.
        created: when it was listed.
        path: of its folder.
        there: whether that folder still exists.
        format: ``infer``, ``onnx`` or ``lite``; None for one to train from, or where it is not known.
        quantised: whether it computes in 8 bits; None where it is not known, as below.
        pruned: whether channels were taken out of it.
        size: bytes of its files.
        metric: its figures by their names.
        latency_ms: milliseconds for one image on one core.
    """

    mid: str
    kind: Kind
    name: str
    model: str
    type: str
    tid: str
    task_there: bool
    dataset: str
    created: str
    path: str
    there: bool
    format: str | None
    quantised: bool | None
    pruned: bool | None
    size: int | None
    metric: Mapping[str, float | None] | None
    latency_ms: float | None


def find(
    services: Services, kind: Kind, *, words: str = "", tid: str | None = None, selection: Selection = ALL
) -> tuple[list[Listed], int]:
    """The models of a kind, and how many there are in all.

    Args:
        services: of the server.
        kind: which kind.
        words: text that the name, the net or the id must contain, in any case.
        tid: the task that made them; None for any.
        selection: which part of them.
    """
    workspace = services.workspace
    every = workspace.exported_models() if kind == "exported" else workspace.pretrained_models()
    wanted = words.strip().lower()
    found = [
        model
        for model in every
        if tid in (None, model.tid) and any(wanted in text.lower() for text in (model.name, model.model, model.id))
    ]
    listed = selection.apply(found, lambda model: {"of": _listed(services, kind, model)})
    return [entry["of"] for entry in listed.items], listed.total


def get(services: Services, mid: str) -> Listed:
    """One model.

    Raises:
        UserError: there is no such model.
    """
    model = models.entry(services, mid)
    return _listed(services, "exported" if isinstance(model, pb.ExportedModel) else "pretrained", model)


def _listed(services: Services, kind: Kind, model: pb.PretrainedModel | pb.ExportedModel) -> Listed:
    folder = services.workspace.folder(model)
    return Listed(
        mid=model.id,
        kind=kind,
        name=model.name,
        model=model.model,
        type=model.type,
        tid=model.tid,
        task_there=model.tid in services.workspace.state.tasks,
        dataset=_dataset(services, model.id),
        created=model.create_time,
        path=str(folder),
        there=folder.exists(),
        **models.facts(services, model),
    )


def _dataset(services: Services, mid: str) -> str:
    try:
        kept: dict[str, Any] | None = models.details(services, mid)["dataset_attr"]
    except UserError:  # nothing is known of it any more
        return ""
    return str((kept or {}).get("name", ""))

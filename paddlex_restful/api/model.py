"""/model: saved models to start from, the list of exported ones, and the table of models that tasks can name."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import PartOfList, one_of
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.export import (
    ExportedModels,
    ListedModel,
    ModelDetails,
    PartOfExportedModels,
    PartOfPretrainedModels,
    PretrainedModels,
    SavedModel,
    Zoo,
)
from paddlex_restful.enums import TRAINABLE_TYPES
from paddlex_restful.errors import UserError
from paddlex_restful.messages import model as sentences
from paddlex_restful.services import Services, models, zoo

blueprint = Blueprint("model", __name__)

KIND = "pretrained or exported"


class CreateModel(Arguments):
    """Arguments of POST /model."""

    pid: str = Field(description="id of a project, such as P0001")
    tid: str = Field(description="id of a task, such as T0001")
    name: str = Field(max_length=256, description="what to call the model")
    type: Literal["pretrained", "exported"] = Field(description=KIND)
    source_path: str | None = Field(None, description="pretrained: the checkpoint folder of the task")
    eval_results: Any = Field(None, description="pretrained: figures to keep with the model")
    path: str | None = Field(None, description="exported: the folder that the export wrote")
    exported_type: int | None = Field(
        None, description="exported: what to list it as, kept as it is sent; what its files tell if absent"
    )


@call(blueprint, "POST", "/model", SavedModel, ListedModel)
def create(args: CreateModel, services: Services) -> dict[str, Any]:
    """Keeps a trained model, or takes an exported one into the list."""
    if args.type == "pretrained":
        source = _required(args.source_path, "source_path")
        return {"pmid": models.save_pretrained(services, args.pid, args.tid, args.name, source, args.eval_results)}
    path = _required(args.path, "path")
    return {"emid": models.list_exported(services, args.pid, args.tid, args.name, path, args.exported_type)}


class GetModel(PartOfList):
    """Arguments of GET /model."""

    mid: str | None = Field(None, description="id of a model, such as PM0001 or EM0001")
    type: Literal["pretrained", "exported"] | None = Field(None, description=KIND)


@call(
    blueprint,
    "GET",
    "/model",
    PretrainedModels,
    PartOfPretrainedModels,
    ExportedModels,
    PartOfExportedModels,
    ModelDetails,
)
def get(args: GetModel, services: Services) -> dict[str, Any]:
    """All models of a kind, or what is known of one."""
    if args.mid is not None:
        return models.details(services, args.mid)
    if args.type is None:
        raise UserError(sentences.NEEDS_SOMETHING)
    return args.answer(f"{args.type}_models", *models.list_all(services, args.type, args.selection))


class DeleteModel(Arguments):
    """Arguments of DELETE /model."""

    type: Literal["pretrained", "exported"] = Field(description=KIND)
    pmid: str | None = Field(None, description="pretrained: id of the model, such as PM0001")
    emid: str | None = Field(None, description="exported: id of the model, such as EM0001")


@call(blueprint, "DELETE", "/model", Nothing)
def delete(args: DeleteModel, services: Services) -> None:
    """Deletes a saved model, or takes an exported one off the list."""
    if args.type == "pretrained":
        models.delete_pretrained(services, _required(args.pmid, "pmid"))
    else:
        models.delete_exported(services, _required(args.emid, "emid"))


class GetZoo(Arguments):
    """Arguments of GET /models/zoo."""

    type: str | None = Field(
        None, description="a project type; all of them if absent", json_schema_extra=one_of(*TRAINABLE_TYPES)
    )


@call(blueprint, "GET", "/models/zoo", Zoo)
def get_zoo(args: GetZoo, services: Services) -> dict[str, Any]:
    """The models that tasks can name: how large they are, how much they compute, which weights were published."""
    return {"models": zoo.models(args.type)}


def _required(value: str | None, field: str) -> str:
    if value is None:
        raise UserError(sentences.MISSING, field=field)
    return value

"""/project/task/export: export a trained task as an inference model."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.arguments import one_of
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.remembered import until_changed
from paddlex_restful.api.schemas.export import (
    ExportState,
    QuantisationLog,
    QuantisationResult,
    StartedExport,
    StartedLiteExport,
)
from paddlex_restful.api.task import TID
from paddlex_restful.messages import inference as sentences
from paddlex_restful.params.exports import VALID_PLACES
from paddlex_restful.services import Services, exporting, versions

blueprint = Blueprint("export", __name__)


class StartExport(Arguments):
    """Arguments of POST /project/task/export."""

    tid: str = Field(description=TID)
    type: str = Field("infer", description="the format", json_schema_extra=one_of("infer", "onnx", "lite", "inference"))
    save_dir: str = Field(description="absolute path of a new or empty folder on the server")
    epoch: int | None = Field(None, description="a saved epoch; the best one if absent")
    quant: bool = Field(False, description="infer: quantise the model to 8 bits")
    quant_epochs: int = Field(0, description="quant: epochs for which it is fine-tuned before")
    opset: int | None = Field(None, description="onnx: version of the set of operators, 11 to 19; 13 if absent")
    valid_places: str = Field("arm", description="lite: what the model is for", json_schema_extra=one_of(*VALID_PLACES))
    model_path: str | None = Field(
        None, description="lite: folder that an export with type infer wrote; the trained model if absent"
    )


@call(blueprint, "POST", "/project/task/export", StartedExport, StartedLiteExport)
def start(args: StartExport, services: Services) -> dict[str, Any]:
    """Starts the export of a trained task."""
    wish = exporting.Wish(
        args.type,
        args.save_dir,
        args.epoch,
        args.quant,
        args.quant_epochs,
        args.opset,
        args.valid_places,
        args.model_path,
    )
    target = exporting.start(services, args.tid, wish)
    told = {"message": sentences.LITE_STARTED.format(tid=args.tid)} if args.type == "lite" else {}
    return {"save_dir": str(target), **told}


class GetExport(Arguments):
    """Arguments of GET /project/task/export."""

    tid: str = Field(description=TID)
    quant: Literal["log", "result"] | None = Field(None, description="log or result of a quantised export")


@call(blueprint, "GET", "/project/task/export", ExportState, QuantisationLog, QuantisationResult)
def get(args: GetExport, services: Services) -> dict[str, Any]:
    """Status of an export, or the log or result of its quantisation."""
    with until_changed(versions.of_entry, services, args.tid):
        if args.quant == "log":
            return {"quant_log": exporting.quantisation_log(services, args.tid)}
        if args.quant == "result":
            return {"quant_result": exporting.quantisation_result(services, args.tid)}
        return exporting.get(services, args.tid)


class StopExport(Arguments):
    """Arguments of PUT /project/task/export."""

    tid: str = Field(description=TID)


@call(blueprint, "PUT", "/project/task/export", ExportState)
def stop(args: StopExport, services: Services) -> dict[str, Any]:
    """Stops an export."""
    return exporting.stop(services, args.tid)

"""/project/task/export: export a trained task as an inference model."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.task import TID
from paddlex_restful.services import Services, exporting

blueprint = Blueprint("export", __name__)


class StartExport(Arguments):
    """Arguments of POST /project/task/export."""

    tid: str = Field(description=TID)
    type: str = Field("infer", description="infer, onnx or lite")
    save_dir: str = Field(description="absolute path of a new or empty folder on the server")
    epoch: int | None = Field(None, description="a saved epoch; the best one if absent")
    quant: bool = Field(False, description="quantise the model")
    opset: int | None = Field(None, description="onnx: version of the set of operators, 11 to 19; 13 if absent")
    model_path: str | None = Field(None, description="lite: folder of an exported inference model")


@call(blueprint, "POST", "/project/task/export")
def start(args: StartExport, services: Services) -> dict[str, Any]:
    """Starts the export of a trained task."""
    target = exporting.start(services, args.tid, exporting.Wish(args.type, args.save_dir, args.epoch, args.opset))
    return {"save_dir": str(target)}


class GetExport(Arguments):
    """Arguments of GET /project/task/export."""

    tid: str = Field(description=TID)
    quant: Literal["log", "result"] | None = Field(None, description="log or result of a quantised export")


@call(blueprint, "GET", "/project/task/export")
def get(args: GetExport, services: Services) -> dict[str, Any]:
    """Status of an export, or the log or result of its quantisation."""
    if args.quant == "log":
        return {"quant_log": exporting.quantisation_log(services, args.tid)}
    if args.quant == "result":
        return {"quant_result": exporting.quantisation_result(services, args.tid)}
    return exporting.get(services, args.tid)


class StopExport(Arguments):
    """Arguments of PUT /project/task/export."""

    tid: str = Field(description=TID)


@call(blueprint, "PUT", "/project/task/export")
def stop(args: StopExport, services: Services) -> dict[str, Any]:
    """Stops an export."""
    return exporting.stop(services, args.tid)

"""/file and its relatives: pictures, annotations and logs of the workspace."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, send_file
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.dataset import InstanceAnnotation, LogLines, Picture
from paddlex_restful.services import Services, files

blueprint = Blueprint("file", __name__)

PATH = "path of a file in the workspace"

_TYPES = {".xml": "application/xml", ".json": "application/json", ".npy": "application/octet-stream"}
_TEXT = "text/plain"
_ANY = "*/*"
_TAIL = 50
"""Lines that GET /project/task/train/file answers with."""


class GetFile(Arguments):
    """Arguments of GET /file."""

    path: str = Field(description=PATH)
    did: str | None = Field(None, description="of a picture, its dataset: its labels are drawn then")
    offset: int | None = Field(None, ge=0, description="number of the first line of a log, from 0")
    limit: int = Field(files.LOG_LINES, ge=1, le=files.LOG_LINES, description="how many lines of a log at most")


@call(blueprint, "GET", "/file", Picture, LogLines, media=(*_TYPES.values(), _TEXT))
def get(args: GetFile, services: Services) -> dict[str, Any] | Response:
    """A picture as base64, the bytes of an annotation, or the lines of a log."""
    if args.did is not None and files.is_picture(args.path):
        return {"img_data": _base64(files.labelled_picture(services, args.path, args.did))}
    found = files.find(services, args.path, files.PICTURES | files.LOGS | files.BYTES)
    suffix = found.suffix.lower()
    if suffix in files.PICTURES:
        return {"img_data": _base64(found.read_bytes())}
    if suffix in files.BYTES:
        return send_file(found, mimetype=_TYPES[suffix], as_attachment=True)
    lines = files.log_lines(found, args.offset, args.limit)
    if args.from_body:
        return {"log": lines}
    return Response("".join(f"{line}\n" for line in lines), mimetype=_TEXT)


class GetPath(Arguments):
    """Arguments of the calls that take a path alone."""

    path: str = Field(description=PATH)


@call(blueprint, "GET", "/dataset/image", Picture)
def dataset_image(args: GetPath, services: Services) -> dict[str, Any]:
    """A picture as base64."""
    return {"img_data": _base64(files.find(services, args.path, files.PICTURES).read_bytes())}


@call(blueprint, "GET", "/dataset/file", media=[_ANY])
def dataset_file(args: GetPath, services: Services) -> Response:
    """The bytes of a picture or an annotation of a dataset."""
    return _bytes(files.find(services, args.path, files.PICTURES | files.BYTES | files.LOGS))


@call(blueprint, "GET", "/dataset/npy", InstanceAnnotation)
def dataset_npy(args: GetPath, services: Services) -> dict[str, Any]:
    """Boxes, classes and polygons of an image of an instance segmentation dataset."""
    return files.instance_annotation(services, args.path)


@call(blueprint, "GET", "/model/file", media=[_ANY])
def model_file(args: GetPath, services: Services) -> Response:
    """The bytes of a file of a model."""
    return _bytes(files.find(services, args.path, files.PICTURES | files.BYTES | files.LOGS | files.MODELS))


@call(blueprint, "GET", "/project/task/train/file", LogLines)
def train_file(args: GetPath, services: Services) -> dict[str, Any]:
    """The last 50 lines of a log."""
    return {"log": files.log_lines(files.find(services, args.path, files.LOGS), limit=_TAIL)}


def _bytes(found: Path) -> Response:
    """A picture for a page to show, or another file for a browser to save: what it holds is not ours to be opened."""
    return send_file(found, as_attachment=found.suffix.lower() not in files.PICTURES)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

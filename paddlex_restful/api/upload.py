"""/upload: archives in chunks, which go on where they were cut off."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from pydantic import Field

from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.api.schemas.base import Nothing
from paddlex_restful.api.schemas.upload import BegunUpload, NextOffset, OneUpload
from paddlex_restful.datasets.archive import MOST_BYTES
from paddlex_restful.errors import UserError
from paddlex_restful.messages import upload as sentences
from paddlex_restful.services import Services, uploads

blueprint = Blueprint("upload", __name__)

UPLOAD_ID = "what POST /upload answered"

MOST_CHUNK = 64 << 20
"""Bytes of one chunk."""


class BeginUpload(Arguments):
    """Arguments of POST /upload."""

    name: str = Field(max_length=255, description="what to call the archive in sentences")
    size: int = Field(ge=1, le=MOST_BYTES, description="its bytes")
    sha256: str = Field("", pattern="^([0-9a-fA-F]{64})?$", description="its SHA-256 in hexadecimal, to be checked")


@call(blueprint, "POST", "/upload", BegunUpload)
def begin(args: BeginUpload, services: Services) -> dict[str, Any]:
    """Begins the upload of an archive in chunks."""
    upload = uploads.begin(services, args.name, args.size, args.sha256)
    return {"upload_id": upload.id, "offset": upload.offset}


class PutChunk(Arguments):
    """Arguments of PUT /upload, in the query string."""

    upload_id: str = Field(description=UPLOAD_ID)
    offset: int = Field(ge=0, description="where the chunk begins in the archive, in bytes")


@call(blueprint, "PUT", "/upload", NextOffset, body="bytes")
def append(args: PutChunk, services: Services) -> dict[str, Any]:
    """Takes the next bytes of an archive, 64 MiB at most; they are on the disk when it answers."""
    length = request.content_length
    if length is None:
        raise UserError(sentences.NO_LENGTH)
    if length > MOST_CHUNK:
        raise UserError(sentences.CHUNK_TOO_LARGE, most=MOST_CHUNK >> 20)
    return {"offset": services.uploads.append(args.upload_id, args.offset, request.stream, length).offset}


class OfUpload(Arguments):
    """Arguments of the calls that take an upload."""

    upload_id: str = Field(description=UPLOAD_ID)


@call(blueprint, "GET", "/upload", OneUpload)
def get(args: OfUpload, services: Services) -> dict[str, Any]:
    """How much of an archive has arrived."""
    upload = services.uploads.get(args.upload_id)
    return {"name": upload.name, "size": upload.size, "offset": upload.offset}


@call(blueprint, "DELETE", "/upload", Nothing)
def delete(args: OfUpload, services: Services) -> None:
    """Removes an upload that is not being imported."""
    uploads.delete(services, args.upload_id)

"""Answers of /upload."""

from __future__ import annotations

from pydantic import Field

from paddlex_restful.api.schemas.base import Answer

_OFFSET = "where the next chunk begins, in bytes; all before is on the disk"


class BegunUpload(Answer):
    """The new upload."""

    upload_id: str = Field(description="its id")
    offset: int = Field(description=_OFFSET)


class NextOffset(Answer):
    """How much has arrived."""

    offset: int = Field(description=_OFFSET)


class OneUpload(Answer):
    """An upload."""

    name: str = Field(description="what it is called")
    size: int = Field(description="bytes that it will have")
    offset: int = Field(description=_OFFSET)

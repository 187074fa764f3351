"""What all answers have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from paddlex_restful.api.schemas.sentences import Sentence


class Part(BaseModel):
    """An object in an answer; it has the fields that are named, and no others."""

    # Built when the document is first asked for, which most servers never are.
    model_config = ConfigDict(extra="forbid", defer_build=True, protected_namespaces=())


class Answer(Part):
    """What a call answers that succeeded."""

    status: Literal[1] = Field(description="1: the call did what it was asked for")
    unknown_arguments: list[str] = Field(
        default_factory=list,
        description="arguments that were sent and that the call does not know, where there are any",
    )


class Nothing(Answer):
    """The call did what it was asked for; there is nothing to tell."""


class Refusal(Part):
    """What a call answers that did nothing."""

    status: Literal[-1] = Field(description="-1: nothing was changed")
    message: Sentence = Field(description="one sentence for people: what is wrong, and what to do")
    offset: int = Field(0, description="of PUT /upload, where the chunk does not fit: where the next one begins")


Params = Annotated[dict[str, Any], Field(description="training parameters by name")]
Figure = Annotated[float | None, Field(description="null where it cannot be computed")]
Base64 = Annotated[str, Field(description="bytes of a picture in base64")]


class Logged(Part):
    """Where to read on when a job failed."""

    log_file: str = Field(description="path of the job's log on the server")
    log_tail: list[str] = Field(description="the last lines of the log of a job that failed, else empty")


class Entry(Part):
    """What datasets, projects, tasks and models in lists and by themselves have in common."""

    id: str = Field(description="its id")
    name: str = Field(description="its name")
    type: str = Field(description="its project type")
    path: str = Field(description="its folder on the server")
    create_time: str = Field(description="YYYY-MM-DD HH:MM:SS, local time")

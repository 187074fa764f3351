"""What a model says of a picture, and the call that answers at once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from paddlex_restful.client.transport import Transport

_PATH = "/predict"


@dataclass(frozen=True)
class Prediction:
    """What a model says of a picture.

    Attributes:
        result: the answer, such as ``category`` and ``score``, or ``predictions`` of a detector.
        picture: a PNG with the answer drawn; None where the picture could not be read, or no drawing was wanted.
    """

    result: dict[str, Any]
    picture: bytes | None


def predict_now(transport: Transport, image: str | PurePath | bytes, **arguments: Any) -> Prediction:
    """What a model says of one picture, in one call that keeps nothing of it.

    Args:
        transport: to the server.
        image: a file of this machine, or its bytes.
        arguments: of POST /predict; None stands for absence.

    Raises:
        ApiError: it cannot be predicted.
        NoAnswer: the server does not answer.
    """
    data, name = (image, "image") if isinstance(image, bytes) else (Path(image).read_bytes(), PurePath(image).name)
    named = {argument: value for argument, value in arguments.items() if value is not None}
    # Nothing changes if it is sent again, so that the server need not remember it.
    unkeyed = {"Idempotency-Key": None}
    response = transport.request("POST", _PATH, data=named, files={"image": (name, data)}, headers=unkeyed)
    [found] = transport.answer(response, "POST", _PATH)["predictions"]
    drawn = found.pop("img_data", None)
    return Prediction(found, None if drawn is None else base64.b64decode(drawn))

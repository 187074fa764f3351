"""The header Idempotency-Key: a request that is sent again with its key gets the answer of the first, and does nothing.

As the draft "The Idempotency-Key HTTP Header Field" of the IETF has it, for POST.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from flask import Response, request

from paddlex_restful.errors import UserError
from paddlex_restful.messages import api as messages
from paddlex_restful.workspace.replies import Replies, Reply

HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answered_once(respond: Callable[[], Response], replies: Replies) -> Response:
    """The answer to a request with a key, or to the earlier one with this key.

    Args:
        respond: answers the request.
        replies: of the workspace.

    Raises:
        UserError: the key has no right form, was used for another request, or its request was cut off.
    """
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise UserError(messages.BAD_KEY)
    name = f"{request.path} {key}"
    earlier = replies.begin(name, _fingerprint())
    if earlier is not None:
        return Response(earlier.body, status=earlier.code, mimetype="application/json")
    try:
        response = respond()
    except UserError:  # nothing was changed, and may go better another time
        replies.forget(name)
        raise
    except BaseException:
        replies.abandon(name)
        raise
    replies.finish(name, Reply(response.status_code, response.get_data()))
    return response


def _fingerprint() -> bytes:
    """What tells a request from others with the same address."""
    digest = hashlib.sha256(request.query_string)
    digest.update(b"\0")
    digest.update(request.get_data())
    return digest.digest()

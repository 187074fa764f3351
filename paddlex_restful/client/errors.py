"""What a client raises."""

from __future__ import annotations

from collections.abc import Sequence

from paddlex_restful.errors import UserError
from paddlex_restful.messages import client as sentences


class ClientError(UserError):
    """Any failure of a call; its text is a sentence for people."""


class ApiError(ClientError):
    """The server refused a call.

    Attributes:
        message: the server's sentence.
        code: the HTTP status; 200 where the request itself was sound and something is to be put right.
        method: the HTTP verb of the call.
        path: its address, such as ``/dataset``.
    """

    def __init__(self, message: str, code: int, method: str, path: str) -> None:
        super().__init__("{message}", message=message)
        self.message = message
        self.code = code
        self.method = method
        self.path = path


class NoAnswer(ClientError):  # noqa: N818  as people say it
    """The server could not be reached, or the connection broke and it is not known whether the call was done."""


class JobFailed(ClientError):  # noqa: N818  the word of the state
    """Work that was waited for failed or was stopped.

    Attributes:
        reason: the server's sentence on why.
        log_tail: the last lines of the job's log, where there is one.
    """

    def __init__(self, what: str, reason: str, log_tail: Sequence[str] = ()) -> None:
        super().__init__(sentences.JOB_FAILED, what=what, reason=reason)
        self.reason = reason
        self.log_tail = list(log_tail)


class TookTooLong(ClientError):  # noqa: N818  as people say it
    """Something was not done within the time that its caller gave it; it goes on."""

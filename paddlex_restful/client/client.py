"""The client of one server."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from paddlex_restful.client.datasets import Datasets
from paddlex_restful.client.demos import Demos
from paddlex_restful.client.files import Files
from paddlex_restful.client.models import Models
from paddlex_restful.client.projects import Projects
from paddlex_restful.client.system import System
from paddlex_restful.client.tasks import Tasks
from paddlex_restful.client.transport import Transport


class Client:
    """Makes the calls of a server. Not for several threads at once.

    Every POST carries an ``Idempotency-Key``, so that a request is sent again after a broken connection without making
    a second object.

    Args:
        url: address of the server; the one that it shows at its first start, with the token, can be given as it is.
        token: the access token; by default that of ``url``, else of the environment variable
            ``PADDLEX_RESTFUL_TOKEN``.
        language: in which the server tells its sentences, such as ``zh``; English if it has no such language.
        timeout: seconds to wait for an answer.
        retries: how often a request is sent again while the server is not there or is busy.

    Raises:
        ClientError: ``url`` is no address.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        token: str | None = None,
        *,
        language: str = "en",
        timeout: float = 60,
        retries: int = 5,
    ) -> None:
        self._transport = Transport(url, token, language, timeout, retries)
        self.url = self._transport.url
        self.datasets = Datasets(self._transport)
        self.projects = Projects(self._transport)
        self.tasks = Tasks(self._transport)
        self.models = Models(self._transport)
        self.files = Files(self._transport)
        self.demos = Demos(self._transport)
        self.system = System(self._transport)

    def call(self, method: str, path: str, /, **arguments: Any) -> dict[str, Any]:
        """Make any call of the interface.

        Args:
            method: GET, POST, PUT or DELETE.
            path: such as ``/dataset``.
            arguments: of the call, as plain JSON values.

        Returns:
            The answer.

        Raises:
            ApiError: the server refuses, with its own sentence.
            NoAnswer: it does not answer.
        """
        answer: dict[str, Any] = self._transport.call(method, path, arguments)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._transport.session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

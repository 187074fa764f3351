from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddlex_restful.client import Client, transport
from tests.client.flaky import Flaky
from tests.conftest import Server


@pytest.fixture
def client(shared_server: Server) -> Iterator[Client]:
    with Client(shared_server.url) as made:
        yield made


@pytest.fixture
def flaky(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flaky]:
    """A bad network before the shared server."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)
    proxy = Flaky(int(shared_server.url.rpartition(":")[2]))
    yield proxy
    proxy.close()


@pytest.fixture
def far(flaky: Flaky) -> Iterator[Client]:
    """A client behind the bad network."""
    with Client(flaky.url) as made:
        yield made

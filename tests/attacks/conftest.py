"""Servers that strangers can reach, each with its token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Server


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on all networks of the machine, with a name and an origin that are allowed."""
    flags = ("--host", "0.0.0.0", "--allowed_host", "train.example", "--allowed_origin", "https://page.example")
    running = Server(tmp_path_factory.mktemp("open"), *flags)
    yield running
    running.close()

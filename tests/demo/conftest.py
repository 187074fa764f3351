from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fileserver import serving


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of an HTTP server and the folder that it serves."""
    folder = tmp_path / "web"
    folder.mkdir()
    with serving(folder) as url:
        yield url, folder

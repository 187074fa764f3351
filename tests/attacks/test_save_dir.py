"""Folders for exports that no export can be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.config import Config
from paddlex_restful.errors import UserError
from paddlex_restful.services import build_services, exporting


@pytest.mark.parametrize(("named", "words"), [("loop/x", "cannot be followed"), ("/".join("x" * 900), "folders deep")])
def test_a_loop_of_links_and_an_endless_nesting_are_refused(tmp_path: Path, named: str, words: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    services = build_services(Config(tmp_path / "workspace"))
    try:
        with pytest.raises(UserError, match=words):
            exporting._save_dir(services, f"{tmp_path}/{named}")
    finally:
        services.close()

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddlex_restful.jobs import states
from tests.jobs.conftest import Jobs

DOCUMENT = Path(__file__).parents[2] / "docs" / "jobs.md"


def test_documented_table_is_the_state_machine() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## States")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", text, re.MULTILINE)
    assert {state: tuple(re.findall(r"`(\w+)`", following)) for state, following in rows} == states.TRANSITIONS


def test_a_way_that_the_machine_does_not_have_is_refused(jobs: Jobs) -> None:
    job = jobs.run("small", numbers=[])
    with pytest.raises(ValueError, match="no way"):
        jobs.manager._store.move(job, (states.DONE,), states.RUNNING)

"""An import that waits on its way for as long as a test likes."""

from __future__ import annotations

import time
from typing import Any

from paddlex_restful.datasets import importing
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.jobs.kinds import Kind

HOLD_FILE = "hold"
"""In the workspace: after how many looks at the wish to stop an import waits until this file is gone."""


def run(context: JobContext) -> dict[str, Any]:
    """In the place of ``importing.run``; an archive is unpacked with two looks for each small file."""
    file = context.root / HOLD_FILE
    if file.exists():
        look, most, looks = context.check_stop, int(file.read_text()), 0

        def check_stop() -> None:
            nonlocal looks
            looks += 1
            look()
            while looks > most and file.exists():
                time.sleep(0.01)
                look()

        context.check_stop = check_stop  # type: ignore[method-assign]
    return importing.run(context)


IMPORT = Kind("tests.api.imports:run", engine=False)

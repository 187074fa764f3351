"""The interpreter that has paddlelite, which no Python that this server runs on can install."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import inference as sentences

VARIABLE = "PADDLELITE_PYTHON"

_MADE_BY_MAKE = Path(__file__).parents[2] / ".venv-lite/bin/python"
"""Where ``make lite`` puts one."""

_SECONDS = 60
_ASK = "import numpy, paddlelite.lite"


def interpreter() -> str:
    """The interpreter that ``PADDLELITE_PYTHON`` names, or else the one that ``make lite`` made.

    Raises:
        UserError: there is none, or it has no paddlelite.
    """
    named = os.environ.get(VARIABLE)
    python = Path(named) if named else _MADE_BY_MAKE
    if not python.is_absolute() or not python.is_file():
        raise UserError(sentences.NO_PADDLELITE if not named else sentences.NOT_AN_INTERPRETER, path=python)
    return _asked(python)


@cache
def _asked(python: Path) -> str:
    """The interpreter, once it has answered that it has paddlelite; what it lacks may be installed meanwhile."""
    try:
        # The server's own paths are those of another Python.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        asked = subprocess.run(  # noqa: S603  the interpreter that whoever runs the server has named
            [str(python), "-c", _ASK], capture_output=True, timeout=_SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        raise UserError(sentences.NOT_AN_INTERPRETER, path=python) from None
    if asked.returncode:
        raise UserError(sentences.PADDLELITE_NOT_INSTALLED, path=python)
    return str(python)

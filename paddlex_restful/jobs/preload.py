"""Imports what jobs need, once: in the process from which the jobs are forked, or in a spawned job.

Nothing may be computed here: threads of the engines do not survive a fork.
"""

from __future__ import annotations

import importlib
import logging

from paddlex_restful.jobs.kinds import KINDS

_MODULES = ("paddle", *sorted({kind.function.partition(":")[0] for kind in KINDS.values()}))

for _module in _MODULES:
    try:
        importlib.import_module(_module)
    except Exception as error:  # noqa: BLE001  a broken package may raise anything
        # Not fatal here: a job that needs it fails with a sentence that says what to install.
        logging.getLogger(__name__).warning("%s cannot be imported ahead of the jobs: %s", _module, error)

"""Imports what jobs need, once, in the process from which they are forked.

Nothing may be computed here: threads of the engines do not survive a fork.
"""

from __future__ import annotations

import importlib
import logging
import signal
import sys
import warnings

from paddlex_restful.jobs.kinds import KINDS

# Each job imports the one of its project type when it begins, which took 0.07 s of processor time of each; here they
# take 0.25 s and 10 MiB once, which the jobs share. They import nothing of a suite: what is needed depends on the net.
_ADAPTERS = tuple(
    f"paddlex_restful.training.{name}.adapter" for name in ("classification", "detection", "segmentation")
)

# Ctrl-C in the server's terminal reaches this process too, which ends with the server anyhow.
signal.signal(signal.SIGINT, signal.SIG_IGN)

_problems: dict[str, str] = {}

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for _module in ("paddle", *sorted({kind.function.partition(":")[0] for kind in KINDS.values()}), *_ADAPTERS):
        try:
            importlib.import_module(_module)
        except Exception as error:  # noqa: BLE001  a broken package may raise anything
            # Not fatal here: a job that needs it fails with a sentence that says what to install.
            if getattr(error, "name", None) != _module:
                _problems.setdefault(str(error), _module)

if "paddle" in sys.modules:
    # Its handler would take the signal that ends the fork server for a crash, and print a report of it.
    sys.modules["paddle"].disable_signal_handler()

for _problem, _module in _problems.items():
    logging.getLogger(__name__).warning("%s cannot be imported: %s. Jobs that need it will fail.", _module, _problem)

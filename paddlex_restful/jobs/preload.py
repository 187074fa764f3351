"""Imports what jobs need, once, in the process from which they are forked.

Nothing may be computed here: threads of the engines do not survive a fork.
"""

from __future__ import annotations

import gc
import importlib
import logging
import signal
import sys
import warnings
from collections.abc import Iterator

from paddlex_restful.jobs.kinds import KINDS, PREDICTIONS

# Ctrl-C in the server's terminal reaches this process too, which ends with the server anyhow.
signal.signal(signal.SIGINT, signal.SIG_IGN)


def _wanted() -> Iterator[str]:
    yield "paddle"
    functions = (PREDICTIONS, *(kind.function for kind in KINDS.values()))
    yield from sorted({function.partition(":")[0] for function in functions})
    # Each job imports the one of its project type when it begins, which took 0.07 s of processor time of each; here
    # they take 0.25 s and 10 MiB once, which the jobs share. They import nothing of a suite: what is needed depends on
    # the net. The table came with the jobs' functions, where these could be imported.
    adapters = sys.modules.get("paddlex_restful.training.adapters")
    yield from adapters.ADAPTERS.values() if adapters else ()


_problems: dict[str, str] = {}

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for _module in _wanted():
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

# What is here is there to stay. Without this, each job's first full collection would look at all of it, which takes a
# tenth of a second or two and copies memory that the jobs share otherwise.
gc.collect()
gc.freeze()

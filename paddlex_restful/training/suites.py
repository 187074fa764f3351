"""How the model suites are imported.

The suites are used for their architectures only. Each is imported in the narrowest way that works, and everything that
it needs for that is in this module, with the reason and the version.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

# paddleclas 2.6.0: these packages import all 374 architectures, sklearn, faiss and a command line when they start, 5 s
# where one architecture takes 0.1 s.
_PADDLECLAS_HEAVY = (
    "paddleclas",
    "paddleclas.ppcls",
    "paddleclas.ppcls.utils",
    "paddleclas.ppcls.arch",
    "paddleclas.ppcls.arch.backbone",
    "paddleclas.ppcls.arch.backbone.legendary_models",
)


def paddleclas_backbone(module: str) -> ModuleType:
    """Import one module of architectures of paddleclas, without what its packages import when they start.

    Args:
        module: name below ``paddleclas.ppcls.arch.backbone``, such as ``model_zoo.alexnet``.

    Raises:
        JobFailed: paddleclas is not installed.
    """
    if "paddleclas" not in sys.modules:
        _stand_in_for_paddleclas()
    return importlib.import_module(f"paddleclas.ppcls.arch.backbone.{module}")


def _stand_in_for_paddleclas() -> None:
    spec = importlib.util.find_spec("paddleclas")
    if spec is None or not spec.submodule_search_locations:
        raise JobFailed("missing_package", messages.SUITE_MISSING, package="paddleclas")
    folder = Path(spec.submodule_search_locations[0])
    for name in _PADDLECLAS_HEAVY:
        package = ModuleType(name, "Stands in for a package whose own start is not wanted.")
        package.__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    # paddleclas 2.6.0: its logger is None until its own engine has started, and some nets warn through it.
    logger = importlib.import_module("paddleclas.ppcls.utils.logger")
    quiet = logging.getLogger("paddleclas")
    quiet.setLevel(logging.ERROR)
    vars(logger)["_logger"] = quiet

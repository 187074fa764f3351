"""The kinds of jobs: which function does the work, and what it needs."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of job.

    Attributes:
        function: ``module:function`` of its ``run(context) -> dict | None``; imported in the job's process only.
        heavy: it has its GPUs for itself, or takes a slot of the processor; light kinds have a line of their own, and
            use GPUs beside others where the server's setting allows that.
        engine: paddle is imported before the function begins.
    """

    function: str
    heavy: bool = False
    engine: bool = True


KINDS: dict[str, Kind] = {
    "import": Kind("paddlex_restful.datasets.importing:run", engine=False),
    "download": Kind("paddlex_restful.demo.download:run", engine=False),
    "train": Kind("paddlex_restful.training.train:run", heavy=True),
    "prune": Kind("paddlex_restful.training.pruning.analysis:run", heavy=True),
    "evaluate": Kind("paddlex_restful.training.evaluate:run"),
    "predict": Kind("paddlex_restful.training.predict:run"),
    "export": Kind("paddlex_restful.training.export:run", heavy=True),
}

PREDICTIONS = "paddlex_restful.training.serving:serve"
"""What the processes do in which models stay loaded; they are no jobs."""

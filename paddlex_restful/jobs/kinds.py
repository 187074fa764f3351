"""The kinds of jobs: which function does the work, and whether it takes a slot of the processor."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of job.

    Attributes:
        function: ``module:function`` of its ``run(context) -> dict | None``; imported in the job's process only.
        heavy: it waits for a slot of the processor when it has no GPU; light kinds start at once.
    """

    function: str
    heavy: bool


KINDS: dict[str, Kind] = {
    "import": Kind("paddlex_restful.datasets.importing:run", heavy=False),
    "download": Kind("paddlex_restful.demo.download:run", heavy=False),
    "train": Kind("paddlex_restful.training.train:run", heavy=True),
    "prune": Kind("paddlex_restful.training.prune:run", heavy=True),
    "evaluate": Kind("paddlex_restful.training.evaluate:run", heavy=False),
    "predict": Kind("paddlex_restful.training.predict:run", heavy=False),
    "export": Kind("paddlex_restful.training.export:run", heavy=True),
}

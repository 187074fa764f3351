"""The table of models that tasks can name."""

from __future__ import annotations

from paddlex_restful.params.zoo import Model, read_zoo
from paddlex_restful.services.datasets import checked_type


def models(project_type: str | None) -> list[Model]:
    """The models of a project type, the default first; of all types where none is named.

    Raises:
        UserError: there is no such type, or it cannot be trained.
    """
    if project_type is None:
        return read_zoo()
    known = checked_type(project_type, "type")
    return [model for model in read_zoo() if model["type"] == known]

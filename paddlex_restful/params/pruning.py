"""Which models cannot be pruned, and why; all others can."""

from __future__ import annotations

from paddlex_restful.messages import pruning as messages

_TWO_STAGES = ("FasterRCNN", "MaskRCNN")
_TRANSFORMERS = ("SegFormer",)


def pruning_obstacle(model: str) -> str | None:
    """Why a model cannot be pruned: a sentence with ``model``; None if it can."""
    if model in _TWO_STAGES:
        return messages.TWO_STAGES
    if model.startswith(_TRANSFORMERS):
        return messages.TRANSFORMER
    return None

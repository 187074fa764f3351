"""Losses of segmentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import paddle
from paddle.nn import functional

from paddlex_restful.datasets.segmentation import IGNORED

Loss = Callable[[paddle.Tensor, paddle.Tensor], paddle.Tensor]
"""From logits [N, classes, H, W] and class ids [N, H, W], 255 ignored, to a number."""


def cross_entropy(logits: paddle.Tensor, truth: paddle.Tensor) -> paddle.Tensor:
    """Mean over the pixels that count; 0 where none does."""
    return functional.cross_entropy(logits, truth, ignore_index=IGNORED, axis=1)


def dice(logits: paddle.Tensor, truth: paddle.Tensor) -> paddle.Tensor:
    """One minus the smoothed Dice coefficient, mean over classes and images.

    Milletari et al., "V-Net", 2016, in the form that paddleseg gives it: probabilities are not squared, and 1 is added
    to numerator and denominator, so that a class that neither occurs nor is predicted costs nothing.
    """
    counted = (truth != IGNORED).unsqueeze(1).astype(logits.dtype)
    classes = logits.shape[1]
    # Ignored pixels count as class 0 for the encoding alone; they are multiplied by 0 then.
    known = paddle.where(truth == IGNORED, paddle.zeros_like(truth), truth)
    target = functional.one_hot(known, classes).transpose([0, 3, 1, 2]) * counted
    probabilities = functional.softmax(logits, axis=1) * counted
    overlap = (probabilities * target).sum([2, 3])
    total = (probabilities + target).sum([2, 3])
    return (1 - (2 * overlap + 1) / (total + 1)).mean()


def chosen_loss(loss_type: Sequence[bool]) -> Loss:
    """The loss that the parameter ``loss_type`` asks for.

    Args:
        loss_type: whether to use Dice, and whether to use cross entropy; both are added, and neither means cross
            entropy, as in the original server.
    """
    use_dice, use_cross_entropy = loss_type
    if use_dice and use_cross_entropy:
        return lambda logits, truth: cross_entropy(logits, truth) + dice(logits, truth)
    return dice if use_dice else cross_entropy

"""Which points of an anchor-free net learn which object."""

from __future__ import annotations

from typing import Any

import paddle

from paddlex_restful.training.suites import ppdet_modeling

_NEAREST = 9
_ALIGNED = 13


def nearest_points(classes: int) -> Any:
    """For the first epochs: points near an object's centre whose anchors overlap well with it.

    Zhang et al., "Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample
    Selection", 2020. ppdet's assigner looks at 9 points of each stride, and fails where a stride has fewer, which of 64
    is so for images of less than 192 pixels; this one looks at as many as there are.
    """
    suite = ppdet_modeling("assigners.atss_assigner")

    class AtssAssigner(suite.ATSSAssigner):  # type: ignore[misc, name-defined]
        def _gather_topk_pyramid(
            self, distances: paddle.Tensor, points: list[int], is_object: paddle.Tensor
        ) -> tuple[paddle.Tensor, paddle.Tensor]:
            chosen, indices, start = [], [], 0
            for of_stride, number in zip(paddle.split(distances, points, axis=-1), points, strict=True):
                _distance, index = paddle.topk(of_stride, min(self.topk, number), axis=-1, largest=False)
                is_chosen = paddle.nn.functional.one_hot(index, number).sum(axis=-2)
                chosen.append(is_chosen * is_object)
                indices.append(index + start)
                start += number
            return paddle.concat(chosen, axis=-1), paddle.concat(indices, axis=-1)

    return AtssAssigner(topk=_NEAREST, num_classes=classes, force_gt_matching=False)


def aligned_points() -> Any:
    """For the other epochs: points that already tell an object's class and place best.

    Feng et al., "TOOD: Task-aligned One-stage Object Detection", 2021, section 3.2.
    """
    return ppdet_modeling("assigners.task_aligned_assigner").TaskAlignedAssigner(topk=_ALIGNED, alpha=1.0, beta=6.0)

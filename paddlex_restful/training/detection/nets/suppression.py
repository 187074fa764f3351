"""Non-maximum suppression, as operators that run eagerly and in exports alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import paddle
from paddle.base.layer_helper import LayerHelper


@dataclass(frozen=True)
class MulticlassNms:
    """Of boxes of one class that overlap, only the surest stays.

    ppdet's own function for it cannot be traced by paddle 3, this one calls the same operator.

    Attributes:
        score_threshold: what is less sure is dropped at once.
        nms_threshold: overlap (intersection over union) from which a box goes.
        nms_top_k: so many of each class are looked at; -1: all.
        keep_top_k: so many of an image stay.
    """

    score_threshold: float
    nms_threshold: float
    nms_top_k: int = 1000
    keep_top_k: int = 100

    def __call__(
        self, boxes: paddle.Tensor, scores: paddle.Tensor, counts: paddle.Tensor | None = None
    ) -> tuple[paddle.Tensor, paddle.Tensor]:
        """Suppress.

        Args:
            boxes: [N, M, 4]; with ``counts`` of all images one after another and a box for each class, [M, C, 4].
            scores: [N, C, M]; with ``counts`` [M, C].
            counts: [N] how many boxes each image has, int32.

        Returns:
            [k, 6] class, score, box; [N] how many each image has.
        """
        if not paddle.framework.in_dynamic_or_pir_mode():
            return self._in_old_graph(boxes, scores, counts)
        rows, _index, kept = paddle._C_ops.multiclass_nms3(
            boxes,
            scores,
            counts,
            self.score_threshold,
            self.nms_top_k,
            self.keep_top_k,
            self.nms_threshold,
            True,  # coordinates are points, not pixels
            1.0,
            -1,  # no class is the background
        )
        return rows, kept

    def _in_old_graph(self, boxes: Any, scores: Any, counts: Any | None) -> tuple[Any, Any]:
        """The same operator in the older form of graphs, from which models are quantised."""
        helper = LayerHelper("multiclass_nms3")
        rows, index, kept = (
            helper.create_variable_for_type_inference(dtype=dtype) for dtype in (boxes.dtype, "int32", "int32")
        )
        helper.append_op(
            type="multiclass_nms3",
            inputs={"BBoxes": boxes, "Scores": scores, **({} if counts is None else {"RoisNum": counts})},
            attrs={
                "score_threshold": self.score_threshold,
                "nms_top_k": self.nms_top_k,
                "keep_top_k": self.keep_top_k,
                "nms_threshold": self.nms_threshold,
                "normalized": True,
                "nms_eta": 1.0,
                "background_label": -1,
            },
            outputs={"Out": rows, "Index": index, "NmsRoisNum": kept},
        )
        for each in (rows, index, kept):
            each.stop_gradient = True
        return rows, kept


@dataclass(frozen=True)
class MatrixNms:
    """Of boxes of one class that overlap, the less sure become still less sure.

    Wang et al., "SOLOv2: Dynamic and Fast Instance Segmentation", 2020, section 3.3.

    Attributes:
        score_threshold: what is less sure is dropped, before and after.
        keep_top_k: so many of an image stay.
    """

    score_threshold: float
    keep_top_k: int = 100

    def __call__(self, boxes: paddle.Tensor, scores: paddle.Tensor) -> tuple[paddle.Tensor, paddle.Tensor]:
        """As ``MulticlassNms``, for boxes [N, M, 4] and scores [N, C, M]."""
        rows, kept, _index = paddle.vision.ops.matrix_nms(
            boxes,
            scores,
            score_threshold=self.score_threshold,
            post_threshold=self.score_threshold,
            nms_top_k=-1,
            keep_top_k=self.keep_top_k,
            background_label=-1,
            normalized=False,
        )
        return rows, kept

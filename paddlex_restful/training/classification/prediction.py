"""A trained classifier in use: scores for images, and pictures with the answer on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import paddle
from PIL import Image

from paddlex_restful.datasets import drawing
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.training import reading
from paddlex_restful.training.classification import nets
from paddlex_restful.training.loaded import LoadedNet
from paddlex_restful.training.predict import Told, readable

_BATCH_PIXELS = 16 * 224 * 224
"""Pixels of a batch: enough to keep the cores busy, few enough that a stop is followed within seconds."""

_LARGEST_BATCH = 64
_TOPK = 5


class Classifier(LoadedNet):
    """A trained classification net and what it needs to answer for images.

    Args:
        folder: the checkpoint.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, net_of, _BATCH_PIXELS, _LARGEST_BATCH)

    def scores(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Probabilities of the classes.

        Args:
            images: RGB, of the net's input size.

        Returns:
            Array of shape [images, classes]; a row sums to 1.

        Raises:
            JobFailed: the net answers with figures that are not finite.
        """
        logits = self.answer(self.preprocess.normalise(np.stack(images)))
        return self.finite(paddle.nn.functional.softmax(paddle.to_tensor(logits), axis=-1).numpy())

    def scores_of(self, images: Sequence[Path]) -> Iterator[npt.NDArray[np.float32]]:
        """Probabilities for image files, a batch at a time; see ``scores``.

        Raises:
            UserError: an image cannot be read.
        """
        for _, batch in reading.batches(images, self.preprocess.load, self.batch_size):
            yield self.scores([reading.usable(image) for image in batch])

    def prepare(self, image: Pixels) -> Pixels:
        """The image in the net's input size."""
        return self.preprocess.resize(image)

    def predict(self, prepared: Sequence[Pixels]) -> list[dict[str, Any]]:
        """What is in each image: ``category``, ``category_id``, ``score``, and the best five as ``topk``."""
        best = np.argsort(-(scores := self.scores(prepared)), axis=1, kind="stable")[:, :_TOPK]
        answers = []
        for row, order in zip(scores, best, strict=True):
            topk = [{"category": self.labels[i], "category_id": int(i), "score": float(row[i])} for i in order]
            answers.append({**topk[0], "topk": topk})
        return answers

    def tell(self, answer: dict[str, Any], score_thresh: float) -> Told:
        """The answer, whatever its score; the picture has the name of its class on it and the score below."""

        def draw(picture: Image.Image) -> Image.Image:
            index = answer["category_id"]
            named = drawing.caption(readable(picture), answer["category"], index)
            return drawing.legend(named, [(f"{answer['score']:.4f}", index)])

        return Told(answer, draw)


def net_of(info: Mapping[str, Any]) -> paddle.nn.Layer:
    """The net that a checkpoint's ``model.yml`` describes, with fresh weights."""
    return nets.build_net(info["model"], len(info["labels"]))

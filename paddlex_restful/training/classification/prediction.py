"""A trained classifier in use: scores for images, and pictures with the answer on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import paddle
from PIL import Image

from paddlex_restful.datasets import drawing
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import Pixels, read_image
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import prediction as messages
from paddlex_restful.training import checkpoint, predict, reading
from paddlex_restful.training.adapters import adapter

_BATCH_PIXELS = 16 * 224 * 224
"""Pixels of a batch: enough to keep the cores busy, few enough that a stop is followed within seconds."""

_LARGEST_BATCH = 64
_TOPK = 5


class Classifier:
    """A trained classification net and what it needs to answer for images.

    Args:
        folder: the checkpoint.

    Attributes:
        net: the net, in evaluation mode.
        info: the checkpoint's ``model.yml``.
        labels: names of the classes.
        epoch: of the weights, None where the checkpoint does not say.
        preprocess: what is done to an image before the net sees it.
        batch_size: how many images it takes at once.

    Raises:
        JobFailed: there is no checkpoint or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.info = checkpoint.read_info(folder)
        self.net = adapter("classification").net(self.info)
        checkpoint.load_net(folder, self.net)
        self.net.eval()
        self.labels: list[str] = self.info["labels"]
        self.epoch: int | None = self.info.get("epoch")
        self.preprocess = Preprocess.of_info(self.info)
        size = self.preprocess.width * self.preprocess.height
        self.batch_size = min(_LARGEST_BATCH, max(1, _BATCH_PIXELS // size))
        self._folder = folder
        # Images are resized in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)

    def scores(self, images: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Probabilities of the classes.

        Args:
            images: RGB, of the net's input size.

        Returns:
            Array of shape [images, classes]; a row sums to 1.

        Raises:
            JobFailed: the net answers with figures that are not finite.
        """
        with paddle.no_grad():
            logits = self.net(paddle.to_tensor(self.preprocess.normalise(np.stack(images))))
            scores: npt.NDArray[np.float32] = paddle.nn.functional.softmax(logits, axis=-1).numpy()
        if not np.isfinite(scores).all():
            raise JobFailed("not_finite", messages.SCORES_NOT_FINITE, checkpoint=self._folder.name)
        return scores

    def scores_of(self, images: Sequence[Path]) -> Iterator[npt.NDArray[np.float32]]:
        """Probabilities for image files, a batch at a time; see ``scores``.

        Raises:
            UserError: an image cannot be read.
        """
        for _, batch in reading.batches(images, self.preprocess.load, self.batch_size):
            yield self.scores([_readable(image) for image in batch])

    def read(self, image: Path) -> Pixels:
        """The RGB image in a file."""
        return read_image(image)

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

    def save(self, answer: dict[str, Any], picture: Image.Image, target: Path) -> dict[str, Any]:
        """The picture with the name of its class on it and the score below; a small one is enlarged to be readable."""
        index = answer["category_id"]
        named = drawing.caption(predict.readable(picture), answer["category"], index)
        drawing.legend(named, [(f"{answer['score']:.4f}", index)]).save(target, compress_level=1)
        return answer


def run(context: JobContext) -> dict[str, Any]:
    """Predicts the classes of images; see ``predict.predict_images``."""
    return predict.predict_images(context, lambda: Classifier(context.path(context.args["model"])))


def _readable(image: Pixels | UserError) -> Pixels:
    if isinstance(image, UserError):
        raise image
    return image

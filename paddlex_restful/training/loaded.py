"""A trained net in use that sees all images in one size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import prediction as messages
from paddlex_restful.training import checkpoint, inference_model
from paddlex_restful.training.tracing import AsItRuns

_ALLOWED_DIFFERENCE = 1e-4
"""Of what a net answers as a program, as a share of the largest figure. Other kernels round otherwise, by some 1e-6,
and by more where its layers cancel each other out."""

_log = logging.getLogger(__name__)


class LoadedNet:
    """The net of a checkpoint and what it needs to answer for images.

    Args:
        folder: the checkpoint.
        build: makes the net that a ``model.yml`` describes, with fresh weights.
        batch_pixels: of all images of a batch together.
        largest_batch: images at most.

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

    def __init__(
        self, folder: Path, build: Callable[[Mapping[str, Any]], paddle.nn.Layer], batch_pixels: int, largest_batch: int
    ) -> None:
        self.net, self.info = checkpoint.load(folder, build)
        self.net.eval()
        self.labels: list[str] = self.info["labels"]
        self.epoch: int | None = self.info.get("epoch")
        self.preprocess = Preprocess.of_info(self.info)
        size = self.preprocess.width * self.preprocess.height
        self.batch_size = min(largest_batch, max(1, batch_pixels // size))
        self._folder = folder
        self._traced: inference_model.Predictor | None = None
        # Images are resized in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)

    def answer(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the net answers, or the first of its heads.

        Args:
            images: [images, 3, H, W], of the net's input size.

        Raises:
            JobFailed: there are figures in the answer that are not finite.
        """
        if self._traced is not None:
            return self.finite(self._traced({"x": images})[0])
        return self.finite(self._computed(images))

    def _computed(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        with paddle.no_grad():
            found: NDArray[np.float32] = self._first(paddle.to_tensor(images)).numpy()
        return found

    def _first(self, images: paddle.Tensor) -> paddle.Tensor:
        found = self.net(images)
        return found[0] if isinstance(found, list | tuple) else found

    def trace(self) -> None:
        """From now on answer with the net as a program on the processor, some times as fast; it takes seconds to make.

        The net stays as it is if the program answers otherwise.
        """
        shape = [3, self.preprocess.height, self.preprocess.width]
        images = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)
        expected = self._computed(images)
        layer = AsItRuns(self.net, self._first)
        layer.eval()
        program = inference_model.program(layer, [paddle.static.InputSpec([None, *shape], "float32", "x")])
        difference = float(np.abs(program({"x": images})[0] - expected).max() / max(1.0, np.abs(expected).max()))
        if difference <= _ALLOWED_DIFFERENCE:
            self._traced = program
        else:
            _log.warning("%s answers otherwise as a program, by %s: it is not used", self.info["model"], difference)

    def finite(self, answers: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the net answered.

        Raises:
            JobFailed: there are figures among them that are not finite.
        """
        if not np.isfinite(answers).all():
            raise JobFailed("not_finite", messages.SCORES_NOT_FINITE, checkpoint=self._folder.name)
        return answers

"""A trained net in use that sees all images in one size."""

from __future__ import annotations

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
from paddlex_restful.training import checkpoint


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
        self.info = checkpoint.read_info(folder)
        self.net = build(self.info)
        checkpoint.load_net(folder, self.net)
        self.net.eval()
        self.labels: list[str] = self.info["labels"]
        self.epoch: int | None = self.info.get("epoch")
        self.preprocess = Preprocess.of_info(self.info)
        size = self.preprocess.width * self.preprocess.height
        self.batch_size = min(largest_batch, max(1, batch_pixels // size))
        self._folder = folder
        # Images are resized in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)

    def finite(self, answers: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the net answered.

        Raises:
            JobFailed: there are figures among them that are not finite.
        """
        if not np.isfinite(answers).all():
            raise JobFailed("not_finite", messages.SCORES_NOT_FINITE, checkpoint=self._folder.name)
        return answers

"""Segmentation as the loop sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle

from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.imaging.recipes import Recipe
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.metrics import segmentation as metrics
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Adapter, Notify, whole_net
from paddlex_restful.training.parallel import World
from paddlex_restful.training.segmentation import evaluation, export, nets, prediction
from paddlex_restful.training.segmentation.data import LabelledImages
from paddlex_restful.training.segmentation.losses import chosen_loss
from paddlex_restful.training.splits import Splits

_TYPE = ProjectType.SEGMENTATION.value
_MOMENTUM = 0.9
_WEIGHT_DECAY = 1e-4
_ADAMW_WEIGHT_DECAY = 0.01

Batch = tuple[paddle.Tensor, paddle.Tensor]


class SegmentationTraining:
    """The training of a segmentation net.

    The loss is the one that ``loss_type`` asks for, summed over the heads of the net by their weights. The optimiser is
    the original's: SGD with momentum 0.9 or Adam, both with a weight decay (L2) of 1e-4; or AdamW, decay 0.01, as in
    Xie et al., "SegFormer", 2021. Figures are ``miou`` (mean IoU), ``oacc`` (share of the pixels that are right) and
    ``kappa``, those of evaluations at the size of the net's input.

    Args:
        params: the training parameters.
        dataset: folder of the dataset.
        seed: where all randomness starts.
        notify: hears of the reading of the images.
        world: the processes that train together; the first one alone reads the validation split.

    Raises:
        JobFailed: the net is unknown, an image or its annotation cannot be used, or there are too few images.
    """

    metric = "miou"

    def __init__(self, params: Mapping[str, Any], dataset: Path, seed: int, notify: Notify, world: World) -> None:
        self._seed = seed
        self._world = world
        self._model = str(params["model"])
        self._backbone = params.get("backbone")
        self.batch_size = int(params["batch_size"])
        self._head_weights = nets.architecture(self._model, self._backbone).head_weights
        self._loss = chosen_loss(params["loss_type"])
        self._recipe = Recipe(_TYPE, params)
        height, width = (int(side) for side in params["image_shape"])
        preprocess = Preprocess(width, height, tuple(params["image_mean"]), tuple(params["image_std"]))

        labels, train, val = Splits.read(dataset, _TYPE, world, world.least_images)
        # Batches are made in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)
        both = len(train) + len(val)
        budget = reading.cache_budget() // world.size
        self._classes = len(labels)
        self._train = LabelledImages(train, preprocess, self._classes, budget, lambda done, total: notify(done, both))
        left = budget - self._train.nbytes
        self._val = LabelledImages(
            val, preprocess, self._classes, left, lambda done, total: notify(len(train) + done, both)
        )
        self.samples = len(train)
        self.val_samples = len(val)

        self.net = nets.build_net(self._model, self._backbone, self._classes)
        self.optimizer = _optimizer(params, self.net)
        self.info: Mapping[str, Any] = {
            "type": _TYPE,
            "model": self._model,
            "backbone": self._backbone,
            "labels": list(labels),
            "image_shape": [width, height],
            "mean": list(preprocess.mean),
            "std": list(preprocess.std),
            "params": dict(params),
        }

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self._world.steps(self.samples, self.batch_size)

    def batches(self, epoch: int) -> Iterator[tuple[Batch, float]]:
        """Images, [N, 3, H, W], and the class ids of their pixels, [N, H, W]; and their weight."""
        epochs = self._train.epoch(epoch, self._seed, self.batch_size, self._recipe, self._world)
        for (images, truth), weight in epochs:
            yield (paddle.to_tensor(images), paddle.to_tensor(truth)), weight

    def loss(self, batch: Batch) -> tuple[paddle.Tensor, None]:
        """The loss of all heads."""
        images, truth = batch
        heads = self.net(images)
        losses = [self._loss(logits, truth) * weight for logits, weight in zip(heads, self._head_weights, strict=True)]
        return paddle.add_n(losses), None

    def figures(self, outputs: None) -> dict[str, float]:
        """None: the loss alone is reported, as in the original server."""
        return {}

    def evaluate(self, notify: Notify) -> dict[str, float]:
        """Figures on the validation split.

        Raises:
            JobFailed: the net gives something else than numbers.
        """
        if not len(self._val):
            return {}
        self.net.eval()
        confusion = np.zeros((self._classes, self._classes), np.int64)
        done = 0
        with paddle.no_grad():
            for images, truth in self._val.batches(max(1, self.batch_size // self._world.size)):
                logits = self.net(paddle.to_tensor(images))[0]
                if not bool(paddle.isfinite(logits).all()):
                    raise JobFailed("nan_loss", messages.NAN_EVALUATION)
                predicted = logits.argmax(axis=1).astype("uint8").numpy()
                confusion += metrics.confusion_matrix(truth.astype(np.uint8), predicted, self._classes)
                done += len(images)
                notify(done, len(self._val))
        figures = {
            "miou": metrics.mean_iou(confusion),
            "oacc": metrics.pixel_accuracy(confusion),
            "kappa": metrics.kappa(confusion),
        }
        return {name: value for name, value in figures.items() if not np.isnan(value)}

    def weights_url(self, source: str) -> str | None:
        """Address of published weights; see ``nets.published_weights``."""
        return nets.published_weights(self._model, self._backbone, source)


def _optimizer(params: Mapping[str, Any], net: paddle.nn.Layer) -> paddle.optimizer.Optimizer:
    name, rate, parameters = params["optimizer"], float(params["learning_rate"]), net.parameters()
    if name == "SGD":
        return paddle.optimizer.Momentum(
            learning_rate=rate, momentum=_MOMENTUM, weight_decay=_WEIGHT_DECAY, parameters=parameters
        )
    if name == "Adam":
        return paddle.optimizer.Adam(learning_rate=rate, weight_decay=_WEIGHT_DECAY, parameters=parameters)
    return paddle.optimizer.AdamW(learning_rate=rate, weight_decay=_ADAMW_WEIGHT_DECAY, parameters=parameters)


ADAPTER = Adapter(SegmentationTraining, evaluation.run, prediction.Segmenter, export.run, whole_net)

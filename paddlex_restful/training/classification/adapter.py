"""Classification as the loop sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray

from paddlex_restful.enums import ProjectType
from paddlex_restful.imaging.augment import Augment
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.metrics.classification import accuracy
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Adapter, Notify, whole_net
from paddlex_restful.training.classification import evaluation, export, nets, prediction
from paddlex_restful.training.classification.data import ImageSet
from paddlex_restful.training.parallel import World
from paddlex_restful.training.splits import Splits

_MOMENTUM = 0.9
_WEIGHT_DECAY = 1e-4
_TOP = 5

Batch = tuple[paddle.Tensor, paddle.Tensor]


class ClassificationTraining:
    """The training of a classifier: cross entropy, SGD with momentum 0.9 and a weight decay (L2) of 1e-4.

    These are the original's settings. Figures are ``acc1`` and ``acc<k>``, the shares of images whose class is the
    likeliest, or among the k likeliest; k is 5, or the number of classes if there are fewer.

    Args:
        params: the training parameters.
        dataset: folder of the dataset.
        seed: where all randomness starts.
        notify: hears of the reading of the images.
        world: the processes that train together; the first one alone reads the validation split.

    Raises:
        JobFailed: the net is unknown, the input size does not suit it, an image cannot be read, or there are no images.
    """

    metric = "acc1"

    def __init__(self, params: Mapping[str, Any], dataset: Path, seed: int, notify: Notify, world: World) -> None:
        self._seed = seed
        self._world = world
        self._model = str(params["model"])
        self.batch_size = int(params["batch_size"])
        self._augment = Augment(params)
        preprocess = Preprocess.of_params(params)
        nets.check_size(self._model, preprocess.width, preprocess.height)

        labels, train, val = Splits.read(dataset, ProjectType.CLASSIFICATION.value, world, world.least_images)
        self._top = min(_TOP, len(labels))
        # Batches are made in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)
        both = len(train) + len(val)
        budget = reading.cache_budget() // world.size
        self._train = ImageSet(train, preprocess, budget, lambda done, total: notify(done, both))
        self._val = ImageSet(
            val, preprocess, budget - self._train.nbytes, lambda done, total: notify(len(train) + done, both)
        )
        self.samples = len(train)
        self.val_samples = len(val)

        self.net = nets.build_net(self._model, len(labels))
        self.optimizer = paddle.optimizer.Momentum(
            learning_rate=float(params["learning_rate"]),
            momentum=_MOMENTUM,
            weight_decay=_WEIGHT_DECAY,
            parameters=self.net.parameters(),
        )
        self.info: Mapping[str, Any] = {
            "type": ProjectType.CLASSIFICATION.value,
            "model": self._model,
            "labels": list(labels),
            "image_shape": [preprocess.width, preprocess.height],
            "mean": list(preprocess.mean),
            "std": list(preprocess.std),
            "params": dict(params),
        }

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self._world.steps(self.samples, self.batch_size)

    def batches(self, epoch: int) -> Iterator[tuple[Batch, float]]:
        """Images, [N, 3, H, W], and the indices of their classes, [N]; and their weight."""
        epochs = self._train.epoch(epoch, self._seed, self.batch_size, self._augment, self._world)
        for (images, labels), weight in epochs:
            yield (paddle.to_tensor(images), paddle.to_tensor(labels)), weight

    def loss(self, batch: Batch) -> tuple[paddle.Tensor, Batch]:
        """Mean cross entropy; the outputs are the logits and the classes."""
        images, labels = batch
        logits = self.net(images)
        return paddle.nn.functional.cross_entropy(logits, labels), (logits.detach(), labels)

    def figures(self, outputs: Batch) -> dict[str, float]:
        """Accuracies of one batch."""
        logits, labels = outputs
        return {
            f"acc{k}": float(paddle.metric.accuracy(logits, labels.unsqueeze(1), k=k)) for k in sorted({1, self._top})
        }

    def evaluate(self, notify: Notify) -> dict[str, float]:
        """Accuracies on the validation split.

        Raises:
            JobFailed: the net gives something else than numbers.
        """
        if not len(self._val):
            return {}
        self.net.eval()
        scores: list[NDArray[np.float32]] = []
        done = 0
        with paddle.no_grad():
            for images, _labels in self._val.batches(max(1, self.batch_size // self._world.size)):
                scores.append(self.net(paddle.to_tensor(images)).numpy())
                done += len(images)
                notify(done, len(self._val))
        logits = np.concatenate(scores)
        if not np.isfinite(logits).all():
            raise JobFailed("nan_loss", messages.NAN_EVALUATION)
        return {f"acc{k}": accuracy(logits, self._val.labels, k) for k in sorted({1, self._top})}

    def weights_url(self, source: str) -> str | None:
        """Address of the weights learnt on ImageNet."""
        return nets.weights_url(self._model) if source == "IMAGENET" else None


ADAPTER = Adapter(ClassificationTraining, evaluation.run, prediction.Classifier, export.run, whole_net)

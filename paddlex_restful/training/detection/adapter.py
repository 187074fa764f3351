"""Detection and instance segmentation as the loop sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import paddle

from paddlex_restful.enums import ProjectType
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import Adapter, Notify
from paddlex_restful.training.detection import evaluation, export, nets, prediction
from paddlex_restful.training.detection.data import Batch, EvaluationImages, TrainingImages
from paddlex_restful.training.detection.detector import Detector
from paddlex_restful.training.detection.nets import batch as batches
from paddlex_restful.training.detection.nets.base import DetectionNet
from paddlex_restful.training.parallel import World
from paddlex_restful.training.splits import Splits

Losses = dict[str, paddle.Tensor]


class DetectionTraining:
    """The training of a net that finds objects, with the losses and the optimiser of its family.

    Args:
        project_type: ``detection`` or ``instance_segmentation``.
        params: the training parameters.
        dataset: folder of the dataset.
        seed: where all randomness starts.
        notify: hears of the reading of the images.
        world: the processes that train together; the first one alone reads the validation split.

    Raises:
        JobFailed: an image cannot be read, or there are no images or classes.
    """

    def __init__(
        self,
        project_type: str,
        params: Mapping[str, Any],
        dataset: Path,
        seed: int,
        notify: Notify,
        world: World,
    ) -> None:
        self._seed = seed
        self._world = world
        self.batch_size = int(params["batch_size"])
        labels, train, val = Splits.read(dataset, project_type, world, world.size)
        # Batches are made in threads of our own; OpenCV's would only wait for one another.
        cv2.setNumThreads(1)
        self.net = nets.build(params["model"], params["backbone"], len(labels), params, project_type=project_type)
        self.optimizer = nets.optimizer(self.net, params)
        self._detector = Detector(self.net, project_type, params)
        self._classes = len(labels)
        budget = reading.cache_budget() // world.size
        self._train = TrainingImages(train, project_type, params, self.net.meta, budget, notify)
        self._val = EvaluationImages(
            val, project_type, params, masks=self._detector.outlines, budget=budget - self._train.nbytes
        )
        self.samples = len(train)
        self.val_samples = len(val)
        self.metric = evaluation.METRICS[project_type]
        self.info: Mapping[str, Any] = {
            "type": project_type,
            "model": params["model"],
            "backbone": params["backbone"],
            "labels": list(labels),
            "image_shape": list(params["image_shape"]),
            "mean": list(params["image_mean"]),
            "std": list(params["image_std"]),
            "params": dict(params),
        }

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self._world.steps(self.samples, self.batch_size)

    def batches(self, epoch: int) -> Iterator[tuple[Batch, float]]:
        """What ``nets.batch`` describes, as tensors; and the weight."""
        for batch, weight in self._train.epoch(epoch, self._seed, self.batch_size, self._world):
            yield batches.tensors(batch), weight

    def loss(self, batch: Batch) -> tuple[paddle.Tensor, Losses]:
        """The sum of the family's losses; the outputs are its parts."""
        parts = self.net.loss(batch)
        loss = parts.pop("loss")
        return loss, {name: part.detach() for name, part in parts.items()}

    def figures(self, outputs: Losses) -> dict[str, float]:
        """The parts of the loss."""
        return {name: float(part) for name, part in outputs.items()}

    def evaluate(self, notify: Notify) -> dict[str, float]:
        """Figures on the validation split; see ``evaluation.training_figures``."""
        if not len(self._val):
            return {}
        truths, detections, _sizes = evaluation.answers(self._detector, self._val, notify)
        return evaluation.training_figures(self._detector, truths, detections, self._classes)

    def weights_url(self, source: str) -> str | None:
        """Address of the backbone's weights learnt on ImageNet, or of the whole net's learnt on COCO."""
        params = self.info["params"]
        return nets.weights_url(params["model"], params["backbone"], source, with_fpn=params["with_fpn"])


def _outputs(net: DetectionNet) -> Callable[[paddle.Tensor], Any]:
    # In training it says nothing without the truth, and what it uses then it uses in evaluation too.
    net.eval()
    return net.outputs


def adapter_of(project_type: str) -> Adapter:
    """The adapter of a project type, ``detection`` or ``instance_segmentation``."""
    return Adapter(
        partial(DetectionTraining, project_type), evaluation.run, prediction.ObjectPredictor, export.run, _outputs
    )


ADAPTER = adapter_of(ProjectType.DETECTION.value)

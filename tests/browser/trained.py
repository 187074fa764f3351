"""A server with a classifier and a detector, really trained, for the tests of what is done with models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Server
from tests.flow import bound_project, import_dataset, task, train
from tests.images import make_classification, make_detection

CLASSES = ("circle", "square", "<img src=x onerror=document.title='taken'>")
"""The last one is a name that would be markup, if anything took it for that."""


@dataclass(frozen=True)
class Models:
    """What there is.

    Attributes:
        server: the server.
        classifier: id of a task that is trained and evaluated.
        detector: alike.
        untrained: id of a task that is not trained.
        images: folder with images that the classifier knows, one folder a class.
        scenes: folder with images that the detector knows.
    """

    server: Server
    classifier: str
    detector: str
    untrained: str
    images: Path
    scenes: Path


def trained_models(server: Server, folder: Path) -> Models:
    """Train them.

    Args:
        server: has nothing else to do.
        folder: takes the images.
    """
    images = make_classification(folder / "images", per_class=14, size=32, classes=CLASSES)
    did = import_dataset(server, images)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.4)
    pid = bound_project(server, did)
    classifier, untrained = task(server, pid), task(server, pid)
    train(server, classifier)

    scenes = make_detection(folder / "scenes", count=14, size=(96, 64), objects=2, classes=CLASSES)
    did = import_dataset(server, scenes, "detection")
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.4)
    pid = bound_project(server, did, "detection")
    params = server.ok("GET", "/project/task/params", pid=pid, model_type="YOLOv3")["train"] | {
        "backbone": "MobileNetV1",
        "image_shape": [64, 64],
        "random_shape_sizes": [64, 96],
        "num_epochs": 2,
        "save_interval_epochs": 1,
        "batch_size": 4,
        "learning_rate": 0.001,
        "lr_decay_epochs": [1, 2],
        "warmup_steps": 2,
        "pretrain_weights": None,
    }
    detector = str(server.ok("POST", "/project/task", pid=pid, train=params, desc="tiny")["tid"])
    train(server, detector)
    return Models(server, classifier, detector, untrained, images, scenes / "JPEGImages")

"""Our trainings of detectors and segmenters against those of the suites that the nets are from.

The same net, images, input size, batch and random changes, on the same machine, an epoch each in turn. Our own is also
measured with its batches ready in memory: what it is faster then is what reading and changing images costs it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks import own_training, suite_training
from benchmarks.results import Figure
from benchmarks.serving import temporary_folder
from benchmarks.turns import Contestant, Seconds
from paddlex_restful import datasets
from paddlex_restful.config import default_cpu_jobs
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.demo.scenes import write_scenes

SCENES = 40
"""Of which 28 are trained, 7 steps an epoch without a rest."""
SIDE = 128
BATCH = 4
RATE = 0.001
WARM_UP = 1
ROUNDS = 3
"""Epochs of each kind that make one run."""

_OWN: dict[str, dict[str, Any]] = {
    "detection": {
        "model": "YOLOv3",
        "backbone": "MobileNetV1",
        "random_shape": False,
        "use_mixup": False,
        "crop_image": False,
        "expand_image": False,
        "brightness": False,
        "contrast": False,
        "hue": False,
        "saturation": False,
    },
    "segmentation": {"model": "FastSCNN"},
}
_SUITES: dict[str, tuple[str, Callable[..., None]]] = {
    "detection": ("PaddleDetection", suite_training.detection),
    "segmentation": ("PaddleSeg", suite_training.segmentation),
}


def measure(runs: int) -> Iterator[Figure]:
    """Measure steps of both types of projects."""
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // default_cpu_jobs()))
    for project_type, (suite, _train) in _SUITES.items():
        own, theirs, memory = _seconds(project_type, runs * ROUNDS)
        for name, seconds in (("ours", own), (suite, theirs)):
            speeds = tuple(BATCH / each.wall for each in seconds)
            yield Figure("suites", f"{project_type}, {name}", "images/s", speeds)
        for clock, suffix in (("wall", "time"), ("cpu", "processor time")):
            our, their, least = ([getattr(each, clock) for each in seconds] for seconds in (own, theirs, memory))
            ratios = tuple(a / b for a, b in zip(their, our, strict=True))
            yield Figure("suites", f"{project_type}, ours / {suite}, {suffix}", "x", ratios)
            shares = tuple(100 * (1 - b / a) for a, b in zip(our, least, strict=True))
            yield Figure("suites", f"{project_type}, share of the pipeline, {suffix}", "%", shares)


def _seconds(project_type: str, rounds: int) -> tuple[list[Seconds], list[Seconds], list[Seconds]]:
    """Seconds of a step in each round: ours from files, the suite's, and ours from memory."""
    with temporary_folder() as folder, ExitStack() as stack:
        dataset = folder / "dataset"
        write_scenes(dataset, project_type, SCENES, SIDE)
        rebuild(dataset, project_type)
        classes = len(datasets.labels(dataset))
        params = _OWN[project_type] | {
            "image_shape": [SIDE, SIDE],
            "batch_size": BATCH,
            "learning_rate": RATE,
            "pretrain_weights": None,
        }
        own = Contestant(folder / "own.log", own_training.train, project_type, params, dataset, folder / "own")
        stack.enter_context(closing(own))
        theirs = Contestant(folder / "suite.log", _train_suite, project_type, dataset, folder / "suite", classes)
        stack.enter_context(closing(theirs))
        turns: list[tuple[Contestant, str]] = [(own, "files"), (theirs, "files"), (own, "memory")]
        seconds: list[list[Seconds]] = [[], [], []]
        # All orders, so that neither a machine that grows slower nor whoever was before favours anybody.
        orders = itertools.cycle(itertools.permutations(range(3)))
        for number, order in zip(range(WARM_UP + rounds), orders, strict=False):
            for turn in order:
                contestant, source = turns[turn]
                taken = contestant.epoch(source)
                if number >= WARM_UP:
                    seconds[turn].append(taken)
        return seconds[0], seconds[1], seconds[2]


def _train_suite(turns: Any, project_type: str, dataset: Path, output: Path, classes: int) -> None:
    _SUITES[project_type][1](turns, dataset, output, classes=classes, side=SIDE, batch=BATCH, rate=RATE)

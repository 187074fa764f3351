"""Exports of nets that see all images in one size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
import paddle

from paddlex_restful.imaging.image import Pixels
from paddlex_restful.training.formats.model import Inputs, Model, Specs
from paddlex_restful.training.formats.programs import Program
from paddlex_restful.training.loaded import LoadedNet

_PREPARE = """\
pixels = cv2.cvtColor(cv2.resize(image, {size!r}), cv2.COLOR_BGR2RGB) / 255
inputs = {{"x": ((pixels - {mean!r}) / {std!r}).transpose(2, 0, 1)[None]}}"""


class OneSizeModel(Model):
    """Input ``x`` [N, 3, H, W] float32, any N.

    Args:
        loaded: the net in use.

    Attributes:
        title: what a short program does with it, in a few words.
        show: lines of that program that tell what it answers.
    """

    title: str
    show: str

    def __init__(self, loaded: LoadedNet) -> None:
        self.loaded = loaded
        self.info = loaded.info

    @property
    def net(self) -> paddle.nn.Layer:
        """The net, as it was trained."""
        return self.loaded.net

    @abstractmethod
    def answering(self) -> paddle.nn.Layer:
        """The net with what comes after it."""

    def traced(self) -> tuple[paddle.nn.Layer, Specs]:
        """``answering``, and ``x``."""
        layer = self.answering()
        layer.eval()
        shape = [None, 3, self.loaded.preprocess.height, self.loaded.preprocess.width]
        return layer, [paddle.static.InputSpec(shape, "float32", "x")]

    def inputs(self, image: Pixels) -> Inputs:
        """``x``."""
        return {"x": self.loaded.preprocess.normalise(self.loaded.preprocess.resize(image)[None])}

    def made_up(self) -> Iterator[Pixels]:
        """Noise of the net's input size."""
        random = np.random.default_rng(0)
        for _ in range(2):
            yield random.integers(0, 256, (self.loaded.preprocess.height, self.loaded.preprocess.width, 3), np.uint8)

    def program(self) -> Program:
        """It resizes a picture and tells what the net answers."""
        preprocess = self.loaded.preprocess
        size = preprocess.width, preprocess.height
        prepare = _PREPARE.format(size=size, mean=preprocess.mean, std=preprocess.std)
        return Program(self.title, self.loaded.labels, prepare, self.show)

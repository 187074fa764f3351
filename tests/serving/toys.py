"""A prediction process whose model is a toy: it does what is written in the picture."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from paddlex_restful.channel import Channel
from paddlex_restful.imaging.image import Pixels
from paddlex_restful.training.predict import Told
from paddlex_restful.training.serving import Desk

DIES, DIES_IN_NET, FAILS, LASTS, HOLDS = 1, 2, 3, 4, 5
"""The red of a picture that ends the process as it is decoded, or in the net; with which the net fails, lasts or holds.

While the net holds, there is a file ``held`` beside the model, and it goes on when that file is gone.
"""

HELD = "held"
PREPARED = "prepared"
"""A file beside the model with a byte for each picture that was decoded."""


class Toy:
    """See ``predict.Predictor``; it answers with the colour of the picture, and with which others it came."""

    batch_size = 4

    def __init__(self, folder: Path, traceable: bool) -> None:
        self.folder = folder
        self.traced = False
        self.trace = self._trace if traceable else None

    def _trace(self) -> None:
        self.traced = True

    def prepare(self, image: Pixels) -> tuple[int, ...]:
        colour = tuple(int(part) for part in image[0, 0])
        with (self.folder / PREPARED).open("ab") as file:
            file.write(b".")
        if colour[0] == DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        return colour

    def predict(self, prepared: Sequence[tuple[int, ...]]) -> list[dict[str, Any]]:
        reds = [colour[0] for colour in prepared]
        if DIES_IN_NET in reds:
            os.kill(os.getpid(), signal.SIGKILL)
        if FAILS in reds:
            raise ValueError("the net fails")
        if LASTS in reds:
            time.sleep(0.5)
        if HOLDS in reds:
            (self.folder / HELD).touch()
            while (self.folder / HELD).exists():
                time.sleep(0.01)
        return [
            {"colour": list(colour), "batch": len(prepared), "pid": os.getpid(), "traced": self.traced}
            for colour in prepared
        ]

    def tell(self, answer: dict[str, Any], score_thresh: float) -> Told:
        told = {**answer, "score_thresh": score_thresh}
        return Told(told, lambda picture: picture.rotate(180), Image.new("P", (1, 1)))


def serve(channel: Channel, args: dict[str, Any], log: Path) -> None:
    """In the place of ``training.serving.serve``."""
    if (Path(args["model"]) / "broken").exists():
        channel.send({"failed": "The toy is broken."})
        return
    if (Path(args["model"]) / "deadly").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    toy = Toy(Path(args["model"]), (Path(args["model"]) / "traceable").exists())
    if args["traced"] and toy.trace is not None:
        toy.trace()
        if (Path(args["model"]) / "deadly traced").exists():
            os.kill(os.getpid(), signal.SIGKILL)
    channel.send({"ready": True, "faster": toy.trace is not None and not args["traced"]})
    Desk(channel, toy, log).run()

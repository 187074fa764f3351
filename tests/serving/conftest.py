from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.checkpoints import WEIGHTS_FILE
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.serving import Answer, Model, Pool, Request


class Toys:
    """Toy models and pools of them, in a folder; see ``toys``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: set[int] = set()
        self.pools: list[Pool] = []
        self._executor = Executor(preload=("paddlex_restful.jobs.worker", "tests.serving.toys"))

    def pool(self, *, most: int = 4, idle: float = 600, most_bytes: int = 1 << 40, method: str | None = None) -> Pool:
        executor = self._executor if method is None else Executor(method)
        function = "tests.serving.toys:serve"
        made = Pool(
            executor, self.folder / "logs", most, idle, 1, lambda: self.taken, most_bytes=most_bytes, function=function
        )
        self.pools.append(made)
        return made

    def model(self, name: str = "model", gpus: tuple[int, ...] = (), *marks: str) -> Model:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for file in (WEIGHTS_FILE, *marks):
            if not (folder / file).exists():
                (folder / file).touch()
        return Model.of("toy", folder, gpus)


@pytest.fixture
def toys(tmp_path: Path) -> Iterator[Toys]:
    made = Toys(tmp_path)
    yield made
    for pool in made.pools:
        pool.close()


def picture(*colour: int) -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Image.fromarray(np.full((2, 2, 3), colour, np.uint8)).save(file, "PNG")
    return file.getvalue()


def ask(pool: Pool, model: Model, *colour: int, **options: Any) -> Answer:
    """Ask for one picture."""
    [answer] = pool.predict(model, [Request(picture(*colour), "a picture", 0.5, **options)])
    return answer


class Asked(threading.Thread):
    """A request in a thread of its own."""

    def __init__(self, pool: Pool, model: Model, *colour: int) -> None:
        super().__init__()
        self._what = (pool, model, *colour)
        self._answer: Answer | None = None
        self.start()

    def run(self) -> None:
        self._answer = ask(*self._what)

    @property
    def answer(self) -> Answer:
        self.join(60)
        assert self._answer is not None
        return self._answer

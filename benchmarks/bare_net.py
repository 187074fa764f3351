"""One image after another through a net, in a process that does nothing else; prints images a second.

``python -m benchmarks.bare_net KIND MODEL IMAGE SECONDS``: ``net`` takes a checkpoint as predictions do, ``inference``
an export with paddle.inference. Both read, decode and resize the image each time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from paddlex_restful.config import default_cpu_jobs
from paddlex_restful.cores import cores_of_slot
from paddlex_restful.jobs import runner


def main() -> None:
    """Measure, with as many threads as a prediction process has."""
    kind, model, image, seconds = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
    runner.settle((), cores_of_slot(default_cpu_jobs()))
    predict = _net(model) if kind == "net" else _inference(model)
    predict(image)
    count = 0
    begun = time.perf_counter()
    while (taken := time.perf_counter() - begun) < seconds:
        predict(image)
        count += 1
    print(count / taken)


def _net(checkpoint: Path) -> Callable[[Path], object]:
    from paddlex_restful.imaging.image import read_image
    from paddlex_restful.training.adapters import adapter

    predictor = adapter("classification").predictor(checkpoint)

    def predict(image: Path) -> object:
        [answer] = predictor.predict([predictor.prepare(read_image(image))])
        return predictor.tell(answer, 0.5).fields

    return predict


def _inference(export: Path) -> Callable[[Path], object]:
    import yaml

    from paddlex_restful.checkpoints import INFO_FILE
    from paddlex_restful.imaging.preprocess import Preprocess
    from paddlex_restful.training.inference_model import Predictor

    preprocess = Preprocess.of_info(yaml.safe_load((export / INFO_FILE).read_text(encoding="utf-8")))
    predictor = Predictor(export)

    def predict(image: Path) -> object:
        return predictor({"x": preprocess.normalise(preprocess.load(image)[None])})

    return predict


if __name__ == "__main__":
    main()

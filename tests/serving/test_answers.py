"""A model that stays loaded answers as the job does, for every project type."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.jobs.executor import Executor
from paddlex_restful.results import MASKS_FOLDER, RESULT_FILE, SINGLE_PICTURE
from paddlex_restful.serving import Model, Pool, Request
from paddlex_restful.training import predict
from tests.jobs.conftest import until
from tests.training.detection import test_jobs as detection
from tests.training.segmentation import conftest as segmentation
from tests.training.trained import job, trained_workspace

ROOTS: dict[str, Callable[[Path], Path]] = {
    "classification": trained_workspace,
    "detection": lambda base: detection.trained(base, "yolo").root,
    "instance_segmentation": lambda base: detection.trained(base, "masks").root,
    "segmentation": segmentation._trained,
}


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    made = Pool(Executor(), tmp_path / "logs", 4, 600, 1, frozenset)
    yield made
    made.close()


@pytest.mark.parametrize("project_type", ROOTS)
def test_it_answers_as_the_job_does(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, pool: Pool, project_type: str
) -> None:
    root = ROOTS[project_type](tmp_path_factory.getbasetemp())
    images = sorted(path for path in (root / "datasets/D0001").rglob("*") if path.suffix in (".png", ".jpg"))[:3]
    requests = [Request(image.read_bytes(), image.name, 0.02, picture=True, mask=True) for image in images]
    model = Model.of(project_type, root / "output/best_model")
    # Together they would be computed in another order, which shows in the last digits.
    answers = pool.predict(model, requests[:1])
    # After the second request a faster process may take its place at any time.
    [held] = pool._held.values()
    answers += [answer for request in requests[1:] for answer in pool.predict(model, [request])]
    for image, answer in zip(images, answers, strict=True):
        output = tmp_path / image.stem
        predict.run(
            job(
                root,
                "predict",
                type=project_type,
                model="output/best_model",
                dataset=None,
                images=[str(image)],
                single=True,
                score_thresh=0.02,
                output=str(output),
            )
        )
        [told] = json.loads((output / RESULT_FILE).read_text())
        assert told.pop("image") == "image_data"
        assert pixels(answer.files["picture"]).shape == pixels(output / told.pop("picture")).shape
        if project_type == "segmentation":
            assert told.pop("mask") == f"{MASKS_FOLDER}/{SINGLE_PICTURE}"
            mask, expected = pixels(answer.files["mask"]), pixels(output / MASKS_FOLDER / SINGLE_PICTURE)
            # Of two classes that are all but equal, either may win.
            assert (mask == expected).mean() > 0.99
        else:
            assert set(answer.files) == {"picture"}
        assert_alike(answer.told, told)
    faster = project_type != "instance_segmentation"
    assert held.worker.faster == faster
    if faster:
        until(lambda: pool._held.get(model) not in (held, None), 300)
        for request, answer in zip(requests, answers, strict=True):
            [again] = pool.predict(model, [request])
            assert_alike(again.told, answer.told)
        log = pool._held[model].worker.log
        assert "answers otherwise" not in log.read_text()


def pixels(source: Path | bytes) -> np.ndarray:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return np.asarray(image)


def assert_alike(found: Any, expected: Any, within: float = 1e-3) -> None:
    """The same JSON, but for the last digits of figures, pixels have two; masks are only there."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected:
            if name not in ("segmentation", "share"):
                assert_alike(found[name], expected[name], within)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_alike(one, other, within)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=within, abs=0.011 if found > 1 else within)
    else:
        assert found == expected

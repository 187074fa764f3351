"""The class maps that predictions leave, in the size of the images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import paddle
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as rle

from paddlex_restful import datasets
from paddlex_restful.datasets import drawing, read_mask
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.training import checkpoint, predict
from paddlex_restful.training.segmentation.prediction import Segmenter, class_map
from tests.images import scramble
from tests.training.segmentation.conftest import LABELS, job


def predicted(root: Path, output: Path, images: list[Path] | None, **args: Any) -> list[dict[str, Any]]:
    named = None if images is None else [str(image) for image in images]
    given = {"model": "output/best_model", "dataset": None, "images": named}
    predict.run(job(root, "predict", output=str(output), score_thresh=0.5, **(given | args)))
    found: list[dict[str, Any]] = json.loads((output / "result.json").read_text(encoding="utf-8"))
    return found


def pixels(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        assert image.mode == "P"
        return np.asarray(image)


JPEG_NOISE = 5
"""By how much the pixels of a result picture may differ in the mean."""


@pytest.mark.parametrize(("width", "height"), [(64, 48), (200, 31), (17, 90)])
def test_a_class_map_is_that_of_resized_logits(width: int, height: int) -> None:
    logits = np.random.default_rng(0).standard_normal((5, 48, 64)).astype(np.float32)
    resized = paddle.nn.functional.interpolate(paddle.to_tensor(logits)[None], [height, width], mode="bilinear")
    found = class_map(logits, width, height)
    assert found.shape == (height, width)
    # Of two classes that are all but equal, either may win.
    ours = np.take_along_axis(resized[0].numpy(), found[None].astype(np.int64), axis=0)[0]
    assert (resized[0].numpy().max(axis=0) - ours).max() < 1e-4


def test_each_image_gets_its_class_map_in_its_size(trained: Path, tmp_path: Path) -> None:
    images = sorted((trained / "datasets/D0001/JPEGImages").iterdir())
    results = predicted(trained, tmp_path, images)
    assert [result["image"] for result in results] == [str(image) for image in images]
    segmenter = Segmenter(trained / "output/best_model")
    names = set()
    for image, result in zip(images, results, strict=True):
        seen = read_image(image)
        height, width = seen.shape[:2]
        assert result["size"] == [width, height]
        assert result["mask"] == f"masks/{Path(result['picture']).stem}.png"
        mask = pixels(tmp_path / result["mask"])
        (logits,) = segmenter.logits([segmenter.prepare(seen).image])
        # A batch is computed with other roundings: of two classes that are all but equal, either may win.
        assert (mask == class_map(logits, width, height)).mean() > 0.999

        assert [one["share"] for one in result["classes"]] == sorted(
            (one["share"] for one in result["classes"]), reverse=True
        )
        assert sum(one["share"] for one in result["classes"]) == pytest.approx(1, abs=1e-5)
        for one in result["classes"]:
            assert one["category"] == LABELS[one["category_id"]]
            region = rle.decode(one["segmentation"]).astype(bool)
            assert np.array_equal(region, mask == one["category_id"])
            assert one["share"] == pytest.approx(region.mean(), abs=1e-6)
            names.add(one["category"])
        # Small pictures are enlarged, and the names of the classes stand below them.
        shown = np.asarray(predict.readable(Image.fromarray(seen)))
        regions = cv2.resize(mask, shown.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        with Image.open(tmp_path / result["picture"]) as picture:
            assert picture.width == shown.shape[1] >= 224
            assert (picture.height > len(shown)) == any(one["category_id"] for one in result["classes"])
            drawn = np.asarray(picture.convert("RGB"))[: len(shown)]
        for index in np.unique(regions[regions > 0]):
            colour = np.array(drawing.colour(index)) * drawing.OPACITY
            inside = shown[regions == index] * (1 - drawing.OPACITY) + colour
            assert np.abs(drawn[regions == index] - inside).mean() < JPEG_NOISE
        outside = drawn[regions == 0].astype(int) - shown[regions == 0]
        assert not outside.size or np.abs(outside).mean() < JPEG_NOISE
    assert {"background", "圆"} < names


def test_images_that_cannot_be_read_are_told_and_the_others_predicted(trained: Path, tmp_path: Path) -> None:
    good = trained / "datasets/D0001/JPEGImages/0007.png"
    bad = scramble(tmp_path / "bad.png")
    results = predicted(trained, tmp_path / "out", [bad, good, good])
    assert "cannot be read as a picture" in results[0]["error"]
    assert [result["mask"] for result in results[1:]] == ["masks/JPEGImages_0007.png", "masks/JPEGImages_0007_2.png"]
    assert results[1]["classes"] == results[2]["classes"]


def test_the_test_split_is_predicted_where_no_image_is_named(trained: Path, tmp_path: Path) -> None:
    results = predicted(trained, tmp_path, None, dataset="datasets/D0001")
    samples = datasets.samples(trained / "datasets/D0001", "segmentation", "test")
    assert [result["image"] for result in results] == [f"JPEGImages/{sample.image.name}" for sample in samples]
    for sample, result in zip(samples, results, strict=True):
        seen = read_image(sample.image)
        assert result["size"] == list(seen.shape[1::-1])
        occurring = np.unique(read_mask(Path(str(sample.label))))
        assert {one["category_id"] for one in result["truth"]} == {int(index) for index in occurring if index < 255}
        assert {one["category"] for one in result["truth"]} <= set(LABELS)
        shown = predict.readable(Image.fromarray(seen))
        with Image.open(tmp_path / result["picture"]) as picture:
            assert picture.width == 2 * shown.width + drawing._GAP
            assert picture.height > shown.height


def test_a_net_that_gives_no_numbers_is_told(trained: Path, tmp_path: Path) -> None:
    segmenter = Segmenter(trained / "output/best_model")
    for weight in segmenter.net.parameters():
        weight.set_value(weight * float("nan"))
    checkpoint.save(tmp_path / "spoilt", segmenter.net, segmenter.info)
    images = [trained / "datasets/D0001/JPEGImages/0007.png"]
    with pytest.raises(JobFailed, match="The model of spoilt answers with figures that are not finite"):
        predicted(trained, tmp_path / "out", images, model=str(tmp_path / "spoilt"))

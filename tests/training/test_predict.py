from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets import drawing
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobStopped
from paddlex_restful.training import predict
from paddlex_restful.training.classification.prediction import Classifier
from tests.training.trained import LABELS, job, trained_workspace


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_workspace(tmp_path_factory.getbasetemp())


def prediction(root: Path, output: Path, **args: Any) -> JobContext:
    common = {"type": "classification", "model": "output/best_model", "dataset": None, "images": None}
    return job(root, "predict", **{**common, "output": str(output), "score_thresh": 0.5, **args})


def results(output: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((output / "result.json").read_text(encoding="utf-8"))
    return found


def halves(picture: Image.Image, height: int) -> tuple[np.ndarray, np.ndarray]:
    """The image with its truth and, beside it, with its prediction; of this height, without what stands above it."""
    pixels = np.asarray(picture)
    width = (pixels.shape[1] - drawing._GAP) // 2
    top = drawing.beside([("truth", Image.new("RGB", (width, height)))]).height - height
    return pixels[top : top + height, :width], pixels[top : top + height, -width:]


def shapes(workspace: Path) -> list[Path]:
    return [sample.image for sample in datasets.samples(workspace / "datasets/D0001", "classification", "train")]


def test_a_list_of_images_gets_pictures_and_answers_in_its_order(workspace: Path, tmp_path: Path) -> None:
    images = [str(image) for image in shapes(workspace)]
    context = prediction(workspace, tmp_path, images=images)
    assert predict.run(context) == {"predicted": len(images), "failed": 0}
    found = results(tmp_path)
    assert [result["image"] for result in found] == images
    assert {result["category"] for result in found} <= set(LABELS)
    assert len({result["category"] for result in found}) > 1
    for result in found:
        assert result["category"] == LABELS[result["category_id"]]
        assert [entry["score"] for entry in result["topk"]] == sorted(
            (e["score"] for e in result["topk"]), reverse=True
        )
        assert result["topk"][0]["category"] == result["category"]
        assert sum(entry["score"] for entry in result["topk"]) == pytest.approx(1, abs=1e-5)
        with Image.open(tmp_path / result["picture"]) as picture:
            assert picture.format == "JPEG"
    progress = json.loads((context.folder / "progress.json").read_text())
    told = {"stage": "complete", "predict_num": len(images), "total_num": len(images)}
    assert progress.items() >= told.items()


def test_answers_do_not_depend_on_the_batch(workspace: Path, tmp_path: Path) -> None:
    images = shapes(workspace)[:6]
    predict.run(prediction(workspace, tmp_path, images=[str(image) for image in images]))
    classifier = Classifier(workspace / "output/best_model")
    for image, result in zip(images, results(tmp_path), strict=True):
        (alone,) = classifier.scores([classifier.preprocess.load(image)])
        assert result["category_id"] == int(np.argmax(alone))
        assert result["score"] == pytest.approx(float(alone.max()), abs=1e-5)


def test_many_images_are_predicted_by_a_traced_net_with_the_same_answers(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [str(image) for image in shapes(workspace)]
    predict.run(prediction(workspace, tmp_path / "few", images=images))
    traced: list[Classifier] = []
    trace = Classifier.trace
    monkeypatch.setattr(Classifier, "trace", lambda net: (traced.append(net), trace(net)))
    monkeypatch.setattr(predict, "_WORTH_TRACING", len(images))
    predict.run(prediction(workspace, tmp_path / "many", images=images))
    assert [net._traced is not None for net in traced] == [True]
    for few, many in zip(results(tmp_path / "few"), results(tmp_path / "many"), strict=True):
        assert (many["image"], many["category"]) == (few["image"], few["category"])
        # The logits of this net reach 50, and floats of both ways are off by some 1e-3 from what doubles give.
        assert many["score"] == pytest.approx(few["score"], abs=1e-3)
    predict.run(prediction(workspace, tmp_path / "one", images=images[1:]))
    assert len(traced) == 1


def test_a_net_that_answers_otherwise_as_a_program_stays_as_it_is(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("paddlex_restful.training.loaded._ALLOWED_DIFFERENCE", -1.0)
    classifier = Classifier(workspace / "output/best_model")
    classifier.trace()
    assert classifier._traced is None
    assert "PPLCNet answers otherwise as a program" in caplog.text


def test_the_picture_shows_the_image_with_something_drawn_on_it(workspace: Path, tmp_path: Path) -> None:
    image = tmp_path / "grey.png"
    Image.new("RGB", (300, 260), (90, 90, 90)).save(image)
    predict.run(prediction(workspace, tmp_path / "out", images=[str(image)]))
    with Image.open(tmp_path / "out/grey.jpg") as picture:
        pixels = np.asarray(picture)
    assert (abs(pixels[200, 150].astype(int) - 90) <= 2).all()
    assert (abs(pixels[:40, :40].astype(int) - 90) > 40).any()
    assert pixels.shape[0] > 260, "the score stands below the image"


def test_one_image_of_a_request_gives_the_picture_that_the_answer_named(workspace: Path, tmp_path: Path) -> None:
    source = tmp_path / "input/picture"
    source.parent.mkdir()
    source.write_bytes(shapes(workspace)[0].read_bytes())
    predict.run(prediction(workspace, tmp_path, images=[str(source)], single=True))
    assert (tmp_path / "predict_result.png").is_file()
    (result,) = results(tmp_path)
    assert (result["image"], result["picture"]) == ("image_data", "predict_result.png")


def test_the_test_split_is_predicted_with_its_true_classes(workspace: Path, tmp_path: Path) -> None:
    predict.run(prediction(workspace, tmp_path, dataset="datasets/D0001"))
    samples = datasets.samples(workspace / "datasets/D0001", "classification", "test")
    found = results(tmp_path)
    assert [result["label"] for result in found] == [LABELS[int(str(sample.label))] for sample in samples]
    assert found[0]["image"] == samples[0].image.relative_to(workspace / "datasets/D0001").as_posix()
    assert len(list(tmp_path.glob("*.jpg"))) == len(samples)
    for sample, result in zip(samples, found, strict=True):
        with Image.open(sample.image) as image, Image.open(tmp_path / result["picture"]) as picture:
            shown = predict.readable(image.convert("RGB"))
            truth, answer = halves(picture, shown.height)
            assert truth.shape[:2] == (shown.height, shown.width)
        # Each half names a class in its corner, and they are alike where the model is right.
        right = result["label"] == result["category"]
        difference = np.abs(truth[:20, :30].astype(int) - answer[:20, :30]).max()
        assert difference < 60 if right else difference > 80


def test_an_unreadable_image_is_named_and_does_not_end_the_others(workspace: Path, tmp_path: Path) -> None:
    good = shapes(workspace)[0]
    torn = tmp_path / "torn 图.png"
    torn.write_bytes(good.read_bytes()[:60])
    images = [str(torn), str(good), str(tmp_path / "missing.jpg")]
    output = tmp_path / "out"
    assert predict.run(prediction(workspace, output, images=images)) == {"predicted": 1, "failed": 2}
    first, second, third = results(output)
    assert str(torn) in first["error"]
    assert "category" not in first
    assert second["category"] in LABELS
    assert "missing.jpg" in third["error"]


def test_a_job_without_one_readable_image_fails(workspace: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"GIF89a")
    with pytest.raises(UserError, match=r"image_data cannot be read as a picture"):
        predict.run(prediction(workspace, tmp_path / "single", images=[str(torn)], single=True))
    with pytest.raises(UserError, match=r"None of the 2 images can be read, the first of them .*torn\.png"):
        predict.run(prediction(workspace, tmp_path / "list", images=[str(torn), str(torn)]))


def test_no_image_at_all_is_refused(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image to predict"):
        predict.run(prediction(workspace, tmp_path, images=[]))


def test_a_stop_ends_the_job(workspace: Path, tmp_path: Path) -> None:
    context = prediction(workspace, tmp_path, images=[str(image) for image in shapes(workspace)])
    context.request_stop()
    with pytest.raises(JobStopped):
        predict.run(context)
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16", "1"])
def test_images_of_every_kind_are_predicted(workspace: Path, tmp_path: Path, mode: str) -> None:
    image = tmp_path / ("image.tif" if mode in ("CMYK", "I;16") else "image.png")
    Image.new(mode, (64, 48)).save(image)
    assert predict.run(prediction(workspace, tmp_path / "out", images=[str(image)])) == {"predicted": 1, "failed": 0}


def test_a_huge_image_and_a_tiny_one_become_pictures_to_look_at(workspace: Path, tmp_path: Path) -> None:
    Image.new("RGB", (6000, 1500)).save(tmp_path / "huge.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.png")
    images = [str(tmp_path / "huge.png"), str(tmp_path / "tiny.png")]
    predict.run(prediction(workspace, tmp_path / "out", images=images))
    with Image.open(tmp_path / "out/huge.jpg") as huge, Image.open(tmp_path / "out/tiny.jpg") as tiny:
        assert huge.width == 1600
        assert tiny.width == 224


def test_pictures_of_equal_names_do_not_clash() -> None:
    images = [Path(path) for path in ("/a/x.jpg", "/b/x.jpg", "/b/X.png", "/c/y.jpg", "/d/b/x.jpg")]
    names = predict.picture_names(images, ".png")
    assert names == ["a_x.png", "b_x.png", "b_X_2.png", "y.png", "b_x_3.png"]
    assert len({name.casefold() for name in names}) == len(names)


def test_a_unique_name_is_not_taken_by_a_longer_one() -> None:
    images = [Path(path) for path in ("/a/x.jpg", "/b/x.jpg", "/c/a_x.jpg")]
    assert len(set(predict.picture_names(images, ".png"))) == 3


def test_the_longest_names_that_files_can_have_stay_writable() -> None:
    stem = "图" * 83
    (first, second) = predict.picture_names([Path(f"/a/{stem}.jpg"), Path(f"/b/{stem}.jpg")], ".png")
    assert first != second
    assert max(len(name.encode()) for name in (first, second)) <= 255

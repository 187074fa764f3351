"""Errors and predictions image by image, of all project types, on datasets that were really imported."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paddlex_restful import datasets as formats
from paddlex_restful.config import Config
from paddlex_restful.datasets import drawing
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import read_image
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.metrics.detection import Detections, Truth, image_record, truth_of
from paddlex_restful.metrics.errors import Wanted
from paddlex_restful.metrics.segmentation import confusion_matrix, image_result
from paddlex_restful.services import Services, attributes, datasets, findings, projects
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies
from tests.images import make_dataset
from tests.services.answers import KINDS

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")
PRELOAD = ("paddlex_restful.jobs.runner", "tests.services.answers", "paddlex_restful.datasets.importing")


class Bench:
    """A task whose model answers what a test says.

    Attributes:
        services: of a server.
        project_type: of the task.
        did: its dataset, imported.
        tid: the task.
        folder: of the dataset.
        labels: its classes.
    """

    def __init__(self, services: Services, project_type: str, source: Path, **options: Any) -> None:
        self.services, self.project_type = services, project_type
        make_dataset(source, project_type, **options)
        self.did = datasets.create(services, "shapes", "", project_type)
        self.import_(source)
        pid = projects.create(services, "p", "", project_type)
        attributes.change(services, "project", pid, {"did": self.did})
        self.tid = services.workspace.create_task(pid, "", "")
        self.folder = services.workspace.folder(services.workspace.dataset(self.did))
        self.labels = formats.labels(self.folder)
        self._task = services.workspace.folder(services.workspace.task(self.tid))

    def import_(self, source: Path) -> None:
        job = self.services.jobs.wait(datasets.import_folder(self.services, self.did, str(source)), 60)
        assert job.state == "done", job.message

    def run(self, kind: str, **args: Any) -> None:
        job = self.services.jobs.submit(kind, self.tid, self._task / "job" / kind, args)
        assert self.services.jobs.wait(job, 60).state == "done"

    def evaluate(self, records: list[dict[str, Any]]) -> Path:
        """Gives the folder of the evaluation."""
        file = self._task / "evaluate/predictions.json"
        args = {"type": self.project_type, "dataset": self.services.workspace.relative(self.folder)}
        self.run("evaluate", **args, file=self.services.workspace.relative(file), answers=records)
        return file.parent

    def predict(self, entries: list[dict[str, Any]]) -> Path:
        """Gives the folder of the prediction."""
        file = self._task / "predict/result.json"
        self.run("predict", file=self.services.workspace.relative(file), answers=entries)
        return file.parent

    def errors(self, offset: int = 0, limit: int = 100) -> dict[str, Any]:
        return findings.list_errors(self.services, self.tid, offset, limit)

    def picture(self, image: str) -> np.ndarray:
        """Pixels of the picture of truth and prediction, [H, W, 3]."""
        data = findings.error_picture(self.services, self.tid, image)
        assert data.startswith(b"\x89PNG")
        with Image.open(io.BytesIO(data)) as opened:
            return np.asarray(opened.convert("RGB"))

    @property
    def images(self) -> list[str]:
        details = formats.details(self.folder)
        assert details is not None
        return sorted(details["file_info"])


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    workspace = Workspace.open(tmp_path / "workspace")
    jobs = JobManager(workspace.root, kinds=KINDS, executor=Executor(preload=PRELOAD))
    opened = Services(Config(workspace.root), workspace, jobs, VisualDLServers(), Replies(workspace.root))
    yield opened
    opened.close()


def guess(image: str, label: str, predicted: str, score: float) -> dict[str, Any]:
    return {"image": image, "label": label, "predicted": predicted, "score": score}


def guesses(bench: Bench) -> list[dict[str, Any]]:
    """The first two images are taken for something else, the second with more confidence; the rest is right."""
    first, second, *others = bench.images
    right = [guess(name, name.split("/")[0], name.split("/")[0], 0.9) for name in others]
    return [guess(first, "circle", "square", 0.5), guess(second, "circle", "triangle", 0.8), *right]


def halves(picture: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest rows of truth and prediction of a picture: so many, which leaves the headings out."""
    width = (picture.shape[1] - drawing._GAP) // 2
    return picture[-height:, :width], picture[-height:, width + drawing._GAP :]


def plain_picture(bench: Bench, image: str, size: tuple[int, int], filter: Image.Resampling) -> np.ndarray:
    """An image of the dataset without labels, in a size."""
    with Image.open(bench.folder / image) as opened:
        return np.asarray(opened.convert("RGB").resize(size, filter)).astype(int)


def test_errors_come_in_pages_worst_first(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    bench.evaluate(guesses(bench))
    whole = bench.errors()
    assert (whole["total"], whole["images"]) == (2, 12)
    assert [(one["image"], one["error"]) for one in whole["errors"]] == [
        (bench.images[1], 0.8),
        (bench.images[0], 0.5),
    ]
    assert whole["errors"][0]["items"] == [
        {"kind": "confusion", "category": "circle", "predicted": "triangle", "score": 0.8}
    ]
    assert Path(whole["errors"][0]["path"]).read_bytes() == (bench.folder / bench.images[1]).read_bytes()
    assert bench.errors(1, 1) == {**whole, "errors": whole["errors"][1:]}
    assert bench.errors(2, 5)["errors"] == []


def test_images_are_found_by_what_is_right_or_wrong_in_them(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    bench.evaluate(guesses(bench))

    def found(**wanted: str) -> list[str]:
        answer = findings.list_errors(services, bench.tid, 0, 100, Wanted(**wanted))
        assert answer["total"] == len(answer["errors"])
        return [one["image"] for one in answer["errors"]]

    assert found(kind="confusion", category="circle", predicted="square") == bench.images[:1]
    assert found(category="square") == []
    assert found(kind="right", category="circle") == [image for image in bench.images[2:] if image.startswith("circle")]
    assert sorted(found(kind="right")) == bench.images[2:]


def test_another_evaluation_has_another_list(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    bench.evaluate(guesses(bench))
    assert bench.errors()["total"] == 2
    bench.evaluate(guesses(bench)[1:])
    assert (bench.errors()["total"], bench.errors()["images"]) == (1, 11)


def test_there_is_no_list_without_an_evaluation_of_this_model_on_this_dataset(
    services: Services, tmp_path: Path
) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    with pytest.raises(UserError, match="has not been evaluated yet"):
        bench.errors()
    folder = bench.evaluate(guesses(bench))
    bench.import_(tmp_path / "shapes")
    for ask in (bench.errors, lambda: bench.picture(bench.images[0])):
        with pytest.raises(UserError, match=f"Dataset {bench.did} has been imported anew"):
            ask()
    bench.evaluate(guesses(bench))
    assert bench.errors()["total"] == 2
    bench.run("train")
    with pytest.raises(UserError, match="has not been evaluated yet"):
        bench.errors()
    bench.evaluate(guesses(bench))
    (folder / "predictions.json").unlink()
    for ask in (bench.errors, lambda: bench.picture(bench.images[0])):
        with pytest.raises(UserError, match="kept no answers"):
            ask()


def test_a_deleted_dataset_is_told(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    bench.evaluate(guesses(bench))
    other = datasets.create(services, "other", "", "classification")
    pid = services.workspace.task(bench.tid).pid
    attributes.change(services, "project", pid, {"did": other})
    assert bench.errors()["total"] == 2, "it is still that dataset which was evaluated"
    datasets.delete(services, bench.did)
    with pytest.raises(UserError, match="has been deleted: evaluate it again"):
        bench.errors()


def test_only_evaluated_images_are_drawn(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")
    bench.evaluate(guesses(bench)[:3])
    for image in (bench.images[5], "../../workspace.lock", str(bench.folder / bench.images[0])):
        with pytest.raises(UserError, match="not one that task T0001 was evaluated on"):
            bench.picture(image)
    (bench.folder / bench.images[0]).write_bytes(b"no picture")
    with pytest.raises(UserError, match=Path(bench.images[0]).name):
        bench.picture(bench.images[0])


def test_a_small_picture_with_its_class_is_enlarged(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes", size=32)
    bench.evaluate(guesses(bench))
    truth, prediction = halves(bench.picture(bench.images[0]), 400)
    assert truth.shape[1] == prediction.shape[1] == 400
    assert (truth == drawing.colour(bench.labels.index("circle"))).all(axis=2).any()
    assert (prediction == drawing.colour(bench.labels.index("square"))).all(axis=2).any()
    right = halves(bench.picture(bench.images[2]), 400)
    wrong_differs = (truth != prediction).any(axis=2).mean()
    assert wrong_differs > (right[0] != right[1]).any(axis=2).mean() > 0, "a right one differs by its score alone"


def object_truth(bench: Bench, image: str) -> tuple[Truth, tuple[int, int]]:
    sample = formats.read_sample(bench.folder, bench.project_type, image)
    assert isinstance(sample.label, list)
    size = formats.image_size(str(sample.image))
    return truth_of(sample.label, size, masks=bench.project_type == "instance_segmentation"), size


def object_record(bench: Bench, image: str, keep: slice, shift: int = 0) -> dict[str, Any]:
    """What is said of an image in which the objects of a slice are found, as the class that comes ``shift`` later."""
    truth, size = object_truth(bench, image)
    found = Detections(
        truth.boxes[keep],
        (truth.classes[keep] + shift) % len(bench.labels),
        np.linspace(0.9, 0.7, len(truth.boxes[keep])),
        None if truth.masks is None else truth.masks[keep],
    )
    return image_record(image, size, truth, found, bench.labels, 0.3, 0.5)


@pytest.mark.parametrize("project_type", ["detection", "instance_segmentation"])
def test_objects_are_listed_and_drawn(services: Services, tmp_path: Path, project_type: str) -> None:
    options: dict[str, Any] = {"count": 5, "classes": ("circle", "方形", "triangle"), "objects": 2, "backgrounds": 1}
    bench = Bench(services, project_type, tmp_path / "shapes", size=(160, 300), **options)
    missed, confused, right, half, empty = bench.images
    bench.evaluate(
        [
            object_record(bench, missed, slice(0, 0)),
            object_record(bench, confused, slice(None), shift=1),
            object_record(bench, right, slice(None)),
            object_record(bench, half, slice(1)),
            object_record(bench, empty, slice(None)),
        ]
    )
    found = {one["image"]: one for one in bench.errors()["errors"]}
    assert {name: (one["error"], one["misses"], one["confusions"]) for name, one in found.items()} == {
        missed: (1, 2, 0),
        confused: (1, 0, 2),
        half: (0.5, 1, 0),
    }
    shown = {image: halves(bench.picture(image), 750) for image in bench.images}
    nothing = plain_picture(bench, missed, (400, 750), Image.Resampling.BICUBIC)
    assert np.array_equal(shown[missed][1], nothing)
    assert not np.array_equal(shown[missed][0], nothing)
    assert np.array_equal(*shown[empty])
    assert (shown[confused][0] != shown[confused][1]).any(axis=2).mean() > 0.005
    assert 0 < (shown[right][0] != shown[right][1]).any(axis=2).mean() < 0.05, "scores and an edge of a pixel"


def test_boxes_and_masks_of_a_large_picture_lie_on_their_objects(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "instance_segmentation", tmp_path / "shapes", size=(1600, 800), count=3, objects=1)
    image = bench.images[0]
    bench.evaluate([object_record(bench, image, slice(None))])
    truth, _ = object_truth(bench, image)
    picture = bench.picture(image)
    plain = plain_picture(bench, image, (1000, 500), Image.Resampling.LANCZOS)
    for half in halves(picture, 500):
        changed = (np.abs(half - plain) > 5).any(axis=2)
        x0, y0, x1, y1 = (round(value * 1000 / 1600) for value in truth.boxes[0])
        assert changed[(y0 + y1) // 2, (x0 + x1) // 2]
        changed[max(0, y0 - 40) : y1 + 3, max(0, x0 - 3) : x1 + 3] = False
        assert not changed[:, :x0].any(), "the name alone may reach beyond the object, to its right"


def test_classes_of_pixels_are_listed_and_drawn(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "segmentation", tmp_path / "shapes", count=3, ignored=True)
    records = []
    masks = []
    for number, image in enumerate(bench.images):
        label = formats.read_sample(bench.folder, "segmentation", image).label
        assert isinstance(label, Path)
        truth = formats.read_mask(label)
        found = truth.copy() if number else np.zeros_like(truth)
        found[found == 255] = 0
        masks.append(found)
        confusion = confusion_matrix(truth, found, len(bench.labels))
        records.append({"image": image, "mask": f"masks/{number}.png", **image_result(confusion, bench.labels)})
    folder = bench.evaluate(records)
    (folder / "masks").mkdir()
    for number, found in enumerate(masks):
        Image.fromarray(found).save(folder / f"masks/{number}.png")

    (only,) = bench.errors()["errors"]
    assert (only["image"], only["false_positives"], only["confusions"]) == (bench.images[0], 0, 0)
    assert only["misses"] == sum(item["pixels"] for item in only["items"]) > 0
    assert {item["kind"] for item in only["items"]} == {"miss"}
    truth, prediction = halves(bench.picture(bench.images[0]), 400)
    assert not np.array_equal(truth, prediction)
    assert np.array_equal(*halves(bench.picture(bench.images[1]), 400))
    (folder / "masks/0.png").unlink()
    with pytest.raises(UserError, match="can no longer be read"):
        bench.picture(bench.images[0])


@pytest.mark.parametrize("project_type", TYPES)
def test_a_picture_is_shown_as_people_see_it(services: Services, tmp_path: Path, project_type: str) -> None:
    bench = Bench(services, project_type, tmp_path / "shapes", size=(300, 260), suffix=".jpg")
    image = bench.images[0]
    path = bench.folder / image
    with Image.open(path) as opened:
        exif = opened.getexif()
        exif[0x0112] = 6  # turned by a quarter
        opened.save(path, exif=exif)
    assert read_image(path).shape[:2] == (300, 260)
    if project_type == "classification":
        record: dict[str, Any] = guess(image, "circle", "square", 0.9)
    elif project_type == "segmentation":
        record = {"image": image, "mask": "mask.png", "iou": 0.5, "confused": [], "classes": {}}
    else:
        record = {"image": image, "size": [260, 300], "truths": [], "predictions": []}
    folder = bench.evaluate([record])
    Image.fromarray(np.zeros((300, 260), np.uint8)).save(folder / "mask.png")
    assert bench.picture(image).shape[1] == 2 * 400 + drawing._GAP


def test_predictions_come_in_pages_with_their_pictures(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "segmentation", tmp_path / "shapes")
    answers = [
        {"image": "/a.png", "picture": "a.png", "mask": "masks/a.png", "classes": []},
        {"image": "/b.png", "error": "it cannot be read"},
        {"image": "/c.png", "picture": "c.png", "category": "circle", "score": 0.5},
    ]
    folder = bench.predict(answers)
    found = findings.list_predictions(services, bench.tid, 0, 2)
    assert found["total"] == 3
    assert found["predictions"] == [
        {**answers[0], "picture": str(folder / "a.png"), "mask": str(folder / "masks/a.png")},
        answers[1],
    ]
    last = findings.list_predictions(services, bench.tid, 2, 2)["predictions"]
    assert last == [{**answers[2], "picture": str(folder / "c.png")}]


def test_there_are_no_predictions_before_one_and_after_another_training(services: Services, tmp_path: Path) -> None:
    bench = Bench(services, "classification", tmp_path / "shapes")

    def ask() -> None:
        findings.list_predictions(services, bench.tid, 0, 1)

    with pytest.raises(UserError, match="Nothing has been predicted"):
        ask()
    folder = bench.predict([{"image": "/a.png", "error": "x"}])
    ask()
    bench.run("train")
    with pytest.raises(UserError, match="has been trained anew"):
        ask()
    bench.predict([])
    ask()
    (folder / "result.json").unlink()
    with pytest.raises(UserError, match="are gone"):
        ask()

"""The prediction job: images in, a picture an image and one result file out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.datasets import Sample
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.messages import prediction as messages
from paddlex_restful.paths import unmoved
from paddlex_restful.reports.comparison import beside
from paddlex_restful.results import RESULT_FILE, SINGLE_PICTURE
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device
from paddlex_restful.training.truth import Truth, read_with_truth

Pixels = npt.NDArray[np.uint8]

_LONGEST_SIDE = 1600
"""Pixels of a result picture's longer side; larger images are shrunk, for the picture is there to be looked at."""

_LONGEST_HALF = 1000
"""The same of each half, where the truth is drawn beside the prediction."""

_READABLE_SIDE = 240
"""Pixels of a result picture's shorter side, at least, so that names fit onto it."""

_LONGEST_NAME = 200
"""Bytes of a result picture's name before its ending; file systems allow 255 with it."""


class Predictor(Protocol):
    """A trained model of one project type that answers for images.

    Attributes:
        batch_size: how many images it takes at once.
    """

    batch_size: int

    def read(self, image: Path) -> Pixels:
        """The RGB image of shape [H, W, 3] in a file; called in threads, a ``UserError`` where it cannot be read."""

    def prepare(self, image: Pixels) -> Any:
        """What the net is to see of an image; called in threads."""

    def predict(self, prepared: Sequence[Any]) -> list[Any]:
        """What the net answers for each prepared image."""

    def tell(self, answer: Any, picture: Image.Image, target: Path) -> tuple[dict[str, Any], Image.Image]:
        """An answer as plain JSON, and drawn onto the picture; called in threads.

        Args:
            answer: one of ``predict``.
            picture: the image, shrunk where it is large.
            target: the file that the drawn picture is written to; what belongs to the answer besides goes beside it.
        """


@dataclass(frozen=True)
class Subject:
    """One image to predict.

    Attributes:
        image: the file.
        name: what the result calls it.
        sample: the image with its labels, where they are known.
    """

    image: Path
    name: str
    sample: Sample | None = None


@dataclass(frozen=True)
class _Loaded:
    """An image that was read: what the net is to see of it, its picture, and what is true of it where that is known."""

    prepared: Any
    picture: Image.Image
    truth: Truth | None


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``predict``: see ``predict_images``; the project type brings the predictor."""
    use_device(context)
    return adapter(context.args["type"]).predict(context)


def predict_images(context: JobContext, load: Callable[[], Predictor]) -> dict[str, Any]:
    """Predicts images with a trained model.

    Writes into ``output`` a picture an image (``predict_result.png`` where ``single`` is set) and ``result.json``, a
    list in the order of the images: the prediction with ``image`` and ``picture``, or ``image`` and ``error``. In the
    test split the truth is told as well (see ``truth``), and drawn beside the prediction.

    Args:
        context: args ``type``, ``model``, ``images`` (absolute paths) and ``names`` (how they are told), or ``dataset``
            (its test split), ``single``, ``output``.
        load: makes the predictor, once it is known that there are images.

    Returns:
        ``predicted`` and ``failed``, numbers of images.

    Raises:
        JobFailed: there is no image, or none can be read.
        JobStopped: the job was asked to stop.
    """
    subjects = _subjects(context)
    if not subjects:
        raise JobFailed("no_images", messages.NO_IMAGES)
    context.progress(stage="loading", predict_num=0, total_num=len(subjects))
    predictor = load()
    output = context.path(context.args["output"])
    output.mkdir(parents=True, exist_ok=True)

    context.progress(stage="predicting")
    results: list[dict[str, Any]] = []
    names = [SINGLE_PICTURE] if context.args.get("single") else picture_names([subject.image for subject in subjects])
    for batch in _predict(context, predictor, subjects, [output / name for name in names]):
        results += batch
        context.progress(predict_num=len(results))
    write_atomically(output / RESULT_FILE, results, durable=True)

    failed = [result for result in results if "error" in result]
    if len(failed) == 1 == len(results):
        raise JobFailed("unreadable_image", messages.UNREADABLE, image=failed[0]["image"])
    if len(failed) == len(results):
        raise JobFailed("unreadable_image", messages.ALL_FAILED, count=len(failed), image=failed[0]["image"])
    log(f"Predicted {len(results) - len(failed)} images, {len(failed)} could not be read")
    context.progress(stage="complete", flush=True)
    return {"predicted": len(results) - len(failed), "failed": len(failed)}


def picture_names(images: Sequence[Path]) -> list[str]:
    """Names of result pictures, different for each image, also where file systems ignore case.

    An image whose name is unique keeps it, others get their folder's name in front, and a number where that does not
    tell them apart.
    """
    stems = [_short(image.stem) for image in images]
    times = Counter(stem.casefold() for stem in stems)
    names = [
        stem if times[stem.casefold()] == 1 else _short(f"{image.parent.name}_{stem}")
        for image, stem in zip(images, stems, strict=True)
    ]
    taken: set[str] = set()
    for index, name in enumerate(names):
        number = 1
        while names[index].casefold() in taken:
            number += 1
            names[index] = f"{name}_{number}"
        taken.add(names[index].casefold())
    return [f"{name}.png" for name in names]


def readable(picture: Image.Image) -> Image.Image:
    """The picture, enlarged where it is too small for names; its longer side stays within that of large pictures."""
    enlarged = _READABLE_SIDE / min(picture.size)
    if enlarged <= 1:
        return picture
    width, height = (min(_LONGEST_SIDE, round(side * enlarged)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def _short(name: str) -> str:
    return name.encode("utf-8", "surrogateescape")[:_LONGEST_NAME].decode("utf-8", "ignore")


def _subjects(context: JobContext) -> list[Subject]:
    args = context.args
    if args.get("images") is not None:
        shown = ["image_data"] if args.get("single") else args.get("names", args["images"])
        return [Subject(Path(image), name) for image, name in zip(args["images"], shown, strict=True)]
    folder = context.path(args["dataset"])
    return [
        Subject(sample.image, sample.image.relative_to(folder).as_posix(), sample)
        for sample in datasets.samples(folder, args["type"], "test")
    ]


def _predict(
    context: JobContext, predictor: Predictor, subjects: Sequence[Subject], pictures: Sequence[Path]
) -> Iterator[list[dict[str, Any]]]:
    project_type = context.args["type"]
    labels = datasets.labels(context.path(context.args["dataset"])) if subjects[0].sample is not None else []

    def load(subject: Subject) -> _Loaded:
        if subject.sample is None:
            pixels, truth = predictor.read(unmoved(subject.image)), None
        else:
            pixels, truth = read_with_truth(subject.sample, project_type, labels)
        prepared = predictor.prepare(pixels)
        picture = Image.fromarray(pixels)
        longest = _LONGEST_SIDE if truth is None else _LONGEST_HALF
        picture.thumbnail((longest, longest))
        return _Loaded(prepared, picture if truth is None else readable(picture), truth)

    def save(answer: Any, loaded: _Loaded, target: Path) -> dict[str, Any]:
        told, drawn = predictor.tell(answer, loaded.picture, target)
        if loaded.truth is not None:
            told |= loaded.truth.told
            drawn = beside(loaded.truth.draw(loaded.picture), drawn)
        drawn.save(target, compress_level=1)
        return told

    with ThreadPoolExecutor(reading.threads(), thread_name_prefix="write") as pool:
        for start, batch in reading.batches(subjects, load, predictor.batch_size):
            context.check_stop()
            good = [loaded for loaded in batch if not isinstance(loaded, UserError)]
            answers = iter(predictor.predict([one.prepared for one in good]) if good else [])
            results: list[dict[str, Any]] = []
            saving: list[tuple[dict[str, Any], Future[dict[str, Any]]]] = []
            for index, loaded in enumerate(batch, start):
                result: dict[str, Any] = {"image": subjects[index].name}
                if isinstance(loaded, UserError):
                    result["error"] = messages.UNREADABLE.format(image=subjects[index].name)
                else:
                    result["picture"] = pictures[index].name
                    saving.append((result, pool.submit(save, next(answers), loaded, pictures[index])))
                results.append(result)
            for result, saved in saving:
                result |= saved.result()
            yield results

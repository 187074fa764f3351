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
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.messages import prediction as messages
from paddlex_restful.results import RESULT_FILE, SINGLE_PICTURE
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device

Pixels = npt.NDArray[np.uint8]

_LONGEST_SIDE = 1600
"""Pixels of a result picture's longer side; larger images are shrunk, for the picture is there to be looked at."""

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

    def save(self, answer: Any, picture: Image.Image, target: Path) -> dict[str, Any]:
        """Write the picture with an answer drawn on it, and give the answer as plain JSON; called in threads.

        Args:
            answer: one of ``predict``.
            picture: the image, shrunk where it is large.
            target: the file to write.
        """


@dataclass(frozen=True)
class Subject:
    """One image to predict.

    Attributes:
        image: the file.
        name: what the result calls it.
        label: true class, where it is known.
    """

    image: Path
    name: str
    label: str | None = None


def run(context: JobContext) -> dict[str, Any] | None:
    """The job ``predict``: see ``predict_images``; the project type brings the predictor."""
    use_device(context)
    return adapter(context.args["type"]).predict(context)


def predict_images(context: JobContext, load: Callable[[], Predictor]) -> dict[str, Any]:
    """Predicts images with a trained model.

    Writes into ``output`` a picture an image (``predict_result.png`` where ``single`` is set) and ``result.json``, a
    list in the order of the images: the prediction with ``image`` and ``picture``, or ``image`` and ``error``.

    Args:
        context: args ``type``, ``model``, ``images`` (absolute paths) or ``dataset`` (its test split), ``single``,
            ``output``.
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
        shown = ["image_data"] if args.get("single") else args["images"]
        return [Subject(Path(image), name) for image, name in zip(args["images"], shown, strict=True)]
    folder = context.path(args["dataset"])
    labels = datasets.labels(folder)
    return [
        Subject(
            sample.image,
            sample.image.relative_to(folder).as_posix(),
            labels[sample.label] if isinstance(sample.label, int) else None,
        )
        for sample in datasets.samples(folder, args["type"], "test")
    ]


def _predict(
    context: JobContext, predictor: Predictor, subjects: Sequence[Subject], pictures: Sequence[Path]
) -> Iterator[list[dict[str, Any]]]:
    def load(image: Path) -> tuple[Any, Image.Image]:
        pixels = predictor.read(image)
        prepared = predictor.prepare(pixels)
        picture = Image.fromarray(pixels)
        picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        return prepared, picture

    images = [subject.image for subject in subjects]
    with ThreadPoolExecutor(reading.threads(), thread_name_prefix="write") as pool:
        for start, batch in reading.batches(images, load, predictor.batch_size):
            context.check_stop()
            good = [loaded for loaded in batch if not isinstance(loaded, UserError)]
            answers = iter(predictor.predict([prepared for prepared, _ in good]) if good else [])
            results: list[dict[str, Any]] = []
            saving: list[tuple[dict[str, Any], Future[dict[str, Any]]]] = []
            for index, loaded in enumerate(batch, start):
                result: dict[str, Any] = {"image": subjects[index].name}
                if subjects[index].label is not None:
                    result["label"] = subjects[index].label
                if isinstance(loaded, UserError):
                    result["error"] = messages.UNREADABLE.format(image=subjects[index].name)
                else:
                    result["picture"] = pictures[index].name
                    saving.append((result, pool.submit(predictor.save, next(answers), loaded[1], pictures[index])))
                results.append(result)
            for result, saved in saving:
                result |= saved.result()
            yield results

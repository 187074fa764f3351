"""The prediction job: images in, a picture an image and one result file out."""

from __future__ import annotations

import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from paddlex_restful import datasets
from paddlex_restful.cores import rest_between_products
from paddlex_restful.datasets import Sample
from paddlex_restful.errors import UserError
from paddlex_restful.imaging.image import Pixels, read_image
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.messages import prediction as messages
from paddlex_restful.paths import unmoved
from paddlex_restful.reports.comparison import beside
from paddlex_restful.results import MASKS_FOLDER, RESULT_FILE, SINGLE_PICTURE
from paddlex_restful.training import reading
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device
from paddlex_restful.training.truth import Truth, read_with_truth

_LONGEST_SIDE = 1600
"""Pixels of a result picture's longer side; larger images are shrunk, for the picture is there to be looked at."""

_LONGEST_HALF = 1000
"""The same of each half, where the truth is drawn beside the prediction."""

_READABLE_SIDE = 224
"""Pixels of a result picture's shorter side, at least, so that names fit onto it."""

_LONGEST_NAME = 200
"""Bytes of a result picture's name before its ending; file systems allow 255 with it."""


_JPEG: Mapping[str, Any] = {"quality": 92, "subsampling": 0}
"""How result pictures of many images are written, in a tenth of the time that PNG takes; small text stays sharp."""

FAST_PNG: Mapping[str, Any] = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""How a PNG is written that is looked at once: faster than by the level alone, and no larger."""

_WORTH_TRACING = 256
"""Images from which on it takes less time to trace a net first: a small one takes a second, and saves 8 ms an image."""


@dataclass(frozen=True)
class Told:
    """What a model says of one image.

    Attributes:
        fields: plain JSON.
        draw: draws it onto a picture of the image.
        mask: of segmentation, the class ids of the pixels in the image's size, with a palette.
    """

    fields: dict[str, Any]
    draw: Callable[[Image.Image], Image.Image]
    mask: Image.Image | None = None


class Predictor(Protocol):
    """A trained model of one project type that answers for images.

    Attributes:
        batch_size: how many images it takes at once.
    """

    batch_size: int

    @property
    def trace(self) -> Callable[[], None] | None:
        """Call it, and it answers the same faster on the processor; it takes seconds. None where that cannot be had."""

    def prepare(self, image: Pixels) -> Any:
        """What the net is to see of an RGB image of shape [H, W, 3]; called in threads."""

    def predict(self, prepared: Sequence[Any]) -> list[Any]:
        """What the net answers for each prepared image."""

    def tell(self, answer: Any, score_thresh: float) -> Told:
        """What is told of an image; called in threads.

        Args:
            answer: one of ``predict``.
            score_thresh: lowest score of an object that is told and drawn.
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


def run(context: JobContext) -> dict[str, Any]:
    """The job ``predict``: predicts images with a trained model.

    Writes into ``output`` a picture an image (``predict_result.png`` where ``single`` is set) and ``result.json``, a
    list in the order of the images: the prediction with ``image`` and ``picture``, or ``image`` and ``error``. In the
    test split the truth is told as well (see ``truth``), and drawn beside the prediction.

    Args:
        context: args ``type``, ``model``, ``images`` (absolute paths) and ``names`` (how they are told), or ``dataset``
            (its test split), ``single``, ``score_thresh`` and ``output``.

    Returns:
        ``predicted`` and ``failed``, numbers of images.

    Raises:
        JobFailed: there is no image, or none can be read.
        JobStopped: the job was asked to stop.
    """
    rest_between_products()
    use_device(context)
    subjects = _subjects(context)
    if not subjects:
        raise JobFailed("no_images", messages.NO_IMAGES)
    context.progress(stage="loading", predict_num=0, total_num=len(subjects))
    predictor = adapter(context.args["type"]).predictor(context.path(context.args["model"]))
    if not context.gpus and len(subjects) >= _WORTH_TRACING and predictor.trace is not None:
        predictor.trace()
    output = context.path(context.args["output"])
    output.mkdir(parents=True, exist_ok=True)

    context.progress(stage="predicting")
    results: list[dict[str, Any]] = []
    images = [subject.image for subject in subjects]
    names = [SINGLE_PICTURE] if context.args.get("single") else picture_names(images, ".jpg")
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


def picture_names(images: Sequence[Path], ending: str) -> list[str]:
    """Names of result pictures, different for each image, also where file systems ignore case.

    An image whose name is unique keeps it, others get their folder's name in front, and a number where that does not
    tell them apart.

    Args:
        images: their files.
        ending: of the names, such as ``.png``.
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
    return [f"{name}{ending}" for name in names]


def shown(image: Pixels, longest: int = _LONGEST_SIDE) -> Image.Image:
    """The picture of an image on which is drawn, shrunk where its longer side has more pixels than that."""
    picture = Image.fromarray(image)
    picture.thumbnail((longest, longest))
    return picture


def save_mask(mask: Image.Image, picture: Path) -> str:
    """Write ``Told.mask`` as a PNG below the folder of a result picture; gives its path relative to that."""
    file = picture.parent / MASKS_FOLDER / f"{picture.stem}.png"
    file.parent.mkdir(exist_ok=True)
    mask.save(file, bits=8)
    return f"{MASKS_FOLDER}/{file.name}"


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
    project_type, score_thresh = context.args["type"], float(context.args["score_thresh"])
    labels = datasets.labels(context.path(context.args["dataset"])) if subjects[0].sample is not None else []

    def load(subject: Subject) -> _Loaded:
        if subject.sample is None:
            pixels, truth = read_image(unmoved(subject.image)), None
        else:
            pixels, truth = read_with_truth(subject.sample, project_type, labels)
        prepared = predictor.prepare(pixels)
        picture = shown(pixels, _LONGEST_SIDE if truth is None else _LONGEST_HALF)
        return _Loaded(prepared, picture if truth is None else readable(picture), truth)

    def save(answer: Any, loaded: _Loaded, target: Path) -> dict[str, Any]:
        told = predictor.tell(answer, score_thresh)
        drawn, fields = told.draw(loaded.picture), told.fields
        if loaded.truth is not None:
            fields |= loaded.truth.told
            drawn = beside(loaded.truth.draw(loaded.picture), drawn)
        drawn.save(target, **(_JPEG if target.suffix == ".jpg" else FAST_PNG))
        if told.mask is not None:
            fields["mask"] = save_mask(told.mask, target)
        return fields

    with ThreadPoolExecutor(reading.threads(), thread_name_prefix="write") as pool:
        # The net goes on with the next batch while the pictures of one are drawn.
        under_way: deque[_Batch] = deque()
        for start, batch in reading.batches(subjects, load, predictor.batch_size):
            context.check_stop()
            good = [loaded for loaded in batch if not isinstance(loaded, UserError)]
            answers = iter(predictor.predict([one.prepared for one in good]) if good else [])
            saving: _Batch = []
            for index, loaded in enumerate(batch, start):
                result: dict[str, Any] = {"image": subjects[index].name}
                saved = None
                if isinstance(loaded, UserError):
                    result["error"] = messages.UNREADABLE.format(image=subjects[index].name)
                else:
                    result["picture"] = pictures[index].name
                    saved = pool.submit(save, next(answers), loaded, pictures[index])
                saving.append((result, saved))
            under_way.append(saving)
            if len(under_way) > 1:
                yield _told(under_way.popleft())
        for saving in under_way:
            yield _told(saving)


_Batch = list[tuple[dict[str, Any], Future[dict[str, Any]] | None]]
"""What is told of the images of a batch, and what comes to it when their pictures are drawn."""


def _told(batch: _Batch) -> list[dict[str, Any]]:
    return [result if saved is None else result | saved.result() for result, saved in batch]

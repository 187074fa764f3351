"""Batches: complete, repeatable, ready ahead."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlex_restful.datasets import Sample
from paddlex_restful.imaging.augment import Augment
from paddlex_restful.imaging.preprocess import Preprocess
from paddlex_restful.jobs.context import JobFailed, JobStopped
from paddlex_restful.training.classification.data import Batch, ImageSet
from paddlex_restful.training.parallel import World
from paddlex_restful.training.reading import ahead, cache_budget
from tests.images import scramble

PREPROCESS = Preprocess(8, 8, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
IMAGE_BYTES = 8 * 8 * 3
ALONE = World()
PLAIN = Augment({"image_mean": [0.5] * 3})
LIVELY = Augment({"image_mean": [0.5] * 3, "brightness": True, "brightness_prob": 1.0, "brightness_range": 0.9})


def ignore(done: int, total: int) -> None:
    """Nobody wants to know."""


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    made = []
    for index in range(9):
        Image.new("RGB", (10, 10), (index * 20, 0, 0)).save(tmp_path / f"{index}.png")
        made.append(Sample(tmp_path / f"{index}.png", index % 3))
    return made


def trained_on(images: ImageSet, epoch: int = 1, seed: int = 0, augment: Augment = PLAIN) -> list[Batch]:
    """The batches of four of an epoch."""
    return [batch for batch, _ in images.epoch(epoch, seed, 4, augment, ALONE)]


def which(batches: list[Batch]) -> list[int]:
    """Numbers of the images in batches that are not changed."""
    return [round(float(image[0, 0, 0]) * 255) // 20 for images, _ in batches for image in images]


def test_an_epoch_has_every_image_once_with_its_label(samples: list[Sample]) -> None:
    images = ImageSet(samples, PREPROCESS, 10**9, ignore)
    batches = trained_on(images)
    assert sorted(which(batches)) == list(range(9))
    labels = np.concatenate([labels for _, labels in batches])
    assert labels.tolist() == [index % 3 for index in which(batches)]


def test_order_and_changes_follow_from_seed_and_epoch(samples: list[Sample]) -> None:
    def pixels(epoch: int, seed: int, augment: Augment) -> list[float]:
        images = ImageSet(samples, PREPROCESS, 10**9, ignore)
        batches = trained_on(images, epoch, seed, augment)
        return np.concatenate([images for images, _ in batches])[:, 0, 0, 0].tolist()

    assert pixels(1, 0, LIVELY) == pixels(1, 0, LIVELY)
    assert pixels(1, 0, PLAIN) != pixels(2, 0, PLAIN)
    assert pixels(1, 0, PLAIN) != pixels(1, 1, PLAIN)
    assert sorted(pixels(1, 0, LIVELY)) != sorted(pixels(2, 0, LIVELY))


@pytest.mark.parametrize("kept", [0, 4, 9])
def test_images_that_memory_does_not_hold_are_read_again(samples: list[Sample], kept: int) -> None:
    whole = ImageSet(samples, PREPROCESS, 10**9, ignore)
    part = ImageSet(samples, PREPROCESS, kept * IMAGE_BYTES + 1, ignore)
    assert part.nbytes == kept * IMAGE_BYTES
    assert which(list(part.batches(4))) == which(list(whole.batches(4))) == list(range(9))
    assert which(trained_on(part, 3)) == which(trained_on(whole, 3))


def test_reading_tells_how_far_it_is_and_can_be_stopped(samples: list[Sample]) -> None:
    seen: list[tuple[int, int]] = []
    ImageSet(samples, PREPROCESS, 10**9, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (9, 9)

    def stop(done: int, total: int) -> None:
        raise JobStopped

    with pytest.raises(JobStopped):
        ImageSet(samples, PREPROCESS, 10**9, stop)


@pytest.mark.parametrize("kept", [0, 9])
def test_an_unreadable_image_is_named_whenever_it_is_read(samples: list[Sample], kept: int) -> None:
    scramble(samples[7].image)
    with pytest.raises(JobFailed, match=r"7\.png"):
        trained_on(ImageSet(samples, PREPROCESS, kept * IMAGE_BYTES, ignore))


def test_the_budget_is_a_part_of_the_free_memory() -> None:
    assert 10**6 < cache_budget() < 10**12


def test_things_made_ahead_come_in_order() -> None:
    first = threading.Event()

    def make(number: int) -> int:
        if number == 0:
            assert first.wait(120)
        if number == 1:
            first.set()
        return number * number

    assert list(ahead(make, range(20), 2)) == [number * number for number in range(20)]


def test_no_more_is_made_than_a_few_ahead() -> None:
    made: list[int] = []
    things = ahead(lambda number: made.append(number) or number, range(1000), 2)
    assert next(things) == 0
    things.close()  # type: ignore[attr-defined]
    assert len(made) <= 3


def test_what_making_raises_is_raised_in_its_turn() -> None:
    before = set(threading.enumerate())
    things = ahead(lambda number: 6 // (3 - number), range(5), 2)
    assert [next(things) for _ in range(3)] == [2, 3, 6]
    with pytest.raises(ZeroDivisionError):
        next(things)
    # Those of a test before may be there until the garbage is collected.
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("batch")]

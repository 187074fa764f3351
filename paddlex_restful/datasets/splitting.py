"""Splits an imported dataset into training, validation and test images."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from paddlex_restful.datasets import store
from paddlex_restful.datasets.formats import format_of
from paddlex_restful.durable import write_durably
from paddlex_restful.enums import ProjectType
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages


def split(folder: Path, type: str, val: float, test: float, seed: int = 0) -> dict[str, int]:
    """Split a dataset anew, durably: ``split.json`` and the conventional lists of the format.

    Classification is split class by class, in equal shares, and every class keeps an image for training.

    Args:
        folder: the dataset.
        type: project type's name.
        val: share of the validation images, of all; 0 or more. A share above 0 gets at least one image.
        test: share of the test images; ``val + test`` is less than 1.
        seed: the same seed gives the same split.

    Returns:
        number of images of ``train``, ``val`` and ``test``.

    Raises:
        UserError: the dataset is not imported, a share is impossible, or there are too few images.
    """
    _check_shares(val, test)
    statistics = store.load_statistics(folder)
    images = list(statistics.file_info)
    classified = format_of(type) is format_of(ProjectType.CLASSIFICATION)
    if classified and len(statistics.labels) < 2:
        raise UserError(messages.ONE_CLASS_YET)
    groups = statistics.label_info if classified else {"": images}
    if not images or len(images) < 1 + (val > 0) + (test > 0):
        raise UserError(messages.TOO_FEW_IMAGES, images=len(images), hint="")
    parts = divide(groups, _count(val, len(images)), _count(test, len(images)), seed)
    if parts is None:
        raise UserError(messages.TOO_FEW_IMAGES, images=len(images), hint=messages.TOO_FEW_HINT)
    for name, content in format_of(type).lists(folder, statistics, parts).items():
        write_durably(folder / name, content)
    store.save_split(folder, parts)
    return {name: len(members) for name, members in parts.items()}


def divide(groups: Mapping[str, Sequence[str]], val: int, test: int, seed: int) -> store.Split | None:
    """Divide images group by group, so that each group's shares are as equal as whole images allow.

    Every group keeps at least one image for training; where there are not enough others, ``test`` and then ``val`` get
    fewer, but at least one.

    Args:
        groups: images by group.
        val: number of validation images that is wished.
        test: number of test images that is wished.
        seed: of the random order.

    Returns:
        the images of ``train``, ``val`` and ``test`` in random order; None when there are too few.
    """
    sizes = [len(images) for images in groups.values()]
    spare = [max(0, size - 1) for size in sizes]
    if sum(spare) < min(val, 1) + min(test, 1):
        return None
    val = min(val, sum(spare) - min(test, 1))
    test = min(test, sum(spare) - val)
    of_val = apportion(val, sizes, spare)
    of_test = apportion(test, sizes, [free - taken for free, taken in zip(spare, of_val, strict=True)])
    rng = random.Random(seed)
    parts: store.Split = {name: [] for name in store.SPLITS}
    for images, first, second in zip(groups.values(), of_val, of_test, strict=True):
        shuffled = sorted(images)
        rng.shuffle(shuffled)
        parts["val"] += shuffled[:first]
        parts["test"] += shuffled[first : first + second]
        parts["train"] += shuffled[first + second :]
    for members in parts.values():
        rng.shuffle(members)
    return parts


def apportion(total: int, weights: Sequence[int], limits: Sequence[int]) -> list[int]:
    """Divide ``total`` whole things in proportion to weights, by largest remainder, none above its limit.

    Args:
        total: how many; at most the sum of the limits.
        weights: size of each group.
        limits: most that each group can take.
    """
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    taken = [min(math.floor(share), limit) for share, limit in zip(exact, limits, strict=True)]
    while sum(taken) < total:
        open_groups = [index for index, limit in enumerate(limits) if taken[index] < limit]
        open_groups.sort(key=lambda index: taken[index] - exact[index])
        for index in open_groups[: total - sum(taken)]:
            taken[index] += 1
    return taken


def _check_shares(val: float, test: float) -> None:
    for field, value in (("val_split", val), ("test_split", test)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < 1:
            raise UserError(messages.FRACTION_BAD, field=field, value=value)
    # Fractions such as 0.7 and 0.3 may add up to a hair less than 1.
    if val + test > 1 - 1e-9:
        raise UserError(messages.FRACTIONS_TOO_LARGE, total=round(val + test, 6))


def _count(share: float, images: int) -> int:
    """Whole images of a share, rounded down, but not to nothing; 0.29 of 100 is 29 in spite of binary fractions."""
    return max(1, math.floor(share * images + 1e-6)) if share > 0 else 0

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.training.reading import batches

PATHS = [Path(str(number)) for number in range(10)]


def test_batches_come_in_order_and_the_last_is_smaller() -> None:
    assert list(batches(PATHS, str, 4)) == [(0, list("0123")), (4, list("4567")), (8, list("89"))]


def test_what_cannot_be_loaded_keeps_its_place() -> None:
    def load(path: Path) -> str:
        if path.name == "1":
            raise UserError("{name} is bad", name=path.name)
        return path.name

    ((_, first), *_) = batches(PATHS, load, 3)
    assert (first[0], str(first[1]), first[2]) == ("0", "1 is bad", "2")


def test_an_error_of_the_program_is_raised() -> None:
    def load(path: Path) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(batches(PATHS, load, 3))


def test_reading_stays_at_most_one_batch_ahead() -> None:
    read: list[str] = []
    lock = threading.Lock()

    def load(path: Path) -> str:
        with lock:
            read.append(path.name)
        return path.name

    stream = batches(PATHS, load, 2)
    next(stream)
    assert len(read) <= 4
    stream.close()
    assert len(read) <= 4


def test_nothing_to_read_gives_no_batch() -> None:
    assert list(batches([], str, 4)) == []

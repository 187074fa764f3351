"""Images read ahead by threads while the net works on the batch before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from paddlex_restful.cores import cores_of_job
from paddlex_restful.errors import UserError

T = TypeVar("T")

_MOST_THREADS = 8


def threads() -> int:
    """How many threads decode: one a core of the job's slot, and no more than help."""
    return min(_MOST_THREADS, cores_of_job())


def batches(images: Sequence[Path], load: Callable[[Path], T], size: int) -> Iterator[tuple[int, list[T | UserError]]]:
    """Loads images in order, a batch at a time, at most one batch ahead of the one in use.

    Args:
        images: the files.
        load: reads one file; called in threads. What it raises as a ``UserError`` is handed on in the file's place.
        size: images a batch; the last one may be smaller.

    Yields:
        Index of the batch's first image and what was loaded.
    """
    with ThreadPoolExecutor(threads(), thread_name_prefix="read") as pool:
        waiting: deque[Future[T | UserError]] = deque()
        paths = iter(images)
        try:
            for start in range(0, len(images), size):
                for path in paths:
                    waiting.append(pool.submit(_load, load, path))
                    if len(waiting) == 2 * size:
                        break
                yield start, [waiting.popleft().result() for _ in range(min(size, len(images) - start))]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _load(load: Callable[[Path], T], path: Path) -> T | UserError:
    try:
        return load(path)
    except UserError as error:
        return error

"""Images read and changed ahead by threads while the net works on the batch before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import psutil

from paddlex_restful.cores import cores_of_job
from paddlex_restful.errors import UserError

S = TypeVar("S")
T = TypeVar("T")

_MOST_THREADS = 8
_CACHE_SHARE = 0.25


def threads() -> int:
    """How many threads decode: one a core of the job's slot, and no more than help."""
    return min(_MOST_THREADS, cores_of_job())


def cache_budget() -> int:
    """Bytes that decoded images may take: a quarter of the memory that is free, also within a container's limit."""
    free = psutil.virtual_memory().available
    limit, used = (Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory.current"))
    if limit.exists() and limit.read_text().strip().isdigit():
        free = min(free, int(limit.read_text()) - int(used.read_text()))
    return max(0, int(free * _CACHE_SHARE))


def ahead(make: Callable[[S], T], items: Iterable[S], workers: int) -> Iterator[T]:
    """Make things in threads, a few ahead of the one that is in use, and give them in order.

    Args:
        make: called in the threads; what it raises is raised here, in its turn.
        items: what each is made of.
        workers: number of threads, and of things that are made ahead.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batch")
    made: deque[Future[T]] = deque()
    try:
        for item in items:
            made.append(pool.submit(make, item))
            if len(made) > workers:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def in_parts(make: Callable[[range], T], count: int, size: int) -> Iterator[T]:
    """Make batches of so many things in their order, a few ahead of the one that is in use.

    Args:
        make: makes a batch of the things with these indices; called in threads.
        count: of the things.
        size: of a batch; the last one may be smaller.
    """
    parts = (range(start, min(start + size, count)) for start in range(0, count, size))
    return ahead(make, parts, threads())


def batches(images: Sequence[S], load: Callable[[S], T], size: int) -> Iterator[tuple[int, list[T | UserError]]]:
    """Loads images in order, a batch at a time, at most one batch ahead of the one in use.

    Args:
        images: the files, or what else names them.
        load: reads one file; called in threads. What it raises as a ``UserError`` is handed on in the file's place.
        size: images a batch; the last one may be smaller.

    Yields:
        Index of the batch's first image and what was loaded.
    """
    with ThreadPoolExecutor(threads(), thread_name_prefix="read") as pool:
        waiting: deque[Future[T | UserError]] = deque()
        coming = iter(images)
        try:
            for start in range(0, len(images), size):
                for image in coming:
                    waiting.append(pool.submit(_load, load, image))
                    if len(waiting) == 2 * size:
                        break
                yield start, [waiting.popleft().result() for _ in range(min(size, len(images) - start))]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _load(load: Callable[[S], T], image: S) -> T | UserError:
    try:
        return load(image)
    except UserError as error:
        return error


def usable(loaded: T | UserError) -> T:
    """What was read, where one image that cannot be read ends the work.

    Args:
        loaded: of ``batches``.

    Raises:
        UserError: it could not be read.
    """
    if isinstance(loaded, UserError):
        raise loaded
    return loaded

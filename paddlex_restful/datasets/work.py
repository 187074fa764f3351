"""Does one thing to many files: with progress, stoppable, on several cores where that pays."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from paddlex_restful.cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 64
_SAMPLE = 32
_HEAVY = 48 * 1024
"""Mean bytes a file from which threads pay; below, waiting for the interpreter lock costs more than a core brings."""


def workers_for(paths: Sequence[str]) -> int:
    """How many threads are good for these files: one for small files, one a core for large ones."""
    sample = paths[:: max(1, len(paths) // _SAMPLE)]
    total = sum(size_of(path) for path in sample)
    return usable_cores() if sample and total / len(sample) >= _HEAVY else 1


def each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    step: Callable[[float], None],
    workers: int = 1,
) -> list[Result]:
    """The results of ``function`` for all items, in their order.

    Args:
        function: called from several threads when ``workers`` is more than 1.
        items: what to call it with.
        step: called in this thread after every few items with the percentage done; may raise to end the work.
        workers: number of threads.

    Raises:
        Exception: the first one that ``function`` or ``step`` raised; nothing runs any more then.
    """
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    results: list[Result] = []

    def work(chunk: Sequence[Item]) -> list[Result]:
        return [function(item) for item in chunk]

    def collect(done: list[Result]) -> None:
        results.extend(done)
        step(100.0 * len(results) / len(items))

    if workers == 1:
        for chunk in chunks:
            collect(work(chunk))
        return results
    pool = ThreadPoolExecutor(workers)
    try:
        for done in pool.map(work, chunks):
            collect(done)
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def size_of(path: str) -> int:
    """Bytes of a file; 0 for one that is gone."""
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0

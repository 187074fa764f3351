"""Writes checkpoints while the training goes on: to sync one takes the disk as long as some steps take the net."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from paddlex_restful.training.reporter import log


class Saving:
    """One write at a time, in a thread of its own; whoever leaves the context waits for it."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._written: Future[None] | None = None

    def begin(self, write: Callable[[], None]) -> None:
        """Begin to write, when what was begun before is through.

        Args:
            write: writes a checkpoint of things that nobody changes any more, and tells of it; called in the thread.

        Raises:
            OSError: what was begun before could not be written.
        """
        self.finish()
        self._written = self._writer.submit(write)

    def look(self) -> None:
        """Notice soon if what was begun failed.

        Raises:
            OSError: it could not be written.
        """
        if self._written is not None and self._written.done():
            self.finish()

    def finish(self) -> None:
        """Wait until what was begun is through.

        Raises:
            OSError: it could not be written.
        """
        written, self._written = self._written, None
        if written is not None:
            written.result()

    def __enter__(self) -> Saving:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except OSError as failure:
            if error is None:
                raise
            # Why the training ends stays the reason.
            log(f"The last checkpoint could not be written: {failure}")
        finally:
            self._writer.shutdown()

"""What a job's function is given: its arguments, its progress file and the wish to stop."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.paths import unmoved

PROGRESS_FILE = "progress.json"
LOG_FILE = "out.log"

_INTERVAL = 0.1
"""Seconds between two writes of the progress file."""


class JobStopped(Exception):  # noqa: N818  a wish that was followed, not an error
    """Raised by a job that ends because it was asked to stop."""


class JobFailed(UserError):  # noqa: N818  the word of the state
    """A failure with a sentence for people and a word for programs.

    Args:
        reason: one lower-case word, such as ``download`` or ``check``.
        template: a sentence of ``paddlex_restful.messages``, with named ``{fields}``.
        values: what the fields stand for.
    """

    def __init__(self, reason: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.template, self.values)


def _rebuild(reason: str, template: str, values: dict[str, object]) -> JobFailed:
    return JobFailed(reason, template, **values)


class JobContext:
    """One job, seen from inside its process.

    Args:
        kind: name of the kind, such as ``train``.
        subject: id that the job works on, such as ``T0001``.
        folder: the job's own folder; it exists.
        root: folder of the workspace.
        args: the arguments of the kind, as JSON gives them; paths in them are relative to ``root``.
        gpus: numbers of the leased GPUs as the machine counts them; empty on the processor. Inside the process the
            first of them is device 0.
    """

    def __init__(
        self, kind: str, subject: str, folder: Path, root: Path, args: dict[str, Any], gpus: tuple[int, ...] = ()
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.folder = folder
        self.root = root
        self.args = args
        self.gpus = gpus
        self._began = time.monotonic()
        self._fields: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._written_at = float("-inf")
        self._pending = False
        self._stop = False

    @property
    def log_file(self) -> Path:
        """The file that holds stdout and stderr of the process."""
        return self.folder / LOG_FILE

    def path(self, named: str) -> Path:
        """Path that the arguments name, relative to the workspace or absolute.

        Raises:
            UserError: it leads elsewhere than when the job was submitted.
        """
        return unmoved(self.root / named)

    def progress(self, *, flush: bool = False, **fields: Any) -> None:
        """Merge fields into the progress that the server shows.

        The file is replaced at most ten times a second; a changed ``stage`` and ``flush`` are written at once, and
        what is left when the job ends is written then. Figures that are not finite are written as null. Each writing
        adds ``running_seconds``, how long the job has run; the time in which the machine was suspended does not count.

        Args:
            flush: write at once.
            fields: plain JSON values; numpy figures are taken too.

        Raises:
            OSError: the file cannot be written.
        """
        with self._lock:
            new_stage = "stage" in fields and fields["stage"] != self._fields.get("stage")
            self._fields.update(fields)
            self._pending = True
            if flush or new_stage or time.monotonic() - self._written_at >= _INTERVAL:
                self._write()

    def flush_progress(self) -> None:
        """Write what ``progress`` still holds back."""
        with self._lock:
            if self._pending:
                self._write()

    def _write(self) -> None:
        # Never fsynced: a progress that a power cut loses belongs to a job that it killed.
        now = time.monotonic()
        fields = {**self._fields, "running_seconds": round(now - self._began, 1)}
        write_atomically(self.folder / PROGRESS_FILE, fields, durable=False)
        self._written_at = now
        self._pending = False

    def request_stop(self) -> None:
        """Ask the job to end between two steps; called by the handler of SIGTERM."""
        self._stop = True

    def stop_requested(self) -> bool:
        """Whether the job was asked to stop."""
        return self._stop

    def check_stop(self) -> None:
        """Raise ``JobStopped`` if the job was asked to stop; for a place between two steps."""
        if self._stop:
            raise JobStopped

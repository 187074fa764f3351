"""The control loop that notices the end of processes and concludes their jobs."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from paddlex_restful.jobs import outcome, states
from paddlex_restful.jobs.executor import Process
from paddlex_restful.jobs.files import PROCESS_FILE
from paddlex_restful.jobs.identity import Identity, boot_id
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.store import JobStore
from paddlex_restful.messages import jobs as messages

_POLL = 0.2
"""Seconds between two looks at processes whose end the system does not tell."""

_LEFT_BEHIND = 2.0
"""Seconds that processes which a job left behind are given to vanish once they are killed."""

_EXIT_CODE = 10.0
"""Seconds to wait for the exit code of a process that has ended, which a busy fork server tells late."""

_log = logging.getLogger(__name__)


@dataclass
class _Watched:
    job: Job
    identity: Identity
    process: Process | None
    descriptor: int | None = None
    exit_code: int | None = None
    told: bool = False

    def close(self) -> None:
        """Give back what is held for it; its process goes on."""
        if self.process is not None:
            self.process.close()
        if self.descriptor is not None:
            os.close(self.descriptor)


class Watcher:
    """Waits for the processes of all jobs in one thread, also for those that an earlier server started.

    Args:
        store: the records.
        on_end: called after each conclusion.
    """

    def __init__(self, store: JobStore, on_end: Callable[[], None]) -> None:
        self._store = store
        self._on_end = on_end
        self._new: deque[_Watched] = deque()
        self._polled: list[_Watched] = []
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._closing = False
        self._waking = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="job-watcher", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def watch(self, job: Job, process: Process | None = None) -> None:
        """Conclude a job when its process ends.

        Args:
            job: a record with a process.
            process: what the executor gave; None for a process of an earlier server.
        """
        assert job.identity is not None
        self._new.append(_Watched(job, job.identity, process))
        self._rouse()

    def conclude(self, job: Job, code: int | None = None, *, inherited: bool = False, again: bool = False) -> None:
        """Conclude a job whose process is gone: end what it left behind and put its outcome on record.

        One that an earlier server put on record, but did not live to tell which job it is, is queued again.

        Args:
            job: a record of it.
            code: exit code of the process, negative for a signal; None when nobody could see it.
            inherited: an earlier server started it.
            again: it was tried before, so that only the record is missing.

        Raises:
            sqlite3.Error: the record cannot be changed now.
        """
        now = self._store.latest(job.subject, job.kind)
        if now is None or now.id != job.id or now.identity is None or not now.active:
            return
        now.identity.send_group(signal.SIGKILL)
        if not now.identity.wait_group(_LEFT_BEHIND):
            _log.warning("Processes %s of %s %s do not end", now.identity.group(), now.kind, now.subject)
        if inherited and _was_never_told(now):
            unset = {"started": None, "pid": None, "start_time": None, "boot_id": None}
            if self._store.move(now, (states.RUNNING,), states.QUEUED, **unset) is None:  # a stop came first
                self.conclude(job, code, again=again)
            return
        end = outcome.of_ended(now, code)
        if not again:
            end.write_if_missing(now.folder)
        self._store.move(
            now,
            states.ALIVE,
            end.state,
            message=end.message,
            reason=end.reason,
            result=end.result,
            ended=end.ended,
        )

    def close(self) -> None:
        """End the thread; the processes go on."""
        self._rouse(closing=True)
        self._thread.join()
        for watched in (*self._polled, *self._new, *(key.data for key in self._selector.get_map().values())):
            if watched is not None:
                watched.close()
        self._selector.close()
        os.close(self._woken)
        os.close(self._wake)

    def _rouse(self, *, closing: bool = False) -> None:
        with self._waking:
            if self._closing:
                return
            self._closing = closing
            try:
                os.write(self._wake, b"\0")
            except BlockingIOError:  # it is full of wake-ups already
                return

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(_POLL if self._polled else None):
                if key.data is None:
                    os.read(self._woken, 4096)
                else:
                    self._leave_selector(key.data)
            while self._new:
                self._take(self._new.popleft())
            self._polled = [watched for watched in self._polled if not self._ended(watched)]

    def _take(self, watched: _Watched) -> None:
        try:
            watched.descriptor = watched.identity.open()
            if watched.descriptor is not None:
                self._selector.register(watched.descriptor, selectors.EVENT_READ, watched)
                return
        except OSError as error:  # it is gone, or the system has no descriptor to spare
            _log.info("Process %s is looked at from time to time: %s", watched.identity.pid, error)
        self._polled.append(watched)

    def _leave_selector(self, watched: _Watched) -> None:
        assert watched.descriptor is not None
        self._selector.unregister(watched.descriptor)
        os.close(watched.descriptor)
        watched.descriptor = None
        self._polled.append(watched)

    def _ended(self, watched: _Watched) -> bool:
        gone = False
        try:
            gone = not watched.identity.alive()
            if not gone:
                return False
            if watched.process is not None and watched.exit_code is None:
                # It can be read once, and is needed again where the end cannot be recorded at the first attempt.
                watched.exit_code = watched.process.exit_code(_EXIT_CODE)
            inherited = watched.process is None
            self.conclude(watched.job, watched.exit_code, inherited=inherited, again=watched.told)
        except Exception:  # noqa: BLE001  a full disk, no descriptor to spare: looked at again until it can be done
            if not watched.told:
                _log.exception("The end of %s %s cannot be put on record yet", watched.job.kind, watched.job.subject)
                watched.told = True
            if gone:
                self._store.say(watched.job, messages.END_NOT_RECORDED)
            return False
        watched.close()
        self._on_end()
        return True


def _was_never_told(job: Job) -> bool:
    # After a restart of the machine the missing file says nothing: it is not written durably.
    begun = (job.folder / PROCESS_FILE).exists() or outcome.read(job.folder) is not None
    return job.state == states.RUNNING and job.boot_id == boot_id() and not begun

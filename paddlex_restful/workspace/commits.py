"""Durable changes in groups: threads that wait for the disk are served by one write.

Every change joins a queue. The thread that gets the writer's lock applies all that wait to one copy of the entries and
writes it once; the others find their change settled when they get the lock (group commit, as databases do it).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar, cast

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.snapshot import Snapshot
from paddlex_restful.workspace.statefile import StateFile

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Pending(Generic[T]):
    """A change that waits: what it does, what must be durable before it, and what came of it."""

    def __init__(self, mutate: Callable[[pb.Workspace], T], folders: Sequence[Path]) -> None:
        self.mutate = mutate
        self.folders = folders
        self.settled = False
        self.result: T | None = None
        self.error: BaseException | None = None

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return cast("T", self.result)


class Commits:
    """The published state and the only way to change it.

    Args:
        file: where the state is kept.
        message: the state that the file holds.

    Attributes:
        closed: no further change is accepted.
    """

    def __init__(self, file: StateFile, message: pb.Workspace) -> None:
        self._file = file
        self._snapshot = Snapshot(message)
        self._queue: list[_Pending[object]] = []
        self._queue_guard = threading.Lock()
        self._writer = threading.Lock()
        self.closed = False

    @property
    def snapshot(self) -> Snapshot:
        """The newest durable state."""
        return self._snapshot

    def change(self, mutate: Callable[[pb.Workspace], T], folders: Sequence[Path] = ()) -> T:
        """Applies a change and returns when it is durable.

        Args:
            mutate: changes the message that it is given; it depends on nothing else, since it is applied again when
                another change of its group fails. If it raises, nothing of it remains.
            folders: folders whose names must be durable first.

        Returns:
            What ``mutate`` returned.

        Raises:
            UserError: the disk refused, or the workspace is closed; nothing is changed.
        """
        pending = _Pending(mutate, folders)
        with self._queue_guard:
            self._queue.append(cast("_Pending[object]", pending))
        with self._writer:
            if not pending.settled:
                self._commit_waiting()
        return pending.outcome()

    def close(self) -> None:
        """Lets the running save finish and refuses every later change."""
        with self._writer:
            self.closed = True

    def _commit_waiting(self) -> None:
        with self._queue_guard:
            batch, self._queue = self._queue, []
        try:
            if self.closed:
                raise UserError(sentences.CLOSED)
            message, accepted = self._apply(batch)
            if accepted:
                self._make_durable(message, accepted)
        except BaseException as error:
            for pending in batch:
                pending.error = pending.error or error
            if not isinstance(error, UserError):
                raise
        finally:
            for pending in batch:
                pending.settled = True

    def _apply(self, batch: list[_Pending[object]]) -> tuple[pb.Workspace, list[_Pending[object]]]:
        """A copy of the state with all changes that do not fail, and those changes."""
        accepted = list(batch)
        while True:
            message = pb.Workspace()
            message.CopyFrom(self._snapshot.message)
            failed = next((pending for pending in accepted if not _applies(pending, message)), None)
            if failed is None:
                return message, accepted
            # What it did before it failed is in the copy: begin again without it.
            accepted.remove(failed)

    def _make_durable(self, message: pb.Workspace, accepted: list[_Pending[object]]) -> None:
        message.current_time = now()
        message.newly_adopted = False
        try:
            for folder in dict.fromkeys(folder for pending in accepted for folder in pending.folders):
                durable.sync_folder(folder)
            self._file.save(message.SerializeToString())
        except OSError as error:
            log.error("A change of the workspace could not be saved: %s.", error)
            for pending in accepted:
                pending.error = UserError(sentences.NOT_SAVED, reason=error.strerror)
            return
        self._snapshot = Snapshot(message)


def _applies(pending: _Pending[object], message: pb.Workspace) -> bool:
    try:
        pending.result = pending.mutate(message)
    except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asked for this change
        pending.error = error
        return False
    return True


def now() -> str:
    """The local time as the contract writes it."""
    return datetime.now().strftime("%Y-%m-%d %H:%M:%S")

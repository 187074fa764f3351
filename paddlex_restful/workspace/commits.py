"""Durable changes in groups: threads that wait for the disk are served by one write.

Every change joins a queue. The first thread that finds nobody writing applies all that wait to one draft and writes
once what it changed; the others find their change settled when they wake (group commit, as databases do it).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar, cast

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences
from paddlex_restful.workspace.state import Draft, State, message_of
from paddlex_restful.workspace.statefile import StateFile

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Pending(Generic[T]):
    """A change that waits: what it does, what must be on the disk before it, and what came of it."""

    def __init__(self, mutate: Callable[[Draft], T], prepare: Callable[[], Path] | None) -> None:
        self.mutate = mutate
        self.prepare = prepare
        self.folder: Path | None = None
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
        state: what the file holds.

    Attributes:
        state: the newest durable state.
        closed: no further change is accepted.
    """

    def __init__(self, file: StateFile, state: State) -> None:
        self.state = state
        self._file = file
        # Not a lock that the writer holds: those whose change is settled would wait for it behind the next writer.
        self._turn = threading.Condition()
        self._queue: list[_Pending[object]] = []
        self._is_writing = False
        self.closed = False

    def change(self, mutate: Callable[[Draft], T], prepare: Callable[[], Path] | None = None) -> T:
        """Applies a change and returns when it is durable.

        Args:
            mutate: changes the draft that it is given; it depends on nothing else, since it is applied again when
                another change of its group fails. If it raises, nothing of it remains.
            prepare: makes what must be on the disk first, and gives the folder whose names are to be synced. It is
                called once, by the thread that writes the group: side by side, those who make files would wait for
                each other's syncs in the journal of the file system.

        Returns:
            What ``mutate`` returned.

        Raises:
            UserError: the disk refused, or the workspace is closed; nothing is changed.
            Exception: whatever ``prepare`` or ``mutate`` raised; what ``prepare`` made stays.
        """
        pending = _Pending(mutate, prepare)
        with self._turn:
            self._queue.append(cast("_Pending[object]", pending))
            self._turn.wait_for(lambda: pending.settled or not self._is_writing)
            if pending.settled:
                return pending.outcome()
            self._is_writing = True
            batch, self._queue = self._queue, []
        try:
            self._commit(batch)
        finally:
            with self._turn:
                for each in batch:
                    each.settled = True
                self._is_writing = False
                self._turn.notify_all()
        return pending.outcome()

    def close(self) -> None:
        """Lets the running change finish and refuses every later change."""
        with self._turn:
            self._turn.wait_for(lambda: not self._is_writing)
            self.closed = True

    def _commit(self, batch: list[_Pending[object]]) -> None:
        """Applies changes and writes them, or says of each why that was not possible."""
        try:
            if self.closed:
                raise UserError(sentences.CLOSED)
            draft, accepted = self._apply([pending for pending in batch if _is_prepared(pending)])
            if accepted:
                self._make_durable(draft, accepted)
        except BaseException as error:
            for pending in batch:
                pending.error = pending.error or error
            if not isinstance(error, UserError):
                raise

    def _apply(self, batch: list[_Pending[object]]) -> tuple[Draft, list[_Pending[object]]]:
        """A draft with all changes that do not fail, and those changes."""
        accepted = list(batch)
        while True:
            draft = Draft(self.state, now())
            failed = next((pending for pending in accepted if not _applies(pending, draft)), None)
            if failed is None:
                return draft, accepted
            # What it did before it failed is in the draft: begin again without it.
            accepted.remove(failed)

    def _make_durable(self, draft: Draft, accepted: list[_Pending[object]]) -> None:
        try:
            for folder in dict.fromkeys(pending.folder for pending in accepted):
                if folder is not None:
                    durable.sync_folder(folder)
            self._file.write(draft.change().SerializeToString(), lambda: message_of(draft.state).SerializeToString())
        except OSError as error:
            log.error("A change of the workspace could not be saved: %s.", error)
            for pending in accepted:
                pending.error = UserError(sentences.NOT_SAVED, reason=error.strerror)
            return
        self.state = draft.state


def _is_prepared(pending: _Pending[object]) -> bool:
    try:
        if pending.prepare is not None:
            pending.folder = pending.prepare()
    except Exception as error:  # noqa: BLE001 - as in _applies
        pending.error = error
        return False
    return True


def _applies(pending: _Pending[object], draft: Draft) -> bool:
    try:
        pending.result = pending.mutate(draft)
    except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asked for this change
        pending.error = error
        return False
    return True


def now() -> str:
    """The local time as the contract writes it."""
    return datetime.now().strftime("%Y-%m-%d %H:%M:%S")

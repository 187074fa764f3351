"""The workspace file: two copies of the entries, and behind each what was changed since it was written.

A change is written behind one copy, synced, and then behind the other. Where there is no room left, both copies are
written anew, in turn. At any instant one of them is whole, and the newer whole one counts. So databases do it: two
first pages in turn (LMDB, for one), and a log of what was changed in the meantime. To write into a file takes a
fraction of the time of replacing it, and a change costs what it changes and not what there is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences
from paddlex_restful.workspace.envelope import Content, NewerFormatError, seal, seal_record, unseal

log = logging.getLogger(__name__)

PRIMARY = "workspace.restful.pb"
"""Not ``workspace.pb`` and the like: files of such names may be the original server's, which stay as they are."""
BACKUP = "workspace.restful.pb.bak"

_NOT_WHOLE = (-1, 0)


def room(size: int) -> int:
    """Bytes for records behind an envelope of so many: as many, so that it is seldom written, and some at least."""
    return max(size, 1 << 16)


@dataclass(frozen=True)
class Loaded:
    """What was read.

    Attributes:
        payload: the entries, serialised; None if neither copy is whole.
        records: what was changed since, in its order.
        whole: both copies are there and equal.
    """

    payload: bytes | None = None
    records: tuple[bytes, ...] = ()
    whole: bool = False


@dataclass
class _Copy:
    """One of the two files, as far as it is known.

    Attributes:
        path: the file.
        age: of what it holds; less than any other if that is not known to be whole.
        size: its bytes, at most.
    """

    path: Path
    age: tuple[int, int] = _NOT_WHOLE
    size: int = 0

    def write(self, age: tuple[int, int], data: bytes) -> None:
        """Writes the whole file, which is made if it is not there.

        Raises:
            OSError: the disk refused; the copy may not be whole.
        """
        self.age = _NOT_WHOLE
        self.size = max(self.size, len(data))
        padded = data.ljust(self.size, b"\0")
        try:
            durable.overwrite(self.path, padded)
        except FileNotFoundError:
            durable.write_durably(self.path, padded)
        self.age = age

    def append(self, place: int, record: bytes) -> None:
        """Writes a record into the room behind what the file holds.

        Raises:
            OSError: the disk refused, or the file is gone; the copy may not be whole.
        """
        generation, records = self.age
        self.age = _NOT_WHOLE
        durable.overwrite(self.path, record, place)
        self.age = (generation, records + 1)


class StateFile:
    """Reads and writes the two copies of one workspace.

    Args:
        root: the workspace folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._copies = (_Copy(root / PRIMARY), _Copy(root / BACKUP))
        # Of the last attempt, also one that failed: what that may have left must not count for newer than the next.
        self._generation = 0
        # Where the next record goes, if anywhere, and what it is sealed with.
        self._end = 0
        self._digest = b""

    def load(self) -> Loaded:
        """Reads the entries; a damaged copy is set aside under the name ``….damaged``.

        Raises:
            UserError: a later version wrote the file.
        """
        found = [self._read(copy) for copy in self._copies]
        present = [content for content in found if content is not None]
        if not present:
            return Loaded()
        if found[0] is None:
            log.warning("The workspace file was torn or missing; its second copy %s is used.", self._copies[1].path)
        held = max(present, key=lambda content: content.age)
        whole = found[0] == found[1] and held.clean
        self._generation = held.generation
        if whole:
            self._end, self._digest = held.end, held.digest
        return Loaded(held.payload, held.records, whole)

    def _read(self, copy: _Copy) -> Content | None:
        path = copy.path
        try:
            data = path.read_bytes()
            content = unseal(data)
        except FileNotFoundError:
            return None
        except NewerFormatError as error:
            raise UserError(sentences.NEWER, path=self._root, version=error.version) from None
        if content is None:
            aside = path.with_name(f"{path.name}.damaged")
            durable.rename(path, aside)
            log.warning("%s was damaged and is set aside as %s.", path, aside.name)
            return None
        if not content.clean:
            log.warning("What follows change %d in %s is not whole and does not count.", len(content.records), path)
        copy.age, copy.size = content.age, len(data)
        return content

    def write(self, record: bytes, payload: Callable[[], bytes]) -> None:
        """Makes a change durable.

        Args:
            record: what is changed.
            payload: gives all entries as they are then; only called where they have to be written anew.

        Raises:
            OSError: the disk refused; what counts is as before.
        """
        if not self._append(record):
            self.save(payload())

    def save(self, payload: bytes) -> None:
        """Writes both copies anew.

        Raises:
            OSError: the disk refused; what counts is as before.
        """
        self._generation += 1
        age = (self._generation, 0)
        sealed = seal(self._generation, payload)
        end = len(sealed.data)
        data = sealed.data.ljust(end + room(end), b"\0")
        # The older one first: the other may be the only one that is whole.
        first, second = sorted(self._copies, key=lambda copy: copy.age)
        self._write_in_turn(first, second, lambda copy: copy.write(age, data))
        self._end, self._digest = end, sealed.digest

    def _append(self, record: bytes) -> bool:
        """Writes a record behind both copies, if they are whole and have the room; says whether it did."""
        first, second = self._copies
        sealed = seal_record(self._digest, record)
        place, end = self._end, self._end + len(sealed.data)
        if not place or first.age != second.age or end > min(first.size, second.size):
            return False
        try:
            self._write_in_turn(first, second, lambda copy: copy.append(place, sealed.data))
        except FileNotFoundError:
            return False
        self._end, self._digest = end, sealed.digest
        return True

    def _write_in_turn(self, first: _Copy, second: _Copy, write: Callable[[_Copy], None]) -> None:
        try:
            write(first)
        except OSError:
            self._take_back(first, second)
            raise
        try:
            write(second)
        except OSError as error:
            # The change is on the disk; only its second copy waits for the next one.
            log.warning("%s could not be brought up to date: %s.", second.path, error.strerror)

    def _take_back(self, copy: _Copy, other: _Copy) -> None:
        """Lets a copy that may hold a refused change hold what the other one holds."""
        if other.age == _NOT_WHOLE:
            durable.remove_if_there(copy.path)
            return
        try:
            copy.write(other.age, other.path.read_bytes())
        except OSError as error:
            log.error("A refused change may still be in %s until the next one: %s.", copy.path, error.strerror)

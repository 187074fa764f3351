"""The workspace file: two copies of the entries, and behind each what was changed since it was written.

A change is written behind one copy, synced, and then behind the other. Where there is no room left, both copies are
written anew, in turn. At any instant one of them is whole, and the newer whole one counts. So databases do it: two
first pages in turn (LMDB, for one), and a log of what was changed in the meantime. To write into a file takes a
fraction of the time of replacing it, and a change writes what it changes and not all there is.
"""

from __future__ import annotations

import errno
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

_FULL = (errno.ENOSPC, errno.EDQUOT)


def room(size: int) -> int:
    """Bytes for records behind an envelope of so many: as many, so that it is seldom written, and some at least."""
    return max(size, 1 << 16)


@dataclass(frozen=True)
class Loaded:
    """What was read.

    Attributes:
        payload: the entries, serialised; None if neither copy is whole.
        records: what was changed since, in its order.
        whole: both copies are there and equal, and nothing but zeros follows what counts.
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
        size: its bytes, when it was last read or written anew.
    """

    path: Path
    age: tuple[int, int] = _NOT_WHOLE
    size: int = 0

    def check(self) -> None:
        """Looks whether the file still holds what is known: it may have been damaged since."""
        try:
            content = unseal(self.path.read_bytes())
        except (OSError, NewerFormatError):
            content = None
        if content is None or content.age != self.age:
            self.age = _NOT_WHOLE

    def write(self, age: tuple[int, int], data: bytes, spare: int = 0) -> None:
        """Writes the whole file, which is made if it is not there.

        Args:
            age: of the data.
            data: what it is to hold.
            spare: bytes of room behind that; what there is, if the disk is too full for more.

        Raises:
            OSError: the disk refused; the copy may not be whole.
        """
        self.age = _NOT_WHOLE
        try:
            self._fill(data, max(self.size, len(data) + spare))
        except OSError as error:
            if error.errno not in _FULL or len(data) > self.size:
                raise
            # Who deletes entries, so as to have room, must not be refused for the lack of it.
            self._fill(data, self.size)
        self.age = age

    def _fill(self, data: bytes, size: int) -> None:
        padded = data.ljust(size, b"\0")
        try:
            durable.overwrite(self.path, padded)
        except FileNotFoundError:
            durable.write_durably(self.path, padded)
        self.size = size

    def append(self, place: int, record: bytes) -> None:
        """Writes a record into the room behind what the file holds.

        Raises:
            OSError: the disk refused, or the file is gone; the copy may not be whole.
        """
        generation, records = self.age
        self.age = _NOT_WHOLE
        durable.overwrite(self.path, record, place)
        self.age = (generation, records + 1)

    def erase(self, age: tuple[int, int], place: int, size: int) -> None:
        """Writes zeros over a record that may be there, or a part of it.

        Args:
            age: of the copy without it.
            place: where it begins.
            size: its bytes.

        Raises:
            OSError: the disk refused, or the file is gone; the record may still be there.
        """
        durable.overwrite(self.path, bytes(size), place)
        self.age = age


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
        for copy in self._copies:
            copy.check()
        # The older one first: the other may be the only one that is whole.
        first, second = sorted(self._copies, key=lambda copy: copy.age)

        def take_back() -> None:
            if second.age == _NOT_WHOLE:
                durable.remove_if_there(first.path)
            else:
                first.write(second.age, second.path.read_bytes())

        _write_in_turn(first, second, lambda copy: copy.write(age, sealed.data, room(end)), take_back)
        self._end, self._digest = end, sealed.digest

    def _append(self, record: bytes) -> bool:
        """Writes a record behind both copies, if they are whole and have the room; says whether it did."""
        first, second = self._copies
        sealed = seal_record(self._digest, record)
        place, size, age = self._end, len(sealed.data), first.age
        if not place or first.age != second.age or place + size > min(first.size, second.size):
            return False
        try:
            _write_in_turn(
                first,
                second,
                lambda copy: copy.append(place, sealed.data),
                lambda: first.erase(age, place, size),
            )
        except FileNotFoundError:
            return False
        self._end, self._digest = place + size, sealed.digest
        return True


def _write_in_turn(first: _Copy, second: _Copy, write: Callable[[_Copy], None], take_back: Callable[[], None]) -> None:
    """Writes a change to one copy and then to the other.

    Args:
        first: decides whether the change counts.
        second: follows; if it cannot, it is written anew with the next change.
        write: writes to one copy.
        take_back: lets the first copy hold what it held, if it refuses.

    Raises:
        OSError: the first copy refused; nothing is changed.
    """
    try:
        write(first)
    except FileNotFoundError:
        # There is nothing to be taken back.
        raise
    except OSError:
        try:
            take_back()
        except OSError as error:
            log.error("A refused change may still be in %s until the next one: %s.", first.path, error.strerror)
        raise
    try:
        write(second)
    except OSError as error:
        log.warning("%s could not be brought up to date: %s.", second.path, error.strerror)

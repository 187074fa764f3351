"""The entries in memory: published states, which never change, and drafts, in which the next one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import (
    DATASET,
    EXPORTED,
    KINDS,
    PRETRAINED,
    PROJECT,
    TASK,
    Entry,
    Kind,
    kind_of,
    number_of,
)

K = TypeVar("K")
V = TypeVar("V")

FORMAT_VERSION = "3.0.0"

_OWNER: Mapping[Kind, Callable[[Any], str]] = {PROJECT: attrgetter("did"), TASK: attrgetter("pid")}


@dataclass(eq=False)
class State:
    """One state of the entries. A published one is never changed, so readers need no lock.

    Attributes:
        entries: by kind and id, oldest first.
        groups: projects by the dataset that they are bound to, tasks by their project: by kind, owner and id.
        greatest: the greatest number that was ever given, by kind.
        leftovers: folders of deleted entries whose removal is not known to be finished.
        newly_adopted: taken over from the original server, and nothing was changed since.
        time: of the last change.
        revision: another number in each state that is published.
    """

    entries: dict[Kind, dict[str, Any]]
    groups: dict[Kind, dict[str, dict[str, Any]]]
    greatest: dict[Kind, int]
    leftovers: list[str]
    newly_adopted: bool
    time: str
    revision: int = 0

    @classmethod
    def of(cls, message: pb.Workspace) -> State:
        """The state that a message holds, which must not be changed from here on."""
        entries = {}
        for kind in KINDS:
            oldest_first = sorted(kind.entries(message).values(), key=number_of)
            entries[kind] = {entry.id: entry for entry in oldest_first}
        groups: dict[Kind, dict[str, dict[str, Any]]] = {}
        for kind, owner_of in _OWNER.items():
            groups[kind] = {}
            for entry in entries[kind].values():
                if owner := owner_of(entry):
                    groups[kind].setdefault(owner, {})[entry.id] = entry
        greatest = {kind: kind.greatest(message) for kind in KINDS}
        return cls(entries, groups, greatest, list(message.leftovers), message.newly_adopted, message.current_time)

    @property
    def datasets(self) -> Mapping[str, pb.Dataset]:
        """The datasets by id, oldest first."""
        return self.entries[DATASET]

    @property
    def projects(self) -> Mapping[str, pb.Project]:
        """The projects by id, oldest first."""
        return self.entries[PROJECT]

    @property
    def tasks(self) -> Mapping[str, pb.Task]:
        """The tasks by id, oldest first."""
        return self.entries[TASK]

    @property
    def pretrained_models(self) -> Mapping[str, pb.PretrainedModel]:
        """The pretrained models by id, oldest first."""
        return self.entries[PRETRAINED]

    @property
    def exported_models(self) -> Mapping[str, pb.ExportedModel]:
        """The exported models by id, oldest first."""
        return self.entries[EXPORTED]

    def tasks_of(self, pid: str) -> list[pb.Task]:
        """The tasks of a project, oldest first."""
        return list(self.groups[TASK].get(pid, {}).values())

    def projects_of(self, did: str) -> list[pb.Project]:
        """The projects that are bound to a dataset, oldest first."""
        # They are bound in any order, whereas a task has its project from the beginning.
        return sorted(self.groups[PROJECT].get(did, {}).values(), key=number_of)


class Draft:
    """A state in the making: what is changed is copied before, the rest is shared with the state that it began as.

    Args:
        state: the published state.
        time: of the change.

    Attributes:
        state: what it has become; to be read while it is made, and to be published at the end.
    """

    def __init__(self, state: State, time: str) -> None:
        self.state = State(
            dict(state.entries),
            dict(state.groups),
            dict(state.greatest),
            list(state.leftovers),
            False,
            time,
            state.revision + 1,
        )
        self._changed: dict[str, Kind] = {}
        # By id, and held, so that no other dict gets that id.
        self._copies: dict[int, dict[Any, Any]] = {}

    def put(self, kind: Kind, entry: Entry) -> None:
        """Adds an entry, or replaces the one with its id.

        Args:
            kind: of the entry.
            entry: from here on not to be changed; a new one has a greater number than all others of its kind.
        """
        entries = self._own(self.state.entries, kind)
        self._regroup(kind, entries.get(entry.id), entry)
        entries[entry.id] = entry
        self._changed[entry.id] = kind
        self.note(kind, number_of(entry))

    def remove(self, kind: Kind, entry_id: str) -> None:
        """Takes out an entry, which must be there."""
        self._regroup(kind, self._own(self.state.entries, kind).pop(entry_id), None)
        self._changed[entry_id] = kind

    def note(self, kind: Kind, number: int) -> None:
        """Records that this number was given."""
        self.state.greatest[kind] = max(number, self.state.greatest[kind])

    def change(self) -> pb.Change:
        """What makes this state of the one that it began as."""
        change = pb.Change()
        for entry_id, kind in self._changed.items():
            entry = self.state.entries[kind].get(entry_id)
            if entry is None:
                change.deleted.append(entry_id)
            else:
                kind.entries(change.put)[entry_id].CopyFrom(entry)
        _fill_rest(change.put, self.state)
        return change

    def _own(self, holder: dict[K, dict[str, V]], key: K) -> dict[str, V]:
        """The dict in the holder that belongs to this draft alone, copied if it does not yet."""
        own = holder.get(key, {})
        if id(own) not in self._copies:
            own = holder[key] = dict(own)
            self._copies[id(own)] = own
        return own

    def _regroup(self, kind: Kind, old: Entry | None, new: Entry | None) -> None:
        owner_of = _OWNER.get(kind)
        if owner_of is None:
            return
        groups = self._own(self.state.groups, kind)
        before = owner_of(old) if old is not None else ""
        after = owner_of(new) if new is not None else ""
        if old is not None and before and before != after:
            group = self._own(groups, before)
            del group[old.id]
            if not group:
                del groups[before]
        if new is not None and after:
            self._own(groups, after)[new.id] = new


def message_of(state: State) -> pb.Workspace:
    """A message that holds the whole state."""
    message = pb.Workspace(version=FORMAT_VERSION, newly_adopted=state.newly_adopted)
    for kind in KINDS:
        entries = kind.entries(message)
        for entry_id, entry in state.entries[kind].items():
            entries[entry_id].CopyFrom(entry)
    _fill_rest(message, state)
    return message


def replay(message: pb.Workspace, change: pb.Change) -> None:
    """Does to the message of a state what made the next one of it."""
    message.newly_adopted = False
    del message.leftovers[:]
    # Of two entries with one key the later one counts, and the greatest numbers only grow.
    message.MergeFrom(change.put)
    for entry_id in change.deleted:
        # One that was made and deleted in one change is not there.
        kind_of(entry_id).entries(message).pop(entry_id, None)


def _fill_rest(message: pb.Workspace, state: State) -> None:
    for kind in KINDS:
        kind.note(message, state.greatest[kind])
    message.leftovers.extend(state.leftovers)
    message.current_time = state.time

"""The workspace: the entries of one server and the folders that belong to them."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar, cast

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.messages import workspace as sentences
from paddlex_restful.paths import readable
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.commits import Commits, now
from paddlex_restful.workspace.entries import (
    DATASET,
    EXPORTED,
    HOMES,
    PRETRAINED,
    PROJECT,
    TASK,
    Entry,
    Kind,
    kind_of,
    relative_folder,
    set_fields,
)
from paddlex_restful.workspace.lock import WorkspaceLock
from paddlex_restful.workspace.recovery import recover
from paddlex_restful.workspace.removal import INFO, remove_folder
from paddlex_restful.workspace.state import Draft, State, replay
from paddlex_restful.workspace.statefile import Loaded, StateFile

log = logging.getLogger(__name__)

T = TypeVar("T")


class Workspace:
    """An open workspace. All methods may be called from any thread; reading never waits for writing.

    Open one with :meth:`open`. Messages that it hands out belong to a published state and must not be changed.

    Attributes:
        root: the workspace folder, absolute and without symbolic links.
        opened_original: the original server left this workspace, and nothing was changed in it since. It is true again
            after a crash that came before the first change, so that what follows from it can be done again.
    """

    def __init__(self, root: Path, lock: WorkspaceLock, commits: Commits) -> None:
        self.root = root
        self.opened_original = commits.state.newly_adopted
        self._lock = lock
        self._commits = commits
        self._numbers = dict(commits.state.greatest)
        self._numbers_guard = threading.Lock()
        self._info_guard = threading.Lock()
        self._removed: set[str] = set()

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Opens a workspace, makes it if it is missing, and recovers what a crash left.

        Args:
            root: the workspace folder.

        Raises:
            UserError: another server uses it, it cannot be written, or a later version wrote it.
        """
        try:
            root.mkdir(parents=True, exist_ok=True)
            root = root.resolve()
            lock = WorkspaceLock(root)
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(sentences.UNUSABLE, path=readable(str(root)), reason=_reason(error)) from error
        try:
            for home in HOMES:
                (root / home).mkdir(exist_ok=True)
            file = StateFile(root)
            loaded = file.load()
            held = _message(loaded)
            message = recover(root, held)
            if not loaded.whole or message != held:
                durable.sync_folder(root)
                file.save(message.SerializeToString())
            commits = Commits(file, State.of(message))
        except OSError as error:
            lock.release()
            raise UserError(sentences.UNUSABLE, path=readable(str(root)), reason=_reason(error)) from error
        except BaseException:
            lock.release()
            raise
        return cls(root, lock, commits)

    def close(self) -> None:
        """Lets the running change finish, refuses later changes and gives the lock back. Closing twice is harmless."""
        if self._commits.closed:
            return
        try:
            if self._removed or self.state.newly_adopted:
                self._commits.change(partial(_forget_leftovers, removed=tuple(self._removed)))
        except UserError as error:
            log.warning("%s", error)
        finally:
            self._commits.close()
            self._lock.release()

    @property
    def state(self) -> State:
        """The newest durable state: the same object as long as nothing has been changed."""
        return self._commits.state

    def change(self, mutate: Callable[[Draft], T]) -> T:
        """Changes entries durably; see :meth:`Commits.change <paddlex_restful.workspace.commits.Commits.change>`.

        For fields of one entry use :meth:`update`, which keeps its ``info.pb`` in step.
        """
        return self._commits.change(mutate)

    # Creating

    def create_dataset(self, name: str, desc: str, type: str) -> str:
        """Makes an empty dataset with its folder; returns its id.

        Args:
            name: shown to people.
            desc: shown to people.
            type: project type that it is made for.
        """
        entry = pb.Dataset()
        set_fields(entry, name=name, desc=desc, type=type)
        return self._create(DATASET, entry)

    def create_project(self, name: str, desc: str, type: str) -> str:
        """Makes a project with its folder, bound to no dataset; returns its id."""
        entry = pb.Project()
        set_fields(entry, name=name, desc=desc, type=type)
        return self._create(PROJECT, entry)

    def create_task(self, pid: str, name: str, desc: str, parent_id: str = "") -> str:
        """Makes a task with its folder inside the project's; returns its id.

        Args:
            pid: project of the task.
            name: shown to people.
            desc: shown to people.
            parent_id: task whose pruned net this one trains; empty for none.

        Raises:
            UserError: there is no such project or parent.
        """
        self.project(pid)
        if parent_id:
            self.task(parent_id)
        entry = pb.Task(pid=pid, parent_id=parent_id)
        set_fields(entry, name=name, desc=desc)
        return self._create(TASK, entry)

    def create_pretrained_model(self, name: str, model: str, type: str, pid: str, tid: str) -> str:
        """Makes an entry for a saved model with an empty folder for its files; returns its id.

        Args:
            name: shown to people.
            model: name of the net.
            type: project type.
            pid: project that it comes from.
            tid: task that it comes from.
        """
        entry = pb.PretrainedModel()
        set_fields(entry, name=name, model=model, type=type, pid=pid, tid=tid)
        return self._create(PRETRAINED, entry)

    def create_exported_model(
        self, name: str, model: str, type: str, pid: str, tid: str, path: str | Path, exported_type: int
    ) -> str:
        """Makes an entry for exported files, which stay where they are; returns its id.

        Args:
            name: shown to people.
            model: name of the net.
            type: project type.
            pid: project that it comes from.
            tid: task that it comes from.
            path: folder of the files; kept relative where it lies inside the workspace.
            exported_type: an :class:`~paddlex_restful.enums.ExportedModelType`.
        """
        place = Path(path)
        inside = place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else str(place)
        entry = pb.ExportedModel(create_time=now())
        set_fields(entry, name=name, model=model, type=type, pid=pid, tid=tid, path=inside, exported_type=exported_type)

        def add(draft: Draft) -> str:
            entry.id = EXPORTED.id_of(draft.state.greatest[EXPORTED] + 1)
            draft.put(EXPORTED, entry)
            return entry.id

        return self.change(add)

    def _create(self, kind: Kind, entry: Entry) -> str:
        """Gives an entry its id and a folder with ``info.pb``, then adds it: the folder is durable before the entry."""
        entry.create_time = now()
        made: list[Path] = []

        def make() -> Path:
            folder = self._make_folder(kind, entry)
            made.append(folder)
            # A third copy, which the opening after a loss of power makes again: to sync it would double the work.
            durable.write_unsynced(folder / INFO, entry.SerializeToString())
            return folder.parent

        try:
            self._commits.change(lambda draft: _add(draft, kind, entry), make)
        except (OSError, UserError) as error:
            # Nobody was told of this id; without its folder nothing of it is left.
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise self._not_made(kind, entry, error) from error
            raise
        return entry.id

    def _make_folder(self, kind: Kind, entry: Entry) -> Path:
        while True:
            with self._numbers_guard:
                self._numbers[kind] += 1
                entry.id = kind.id_of(self._numbers[kind])
            entry.path = cast("Path", relative_folder(entry)).as_posix()
            folder = self.root / entry.path
            try:
                durable.make_folder(folder)
            except FileExistsError:
                # Somebody put it there while the server ran; it is theirs.
                continue
            except OSError as error:
                raise self._not_made(kind, entry, error) from error
            return folder

    def _not_made(self, kind: Kind, entry: Entry, error: OSError) -> UserError:
        if isinstance(entry, pb.Task) and entry.pid not in self.state.projects:
            return _missing(PROJECT, entry.pid)
        log.error("The folder of %s %s could not be made: %s.", kind.noun, entry.id, error)
        return UserError(sentences.FOLDER_NOT_MADE, noun=kind.noun, id=entry.id, reason=_reason(error))

    # Reading

    def dataset(self, did: str) -> pb.Dataset:
        """The dataset with this id.

        Raises:
            UserError: there is none.
        """
        return self.state.datasets.get(did) or _raise_missing(DATASET, did)

    def project(self, pid: str) -> pb.Project:
        """The project with this id; ``UserError`` if there is none."""
        return self.state.projects.get(pid) or _raise_missing(PROJECT, pid)

    def task(self, tid: str) -> pb.Task:
        """The task with this id; ``UserError`` if there is none."""
        return self.state.tasks.get(tid) or _raise_missing(TASK, tid)

    def pretrained_model(self, pmid: str) -> pb.PretrainedModel:
        """The pretrained model with this id; ``UserError`` if there is none."""
        return self.state.pretrained_models.get(pmid) or _raise_missing(PRETRAINED, pmid)

    def exported_model(self, emid: str) -> pb.ExportedModel:
        """The exported model with this id; ``UserError`` if there is none."""
        return self.state.exported_models.get(emid) or _raise_missing(EXPORTED, emid)

    def datasets(self) -> list[pb.Dataset]:
        """All datasets, oldest first. Like all lists from here: shared, not to be changed."""
        return list(self.state.datasets.values())

    def projects(self) -> list[pb.Project]:
        """All projects, oldest first."""
        return list(self.state.projects.values())

    def tasks(self) -> list[pb.Task]:
        """All tasks, oldest first."""
        return list(self.state.tasks.values())

    def pretrained_models(self) -> list[pb.PretrainedModel]:
        """All pretrained models, oldest first."""
        return list(self.state.pretrained_models.values())

    def exported_models(self) -> list[pb.ExportedModel]:
        """All exported models, oldest first."""
        return list(self.state.exported_models.values())

    def tasks_of(self, pid: str) -> list[pb.Task]:
        """The tasks of a project, oldest first."""
        return self.state.tasks_of(pid)

    def projects_of(self, did: str) -> list[pb.Project]:
        """The projects that are bound to a dataset, oldest first."""
        return self.state.projects_of(did)

    def folder(self, entry: Entry) -> Path:
        """Absolute folder of an entry; of an exported model, where its files were put."""
        relative = relative_folder(entry)
        return self.root / (entry.path if relative is None else relative)

    def relative(self, path: Path) -> str:
        """A path of the workspace as files in it hold it, so that a moved workspace works.

        Args:
            path: absolute, below :attr:`root`.
        """
        return path.relative_to(self.root).as_posix()

    # Changing and deleting

    def update(self, entry_id: str, **fields: str | bool | int) -> None:
        """Sets fields of an entry, all of them or none, durably.

        Args:
            entry_id: any entry.
            fields: fields of its message and their new values. A project's ``did`` is checked: it must be empty or a
                dataset of the project's type.

        Raises:
            UserError: there is no such entry, or the dataset does not fit.
        """
        kind = kind_of(entry_id)

        def apply(draft: Draft) -> None:
            entry = kind.message()
            entry.CopyFrom(draft.state.entries[kind].get(entry_id) or _raise_missing(kind, entry_id))
            set_fields(entry, **fields)
            if isinstance(entry, pb.Project) and fields.get("did"):
                _check_binding(draft.state, entry)
            draft.put(kind, entry)

        self.change(apply)
        if kind is not EXPORTED:
            self._write_info(kind, entry_id)

    def _write_info(self, kind: Kind, entry_id: str) -> None:
        """Brings an entry's ``info.pb`` up to date; the change itself is durable already."""
        # In turn, and from the newest state, so that the last one to write writes the last state.
        with self._info_guard:
            entry = self.state.entries[kind].get(entry_id)
            if entry is None:
                return
            try:
                durable.write_durably(self.folder(entry) / INFO, entry.SerializeToString())
            except OSError as error:
                log.warning("%s of %s could not be brought up to date: %s.", INFO, entry_id, error.strerror)

    def delete(self, entry_id: str) -> None:
        """Removes an entry durably, then its folder; with a project go its tasks.

        Args:
            entry_id: any entry.

        Raises:
            UserError: there is no such entry, or a project is bound to the dataset.
        """
        self.clear(self.take_out(entry_id))

    def take_out(self, entry_id: str) -> str | None:
        """The first half of :meth:`delete`, which is quick: removes an entry durably, and leaves its folder.

        Args:
            entry_id: any entry.

        Returns:
            What :meth:`clear` is to remove; the next opening does so if nobody does.

        Raises:
            UserError: there is no such entry, or a project is bound to the dataset.
        """
        kind = kind_of(entry_id)
        removed = tuple(self._removed)

        def apply(draft: Draft) -> str | None:
            entry = draft.state.entries[kind].get(entry_id) or _raise_missing(kind, entry_id)
            if kind is DATASET:
                _check_unbound(draft.state, entry_id)
            if kind is PROJECT:
                for task in draft.state.tasks_of(entry_id):
                    draft.remove(TASK, task.id)
            draft.remove(kind, entry_id)
            _forget_leftovers(draft, removed)
            folder = relative_folder(entry)
            if folder is None:
                return None
            draft.state.leftovers.append(folder.as_posix())
            return folder.as_posix()

        leftover = self.change(apply)
        self._removed.difference_update(removed)
        return leftover

    def clear(self, leftover: str | None) -> None:
        """The second half of :meth:`delete`, which takes as long as the folder is large.

        Files of an exported model stay, as do those that a symbolic link leads to.

        Args:
            leftover: what :meth:`take_out` gave.
        """
        if leftover is None:
            return
        with self._info_guard:
            pass  # who was writing its info.pb has finished; who comes later finds no entry
        if remove_folder(self.root, leftover):
            # It is struck off the leftovers with the next deletion or at the end; a change of its own would buy nothing
            self._removed.add(leftover)


def _message(loaded: Loaded) -> pb.Workspace | None:
    """The entries that the workspace file holds."""
    if loaded.payload is None:
        return None
    message = pb.Workspace.FromString(loaded.payload)
    for record in loaded.records:
        replay(message, pb.Change.FromString(record))
    return message


def _add(draft: Draft, kind: Kind, entry: Entry) -> None:
    if isinstance(entry, pb.Task) and entry.pid not in draft.state.projects:
        raise _missing(PROJECT, entry.pid)
    draft.put(kind, entry)


def _forget_leftovers(draft: Draft, removed: Collection[str]) -> None:
    for relative in removed:
        if relative in draft.state.leftovers:
            draft.state.leftovers.remove(relative)


def _check_binding(state: State, project: pb.Project) -> None:
    dataset = state.datasets.get(project.did) or _raise_missing(DATASET, project.did)
    if dataset.type != project.type:
        raise UserError(
            sentences.OTHER_TYPE, did=dataset.id, dataset_type=dataset.type, pid=project.id, project_type=project.type
        )


def _check_unbound(state: State, did: str) -> None:
    bound = [project.id for project in state.projects_of(did)]
    if bound:
        raise UserError(sentences.STILL_BOUND, did=did, pids=", ".join(bound))


def _missing(kind: Kind, entry_id: str) -> UserError:
    return UserError(sentences.NO_ENTRY, noun=kind.noun, id=readable(entry_id) or "''")


def _raise_missing(kind: Kind, entry_id: str) -> NoReturn:
    raise _missing(kind, entry_id)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or sentences.NOT_VALID

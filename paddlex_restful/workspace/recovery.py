"""Opening: from what is on the disk to a whole state, in which nothing that was acknowledged is missing.

The sources, best first: the newer whole copy of the workspace file, the original server's file, the ``info.pb`` in the
folders. Whatever the source, folders that it does not know are taken in and the greatest ids are found again, so that
no id is given twice.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from google.protobuf.message import DecodeError

from paddlex_restful import durable
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import (
    DATASET,
    DATASETS,
    KINDS,
    PRETRAIN,
    PRETRAINED,
    PROJECT,
    PROJECTS,
    TASK,
    Entry,
    Kind,
    parse_id,
    relative_folder,
)
from paddlex_restful.workspace.original import original_statuses, path_from_original, read_original
from paddlex_restful.workspace.removal import INFO, remove_folder
from paddlex_restful.workspace.state import FORMAT_VERSION

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Found:
    """A folder that is named like an entry."""

    kind: Kind
    number: int
    relative: PurePosixPath

    @property
    def id(self) -> str:
        return self.relative.name


def recover(root: Path, held: pb.Workspace | None) -> pb.Workspace:
    """Finds the state of a workspace and finishes what a crash interrupted.

    Args:
        root: the workspace folder, resolved, locked.
        held: what the workspace file holds; None if it and its second copy are lost or were never written.

    Returns:
        The entries; ``newly_adopted`` is set if the original server left them.
    """
    found = list(_scan(root))
    message = pb.Workspace()
    if held is not None:
        message.CopyFrom(held)
    else:
        left = read_original(root)
        if left is not None:
            message = left
            _adopt(root, message, found)
        message.newly_adopted = left is not None or any(original_statuses(root / each.relative) for each in found)
    message.version = FORMAT_VERSION
    message.path = ""
    _finish_deletions(root, message)
    _take_in(root, message, found)
    if held is None:
        _mend(message)
    if not message.newly_adopted:
        _complete_infos(root, message, found)
    for each in found:
        each.kind.note(message, each.number)
    for kind in KINDS:
        for entry_id in kind.entries(message):
            parsed = parse_id(entry_id)
            kind.note(message, parsed[1] if parsed else 0)
    return message


def _scan(root: Path) -> Iterator[_Found]:
    """Folders named like entries, parents before what is in them."""
    for home, kind in ((DATASETS, DATASET), (PROJECTS, PROJECT), (PRETRAIN, PRETRAINED)):
        for each in _folders(root, PurePosixPath(home), kind):
            yield each
            if kind is PROJECT:
                yield from _folders(root, each.relative, TASK)


def _folders(root: Path, parent: PurePosixPath, kind: Kind) -> list[_Found]:
    found = []
    with os.scandir(root / parent) as listing:
        for each in listing:
            parsed = parse_id(each.name)
            if parsed and parsed[0] is kind and each.is_dir():
                found.append(_Found(kind, parsed[1], parent / each.name))
    return sorted(found, key=lambda each: each.number)


def _adopt(root: Path, message: pb.Workspace, found: list[_Found]) -> None:
    """Makes entries of the original server ours: ids checked, paths relative, flags from what is on the disk."""
    old_root = message.path or _old_root(message)
    present = {each.relative for each in found}
    for kind in KINDS:
        entries = kind.entries(message)
        for entry_id, entry in list(entries.items()):
            parsed = parse_id(entry_id)
            folder = relative_folder(entry)
            if parsed is None or parsed[0] is not kind or entry.id != entry_id:
                log.warning("The %s %r of the original server has no valid id and is left out.", kind.noun, entry_id)
                del entries[entry_id]
            elif folder is None:
                entry.path = path_from_original(entry.path, old_root)
            elif folder not in present:
                log.warning("The %s %s has no folder and is left out.", kind.noun, entry_id)
                del entries[entry_id]
            else:
                # The copy in the folder was written at once, the file up to two seconds later.
                entry.CopyFrom(_read_info(root, kind, folder) or entry)
                entry.path = folder.as_posix()
                _set_flags(root, entry)


def _old_root(message: pb.Workspace) -> str:
    for dataset in message.datasets.values():
        slashed = dataset.path.replace("\\", "/")
        tail = f"/{DATASETS}/{dataset.id}"
        if slashed.endswith(tail):
            return slashed[: -len(tail)]
    return ""


def _set_flags(root: Path, entry: Entry) -> None:
    folder = root / entry.path
    if isinstance(entry, pb.Dataset):
        status = original_statuses(folder)
        entry.split = entry.split or (status is not None and status[0] == "XSPLITED")
    if isinstance(entry, pb.Task):
        entry.configured = entry.configured or (folder / "params.pkl").is_file()


def _finish_deletions(root: Path, message: pb.Workspace) -> None:
    for relative in list(message.leftovers):
        if (root / relative).exists():
            log.info("The deletion of %s, which was interrupted, is finished.", relative)
        if remove_folder(root, relative):
            message.leftovers.remove(relative)


def _take_in(root: Path, message: pb.Workspace, found: list[_Found]) -> None:
    """Takes in folders that the file does not know; those of creations that never got as far are swept up."""
    leftovers = {PurePosixPath(relative) for relative in message.leftovers}
    for each in found:
        folder = root / each.relative
        entries = each.kind.entries(message)
        unwanted = each.relative in leftovers or each.relative.parent in leftovers or folder.is_symlink()
        if entries.get(each.id) is not None or unwanted or not folder.is_dir():
            continue
        entry = _read_info(root, each.kind, each.relative)
        if entry is None:
            _sweep(folder)
        elif isinstance(entry, pb.Task) and message.projects.get(entry.pid) is None:
            log.warning("The task %s is not taken in: its project %s is lost.", each.relative, entry.pid)
        else:
            entry.path = each.relative.as_posix()
            _set_flags(root, entry)
            entries[each.id].CopyFrom(entry)
            log.warning("The %s %s was found in its folder and is taken in again.", each.kind.noun, each.id)


def _read_info(root: Path, kind: Kind, relative: PurePosixPath) -> Entry | None:
    """The entry that a folder's ``info.pb`` holds; None if it holds none that belongs there."""
    entry = kind.message()
    try:
        entry.ParseFromString((root / relative / INFO).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, DecodeError) as error:
        log.warning("%s/%s cannot be read: %s.", relative, INFO, error)
        return None
    if entry.id != relative.name or relative_folder(entry) != relative:
        log.warning("%s/%s is damaged or belongs to another folder.", relative, INFO)
        return None
    return entry


def _complete_infos(root: Path, message: pb.Workspace, found: list[_Found]) -> None:
    """Makes each ``info.pb`` again that was lost, or cut off, with the power soon after its entry was made."""
    for each in found:
        entry = each.kind.entries(message).get(each.id)
        if entry is None or relative_folder(entry) != each.relative:
            continue
        if _size(f"{root}/{each.relative}/{INFO}") < entry.ByteSize():
            try:
                durable.write_durably(root / each.relative / INFO, entry.SerializeToString())
            except OSError as error:
                log.warning("%s/%s could not be made again: %s.", each.relative, INFO, error.strerror)


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size  # noqa: PTH116 - ten thousand paths as objects would take longer than to look at them
    except OSError:
        return 0


def _sweep(folder: Path) -> None:
    names = list(folder.iterdir())
    if all(_is_unfinished(path) for path in names):
        for path in names:
            path.unlink()
        folder.rmdir()
        log.info("%s, the beginning of a creation that was interrupted, is removed.", folder)
    else:
        log.warning("%s belongs to no entry and is left as it is.", folder)


def _is_unfinished(path: Path) -> bool:
    if path.name == INFO:
        return path.stat().st_size == 0
    return path.name.startswith(".") and path.name.endswith(durable.TEMPORARY_SUFFIX)


def _mend(message: pb.Workspace) -> None:
    """Removes references to entries that are lost."""
    for task_id, task in list(message.tasks.items()):
        if message.projects.get(task.pid) is None:
            log.warning("The task %s is left out: its project %s is lost.", task_id, task.pid)
            del message.tasks[task_id]
    for project in message.projects.values():
        if project.did and message.datasets.get(project.did) is None:
            log.warning(
                "The project %s was bound to %s, which is lost; it is bound to none now.", project.id, project.did
            )
            project.did = ""

"""Reads what PaddleX RESTful 2.1.0 left in a workspace. Nothing of it is written or removed.

That server kept the entries as a bare protobuf with absolute paths in ``workspace.newest.pb`` (rewritten every two
seconds, with two older copies beside it), a copy of each entry as ``info.pb`` in its folder, and the status of a folder
as the *name* of a file in it, whose text is the message.
"""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath

from google.protobuf.message import DecodeError

from paddlex_restful.enums import (
    DatasetStatus,
    DownloadStatus,
    PredictStatus,
    PretrainedModelStatus,
    PruneStatus,
    TaskStatus,
)
from paddlex_restful.workspace import workspace_pb2 as pb

log = logging.getLogger(__name__)

_NEWEST = "workspace.newest.pb"
_OLDER = ("workspace.stable.pb", "workspace.bak.pb", "workspace.pb")
_NEWEST_IS_WHOLE = ".pb.success"

_STATUS_NAMES = tuple(
    status.name
    for statuses in (DatasetStatus, TaskStatus, PredictStatus, PruneStatus, DownloadStatus, PretrainedModelStatus)
    for status in statuses
)


def read_original(root: Path) -> pb.Workspace | None:
    """The entries of the original server, as they are in its best file; None if it left none.

    Args:
        root: the workspace folder.
    """
    # Without its flag the newest file was being written when that server died; the older ones are whole.
    flagged = (root / _NEWEST_IS_WHOLE).exists()
    names = (_NEWEST, *_OLDER) if flagged else (*_OLDER, _NEWEST)
    for name in names:
        try:
            data = (root / name).read_bytes()
            message = pb.Workspace.FromString(data)
        except FileNotFoundError:
            continue
        except (OSError, DecodeError) as error:
            log.warning("%s of the original server cannot be read: %s.", name, error)
            continue
        if data:
            log.info("The entries of the original server are taken from %s.", name)
            return message
    return None


def original_statuses(folder: Path) -> tuple[str, str] | None:
    """Status that the original server left in a folder.

    Args:
        folder: of a dataset, task or saved model, or one inside it with a status of its own (``prune``, ``evaluate``).

    Returns:
        Name of the status and its message; the newest of several; None if there is none.
    """
    found: list[tuple[int, str]] = []
    for name in _STATUS_NAMES:
        try:
            found.append(((folder / name).stat().st_mtime_ns, name))
        except (FileNotFoundError, NotADirectoryError):
            continue
    if not found:
        return None
    _, name = max(found, key=lambda item: item[0])
    return name, (folder / name).read_text(encoding="utf-8", errors="replace").strip()


def path_from_original(path: str, old_root: str) -> str:
    """A path of the original server, relative to the workspace where it lies inside it.

    Args:
        path: absolute, perhaps of another machine and another system.
        old_root: where the workspace was then.
    """
    slashed, old = path.replace("\\", "/"), old_root.replace("\\", "/").rstrip("/")
    if old and slashed.startswith(f"{old}/"):
        inside = PurePosixPath(slashed[len(old) + 1 :])
        if ".." not in inside.parts:
            return inside.as_posix()
    return path

"""Removing the folders of deleted entries, and never anything that is not one."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path, PurePosixPath

from paddlex_restful import durable
from paddlex_restful.workspace.entries import HOMES, parse_id

log = logging.getLogger(__name__)

INFO = "info.pb"


def remove_folder(root: Path, relative: str) -> bool:
    """Removes the folder of a deleted entry; of a symbolic link in its place, only the link.

    Args:
        root: the workspace folder, resolved.
        relative: the entry's folder as it was recorded.

    Returns:
        Whether nothing of it is left to remove.
    """
    folder = root / relative
    if not _is_entry_folder(relative) or os.path.realpath(folder.parent) != str(folder.parent):
        log.warning("%s is not a folder of this workspace; what is there was left alone.", relative)
        return True
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            # First what makes it an entry: a folder that is half removed must not be taken for one.
            durable.remove_if_there(folder / INFO)
            shutil.rmtree(folder)
    except OSError as error:
        log.warning("%s could not be removed (%s); the next start tries again.", folder, error.strerror)
        return False
    return True


def _is_entry_folder(relative: str) -> bool:
    parts = PurePosixPath(relative).parts
    return len(parts) in (2, 3) and parts[0] in HOMES and all(parse_id(part) is not None for part in parts[1:])

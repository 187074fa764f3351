"""The one function that keeps paths of clients inside the folders that they may touch."""

from __future__ import annotations

import os
import re
from pathlib import Path

from paddlex_restful.errors import UserError
from paddlex_restful.messages import paths as sentences

_MAX_PATH = 4096
_MAX_NAME = 255
_SHOWN = 200

_FOREIGN = re.compile(r"[A-Za-z]:|[\\/]{2}")
"""How paths of Windows begin that name a drive or another machine; Linux would look for them where nobody meant."""


def confine(path: str | Path, *roots: Path) -> Path:
    """The absolute path, free of symbolic links and ``..``, if it lies in (or is) one of the roots.

    Symbolic links are judged by where they lead, so that a link out of the roots is refused and one into them is not.

    Args:
        path: as a client gave it; a relative one is taken against the first root. It need not exist.
        roots: the folders that are allowed, at least one.

    Raises:
        UserError: it leads out of all roots, or is no path at all (empty, too long, with NUL, of a drive or another
            machine, a loop of links).
    """
    text = os.fspath(path)
    shown = readable(text)
    if not text:
        raise UserError(sentences.PATH_EMPTY)
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError:
        raise UserError(sentences.PATH_INVALID, path=shown) from None
    if b"\0" in encoded:
        raise UserError(sentences.PATH_INVALID, path=shown)
    if _FOREIGN.match(text):
        raise UserError(sentences.PATH_FOREIGN, path=shown)
    if len(encoded) > _MAX_PATH or any(len(os.fsencode(name)) > _MAX_NAME for name in Path(text).parts):
        raise UserError(sentences.PATH_TOO_LONG, path=shown)
    try:
        allowed = [root.resolve() for root in roots]
        resolved = (allowed[0] / text).resolve()
    except (OSError, RuntimeError):  # Python below 3.13 tells a loop of links by a RuntimeError
        raise UserError(sentences.PATH_UNRESOLVED, path=shown) from None
    if not any(resolved.is_relative_to(root) for root in allowed):
        raise UserError(sentences.PATH_OUTSIDE, path=shown, roots=", ".join(readable(str(root)) for root in allowed))
    return resolved


def unmoved(path: Path) -> Path:
    """A path that ``confine`` gave, if it still leads where it did: for jobs, at the moment of use.

    Between a request and its job somebody may put a symbolic link in the place of a folder that was judged.

    Args:
        path: absolute and without symbolic links. It need not exist.

    Raises:
        UserError: a part of it is a symbolic link now.
    """
    if os.path.realpath(path) != os.fspath(path):
        raise UserError(sentences.PATH_MOVED, path=readable(str(path)))
    return path


def readable(text: str) -> str:
    """Text of a client for a sentence: shortened, and without characters that cannot be printed."""
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)

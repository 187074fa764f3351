"""The folder that a dataset lies in, seen without ever leaving it."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from paddlex_restful.datasets.reading import BadFile, read_whole
from paddlex_restful.datasets.report import Report
from paddlex_restful.errors import UserError
from paddlex_restful.messages import dataset as messages

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})

RESERVED = frozenset({"info.pb", "job", "statis.json", "split.json", ".import", ".gathered"})
"""Names that the server uses itself in the folder of a dataset."""

MAX_DEPTH = 32

MOST_FILES = 500_000
"""Files and folders of one dataset."""

_MOST_TEXT = 256 << 20
CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
"""Characters that no file name of a dataset may have."""


@dataclass
class Listing:
    """One folder: the names of its folders and regular files, and why others cannot be used."""

    folders: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    unusable: dict[str, str] = field(default_factory=dict)


class Source:
    """Reads one folder; symbolic links count as what they point to, as long as that lies in the folder.

    Paths are relative to the folder, with ``/``.

    Args:
        root: the folder.
        report: where unusable files are told.
        skip: names directly in ``root`` that are not there for the dataset.
    """

    def __init__(self, root: Path, report: Report, skip: frozenset[str] = frozenset()) -> None:
        self.root = Path(os.path.realpath(root))
        self.report = report
        self._skip = skip
        self._listings: dict[str, Listing] = {}
        self._entries = 0

    def path(self, name: str) -> str:
        """Absolute path of a file of the dataset."""
        return f"{self.root}/{name}"

    def listing(self, folder: str = "") -> Listing:
        """What lies directly in a folder; empty when it is not a folder of the dataset. Read once."""
        found = self._listings.get(folder)
        if found is None:
            parent, _, name = folder.rpartition("/")
            inside = not folder or name in self.listing(parent).folders
            found = self._listings[folder] = self._read(folder) if inside else Listing()
        return found

    def _read(self, folder: str) -> Listing:
        listing = Listing()
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    if not folder and entry.name in self._skip:
                        continue
                    self._entries += 1
                    if self._entries > MOST_FILES:
                        raise UserError(messages.TOO_MANY_FILES, most=MOST_FILES)
                    self._sort_in(entry, listing)
        except OSError as error:
            self.report.add(folder or ".", messages.UNREADABLE_FILE, reason=error.strerror)
        return listing

    def _sort_in(self, entry: os.DirEntry[str], listing: Listing) -> None:
        name = entry.name
        if name.isprintable() and entry.is_file(follow_symlinks=False):
            listing.files.add(name)
        elif CONTROL.search(name) or not _encodable(name):
            listing.unusable[name] = messages.BAD_NAME
        elif entry.is_symlink() and not self._holds(os.path.realpath(entry.path)):
            listing.unusable[name] = messages.LEAVES_SOURCE
        elif entry.is_dir():
            listing.folders.add(name)
        elif entry.is_file():
            listing.files.add(name)
        else:
            listing.unusable[name] = messages.NOT_A_FILE

    def _holds(self, real: str) -> bool:
        return real.startswith(f"{self.root}/".replace("//", "/"))

    def has(self, name: str) -> bool:
        """Whether the dataset has this file."""
        folder, _, base = name.rpartition("/")
        return base in self.listing(folder).files

    def has_folder(self, name: str) -> bool:
        """Whether the dataset has this folder."""
        folder, _, base = name.rpartition("/")
        return base in self.listing(folder).folders

    def why_not(self, name: str, otherwise: str, **values: object) -> None:
        """Report a file that ``has`` denies: why it cannot be used, or ``otherwise`` where it is simply not there."""
        folder, _, base = name.rpartition("/")
        fault = self.listing(folder).unusable.get(base)
        if fault is None:
            self.report.add(name, otherwise, **values)
        else:
            self.report.add(name, fault)

    def images(self, folder: str) -> list[str]:
        """The image files directly in a folder, sorted; unusable ones are reported."""
        listing = self.listing(folder)
        prefix = f"{folder}/" if folder else ""
        for name, fault in listing.unusable.items():
            if is_image(name):
                self.report.add(prefix + name, fault)
        return [prefix + name for name in sorted(listing.files) if is_image(name)]

    def lines(self, name: str) -> list[str]:
        """The lines of a text file without their ends, in UTF-8 or GB18030; reported and empty when it is neither."""
        try:
            data = read_whole(self.path(name), _MOST_TEXT, self.root)
        except BadFile as error:
            self.report.add(name, error.template, **error.values)
            return []
        text = decode(data)
        if text is None:
            self.report.add(name, messages.TEXT_UNREADABLE)
            return []
        return re.split(r"\r\n|\n|\r", text)

    def labels(self) -> list[str] | None:
        """The labels of ``labels.txt``, a line each; None when there is no such file."""
        if not self.has("labels.txt"):
            return None
        labels = [line.strip() for line in self.lines("labels.txt") if line.strip()]
        if not labels:
            self.report.add("labels.txt", messages.LABELS_EMPTY)
        for label in sorted(label for label, count in Counter(labels).items() if count > 1):
            self.report.add("labels.txt", messages.LABELS_TWICE, label=label)
        return labels


def is_image(name: str) -> bool:
    """Whether a file name has the ending of an image, in any case of letters. Hidden files are none."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES and not name.startswith(".")  # noqa: PTH122  ten times faster


def decode(data: bytes) -> str | None:
    """Text in UTF-8, with or without its mark, or else in GB18030, as Chinese Windows writes it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def tidy(path: str) -> str | None:
    """A relative path as lists and COCO files give it, in its plain form; None when it leaves the dataset."""
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or not 0 < len(pure.parts) <= MAX_DEPTH:
        return None
    return str(pure)


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

"""What a check found wrong, file by file, told as one message."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from paddlex_restful.errors import UserError
from paddlex_restful.messages import CLAUSES
from paddlex_restful.messages import dataset as messages

SHOWN = 20
"""How many bad files the message names."""

_SHOWN_PER_FILE = 3


class BadFileTold(NamedTuple):
    """A bad file, and what is wrong with it: clauses that go on after its name."""

    file: str
    problems: list[str]


class Report:
    """Collects the bad files of one check."""

    def __init__(self) -> None:
        self._problems: dict[str, list[str]] = {}
        self._more: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._problems)

    def add(self, file: str, template: str, **values: object) -> None:
        """Note a problem.

        Args:
            file: the bad file, relative to the dataset.
            template: a sentence of ``messages.dataset`` that goes on after the file's name.
            values: what its fields stand for.
        """
        problems = self._problems.setdefault(file, [])
        if len(problems) < _SHOWN_PER_FILE:
            problems.append(template.format(**values))
        else:
            self._more[file] += 1

    def first(self, most: int) -> list[BadFileTold]:
        """The first bad files in the order of their names, at most so many."""
        return [BadFileTold(printable(name), self._told(name)) for name in sorted(self._problems)[:most]]

    def raise_if_bad(self) -> None:
        """Raise a ``UserError`` that names the first bad files, if there are any."""
        count = len(self._problems)
        if not count:
            return
        lines = "\n".join(
            messages.BAD_FILE_LINE.format(file=one.file, problem=CLAUSES.join(one.problems))
            for one in self.first(SHOWN)
        )
        if count > SHOWN:
            raise UserError(messages.BAD_FILES_MORE, count=count, shown=SHOWN, files=lines, more=count - SHOWN)
        raise UserError(messages.BAD_FILES, count=count, files=lines)

    def _told(self, name: str) -> list[str]:
        more = self._more[name]
        told = [*self._problems[name], *([messages.MORE_PROBLEMS.format(more=more)] if more else [])]
        return [printable(clause) for clause in told]


def printable(name: str) -> str:
    """The name with every character that cannot be shown or sent as JSON replaced."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else "?" for char in text)

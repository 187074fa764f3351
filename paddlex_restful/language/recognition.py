"""Sentences that were made from templates, recognised by them and made anew from the templates of another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from string import Formatter

from paddlex_restful.messages import CLAUSES, NAMES

WORDS = frozenset({"description", "form", "hint", "kind", "lacking", "noun", "sides", "what"})
"""Fields of templates that hold one of some texts of ours."""

SENTENCES = frozenset(
    {
        "error",
        "expected",
        "files",
        "how",
        "jobs",
        "message",
        "part",
        "problem",
        "problems",
        "reason",
        "sentence",
        "state",
    }
)
"""Fields of templates that may hold sentences and clauses of ours; all that are neither hold what users named."""

NESTED = WORDS | SENTENCES

_LINES = "\n"

_FEW_LETTERS = 8

_MOST_PARTS = 4
"""So many parts has a sentence that holds separators of sentences itself."""

_DEEPEST = 12
"""So deep may sentences be nested; a text from outside could look as if it was without an end."""

_LONGEST_KEPT = 512
"""Characters of a sentence that is kept with its translation."""

_MOST_KEPT = 1024


@dataclass(frozen=True)
class Template:
    """A ``str.format`` template, taken apart.

    Attributes:
        fields: the names of its fields in their order.
        literals: the texts before, between and behind the fields, one more than these.
    """

    fields: tuple[str, ...]
    literals: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Take a template apart.

        Raises:
            ValueError: it is none.
        """
        fields: list[str] = []
        literals = [""]
        for literal, field, _, _ in Formatter().parse(text):
            literals[-1] += literal
            if field is not None:
                fields.append(field)
                literals.append("")
        return cls(tuple(fields), tuple(literals))

    @cached_property
    def longest(self) -> str:
        """The longest of the literals: a text without it was not made from this template."""
        return max(self.literals, key=len)

    @cached_property
    def is_weak(self) -> bool:
        """Whether it says so little that it fits texts that it has not made.

        It counts only where what is in it is recognised too, and for one line.
        """
        return sum(map(str.isalpha, "".join(self.literals))) < _FEW_LETTERS

    @property
    def is_clause(self) -> bool:
        """Whether it goes into a sentence and is none: after a value it goes on in small letters, to no full stop."""
        first = "".join(self.literals).lstrip(" ")[:1]
        return not self.literals[0] and not first.isupper() and not self.literals[-1].endswith(".")

    def match(self, text: str) -> dict[str, str] | None:
        """The values from which the template makes a text; None if it does not.

        Each value ends where the next literal first occurs, so that it takes no longer than reading the text.
        """
        head, *middle, tail = self.literals
        end = len(text) - len(tail)
        if not text.startswith(head) or not text.endswith(tail) or end < len(head):
            return None
        found = []
        begin = len(head)
        for literal in middle:
            stop = text.find(literal, begin, end)
            if stop < 0:
                return None
            found.append(text[begin:stop])
            begin = stop + len(literal)
        found.append(text[begin:end])
        values = dict(zip(self.fields, found, strict=True))
        # A field that comes twice has one value.
        return values if [values[name] for name in self.fields] == found else None

    def fill(self, values: Mapping[str, str]) -> str:
        """The text that it makes of values which are texts already."""
        filled = (values[name] + literal for name, literal in zip(self.fields, self.literals[1:], strict=True))
        return self.literals[0] + "".join(filled)


class Recogniser:
    """Puts sentences into one other language.

    Args:
        templates: all that sentences are made from, in the language in which they are made.
        translate: gives a template, or another fixed text, in the other language, or as it is if it is not known there.
    """

    def __init__(self, templates: Iterable[str], translate: Callable[[str], str]) -> None:
        self._translate = translate
        parsed = {Template.parse(text): Template.parse(translate(text)) for text in templates}
        self._fixed = {each.literals[0]: to.literals[0] for each, to in parsed.items() if not each.fields}
        self._made = sorted(((each, to) for each, to in parsed.items() if each.fields and each.longest), key=_order)
        self._kept = lru_cache(_MOST_KEPT)(self._recognised)

    def sentence(self, text: str) -> str:
        """A sentence in the other language; as it is if no template has made it."""
        recognise = self._kept if len(text) <= _LONGEST_KEPT else self._recognised
        found = recognise(text)
        return text if found is None else found

    def clause(self, text: str) -> str:
        """A clause, or several, in the other language; as it is if no template has made it."""
        return self._several(text, 1)

    def _recognised(self, text: str, depth: int = 0, without: str = "") -> str | None:
        """The sentence in the other language, None if no template has made it.

        Args:
            text: the sentence, or from the second level on a clause.
            depth: how deep in other sentences it is.
            without: what no value has that is no sentence itself; empty for anything.
        """
        if text in self._fixed:
            return self._fixed[text]
        fixed = self._translate(text)
        if fixed != text:
            return fixed
        for template, translated in self._made:
            if template.longest not in text or (template.is_clause and not depth):
                continue
            if template.is_weak and _LINES in text:
                continue
            values = template.match(text)
            if values is None or (without and any(without in values[name] for name in values.keys() - NESTED)):
                continue
            told = {name: self._told(name, value, depth + 1) for name, value in values.items()}
            if not template.is_weak or all(told[name] != values[name] for name in values.keys() & NESTED):
                return translated.fill(told)
        return None

    def _told(self, field: str, value: str, depth: int) -> str:
        if field in WORDS:
            return self._fixed.get(value) or self._translate(value)
        return self._several(value, depth) if field in SENTENCES and depth < _DEEPEST else value

    def _several(self, text: str, depth: int) -> str:
        """The sentence or the sentences in a field, as far as they are recognised."""
        for separator in (_LINES, CLAUSES, NAMES):
            if separator in text:
                found = self._recognised(text, depth, separator) or self._joined(text, separator, depth)
                if found is not None:
                    return found
        return self._recognised(text, depth) or text

    def _joined(self, text: str, separator: str, depth: int) -> str | None:
        """Several sentences in the other language; None if they are none."""
        parts = text.split(separator)
        before, after = [], []
        while parts:
            taken, told = self._first(parts, separator, depth)
            before.append(separator.join(parts[:taken]))
            after.append(told)
            del parts[:taken]
        if all(one != other for one, other in zip(before, after, strict=True)):
            return self._translate(separator).join(after)
        # Names are told by commas too, and a user may have called something like a word of ours.
        return None if before == after or separator == NAMES else separator.join(after)

    def _first(self, parts: Sequence[str], separator: str, depth: int) -> tuple[int, str]:
        """How many parts the first sentence has, which may hold separators itself, and the sentence."""
        for taken in range(min(len(parts), _MOST_PARTS), 1, -1):
            told = self._recognised(separator.join(parts[:taken]), depth, separator)
            if told is not None:
                return taken, told
        return 1, self._several(parts[0], depth)


def _order(pair: tuple[Template, Template]) -> tuple[bool, bool, int]:
    """What to try first: a sentence with its explanation, then what begins alike, what says most before what says less.

    The value with which a template begins may be a sentence itself, one that begins alike.
    """
    template, _ = pair
    head, own = template.literals[0], sum(map(len, template.literals))
    return not (template.is_weak and NESTED.issuperset(template.fields)), not head, -own

"""The reader's language: chosen from the request under work, with gettext catalogues of what is said in it.

The standard library's gettext is enough: Flask-Babel would have to be set up in each of the two Flask applications that
a request of the page passes, and adds formats of dates and numbers that nothing here uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from flask import has_request_context, request

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""The languages that there are, by their codes: what each calls itself. The first is that of the sources."""

COOKIE = "language"
"""The cookie in which a browser keeps the language that its user chose."""

CATALOGUES = Path(__file__).parents[1] / "translations"

_DEFAULT = next(iter(LANGUAGES))


def current() -> str:
    """The code of the language in which the request under work is answered; English outside of one."""
    if not has_request_context():
        return _DEFAULT
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, _DEFAULT)


def gettext(text: str) -> str:
    """A text of the sources in the reader's language."""
    return _catalogue(current()).gettext(text)


def sentence(text: str) -> str:
    """A sentence that was made from a template, in the reader's language."""
    return gettext(text)


@cache
def _catalogue(language: str) -> NullTranslations:
    return translation("messages", CATALOGUES, [language], fallback=True)

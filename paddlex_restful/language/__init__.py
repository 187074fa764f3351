"""The reader's language: chosen from the request under work, with gettext catalogues of what is said in it.

Texts of the page are looked up where they are shown (``gettext``). Sentences on what happened are made in English where
it happens, which may be a job's process or an earlier version of the server; they are recognised and made anew for the
reader (``sentence``).

The standard library's gettext is enough: Flask-Babel would have to be set up in each of the two Flask applications that
a request of the page passes, and adds formats of dates and numbers that nothing here uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from flask import has_request_context, request

from paddlex_restful.language.recognition import Recogniser
from paddlex_restful.language.templates import templates

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""The languages that there are, by their codes: what each calls itself. The first is that of the sources."""

SOURCE = next(iter(LANGUAGES))
"""The language of the sources."""

COOKIE = "language"
"""The cookie in which a browser keeps the language that its user chose."""

CATALOGUES = Path(__file__).parents[1] / "translations"

DOMAIN = "messages"
"""What the files of a catalogue are called."""


def current() -> str:
    """The code of the language in which the request under work is answered; English outside of one.

    The cookie goes before the header ``Accept-Language``.
    """
    if not has_request_context():
        return SOURCE
    environ = request.environ
    # Most programs send neither, and their answers need not wait for werkzeug's parsers.
    if "HTTP_COOKIE" in environ:
        chosen = request.cookies.get(COOKIE, "")
        if chosen in LANGUAGES:
            return chosen
    if "HTTP_ACCEPT_LANGUAGE" in environ:
        return request.accept_languages.best_match(LANGUAGES, SOURCE)
    return SOURCE


def gettext(text: str) -> str:
    """A text of the sources in the reader's language."""
    return _translated(text, current())


def sentence(text: str, language: str | None = None) -> str:
    """A sentence that was made from a template of ``paddlex_restful.messages``, with its values, in another language.

    Args:
        text: the sentence in English; one that is not recognised is given back as it is.
        language: the code of a language; that of the reader unless it is told.
    """
    chosen = current() if language is None else language
    return text if chosen == SOURCE else _recogniser(chosen).sentence(text)


def clause(text: str) -> str:
    """A clause that goes into a sentence, such as what is wrong with one parameter, in the reader's language."""
    chosen = current()
    return text if chosen == SOURCE else _recogniser(chosen).clause(text)


def _translated(text: str, language: str) -> str:
    # An empty text is the name of the catalogue's own header.
    return _catalogue(language).gettext(text) if text else text


@cache
def _catalogue(language: str) -> NullTranslations:
    return NullTranslations() if language == SOURCE else translation(DOMAIN, CATALOGUES, [language])


@cache
def _recogniser(language: str) -> Recogniser:
    return Recogniser(templates(), lambda text: _translated(text, language))

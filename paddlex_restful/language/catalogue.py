"""Brings the catalogues up to date with the sources; ``make translations`` runs it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from paddlex_restful import api
from paddlex_restful.api.calls import CALLS
from paddlex_restful.language import CATALOGUES, DOMAIN, LANGUAGES, SOURCE
from paddlex_restful.language.templates import templates

ROOT = Path(__file__).parents[1]

_PAGE = "web"
_WIDTH = 120
_NO_DATE = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""A file that is made of the same sources is the same."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the sources that readers see, each with the module that it was found in.

    These are the sentences, the descriptions of arguments, which refusals repeat, and what the page's modules give to
    ``_()``.
    """
    for text, module in templates().items():
        yield text, module.removeprefix("paddlex_restful.").replace(".", "/")
    assert api.BLUEPRINTS, "the calls are declared when their modules are imported"
    for call in CALLS:
        for field in call.arguments.model_fields.values():
            if field.description:
                yield field.description, f"api/{call.noun}"
    found = extract_from_dir(ROOT / _PAGE, [("**.py", "python")], keywords={"_": None})
    for file, _, given, _, _ in sorted(found, key=lambda each: each[:2]):
        assert isinstance(given, str), "_() takes one text"
        yield given, f"{_PAGE}/{file.removesuffix('.py')}"


def updated(language: str) -> Catalog:
    """The catalogue of a language with all texts of the sources and the translations that it has of them."""
    catalogue = Catalog(language, DOMAIN, fuzzy=False, creation_date=_NO_DATE, revision_date=_NO_DATE)
    known = read(language)
    for text, module in texts():
        old = known.get(text)
        catalogue.add(text, str(old.string) if old is not None else "", locations=[(module, 0)])
    return catalogue


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands in the sources; empty where there is none yet."""
    file = folder(language) / f"{DOMAIN}.po"
    with io.BytesIO(file.read_bytes() if file.exists() else b"") as source:
        return read_po(source, language, DOMAIN)


def as_po(catalogue: Catalog) -> bytes:
    """A catalogue for translators."""
    out = io.BytesIO()
    write_po(out, catalogue, width=_WIDTH, omit_header=True, include_lineno=False)
    return out.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """A catalogue for programs; texts without a translation are left out."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def folder(language: str) -> Path:
    """The folder of the catalogue of a language."""
    return CATALOGUES / language / "LC_MESSAGES"


def _main() -> None:
    for language in LANGUAGES:
        if language != SOURCE:
            catalogue = updated(language)
            folder(language).mkdir(parents=True, exist_ok=True)
            (folder(language) / f"{DOMAIN}.po").write_bytes(as_po(catalogue))
            (folder(language) / f"{DOMAIN}.mo").write_bytes(as_mo(catalogue))
            missing = [message.id for message in catalogue if message.id and not message.string]
            print(f"{language}: {len(catalogue)} texts, {len(missing)} without a translation")
            for text in missing:
                print(f"  {text!r}")


if __name__ == "__main__":
    _main()

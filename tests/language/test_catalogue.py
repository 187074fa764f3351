"""The committed catalogues are those of the sources, and whole."""

from __future__ import annotations

from string import Formatter

import pytest

from paddlex_restful.jobs.kinds import KINDS
from paddlex_restful.jobs.states import ACTIVE
from paddlex_restful.language import DOMAIN, LANGUAGES, SOURCE
from paddlex_restful.language.catalogue import as_mo, as_po, folder, read, texts, updated
from paddlex_restful.language.recognition import NESTED
from paddlex_restful.language.templates import templates
from paddlex_restful.messages import jobs, workspace
from paddlex_restful.workspace import entries

_OTHERS = [language for language in LANGUAGES if language != SOURCE]


def _fields(text: str) -> set[tuple[str, str, str]]:
    return {(name, form or "", to or "") for _, name, form, to in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", _OTHERS)
def test_the_committed_catalogue_has_the_texts_of_the_sources(language: str) -> None:
    catalogue = updated(language)
    assert as_po(catalogue) == (folder(language) / f"{DOMAIN}.po").read_bytes(), "run `make translations`"
    assert as_mo(catalogue) == (folder(language) / f"{DOMAIN}.mo").read_bytes(), "run `make translations`"


@pytest.mark.parametrize("language", _OTHERS)
def test_every_text_has_a_translation_with_the_same_fields(language: str) -> None:
    catalogue = read(language)
    told = {text: message.string if (message := catalogue.get(text)) else "" for text, _ in texts()}
    assert [text for text, other in told.items() if not other] == []
    assert [text for text, other in told.items() if _fields(text) != _fields(str(other))] == []


@pytest.mark.parametrize("language", _OTHERS)
def test_names_of_calls_arguments_and_files_stay_as_they_are(language: str) -> None:
    marks = ("GET /", "POST /", "PUT /", "DELETE /", "val_split", "pretrain_weights", "--", ".txt", "`")
    catalogue = read(language)
    for text, _ in texts():
        message = catalogue.get(text)
        assert message is not None
        assert all(str(message.string).count(mark) == text.count(mark) for mark in marks), text


def test_the_sentences_are_those_of_all_modules() -> None:
    found = templates()
    assert len(found) > 500
    assert found[jobs.STOPPED] == "paddlex_restful.messages.jobs"
    assert found["The training failed."] == "paddlex_restful.messages.status"


def test_words_in_sentences_are_in_the_catalogue() -> None:
    assert set(jobs.KINDS) == set(KINDS)
    assert set(jobs.STATES) == ACTIVE
    kinds = (entries.DATASET, entries.PROJECT, entries.TASK, entries.PRETRAINED, entries.EXPORTED)
    assert [kind.noun for kind in kinds] == list(workspace.NOUNS)


def test_fields_that_hold_sentences_are_fields_of_templates() -> None:
    assert {name for text in templates() for name, _, _ in _fields(text)} >= NESTED

"""The guide of the page: what it shows and links to is there, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = DOCS / "guide"
TEXTS = sorted([*GUIDE.glob("*/*.md"), DOCS / "README.zh.md", DOCS.parent / "README.md"])


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(DOCS.parent)))
def test_pictures_and_links_of_a_text_lead_somewhere(text: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text.read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (text.parent / target).exists()] == []


def test_both_languages_have_the_same_pages_and_pictures() -> None:
    english, chinese = ([path.name for path in sorted((GUIDE / language).glob("*.md"))] for language in ("en", "zh"))
    assert english == chinese
    pictures = {path.name for path in (GUIDE / "pictures").glob("*.png")}
    for name in english:
        for language in ("en", "zh"):
            shown = re.findall(r"pictures/([\w-]+\.\w+\.png)", (GUIDE / language / name).read_text(encoding="utf-8"))
            assert shown
            assert set(shown) <= pictures
            assert all(picture.endswith(f".{language}.png") for picture in shown)

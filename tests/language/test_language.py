"""The language of a request."""

from __future__ import annotations

import pytest
from flask import Flask

from paddlex_restful.language import COOKIE, clause, current, gettext, sentence
from paddlex_restful.messages import params, status


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("en", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH-cn", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh-TW;q=0.3", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de,fr;q=0.9,zh;q=0.1", "zh"),
        ("de", "en"),
        ("de,*;q=0.5", "en"),
        ("zh;q=0", "en"),
        ("zh;q=0.2,en;q=0.3", "en"),
        ("zh;q=much, en", "en"),
        (",;q=,,;;==,", "en"),
        ("zh" * 5000, "en"),
        ("\xe4\xb8\xad\xe6\x96\x87", "en"),
    ],
)
def test_the_header_says_it(header: str | None, expected: str) -> None:
    headers = {} if header is None else {"Accept-Language": header}
    with Flask(__name__).test_request_context(headers=headers):
        assert current() == expected


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        ("zh", "en", "zh"),
        ("en", "zh", "en"),
        ("zh", None, "zh"),
        ("xx", "zh", "zh"),
        ("", "zh", "zh"),
        ("../../zh", None, "en"),
    ],
)
def test_the_cookie_goes_before_the_header(cookie: str, header: str | None, expected: str) -> None:
    headers = {"Cookie": f"other=1; {COOKIE}={cookie}"} | ({} if header is None else {"Accept-Language": header})
    with Flask(__name__).test_request_context(headers=headers):
        assert current() == expected


def test_texts_are_told_in_the_language_of_the_request() -> None:
    app = Flask(__name__)
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        assert gettext("Training") == "训练"
        assert sentence(status.DATASET_UNPACKING) == "正在解压压缩包。"
        assert clause(params.BATCH_NOT_DIVISIBLE.format(gpus=2, value=3)) == (
            "batch_size 由各 GPU 分担，必须是 GPU 数量 2 的倍数，而不是 3"
        )
        assert clause("a clause that nobody has made") == "a clause that nobody has made"
        assert gettext("") == ""
        assert gettext("a text without a translation") == "a text without a translation"
    with app.test_request_context():
        assert gettext("Training") == "Training"
        assert sentence(status.DATASET_UNPACKING) == status.DATASET_UNPACKING
        assert clause(params.NESTED) == params.NESTED


def test_outside_of_a_request_it_is_english() -> None:
    assert current() == "en"
    assert gettext("Training") == "Training"
    assert sentence(status.DATASET_UNPACKING, "zh") == "正在解压压缩包。"

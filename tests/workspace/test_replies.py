"""The memory of answered requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.workspace import replies as module
from paddlex_restful.workspace.replies import Replies, Reply


def answered(replies: Replies, key: str) -> None:
    assert replies.begin(key, b"request") is None
    replies.finish(key, Reply(200, b"{}"))


def test_old_keys_and_too_many_are_forgotten_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = Replies(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module.time, "time", lambda: 1_000_000.0)
        answered(replies, "old")
    for number in range(4):
        answered(replies, f"new {number}")
    replies.close()
    monkeypatch.setattr(module, "MOST", 3)
    replies = Replies(tmp_path)
    assert replies.begin("new 3", b"request") == Reply(200, b"{}")
    assert replies.begin("new 0", b"request") is None
    assert replies.begin("old", b"request") is None
    replies.close()


def test_a_request_of_which_it_is_not_known_what_became_is_told(tmp_path: Path) -> None:
    replies = Replies(tmp_path)
    assert replies.begin("key", b"request") is None
    replies.abandon("key")
    with pytest.raises(UserError, match="not known"):
        replies.begin("key", b"request")
    replies.close()


def test_a_server_without_keys_writes_no_file(tmp_path: Path) -> None:
    Replies(tmp_path).close()
    assert list(tmp_path.iterdir()) == []

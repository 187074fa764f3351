"""What is kept in memory stays within its bound."""

from __future__ import annotations

from paddlex_restful.recent import Recent


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    kept: Recent[str, int] = Recent(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]


def test_values_are_weighed_also_when_they_replace_each_other() -> None:
    kept: Recent[str, bytes] = Recent(10, len)
    kept.put("a", bytes(6))
    kept.put("a", bytes(2))
    kept.put("b", bytes(8))
    assert [kept.get("a"), kept.get("b")] == [bytes(2), bytes(8)]
    kept.put("c", bytes(3))
    assert [kept.get(key) for key in "abc"] == [None, None, bytes(3)]


def test_one_that_is_too_heavy_makes_room_for_nothing() -> None:
    kept: Recent[str, bytes] = Recent(10, len)
    kept.put("a", bytes(4))
    kept.put("b", bytes(11))
    assert [kept.get("a"), kept.get("b")] == [bytes(4), None]
    kept.put("a", bytes(11))
    assert kept.get("a") is None

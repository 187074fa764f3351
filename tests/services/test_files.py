"""Logs are read from their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.services.files import log_lines


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50, 51, 5000])
@pytest.mark.parametrize("end", ["\n", ""])
def test_the_last_lines_are_the_last_lines(tmp_path: Path, count: int, end: str) -> None:
    lines = [f"line {number} 行" + "x" * (number % 300) for number in range(count)]
    log = tmp_path / "out.log"
    log.write_text("\n".join(lines) + (end if lines else ""), encoding="utf-8")
    assert log_lines(log, limit=50) == lines[-50:]


def test_lines_that_are_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    lines = ["a" * 200_000, "b" * 200_000]
    log = tmp_path / "out.log"
    log.write_text("\n".join(lines) + "\n")
    assert log_lines(log, limit=1) == lines[1:]
    assert log_lines(log, limit=9) == lines


def test_other_lines_are_asked_for_by_their_number(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_text("".join(f"{number}\n" for number in range(100)))
    assert log_lines(log, offset=10, limit=3) == ["10", "11", "12"]
    assert log_lines(log, offset=99, limit=3) == ["99"]
    assert log_lines(log, offset=100) == []


def test_bytes_that_are_no_text_do_not_hide_the_log(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_bytes(b"good\n\xff\xfe bad\ngood\n")
    assert len(log_lines(log)) == 3

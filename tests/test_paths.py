"""Paths of clients are confined."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.paths import confine


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "in side 里"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/photo 照片.jpg").write_bytes(b"x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "in side 里2").mkdir()
    return folder


def test_paths_inside_are_given_back_resolved(inside: Path) -> None:
    photo = inside / "sub/photo 照片.jpg"
    for path in (
        photo,
        str(photo),
        "sub/photo 照片.jpg",
        "sub/../sub/./photo 照片.jpg",
        f"{inside}/../{inside.name}/sub",
    ):
        assert confine(path, inside).is_relative_to(inside)
    assert confine("sub/photo 照片.jpg", inside) == photo
    assert confine("not/yet/there", inside) == inside / "not/yet/there"
    assert confine(".", inside) == inside


@pytest.mark.parametrize(
    "path", ["..", "../outside", "/etc/passwd", "sub/../../outside", "/", "../in side 里2", "/proc/self/root/etc"]
)
def test_paths_that_lead_out_are_refused(inside: Path, path: str) -> None:
    with pytest.raises(UserError, match="outside the folders"):
        confine(path, inside)


def test_symbolic_links_are_judged_by_where_they_lead(inside: Path) -> None:
    (inside / "out").symlink_to(inside.parent / "outside")
    (inside / "dangling").symlink_to("/nowhere/at/all")
    (inside.parent / "in").symlink_to(inside)
    for path in ("out", "out/new.txt", "dangling"):
        with pytest.raises(UserError, match="outside the folders"):
            confine(path, inside)
    assert confine(inside.parent / "in/sub", inside) == inside / "sub"
    assert confine("sub", inside.parent / "in") == inside / "sub"


def test_any_of_several_roots_will_do_and_relative_paths_are_of_the_first(inside: Path) -> None:
    other = inside.parent / "outside"
    assert confine(other / "x", inside, other) == other / "x"
    assert confine("x", inside, other) == inside / "x"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "empty"),
        ("a\0b", "not one that this system can hold"),
        ("\ud800", "not one that this system can hold"),
        ("x" * 256, "too long"),
        ("名" * 100, "too long"),
        ("x/" * 3000, "too long"),
        ("loop/x", "cannot be followed"),
    ],
)
def test_what_is_no_path_is_refused_in_words(inside: Path, path: str, sentence: str) -> None:
    (inside / "loop").symlink_to("loop")
    with pytest.raises(UserError, match=sentence) as refused:
        confine(path, inside)
    str(refused.value).encode()
    assert len(str(refused.value)) < 400

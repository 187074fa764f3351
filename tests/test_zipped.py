"""Archives that are laid out without being built: the same bytes from any place on, or an error."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from paddlex_restful import zipped
from paddlex_restful.zipped import FileChanged, Member, Reader, lay_out

FILES = {
    "empty.txt": b"",
    "export.json": b"{}",
    "子目录/网络.nb": os.urandom(3),
    "模型.pdiparams": os.urandom(3 * zipped.CHUNK + 17),
    "z.yml": b"last: 1\n",
}


def members(folder: Path, files: dict[str, bytes]) -> tuple[Member, ...]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return tuple(Member.of(name, folder / name) for name in files)


def rest(reader: Reader, position: int = 0) -> bytes:
    reader.seek(position)
    pieces = []
    while data := reader.read():
        assert len(data) <= zipped.CHUNK
        pieces.append(data)
    return b"".join(pieces)


def test_an_archive_holds_the_files_and_is_as_long_as_was_told(tmp_path: Path) -> None:
    archive = lay_out(members(tmp_path, FILES))
    data = rest(Reader(archive))
    assert len(data) == archive.size
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == FILES
        assert found.namelist() == list(FILES)
        assert all(info.compress_type == zipfile.ZIP_STORED for info in found.infolist())


def test_it_can_be_read_from_every_byte_on(tmp_path: Path) -> None:
    small = {name: content[:20] for name, content in FILES.items()}
    archive = lay_out(members(tmp_path, small))
    reader = Reader(archive)
    whole = rest(reader)
    for position in range(archive.size):
        assert rest(reader, position) == whole[position:]
    assert rest(reader, archive.size) == b""


def test_the_same_files_give_the_same_archive_and_others_another(tmp_path: Path) -> None:
    found = members(tmp_path, FILES)
    first = lay_out(found)
    whole = rest(Reader(first))
    lay_out.cache_clear()
    assert lay_out(found) == first
    (tmp_path / "z.yml").write_bytes(b"last: 2\n")
    os.utime(tmp_path / "z.yml", ns=(0, found[-1].stamp[0]))
    lay_out.cache_clear()
    second = lay_out(tuple(Member.of(member.name, member.path) for member in found))
    assert second.size == first.size
    assert second.tag != first.tag
    assert rest(Reader(second)) != whole


def test_files_of_more_than_four_gigabytes_are_told_in_the_long_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is large for zipfile is made small, rather than gigabytes being read.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1 << 10)
    archive = lay_out(members(tmp_path, FILES))
    data = rest(Reader(archive))
    assert len(data) == archive.size
    assert b"PK\x06\x06" in data, "the end record of large archives"
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert {name: found.read(name) for name in found.namelist()} == FILES


@pytest.mark.parametrize("change", ["write", "truncate", "remove", "replace", "link"])
def test_a_file_that_changes_ends_the_reading(tmp_path: Path, change: str) -> None:
    name = "模型.pdiparams"
    found = members(tmp_path, FILES)
    reader = Reader(lay_out(found))
    while not reader.tell() > 2 * zipped.CHUNK:
        assert reader.read()
    path = tmp_path / name
    if change == "write":
        path.write_bytes(b"x" * len(FILES[name]))
    elif change == "truncate":
        os.truncate(path, 2 * zipped.CHUNK)
    else:
        reader.seek(reader.tell())  # as the next request does: the file is opened anew
        path.unlink()
        (tmp_path / "other").write_bytes(FILES[name])
        # The system may have given it the number of the file that is gone, and within one tick of its clock.
        os.utime(tmp_path / "other", ns=(0, 0))
        if change == "replace":
            (tmp_path / "other").rename(path)
        elif change == "link":
            path.symlink_to(tmp_path / "other")
    with pytest.raises(FileChanged):
        rest(reader, reader.tell())


def test_a_change_that_leaves_size_and_time_is_seen_by_the_checksum(tmp_path: Path) -> None:
    found = members(tmp_path, FILES)
    reader = Reader(lay_out(found))
    path, stamp = found[3].path, found[3].stamp
    path.write_bytes(b"x" * found[3].size)
    os.utime(path, ns=(0, stamp[0]))
    with pytest.raises(FileChanged, match="another content"):
        rest(reader)


def test_a_file_that_grows_while_it_is_looked_at_is_refused(tmp_path: Path) -> None:
    found = members(tmp_path, FILES)
    (tmp_path / "z.yml").write_bytes(b"last: 1\nmore: 2\n")
    with pytest.raises(FileChanged):
        lay_out(found)


@pytest.mark.parametrize("moment", [0, 10**9 * 5_000_000_000])
def test_times_that_archives_cannot_tell_are_moved_to_those_they_can(tmp_path: Path, moment: int) -> None:
    (found,) = members(tmp_path, {"a.nb": b"a"})
    os.utime(found.path, ns=(moment, moment))
    data = rest(Reader(lay_out((Member.of("a.nb", found.path),))))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].date_time[0] == (1980 if moment == 0 else 2107)

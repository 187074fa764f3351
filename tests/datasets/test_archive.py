import gzip
import io
import os
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from paddlex_restful.datasets import archive
from paddlex_restful.datasets.archive import inner, unpack
from paddlex_restful.errors import UserError

Files = dict[str, bytes]
GOOD: Files = {"蔬菜/豆 角/1.jpg": b"one" * 100_000, "蔬菜/labels.txt": b"two", "empty": b""}


def go_on() -> None:
    pass


def tar_member(name: str, size: int = 0, type: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname, member.mode = size, type, link, 0o777
    return member


def write_tar(path: Path, files: Files, *others: tarfile.TarInfo, mode: Literal["w:gz", "w:"] = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            tar.addfile(tar_member(name, len(content)), io.BytesIO(content))
        for member in others:
            tar.addfile(member)
    return path


def write_plain_tar(path: Path, files: Files) -> Path:
    return write_tar(path, files, mode="w:")


def write_zip(path: Path, files: Files, **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            packed.writestr(info, content)
    return path


Write = Callable[[Path, Files], Path]
ALL = pytest.mark.parametrize("write", [write_tar, write_plain_tar, write_zip])
PACKED = pytest.mark.parametrize("write", [write_tar, write_zip])


def contents(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@ALL
def test_contents_come_out_as_they_went_in(write: Write, tmp_path: Path) -> None:
    assert unpack(write(tmp_path / "archive", GOOD), tmp_path / "out", go_on) == 3
    assert contents(tmp_path / "out") == GOOD


def test_folders_come_out_and_permissions_do_not(tmp_path: Path) -> None:
    packed = write_tar(tmp_path / "a", {"f": b"x"}, tar_member("./", type=tarfile.DIRTYPE), tar_member("d", 0, b"5"))
    unpack(packed, tmp_path / "out", go_on)
    assert (tmp_path / "out" / "d").is_dir()
    assert not (tmp_path / "out" / "f").stat().st_mode & stat.S_IXUSR


@ALL
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a\\..\\..\\x", "C:/x", "..", "a/../b"], ids=lambda path: path
)
def test_paths_that_lead_out_are_refused(write: Write, path: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leads out of its folder"):
        unpack(write(tmp_path / "archive", {"good": b"1", path: b"2"}), tmp_path / "deep" / "out", go_on)
    assert set(contents(tmp_path)) == {"archive", "deep/out/good"}


@pytest.mark.parametrize(
    "type", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"?"]
)
def test_links_and_devices_are_refused(type: bytes, tmp_path: Path) -> None:
    packed = write_tar(tmp_path / "a.tar.gz", {"f": b"x"}, tar_member("odd", type=type, link="/etc/passwd"))
    with pytest.raises(UserError, match="odd, which is neither a file nor a folder"):
        unpack(packed, tmp_path / "out", go_on)
    assert not os.path.lexists(tmp_path / "out" / "odd")


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    packed = write_zip(tmp_path / "a.zip", {"link": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    with pytest.raises(UserError, match="neither a file nor a folder"):
        unpack(packed, tmp_path / "out", go_on)


@PACKED
def test_bombs_are_refused_before_they_fill_the_disk(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_FREE_GROWTH", 1 << 20)
    packed = write(tmp_path / "bomb", {"zeros": bytes(8 << 20)})
    with pytest.raises(UserError, match="100 times its size"):
        unpack(packed, tmp_path / "out", go_on)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) <= 2 << 20


@ALL
def test_too_large_archives_are_refused(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100_000)
    with pytest.raises(UserError, match="smaller archive"):
        unpack(write(tmp_path / "large", GOOD), tmp_path / "out", go_on)


@ALL
def test_too_many_files_are_refused(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 10)
    with pytest.raises(UserError, match="more than 10 files"):
        unpack(write(tmp_path / "many", {f"{number}": b"" for number in range(11)}), tmp_path / "out", go_on)


def test_a_giant_header_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "giant.tar.gz"
    header = tar_member("pax", 512 << 20, tarfile.XHDTYPE).tobuf()
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header)
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="damaged"):
            unpack(path, tmp_path / "out", go_on)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@ALL
def test_a_path_that_comes_twice_is_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="twice"):
        unpack(write(tmp_path / "archive", {"a": b"1", "a/b": b"2"}), tmp_path / "out", go_on)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_of_chinese_windows_are_read(encoding: str, tmp_path: Path) -> None:
    name = "蔬菜/豆角 ①.jpg"
    packed = write_zip(tmp_path / "a.zip", {"_" * len(name.encode(encoding)): b"1"})
    packed.write_bytes(packed.read_bytes().replace(b"_" * len(name.encode(encoding)), name.encode(encoding)))
    unpack(packed, tmp_path / "zip", go_on)
    with tarfile.open(tmp_path / "a.tar", "w", encoding=encoding, format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tar_member(name, 1), io.BytesIO(b"1"))
    unpack(tmp_path / "a.tar", tmp_path / "tar", go_on)
    assert contents(tmp_path / "zip") == contents(tmp_path / "tar") == {name: b"1"}


def test_names_in_no_known_encoding_are_refused(tmp_path: Path) -> None:
    packed = tmp_path / "latin.tar.gz"
    with tarfile.open(packed, "w:gz", encoding="latin-1", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tar_member("\xff"))
    with pytest.raises(UserError, match="neither UTF-8 nor GB18030"):
        unpack(packed, tmp_path / "out", go_on)


def test_what_systems_put_beside_files_is_left_out(tmp_path: Path) -> None:
    files = {"d/1.jpg": b"1", "__MACOSX/d/._1.jpg": b"x", "d/.DS_Store": b"x", "d/Thumbs.db": b"x", "d/._1.jpg": b"x"}
    assert unpack(write_zip(tmp_path / "a.zip", files), tmp_path / "out", go_on) == 1
    assert contents(tmp_path / "out") == {"d/1.jpg": b"1"}
    assert inner(tmp_path / "out") == tmp_path / "out" / "d"
    assert inner(tmp_path / "out" / "d") == tmp_path / "out" / "d"


def test_encrypted_archives_are_refused(tmp_path: Path) -> None:
    packed = write_zip(tmp_path / "a.zip", {"f": b"secret"})
    data = bytearray(packed.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    packed.write_bytes(data)
    with pytest.raises(UserError, match="encrypted"):
        unpack(packed, tmp_path / "out", go_on)


@ALL
def test_archives_cut_anywhere_are_refused_in_one_sentence(write: Write, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", {"a": os.urandom(3000), "b": b"x"}).read_bytes()
    for number, length in enumerate(range(0, len(whole.rstrip(b"\0")) - 1, 97)):
        cut = tmp_path / "cut"
        cut.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"damaged|neither"):
            unpack(cut, tmp_path / f"out{number}", go_on)


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"\x1f\x8bnonsense", b"PK\x03\x04nonsense"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError):
        unpack(tmp_path / "a", tmp_path / "out", go_on)


class StopError(Exception):
    pass


def test_a_wish_to_stop_is_heard_inside_a_file(tmp_path: Path) -> None:
    calls = 0

    def stop_at_the_third() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StopError

    packed = write_tar(tmp_path / "a", {"f": os.urandom(2 << 20)})
    with pytest.raises(StopError):
        unpack(packed, tmp_path / "out", stop_at_the_third)
    assert (tmp_path / "out" / "f").stat().st_size < 2 << 20

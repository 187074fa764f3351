"""Archives that are meant to write elsewhere, or to fill the disk or the memory, are refused in a sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlex_restful.datasets import archive
from paddlex_restful.datasets.archive import unpack
from paddlex_restful.errors import UserError

MEBIBYTE = 1 << 20

Pack = Callable[[dict[str, bytes]], bytes]


def go_on() -> None:
    pass


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], *members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in members:
            tar.addfile(member)
    return buffer.getvalue()


def refusal(data: bytes, folder: Path) -> str:
    """How the archive is refused; nothing lies outside the folder that it was to be unpacked into."""
    (folder / "archive").write_bytes(data)
    home = folder / "a" / "b" / "c" / "d"
    with pytest.raises(UserError) as refused:
        unpack(folder / "archive", home / "out", go_on)
    assert [path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(home / "out")] == [
        folder / "archive"
    ]
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return str(refused.value)


SLIPS = [
    "../x",
    "../../../../../../../../tmp/x",
    "a/../../x",
    "a/..",
    "..",
    "./../x",
    "/x",
    "//x",
    "/etc/cron.d/x",
    "C:/x",
    "C:x",
    "c:\\x",
    "\\x",
    "..\\x",
    "a\\..\\..\\x",
    "\\\\host\\share\\x",
    "//host/share/x",
]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("path", SLIPS)
def test_zip_slip(tmp_path: Path, pack: Pack, path: str) -> None:
    assert "leads out of its folder" in refusal(pack({"good": b"1", path: b"2"}), tmp_path)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("path", ["a\nb", "a\x1b[2Jb", "a\x7fb", "a\u2028b"])
def test_control_characters_in_names(tmp_path: Path, pack: Pack, path: str) -> None:
    message = refusal(pack({path: b"2"}), tmp_path)
    assert "control characters" in message
    assert message.isprintable()


def test_a_nul_character_that_hides_the_rest_of_a_name(tmp_path: Path) -> None:
    data = zipped({"good.jpg_.exe": b"1"}).replace(b"good.jpg_.exe", b"good.jpg\0.exe")
    assert "control characters" in refusal(data, tmp_path)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("path", ["a" * 300, "蔬" * 100, "/".join("a" * 40), "a/" * 20_000 + "x"])
def test_names_that_are_too_long_or_too_deep(tmp_path: Path, pack: Pack, path: str) -> None:
    assert "too long or lies too deep" in refusal(pack({path: b"1"}), tmp_path)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("first", "second"),
    [("cat/1.jpg", "Cat/2.jpg"), ("a.JPG", "A.jpg"), ("stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE")],
)
def test_names_that_are_one_where_capitals_do_not_count(tmp_path: Path, pack: Pack, first: str, second: str) -> None:
    assert "the same name on many disks" in refusal(pack({first: b"1", second: b"2"}), tmp_path)


def test_names_that_are_one_where_accents_are_composed(tmp_path: Path) -> None:
    assert "the same name on many disks" in refusal(zipped({"caf\u00e9": b"1", "cafe\u0301": b"2"}), tmp_path)


def test_a_link_and_then_a_file_through_it(tmp_path: Path) -> None:
    link = tarfile.TarInfo("out")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    through = tarfile.TarInfo("out/x")
    assert "neither a file nor a folder" in refusal(tarred({}, link, through), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_devices_and_pipes_of_a_tar(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("x.jpg")
    member.type, member.linkname = kind, "/etc/passwd"
    assert "neither a file nor a folder" in refusal(tarred({}, member), tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_devices_and_pipes_of_a_zip(tmp_path: Path, kind: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        info = zipfile.ZipInfo("x.jpg")
        info.external_attr = (kind | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
    assert "neither a file nor a folder" in refusal(buffer.getvalue(), tmp_path)


@pytest.mark.parametrize("pack", [zipped, lambda files: gzip.compress(tarred(files))], ids=["zip", "tar.gz"])
def test_a_bomb(tmp_path: Path, pack: Pack) -> None:
    data = pack({"zeros": bytes(100 * MEBIBYTE)})
    assert len(data) < MEBIBYTE
    assert "100 times its size" in refusal(data, tmp_path)
    written = sum(path.stat().st_size for path in tmp_path.rglob("zeros"))
    assert written <= 64 * MEBIBYTE


def test_a_bomb_in_files_that_are_left_out(tmp_path: Path) -> None:
    assert "100 times its size" in refusal(zipped({"__MACOSX/zeros": bytes(100 * MEBIBYTE)}), tmp_path)
    assert not list(tmp_path.rglob("zeros"))


@pytest.mark.parametrize("claimed", [0, 1, 0xFFFFFFFE])
def test_headers_that_lie_about_the_size(tmp_path: Path, claimed: int) -> None:
    size = 100 * MEBIBYTE
    data = zipped({"zeros": bytes(size)}).replace(struct.pack("<I", size), struct.pack("<I", claimed))
    message = refusal(data, tmp_path)
    assert "damaged" in message or "100 times its size" in message
    assert sum(path.stat().st_size for path in tmp_path.rglob("zeros")) <= 64 * MEBIBYTE


def test_many_entries_that_share_the_same_bytes(tmp_path: Path) -> None:
    """As the "better zip bomb" does: the directory names one compressed file a thousand times."""
    data = zipped({"0000": bytes(MEBIBYTE)})
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], data[data.index(b"PK\x05\x06") :]
    directory = b"".join(entry.replace(b"0000", f"{number:04d}".encode()) for number in range(1000))
    counts = struct.pack("<HHII", 1000, 1000, len(directory), start)
    message = refusal(data[:start] + directory + end[:8] + counts + end[20:], tmp_path)
    assert "damaged" in message or "100 times" in message
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 66 * MEBIBYTE


def test_archives_in_archives_stay_packed(tmp_path: Path) -> None:
    """A quine unpacks to itself for ever: here nothing inside an archive is unpacked."""
    data = zipped({"zeros": bytes(8 * MEBIBYTE)})
    for _ in range(5):
        data = zipped({f"{number}.zip": data for number in range(8)}, zipfile.ZIP_STORED)
        data = zipped({"inner.zip": data})
    (tmp_path / "archive").write_bytes(data)
    assert unpack(tmp_path / "archive", tmp_path / "out", go_on) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["inner.zip"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_makes_gigabytes_of_a_kilobyte_at_once(tmp_path: Path, method: int) -> None:
    data = zipped({"zeros": bytes(64 * MEBIBYTE)}, method)
    tracemalloc.start()
    try:
        assert "otherwise than by deflate" in refusal(data, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress])
def test_tars_in_other_compressions_are_no_archives(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    assert "neither a zip nor a tar" in refusal(compress(tarred({"a": b"1"})), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["tar", "tar.gz"])
def test_a_header_of_half_a_gigabyte(tmp_path: Path, kind: bytes, pack: Callable[[bytes], bytes]) -> None:
    member = tarfile.TarInfo("header")
    member.type, member.size = kind, 512 * MEBIBYTE
    data = pack(member.tobuf() + bytes(8 * MEBIBYTE))
    tracemalloc.start()
    try:
        assert "damaged" in refusal(data, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 32 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_headers_of_headers_of_headers(tmp_path: Path) -> None:
    member = tarfile.TarInfo("header")
    member.type, member.size = tarfile.XHDTYPE, 512
    record = b"20 comment=xxxxxxxx\n"
    data = (member.tobuf() + record.ljust(512, b"\0")) * 5000
    assert "damaged" in refusal(data, tmp_path)


def test_a_directory_of_a_zip_that_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LARGEST_ZIP_DIRECTORY", 10_000)
    files = {f"{number:05d}": b"" for number in range(1000)}
    assert "damaged" in refusal(zipped(files), tmp_path)


def test_bytes_at_random_are_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = [zipped({"a/b": os.urandom(500), "c": b"x"}), tarred({"a/b": os.urandom(500), "c": b"x"})]
    generator = random.Random(0)
    for number in range(400):
        data = bytearray(whole[number % 2])
        for _ in range(3):
            data[generator.randrange(len(data))] = generator.randrange(256)
        (tmp_path / "archive").write_bytes(gzip.compress(data) if number % 3 == 1 else data)
        try:
            unpack(tmp_path / "archive", tmp_path / "out" / str(number), go_on)
        except UserError as error:
            assert str(error).startswith("archive ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "out"]

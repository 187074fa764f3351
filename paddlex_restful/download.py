"""The one downloader: whole or not at all, goes on where it broke off, checks what it got, can be stopped.

Bytes go to ``<target>.part``, which is renamed when it is complete and checked. Beside it ``<target>.part.tag`` keeps
the server's ETag or Last-Modified, so that a later call asks only for what is missing, and only if the file is still
the same (RFC 9110, sections 13.1.5 and 14.2).
"""

from __future__ import annotations

import base64
import errno
import hashlib
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from paddlex_restful.durable import sync, sync_folder
from paddlex_restful.errors import UserError
from paddlex_restful.messages import download as messages

_CHUNK = 1 << 16
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 20.0
_NEED_ANOTHER_TRY = {408, 425, 429}
_BASE64_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
_HEX_MD5 = re.compile(r"[0-9a-f]{32}")


class _TransientError(UserError):
    """A failure that another attempt may not meet."""


def _no_progress(done: int, total: int | None) -> None:
    """Stands for a caller that does not want to know."""


def _never_stop() -> None:
    """Stands for a caller that never stops."""


def download(
    url: str,
    target: Path,
    *,
    progress: Callable[[int, int | None], None] = _no_progress,
    check_stop: Callable[[], None] = _never_stop,
    sha256: str | None = None,
    attempts: int = 4,
    pause: float = 0.5,
) -> Path:
    """Download a file.

    Its length is checked against Content-Length, and its MD5 where the server tells it: in Content-MD5, or as ETag of
    Baidu's object storage.

    Args:
        url: an http or https address; redirects are followed.
        target: where the file comes to lie; the folder is made, a file that is there is replaced.
        progress: called with the bytes so far and the bytes in all, None where the server does not say.
        check_stop: called between chunks; what it raises ends the download, which can go on later.
        sha256: what the file must have, in hexadecimal.
        attempts: how often a connection that fails or breaks off is tried in all.
        pause: seconds before the second attempt; doubled before each further one.

    Returns:
        ``target``.

    Raises:
        UserError: the address is wrong or unreachable, the file is not there or not what it should be, or the disk is
            full.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UserError(messages.NOT_HTTP, url=url)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _Part(target)
    for attempt in range(attempts):
        try:
            md5 = _fetch(url, part, progress, check_stop)
            _check(url, part, md5, sha256, check_stop)
            part.finish(target)
            return target
        except _TransientError:
            if attempt + 1 == attempts:
                raise
            _wait(pause * 2**attempt, check_stop)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            size = part.size()
            part.remove()
            raise _no_space(target, size) from error
    raise ValueError("attempts must be at least 1")


class _Part:
    """The incomplete file and the tag that says of which version it is."""

    def __init__(self, target: Path) -> None:
        self.file = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.part.tag")

    def size(self) -> int:
        """Bytes that are there."""
        return self.file.stat().st_size if self.file.exists() else 0

    def tag(self) -> str | None:
        """The server's word for the version, None when the download cannot go on."""
        return self._tag.read_text(encoding="latin-1") if self.size() and self._tag.exists() else None

    def begin(self, tag: str | None) -> None:
        """Start anew, of the version that the server calls ``tag``."""
        self.remove()
        if tag is not None:
            self._tag.write_text(tag, encoding="latin-1")

    def remove(self) -> None:
        """Forget what is there."""
        self.file.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def finish(self, target: Path) -> None:
        """Put the complete file in its place, durably."""
        sync(self.file)
        self.file.replace(target)
        sync_folder(target.parent)
        self._tag.unlink(missing_ok=True)


def _fetch(
    url: str, part: _Part, progress: Callable[[int, int | None], None], check_stop: Callable[[], None]
) -> str | None:
    """Make the part complete in one attempt; returns the MD5 that the server tells, in hexadecimal."""
    check_stop()
    headers = {"Accept-Encoding": "identity"}
    tag = part.tag()
    if tag is not None:
        headers |= {"Range": f"bytes={part.size()}-", "If-Range": tag}
    where = _where(url)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(_CONNECT_TIMEOUT, _READ_TIMEOUT)) as response:
            total = _begin(response, url, part)
            done = part.size()
            progress(done, total)
            with part.file.open("ab") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, total)
                    check_stop()
            if total is not None and done != total:
                raise _TransientError(messages.CUT, **where)
            return _told_md5(response)
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ReadTimeout) as error:
        raise _TransientError(messages.CUT, **where) from error
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
        raise UserError(messages.NOT_HTTP, url=url) from error
    except requests.exceptions.RequestException as error:
        raise _TransientError(messages.UNREACHABLE if part.size() == 0 else messages.CUT, **where) from error


def _begin(response: requests.Response, url: str, part: _Part) -> int | None:
    """Look at the answer's head: refuse, go on or start anew; returns the bytes in all."""
    status = response.status_code
    if status == requests.codes.requested_range_not_satisfiable:
        part.remove()
        raise _TransientError(messages.CUT, **_where(url))
    if status >= 500 or status in _NEED_ANOTHER_TRY:
        raise _TransientError(messages.SERVER_FAILED, status=status, **_where(url))
    if status not in (requests.codes.ok, requests.codes.partial_content):
        raise UserError(messages.NOT_FOUND, status=status, **_where(url))

    length = response.headers.get("Content-Length", "")
    rest = int(length) if length.isdigit() else None
    have = 0
    if status == requests.codes.partial_content:
        have = part.size()
        if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.remove()
            raise _TransientError(messages.CUT, **_where(url))
    else:
        tag = response.headers.get("ETag", response.headers.get("Last-Modified"))
        # A weak tag does not promise the same bytes.
        part.begin(None if tag is None or tag.startswith("W/") else tag)
    if rest is not None and rest > shutil.disk_usage(part.file.parent).free:
        raise _no_space(part.file, rest)
    return None if rest is None else have + rest


def _told_md5(response: requests.Response) -> str | None:
    told = response.headers.get("Content-MD5", "")
    # Of a part, some servers tell the part's own.
    if _BASE64_MD5.fullmatch(told) and response.status_code == requests.codes.ok:
        return base64.b64decode(told).hex()
    tag = response.headers.get("ETag", "").strip('"').lower()
    is_bos = "x-bce-request-id" in response.headers
    return tag if is_bos and _HEX_MD5.fullmatch(tag) else None


def _check(url: str, part: _Part, md5: str | None, sha256: str | None, check_stop: Callable[[], None]) -> None:
    for told, name in ((md5, "md5"), (sha256, "sha256")):
        if told is not None and checksum(part.file, name, check_stop) != told.lower():
            part.remove()
            raise _TransientError(messages.WRONG_CHECKSUM, **_where(url))


def checksum(path: Path, name: str = "sha256", check_stop: Callable[[], None] = _never_stop) -> str:
    """Checksum of a file in hexadecimal.

    Args:
        path: the file.
        name: a name of ``hashlib``.
        check_stop: called between chunks.
    """
    digest = hashlib.new(name, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            check_stop()
    return digest.hexdigest()


def _wait(seconds: float, check_stop: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check_stop()
        time.sleep(min(0.1, left))


def _where(url: str) -> dict[str, object]:
    address = urlsplit(url)
    # Not netloc: it may hold a password.
    return {"host": address.hostname, "path": address.path}


def _no_space(file: Path, size: int) -> UserError:
    return UserError(messages.NO_SPACE, file=file.name, megabytes=max(1, round(size / 1e6)))

"""The access token: where it comes from, where it is kept, and what is right."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from paddlex_restful.config import TOKEN_VARIABLE, Config
from paddlex_restful.durable import write_durably
from paddlex_restful.errors import UserError
from paddlex_restful.messages import access as sentences

FILE = "access.token"
"""Its file in the workspace. No call answers with a file of this ending."""

SHORTEST = 16
"""So many characters a token has at least: shorter ones can be guessed."""


@dataclass(frozen=True)
class AccessToken:
    """The token of one server.

    Attributes:
        value: the secret.
        file: where it is kept; None where it came from the environment.
        new: made at this start.
    """

    value: str = field(repr=False)
    file: Path | None = None
    new: bool = False

    def is_right(self, sent: str) -> bool:
        """Whether a client sent this token, told in the same time for all wrong ones of its length."""
        return _equal(sent, self.value)

    @property
    def cookie_name(self) -> str:
        """Follows from the token, so that servers on several ports of a host do not take each other's cookies."""
        return f"paddlex_restful_{self._derived('cookie name')[:8]}"

    @property
    def cookie_value(self) -> str:
        """What a browser keeps; it admits, but does not tell the token."""
        return self._derived("cookie value")

    def is_right_cookie(self, sent: str) -> bool:
        """Whether a browser sent the value of the cookie."""
        return _equal(sent, self.cookie_value)

    def _derived(self, label: str) -> str:
        return hmac.new(self.value.encode(), label.encode(), hashlib.sha256).hexdigest()


def settle(config: Config, root: Path) -> AccessToken | None:
    """The token that a server asks for: the environment's, or that of the workspace, which is made where it is missing.

    Args:
        config: the server's settings.
        root: folder of the workspace, locked.

    Returns:
        None where none is needed: on a loopback address, unless one is set or asked for.

    Raises:
        UserError: the token is too short or unfit for a header, or others can read its file.
        OSError: its file cannot be read or written.
    """
    if config.token:
        if not _is_fit(config.token):
            raise UserError(sentences.UNFIT_TOKEN, variable=TOKEN_VARIABLE, shortest=SHORTEST)
        return AccessToken(config.token)
    if config.local and not config.require_token:
        return None
    file = root / FILE
    try:
        return AccessToken(_read(file), file)
    except FileNotFoundError:
        value = secrets.token_urlsafe(32)
        write_durably(file, f"{value}\n".encode(), mode=0o600)
        return AccessToken(value, file, new=True)


def _read(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as opened:
        # Others may have read it by now, so that making it private would help nobody.
        if os.name == "posix" and os.fstat(opened.fileno()).st_mode & 0o077:
            raise UserError(sentences.TOKEN_FILE_OPEN, file=file, variable=TOKEN_VARIABLE)
        value = opened.read().strip()
    if not _is_fit(value):
        raise UserError(sentences.UNFIT_TOKEN_FILE, file=file)
    return value


def _is_fit(value: str) -> bool:
    return len(value) >= SHORTEST and value.isascii() and value.isprintable() and " " not in value


def _equal(sent: str, right: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), right.encode())

"""Which names the server answers to, and which pages may use it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any

from paddlex_restful.config import Config

_MOST_REMEMBERED = 1024


class Hosts:
    """The names that the header ``Host`` may have: else a page could have its own name lead here, and read answers.

    That needs a name, so numeric addresses are fine: those of the loopback on a loopback address, else all.

    Args:
        config: the server's settings.
    """

    def __init__(self, config: Config) -> None:
        self._local = config.local
        self._names = {name.lower().rstrip(".") for name in ("localhost", *config.allowed_hosts)}
        if not config.local:
            hostname = socket.gethostname().lower()
            self._names |= {hostname, hostname.partition(".")[0]}
        self._answered: set[str] = set()

    def allow(self, header: str) -> bool:
        """Whether a request with this header is for this server, on any port. Only browsers matter, which send it."""
        if not header or header in self._answered:
            return True
        if not self._is_own(_name(header)):
            return False
        if len(self._answered) < _MOST_REMEMBERED:
            self._answered.add(header)
        return True

    def _is_own(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._local


def _name(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower().removesuffix(".")


class Origins:
    """Whose pages may have a browser use the server: its own, and those of the origins that are listed.

    Args:
        allowed: origins, as ``https://page.example:8443``.
    """

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = frozenset(allowed)

    def is_listed(self, origin: str | None) -> bool:
        """Whether an origin is one of those that are listed."""
        return origin in self._allowed

    def is_foreign(self, environ: Mapping[str, Any]) -> bool:
        """Whether a page of another origin had a browser send the request. Programs do not send these headers."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            # A page of the same site may be that of any program on another port.
            return environ.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site")
        own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}".lower()
        return origin != own and origin not in self._allowed


def is_visit(environ: Mapping[str, Any]) -> bool:
    """Whether a person follows a link, or opens an address: the page that has it does not see the answer."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        and "HTTP_ORIGIN" not in environ
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )

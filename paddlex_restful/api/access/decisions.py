"""What each address decides about its access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

_ATTRIBUTE = "access_decision"


class Access(Enum):
    """Who may use an address."""

    TOKEN = "token"  # noqa: S105 - no secret, but who has one
    """Whoever has the access token, where the server needs one."""
    OPEN = "open"
    """Everybody, also while the server is shutting down: what is asked by programs that watch it."""


@dataclass(frozen=True)
class Decision:
    """What an address decides.

    Attributes:
        access: who may use it.
        changes: whether it changes or starts something, so that no other site's page may have a browser ask for it.
    """

    access: Access
    changes: bool


def decided(access: Access, *, changes: bool = False) -> Callable[[ViewT], ViewT]:
    """Declare the access of a view function that is no call; without, it is refused to everybody."""

    def declare(view: ViewT) -> ViewT:
        setattr(view, _ATTRIBUTE, Decision(access, changes))
        return view

    return declare


def decision_of(view: Callable[..., Any]) -> Decision | None:
    """What a view function has decided; None where it has not."""
    decision: Decision | None = getattr(view, _ATTRIBUTE, None)
    return decision

"""What went wrong, in words: in the page where it belongs, or above it."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from paddlex_restful.api.answers import told
from paddlex_restful.language import gettext as _
from paddlex_restful.language import sentence

ID = "notices"
"""Of the component that shows what is sent to it above the page for a while."""


def words(error: Exception) -> str:
    """What was refused and the remedy, in the reader's language."""
    return sentence(told(error))


def problem(text: str, title: str | None = None) -> Component:
    """A problem, where it arose.

    Args:
        text: in words, with the remedy.
        title: what could not be done.
    """
    return dmc.Alert(text, title=title or _("This did not work"), color="red", variant="light")


def refused(text: str) -> Component:
    """A problem below the form whose button was clicked.

    Args:
        text: in words, with the remedy.
    """
    return dmc.Box(problem(text), mt="md")


def refusal(error: Exception) -> dict[str, Any]:
    """A notification of what was refused, for ``sendNotifications``."""
    return {
        "action": "show",
        "title": _("This did not work"),
        "message": words(error),
        "color": "red",
        "autoClose": 12_000,
    }


def done(text: str) -> dict[str, Any]:
    """A notification of what was done, for ``sendNotifications``."""
    return {"action": "show", "title": "", "message": text, "color": "green", "autoClose": 4_000}

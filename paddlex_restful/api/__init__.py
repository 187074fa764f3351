"""The HTTP side: a blueprint a noun; arguments in, answers out."""

from flask import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = ()
"""The blueprints of all nouns."""

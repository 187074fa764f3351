"""The demo: a client script of the HTTP interface, and the data that demos use."""

DIGITS = "digits:"
"""Address of the one demo that needs no network: the digits that scikit-learn ships."""

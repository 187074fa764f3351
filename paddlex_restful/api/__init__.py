"""The HTTP side: a blueprint a noun; arguments in, answers out."""

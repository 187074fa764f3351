"""Sentences about disks that are nearly full."""

NO_SPACE = (
    "The disk of {folder} has {free} free and {need} are needed ({kept} of them stay free): "
    "free some space and try again."
)
WAITING = (
    "The disk of {folder} has {free} free and {need} are needed ({kept} of them stay free): "
    "the training waits, and goes on when there is space."
)

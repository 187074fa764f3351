"""Sentences about the server's own health."""

JOBS_UNATTENDED = "The server does not attend to its jobs any more; start it again, its log tells why."
NOT_WRITABLE = (
    "The workspace cannot be written ({reason}); free some space on its disk, or give the server's user the right to."
)

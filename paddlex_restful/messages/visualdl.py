"""About the VisualDL page."""

MISSING = (
    "The training curves need the package visualdl, which is not installed; install it with: pip install visualdl."
)
NOT_STARTED = "VisualDL did not start within {seconds} seconds; the server's own output says why, then ask again."

"""The durable state of a server: its entries, the folders that belong to them, and the paths that clients may name."""

from paddlex_restful.workspace.original import original_statuses
from paddlex_restful.workspace.paths import confine
from paddlex_restful.workspace.store import Workspace

__all__ = ["Workspace", "confine", "original_statuses"]

"""The durable state of a server: its entries and the folders that belong to them."""

from paddlex_restful.workspace.original import original_statuses
from paddlex_restful.workspace.state import Draft, State
from paddlex_restful.workspace.store import Workspace

__all__ = ["Draft", "State", "Workspace", "original_statuses"]

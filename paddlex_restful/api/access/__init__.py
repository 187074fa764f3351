"""Who may use the server: each address says it, one guard holds to it."""

from paddlex_restful.api.access.decisions import Access, Decision, decided, decision_of

__all__ = ["Access", "Decision", "decided", "decision_of"]

"""What answers are made of: equal as long as they would tell nothing else."""

from __future__ import annotations

from collections.abc import Hashable

from paddlex_restful.services import Services


def of_lists(services: Services) -> Hashable:
    """Of lists of entries with their states."""
    return services.workspace.state.revision, services.jobs.revision, services.jobs.stages()


def of_entry(services: Services, entry_id: str) -> Hashable:
    """Of what is told of an entry and its jobs, as far as that is nothing but their records and what they report."""
    return services.workspace.state.revision, services.jobs.revision, services.jobs.reports(entry_id)

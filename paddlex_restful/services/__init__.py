"""What each call means, a module a noun: between HTTP and the workspace, the datasets and the jobs.

Every function takes the :class:`Services` of its server first. Bad input is a ``UserError``, raised before anything
is changed.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from paddlex_restful import logs
from paddlex_restful.config import Config
from paddlex_restful.cores import cores_of_slot
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.messages import jobs as messages
from paddlex_restful.services.roots import Roots
from paddlex_restful.serving import Pool
from paddlex_restful.uploads import Uploads
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies


@dataclass(frozen=True)
class Services:
    """What one server holds open.

    Attributes:
        config: its settings.
        workspace: its workspace, locked.
        jobs: its jobs.
        visualdl: the VisualDL pages that it started.
        replies: what was answered to requests with keys.
        roots: the paths that its clients may name.
        uploads: what its clients have sent.
        predictors: the models that stay loaded to predict.
        gate: held from the check that something may be done to the doing, where two requests could get between
            each other: starting jobs, deleting, binding, splitting.
    """

    config: Config
    workspace: Workspace
    jobs: JobManager
    visualdl: VisualDLServers
    replies: Replies
    roots: Roots = field(init=False)
    uploads: Uploads = field(init=False)
    predictors: Pool = field(init=False)
    gate: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roots", Roots.of(self.config, self.workspace.root))
        object.__setattr__(self, "uploads", Uploads(self.workspace.root, self.config.min_free))
        predictors = Pool(
            self.jobs.executor,
            self.workspace.root / logs.FILE.parent,
            self.config.predict_workers,
            self.config.predict_idle,
            cores_of_slot(self.config.cpu_jobs),
            self.jobs.leased_gpus,
        )
        object.__setattr__(self, "predictors", predictors)

    def close(self) -> None:
        """Gives everything back; running jobs go on."""
        self.predictors.close()
        self.visualdl.close()
        self.replies.close()
        self.jobs.close()
        self.workspace.close()


def build_services(config: Config) -> Services:
    """Opens the workspace and what works on it.

    Raises:
        UserError: the workspace cannot be used (locked, not writable, a full disk).
    """
    from paddlex_restful.services.assisting import WarmPredictions
    from paddlex_restful.services.enlisting import take_up
    from paddlex_restful.services.migration import record_original_statuses
    from paddlex_restful.services.uploads import in_use

    with ExitStack() as opened:
        workspace = opened.enter_context(closing(Workspace.open(config.workspace_dir)))
        try:
            manager = JobManager(workspace.root, cpu_jobs=config.cpu_jobs, share_gpus=config.share_gpus)
            jobs = opened.enter_context(closing(manager))
            services = Services(config, workspace, jobs, VisualDLServers(), Replies(workspace.root))
            jobs.assist(WarmPredictions(services))
            if workspace.opened_original:
                record_original_statuses(services)
            services.uploads.sweep(in_use(services))
            take_up(services)
        except (OSError, sqlite3.Error) as error:
            raise UserError(messages.NOT_TAKEN_UP, path=workspace.root, error=error) from error
        opened.pop_all()
    return services

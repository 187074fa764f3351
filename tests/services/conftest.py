from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddlex_restful.config import Config
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.services import Services
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies
from tests.jobs.conftest import PRELOAD, SHORT
from tests.jobs.toys import KINDS


@pytest.fixture
def toy_services(tmp_path: Path) -> Iterator[Services]:
    """Services whose jobs are toys, one heavy one at a time."""
    workspace = Workspace.open(tmp_path / "workspace")
    jobs = JobManager(workspace.root, cpu_jobs=1, kinds=KINDS, executor=Executor(preload=PRELOAD), patience=SHORT)
    services = Services(Config(workspace.root), workspace, jobs, VisualDLServers(), Replies(workspace.root))
    yield services
    for job in jobs.active():
        jobs.stop(job)
    services.close()

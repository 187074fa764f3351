from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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

OpenServices = Callable[..., Services]


@pytest.fixture
def open_services(tmp_path: Path) -> Iterator[OpenServices]:
    """Opens services with settings; they run no job."""
    opened: list[Services] = []

    def open_them(**settings: Any) -> Services:
        workspace = Workspace.open(tmp_path / "workspace")
        jobs = JobManager(workspace.root, executor=Executor(preload=PRELOAD), patience=SHORT)
        config = Config(workspace.root, **settings)
        opened.append(Services(config, workspace, jobs, VisualDLServers(), Replies(workspace.root)))
        return opened[-1]

    yield open_them
    for services in opened:
        services.close()


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

"""Which job a training is started as."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddlex_restful import datasets, system
from paddlex_restful.checkpoints import INFO_FILE, OPTIMIZER_FILE, STATE_FILE, WEIGHTS_FILE
from paddlex_restful.config import Config
from paddlex_restful.datasets.importing import rebuild
from paddlex_restful.jobs import kinds
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.params import default_params
from paddlex_restful.services import Services, evaluation, projects, tasks, training
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies
from tests.images import make_classification
from tests.jobs import toys
from tests.jobs.conftest import PRELOAD, SHORT


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services of a machine with three GPUs, whose trainings and evaluations are toys."""
    monkeypatch.setattr(system, "gpu_count", lambda: 3)
    workspace = Workspace.open(tmp_path / "workspace")
    small = {**kinds.KINDS, "train": toys.KINDS["train"], "evaluate": toys.KINDS["look"]}
    jobs = JobManager(workspace.root, kinds=small, executor=Executor(preload=PRELOAD), patience=SHORT)
    made = Services(Config(workspace.root), workspace, jobs, VisualDLServers(), Replies(workspace.root))
    yield made
    for job in jobs.active():
        jobs.stop(job)
    made.close()


@pytest.fixture
def project(services: Services) -> str:
    """A project with a dataset that is split."""
    workspace = services.workspace
    did = workspace.create_dataset("d", "", "classification")
    folder = make_classification(workspace.folder(workspace.dataset(did)), per_class=8)
    rebuild(folder, "classification")
    datasets.split(folder, "classification", 0.2, 0.2)
    services.jobs.record("import", did, folder / "job" / "import", "done", result={"split": True, "images": 24})
    pid = projects.create(services, "p", "", "classification")
    workspace.update(pid, did=did)
    return pid


@pytest.mark.parametrize(("gpus", "processes"), [((), 1), ((1,), 1), ((0, 2), 2)])
def test_a_training_has_a_process_for_each_gpu(
    services: Services, project: str, gpus: tuple[int, ...], processes: int
) -> None:
    tid = tasks.create(services, project, default_params("classification", gpus=gpus), "", None)
    job = training.start(services, tid)
    assert (job.gpus, job.args["processes"]) == (gpus, processes)


def test_what_is_done_with_a_model_takes_the_first_of_its_gpus(services: Services, project: str) -> None:
    tid = tasks.create(services, project, default_params("classification", gpus=(2, 1)), "", None)
    best = tasks.output_folder(services, services.workspace.task(tid)) / "best_model"
    best.mkdir(parents=True)
    for name in (WEIGHTS_FILE, INFO_FILE, OPTIMIZER_FILE, STATE_FILE):
        (best / name).touch()
    job = services.jobs.wait(evaluation.start(services, tid, None, 5, 0.5, 0.5), 60)
    assert job.gpus == (2,)
    assert job.result is not None, job.message
    assert job.result["visible"] == "2"

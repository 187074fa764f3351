"""Which parameters a preview takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from paddlex_restful import datasets as formats
from paddlex_restful.config import Config
from paddlex_restful.errors import UserError
from paddlex_restful.jobs import states
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.params import check_params, default_params, write_params
from paddlex_restful.services import Services, datasets, previews, projects, tasks
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies
from tests.images import make_dataset
from tests.jobs.conftest import PRELOAD, SHORT


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Services that run no job."""
    workspace = Workspace.open(tmp_path / "workspace")
    jobs = JobManager(workspace.root, executor=Executor(preload=PRELOAD), patience=SHORT)
    opened = Services(Config(workspace.root), workspace, jobs, VisualDLServers(), Replies(workspace.root))
    yield opened
    opened.close()


def imported(services: Services, type: str) -> str:
    """A split dataset that lies in its place."""
    did = datasets.create(services, "shapes", "", type)
    folder = services.workspace.folder(services.workspace.dataset(did))
    make_dataset(folder, type, count=6)
    formats.rebuild(folder, type)
    services.jobs.record("import", did, job_folder(folder, "import"), states.DONE)
    datasets.split(services, did, 0.2, 0.2)
    return did


def task_of(services: Services, type: str, params: dict[str, Any]) -> str:
    return tasks.create(services, projects.create(services, "p", "", type), params, "", None)


def test_without_a_task_the_defaults_of_the_type_apply(services: Services) -> None:
    did = imported(services, "detection")
    tid = task_of(services, "detection", default_params("detection"))
    other = task_of(services, "detection", default_params("detection") | {"expand_prob": 0, "crop_image": False})
    plain = previews.preview(services, did, None, 3, 5)
    assert plain == previews.preview(services, did, tid, 3, 5)
    assert plain != previews.preview(services, did, other, 3, 5)


def test_parameters_that_the_original_server_stored_apply(services: Services) -> None:
    did = imported(services, "segmentation")
    tid = task_of(services, "segmentation", default_params("segmentation"))
    folder = services.workspace.folder(services.workspace.task(tid))
    # It stored no greatest angle.
    write_params(folder / tasks.PARAMS_FILE, default_params("segmentation") | {"rotate": True, "scale_aspect": True})
    seed, drawn = previews.preview(services, did, tid, 2, None)
    assert len(drawn) == 2
    assert previews.preview(services, did, tid, 2, seed) == (seed, drawn)


def test_a_task_of_another_type_is_refused(services: Services) -> None:
    did = imported(services, "detection")
    tid = task_of(services, "segmentation", default_params("segmentation"))
    with pytest.raises(UserError, match=f"Task {tid} is of type segmentation, but dataset {did} is of type detection"):
        previews.preview(services, did, tid, 1, None)


def test_a_sketch_follows_parameters_that_no_task_has(services: Services) -> None:
    did = imported(services, "detection")
    params = check_params("detection", {"image_shape": [480, 640], "hue": False, "random_shape": False})
    [(path, picture), *others] = previews.sketch(services, did, params, 3, 7)
    assert len(others) == 2
    image = Image.open(io.BytesIO(picture))
    assert (image.format, image.size) == ("WEBP", (320, 240))
    assert previews.sketch(services, did, params, 3, 7)[0] == (path, picture)
    turned = previews.sketch(services, did, params | {"hue": True, "hue_prob": 1.0, "hue_range": 90}, 3, 7)
    assert [name for name, _ in turned] == [path, *(name for name, _ in others)]
    assert turned[0][1] != picture

"""Symbolic links that take the place of a folder: nothing outside is deleted, read or written through them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.config import Config
from paddlex_restful.datasets import importing
from paddlex_restful.datasets.copying import Copier, SourceChangedError
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.services import (
    Services,
    build_services,
    datasets,
    downloads,
    exporting,
    models,
    prediction,
    projects,
    tasks,
)
from paddlex_restful.training import export, predict, weights
from tests.images import make_classification
from tests.training.trained import job

TYPE = "classification"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = build_services(Config(tmp_path / "workspace"))
    yield opened
    opened.close()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with what entries have, which no deletion may touch."""
    folder = tmp_path / "outside"
    for name in ("info.pb", "T0001/info.pb", "T0001/output/best", "inference.yml", "predict/x", "job/import/job.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _put_link(folder: Path, to: Path) -> None:
    folder.rename(folder.with_name("moved away"))
    folder.symlink_to(to)


def _dataset(services: Services) -> tuple[str, Callable[[], None]]:
    did = datasets.create(services, "d", "", TYPE)
    return f"datasets/{did}", lambda: datasets.delete(services, did)


def _project(services: Services) -> tuple[str, Callable[[], None]]:
    pid = projects.create(services, "p", "", TYPE)
    tasks.create(services, pid, None, "", None)
    return f"projects/{pid}", lambda: projects.delete(services, pid)


def _task(services: Services) -> tuple[str, Callable[[], None]]:
    tid = tasks.create(services, projects.create(services, "p", "", TYPE), None, "", None)
    return f"projects/P0001/{tid}", lambda: tasks.delete(services, tid)


def _model(services: Services) -> tuple[str, Callable[[], None]]:
    pmid = services.workspace.create_pretrained_model("m", "AlexNet", TYPE, "P0001", "T0001")
    return f"pretrain/{pmid}", lambda: models.delete_pretrained(services, pmid)


def _exported(services: Services) -> tuple[str, Callable[[], None]]:
    folder = services.workspace.root / "exports/model"
    folder.mkdir(parents=True)
    (folder / "inference.yml").touch()
    tid = tasks.create(services, projects.create(services, "p", "", TYPE), None, "", None)
    emid = models.list_exported(services, "P0001", tid, "m", str(folder), None)
    return "exports/model", lambda: models.delete_exported(services, emid)


KINDS = {"dataset": _dataset, "project": _project, "task": _task, "model": _model, "exported model": _exported}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("levels", [0, 1])
def test_deleting_an_entry_deletes_nothing_through_a_link(
    services: Services, outside: Path, kind: str, levels: int
) -> None:
    place, delete = KINDS[kind](services)
    folder = services.workspace.root / place
    if levels:
        # The folder above is the link, and has one of the right name.
        (outside / folder.name).mkdir(exist_ok=True)
        (outside / folder.name / "inference.yml").write_text("kept")
    before = _files(outside)
    _put_link(folder.parents[levels - 1] if levels else folder, outside)
    delete()
    assert _files(outside) == before


def test_deleting_a_task_deletes_none_of_another_project(services: Services) -> None:
    first, second = (projects.create(services, name, "", TYPE) for name in "ab")
    tid = tasks.create(services, first, None, "", None)
    root = services.workspace.root
    shutil.copytree(root / "projects" / first / tid, root / "projects" / second / tid)
    _put_link(root / "projects" / first, root / "projects" / second)
    tasks.delete(services, tid)
    assert (root / "projects" / second / tid / "info.pb").is_file()


def test_an_import_into_a_dataset_behind_a_link_is_refused(services: Services, outside: Path, tmp_path: Path) -> None:
    before = _files(outside)
    did = datasets.create(services, "d", "", TYPE)
    source = make_classification(tmp_path / "source")
    _put_link(services.workspace.root / "datasets" / did, outside)
    with pytest.raises(UserError, match="a symbolic link has taken the place"):
        datasets.import_folder(services, did, str(source))
    context = JobContext("import", did, tmp_path, services.workspace.root, {"target": f"datasets/{did}"})
    with pytest.raises(UserError, match="a symbolic link has taken the place"):
        importing.run(context)
    assert _files(outside) == before


def test_a_prediction_empties_no_folder_behind_a_link(services: Services, outside: Path) -> None:
    before = _files(outside)
    tid = tasks.create(services, projects.create(services, "p", "", TYPE), None, "", None)
    folder = services.workspace.root / "projects/P0001" / tid
    _put_link(folder, outside)
    with pytest.raises(UserError, match="a symbolic link has taken the place"):
        prediction._empty(services, services.workspace.task(tid), folder / "predict")
    assert _files(outside) == before


def _import_of(tmp_path: Path, source: Path, kind: type[JobContext] = JobContext) -> JobContext:
    root = tmp_path / "workspace"
    (root / "datasets/D0001/job/import").mkdir(parents=True)
    args = {"did": "D0001", "type": TYPE, "source": str(source), "target": "datasets/D0001", "link": False}
    return kind("import", "D0001", root / "datasets/D0001/job/import", root, args)


def test_the_folder_of_an_import_is_a_link_when_the_job_begins(tmp_path: Path) -> None:
    secrets = make_classification(tmp_path / "secrets")
    context = _import_of(tmp_path, make_classification(tmp_path / "source"))
    _put_link(tmp_path / "source", secrets)
    with pytest.raises(JobFailed, match="a symbolic link has taken the place"):
        importing.run(context)


@pytest.mark.parametrize("link", [False, True])
def test_a_folder_becomes_a_link_between_check_and_copy(tmp_path: Path, link: bool) -> None:
    secrets = make_classification(tmp_path / "secrets")
    source = make_classification(tmp_path / "source")

    class Meddling(JobContext):
        def progress(self, *, flush: bool = False, **fields: Any) -> None:
            super().progress(flush=flush, **fields)
            if fields.get("stage") == "copying":
                shutil.rmtree(source / "square")
                (source / "square").symlink_to(secrets / "square")

    context = _import_of(tmp_path, source, Meddling)
    context.args["link"] = link
    with pytest.raises(JobFailed, match="was changed or removed"):
        importing.run(context)
    assert not list((tmp_path / "workspace").rglob("*.png"))


def test_a_pipe_in_the_place_of_a_file_holds_up_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceChangedError):
        Copier(tmp_path / "elsewhere", link=False).copy(str(tmp_path / "pipe"), str(tmp_path / "copy"))


def test_a_picture_behind_a_link_is_not_predicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.png").touch()
    (tmp_path / "named.png").symlink_to(tmp_path / "secret.png")

    class Adapter:
        @staticmethod
        def predictor(folder: Path) -> Adapter:
            return Adapter()

        batch_size = 1

    def read(path: Path) -> None:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(predict, "adapter", lambda project_type: Adapter)
    monkeypatch.setattr(predict, "read_image", read)
    named = {"images": [str(tmp_path / "named.png")], "model": "output", "score_thresh": 0.5, "output": "predict"}
    with pytest.raises(JobFailed, match="cannot be read"):
        predict.run(job(tmp_path, "predict", type=TYPE, **named))


def test_weights_behind_a_link_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/model.pdparams").touch()
    (tmp_path / "named").symlink_to(tmp_path / "secrets")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.pdparams").symlink_to(tmp_path / "secrets/model.pdparams")
    for named, words in (("named", "a symbolic link has taken"), ("model", "is outside the folders")):
        context = job(tmp_path, "train", params={}, weights=str(tmp_path / named))
        with pytest.raises(UserError, match=words):
            weights.initialise(None, context)  # type: ignore[arg-type]


def test_an_export_writes_nothing_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "exports").symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match="a symbolic link has taken"), export.new_folder(tmp_path / "exports/new"):
        pass
    assert not list((tmp_path / "outside").iterdir())


def test_an_export_is_not_moved_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "exports").mkdir()

    def write() -> None:
        with export.new_folder(tmp_path / "exports/new") as folder:
            (folder / "model").touch()
            _put_link(tmp_path / "exports", tmp_path / "outside")

    with pytest.raises((UserError, OSError)):
        write()
    assert not list((tmp_path / "outside").iterdir())


@pytest.fixture
def open_services(tmp_path: Path) -> Iterator[Services]:
    """Of a server that other machines reach, and that names no folders."""
    opened = build_services(Config(tmp_path / "workspace", host="0.0.0.0"))
    yield opened
    opened.close()


def test_a_server_for_other_machines_reads_and_writes_its_workspace_alone(
    open_services: Services, tmp_path: Path
) -> None:
    source = make_classification(tmp_path / "source")
    did = datasets.create(open_services, "d", "", TYPE)
    pid = projects.create(open_services, "p", "", TYPE)
    tid = tasks.create(open_services, pid, None, "", None)
    refused: list[Callable[[], Any]] = [
        lambda: datasets.import_folder(open_services, did, str(source)),
        lambda: exporting._save_dir(open_services, str(tmp_path / "new")),
        lambda: prediction._image(open_services, str(source / "square/0000.png")),
        lambda: models.list_exported(open_services, pid, tid, "m", str(source), None),
    ]
    for call in refused:
        with pytest.raises(UserError, match="outside the folders"):
            call()
    inside = open_services.workspace.root / "exports/new"
    assert exporting._save_dir(open_services, str(inside)) == inside
    with pytest.raises(UserError, match="keeps its own files"):
        exporting._save_dir(open_services, str(open_services.workspace.root / "datasets/new"))


def test_a_model_that_was_listed_before_is_not_handed_out_by_a_server_for_other_machines(
    tmp_path: Path, outside: Path
) -> None:
    (outside / "inference.pdiparams").write_text("weights")
    local = build_services(Config(tmp_path / "workspace"))
    tid = tasks.create(local, projects.create(local, "p", "", TYPE), None, "", None)
    models.list_exported(local, "P0001", tid, "m", str(outside), None)
    local.close()
    reached = build_services(Config(tmp_path / "workspace", host="0.0.0.0"))
    try:
        with pytest.raises(UserError, match="outside the folders"):
            downloads.find(reached, "EM0001", None)
    finally:
        reached.close()

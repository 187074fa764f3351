"""What is deleted in the middle of another call stays deleted, and the other call says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.config import Config
from paddlex_restful.errors import UserError
from paddlex_restful.params import default_params
from paddlex_restful.services import Services, build_services, datasets, projects, tasks
from tests.images import make_classification


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = build_services(Config(tmp_path / "workspace"))
    yield opened
    opened.close()


class _Waiting:
    """Runs a call while the gate is held, lets something else be done once the call waits for it, then opens it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self._call = call

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001  it is what the test looks at
            self.error = error

    def meanwhile(self, services: Services, act: Callable[[], Any]) -> BaseException | None:
        thread = threading.Thread(target=self._run)
        with services.gate:
            thread.start()
            thread.join(0.3)
            act()
        thread.join(90)
        return self.error


def test_an_import_into_a_dataset_that_is_deleted_meanwhile_makes_no_folder(services: Services, tmp_path: Path) -> None:
    source = make_classification(tmp_path / "source")
    did = datasets.create(services, "d", "", "classification")
    call = _Waiting(lambda: datasets.import_folder(services, did, str(source)))
    error = call.meanwhile(services, lambda: datasets.delete(services, did))
    assert isinstance(error, UserError)
    assert f"There is no dataset {did}" in str(error)
    assert not (services.workspace.root / "datasets" / did).exists()
    assert services.jobs.latest(did, "import") is None


def test_parameters_of_a_task_that_is_deleted_meanwhile_are_refused(services: Services) -> None:
    pid = projects.create(services, "p", "", "classification")
    tid = tasks.create(services, pid, None, "", None)
    call = _Waiting(lambda: tasks.set_params(services, tid, default_params("classification")))
    error = call.meanwhile(services, lambda: tasks.delete(services, tid))
    assert isinstance(error, UserError)
    assert f"There is no task {tid}" in str(error)

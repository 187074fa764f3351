"""Which folders of the server are listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.services import folders
from tests.images import make_classification
from tests.services.conftest import OpenServices


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a dataset, a link out of it, one that stays in it, one to itself, and hidden and odd names."""
    data = tmp_path / "data"
    make_classification(data / "数据", per_class=2)
    (tmp_path / "secret" / "below").mkdir(parents=True)
    (data / "out").symlink_to(tmp_path / "secret")
    (data / "in").symlink_to(data / "数据")
    (data / "loop").symlink_to(data / "loop")
    (data / ".hidden").mkdir()
    (data / "line\nbreak").mkdir()
    Path(os.fsdecode(os.fsencode(data) + b"/\xff\xfe")).mkdir()
    return data


def test_the_folders_that_were_named_are_the_top(open_services: OpenServices, data: Path) -> None:
    services = open_services(data_dirs=(data,))
    top = folders.look(services)
    assert (top.path, top.parent) == (None, None)
    assert [path for _name, path in top.folders] == [str(data)]
    found = folders.look(services, str(data))
    assert found.parent is None
    assert [name for name, _path in found.folders] == ["in", "数据"]
    below = folders.look(services, str(data / "数据"))
    assert below.parent == str(data)
    assert folders.look(services, str(data / "数据" / "circle")).images == 2


@pytest.mark.parametrize("path", ["/", "/etc", "{data}/../secret", "{data}/out", "{data}/out/below", "{workspace}"])
def test_nothing_else_is_listed(open_services: OpenServices, data: Path, path: str) -> None:
    services = open_services(data_dirs=(data,))
    with pytest.raises(UserError):
        folders.look(services, path.format(data=data, workspace=services.workspace.root))


@pytest.mark.parametrize("path", ["", "数据", "relative/path"])
def test_paths_are_absolute(open_services: OpenServices, data: Path, path: str) -> None:
    with pytest.raises(UserError, match="absolute path"):
        folders.look(open_services(data_dirs=(data,)), path)


def test_what_is_no_folder_is_refused_in_words(open_services: OpenServices, data: Path) -> None:
    services = open_services(data_dirs=(data,))
    for name in ("missing", "数据/circle/0000.png"):
        with pytest.raises(UserError, match="not a folder"):
            folders.look(services, str(data / name))


def test_without_named_folders_the_system_and_the_workspace_are_left_out(open_services: OpenServices) -> None:
    services = open_services()
    names = [name for name, _path in folders.look(services, "/").folders]
    assert "usr" in names
    assert not {"proc", "sys", "dev"} & set(names)
    root = services.workspace.root
    assert root.name not in [name for name, _path in folders.look(services, str(root.parent)).folders]
    with pytest.raises(UserError, match="overlaps with the server's workspace"):
        folders.look(services, str(root / "datasets"))
    (root / "demos" / "detection").mkdir(parents=True)
    assert [name for name, _path in folders.look(services, str(root / "demos")).folders] == ["detection"]


def test_on_another_address_there_is_nothing_without_named_folders(open_services: OpenServices) -> None:
    assert folders.look(open_services(host="0.0.0.0")).folders == []


def test_of_a_huge_folder_a_part_is_looked_at(
    open_services: OpenServices, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST", 3)
    found = folders.look(open_services(data_dirs=(data,)), str(data))
    assert found.cut
    assert len(found.folders) <= 3

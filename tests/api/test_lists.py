"""Parts of lists: offset, limit and sort; without them lists stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Server

NAMES = ["pear", "apple", "fig", "apple", "date"]

Ask = Callable[..., dict[str, Any]]


LISTS = pytest.mark.parametrize(
    ("path", "key"), [("/dataset", "datasets"), ("/project", "projects"), ("/project/task", "tasks")]
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("lists"))
    for name in NAMES:
        running.ok("POST", "/dataset", name=name, dataset_type="classification")
        pid = running.ok("POST", "/project", name=name, project_type="classification")["pid"]
        running.ok("POST", "/project/task", pid=pid)
    yield running
    running.close()


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [each.get("attr", each)["name"] for each in entries]


@pytest.mark.parametrize(
    ("path", "key"), [("/dataset", "datasets"), ("/project", "projects"), ("/project/task", "tasks")]
)
def test_lists_stay_as_they_are_without_the_arguments(server: Server, path: str, key: str) -> None:
    answer = server.ok("GET", path)
    assert set(answer) == {key, "status"}
    assert [each["id"][1:] for each in answer[key]] == ["0001", "0002", "0003", "0004", "0005"]


@pytest.mark.parametrize(
    ("path", "key"), [("/dataset", "datasets"), ("/project", "projects"), ("/project/task", "tasks")]
)
def test_a_part_of_a_list_tells_how_long_the_list_is(server: Server, path: str, key: str) -> None:
    whole = server.ok("GET", path)[key]
    assert server.ok("GET", path, offset=1, limit=2) == {key: whole[1:3], "total": 5, "status": 1}
    assert server.ok("GET", path, offset=4, limit=2)[key] == whole[4:]
    assert server.ok("GET", path, offset=9)[key] == []
    assert server.ok("GET", path, sort="-id", limit=2)[key] == whole[:2:-1]


@pytest.mark.parametrize(("path", "key"), [("/dataset", "datasets"), ("/project", "projects")])
def test_equal_names_stay_in_the_order_of_their_ids(server: Server, path: str, key: str) -> None:
    whole = server.ok("GET", path)[key]
    for sort, backwards in (("name", False), ("-name", True)):
        found = server.ok("GET", path, sort=sort)[key]
        assert names(found) == sorted(NAMES, reverse=backwards)
        assert [each for each in found if each["attr"]["name"] == "apple"] == [whole[1], whole[3]]
    assert server.ok("GET", path, sort="create_time")[key] == whole


def test_tasks_of_one_project_are_counted_by_themselves(server: Server) -> None:
    assert server.ok("GET", "/project/task", pid="P0002", limit=10)["total"] == 1


def test_models_have_the_same_arguments(server: Server) -> None:
    for kind in ("pretrained", "exported"):
        answer = server.ok("GET", "/model", type=kind, offset=0)
        assert answer == {f"{kind}_models": [], "total": 0, "status": 1}


@pytest.mark.parametrize(
    ("arguments", "field"), [({"offset": -1}, "offset"), ({"limit": 0}, "limit"), ({"sort": "size"}, "sort")]
)
def test_what_is_no_part_of_a_list_is_refused(server: Server, arguments: dict[str, Any], field: str) -> None:
    assert field in server.refused("GET", "/dataset", **arguments)

"""Lists that are encoded once: what they tell is current all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from paddlex_restful.api.kept import MOST_KEPT, KeptLists
from paddlex_restful.services.listing import Listed
from tests.conftest import Server
from tests.flow import TINY, until
from tests.images import make_classification


def listed(calls: list[str], name: str) -> Listed:
    calls.append(name)
    return Listed([{"id": name}], 7)


def test_a_list_is_made_once_while_nothing_changes() -> None:
    lists, calls = KeptLists(), []
    first = lists.get("a", 1, lambda: listed(calls, "first"))
    assert lists.get("a", 1, lambda: listed(calls, "second")) is not None
    assert calls == ["first"]
    assert orjson.dumps({"a": first[0]}) == b'{"a":[{"id":"first"}]}'
    assert first[1] == 7
    lists.get("a", 2, lambda: listed(calls, "third"))
    lists.get("b", 2, lambda: listed(calls, "other"))
    assert calls == ["first", "third", "other"]


def test_only_so_many_lists_are_kept() -> None:
    lists, calls = KeptLists(), []
    for number in range(MOST_KEPT + 1):
        lists.get(number, 1, lambda: listed(calls, "made"))
    lists.get(MOST_KEPT, 1, lambda: listed(calls, "again"))
    lists.get(0, 1, lambda: listed(calls, "gone"))
    assert calls == [*["made"] * (MOST_KEPT + 1), "gone"]


def test_lists_follow_every_change(server: Server, tmp_path: Path) -> None:
    def entry(path: str, key: str, entry_id: str) -> dict[str, Any]:
        [found] = [each for each in server.ok("GET", path)[key] if each["id"] == entry_id]
        return dict(found)

    def dataset() -> dict[str, Any]:
        return dict(entry("/dataset", "datasets", did)["attr"])

    assert server.ok("GET", "/dataset")["datasets"] == []
    did = server.ok("POST", "/dataset", name="before", dataset_type="classification")["did"]
    assert (dataset()["name"], dataset()["dataset_status"]) == ("before", 0)
    server.ok("PUT", "/workspace", struct="dataset", id=did, attr_dict={"name": "after"})
    assert dataset()["name"] == "after"
    server.ok("PUT", "/dataset", did=did, path=str(make_classification(tmp_path / "images", per_class=12)))
    until(dataset, lambda found: found["dataset_status"] == 4)
    server.ok("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0)
    assert dataset()["dataset_status"] == 6

    pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    server.ok("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
    assert entry("/project", "projects", pid)["attr"]["did"] == did
    params = server.ok("GET", "/project/task/params", pid=pid)["train"]
    tid = server.ok("POST", "/project/task", pid=pid, train={**params, **TINY})["tid"]
    assert entry("/project/task", "tasks", tid)["status"] == 1
    server.ok("POST", "/project/task/train", tid=tid)
    seen = {until(lambda: entry("/project/task", "tasks", tid)["status"], lambda status: status == 4)}
    assert seen == {4}
    server.ok("DELETE", "/project/task", tid=tid)
    assert server.ok("GET", "/project/task")["tasks"] == []
    server.restart()
    assert dataset()["dataset_status"] == 6

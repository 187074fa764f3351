"""Changes in groups: nothing is lost, a change that fails fails alone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from paddlex_restful import durable
from paddlex_restful.errors import UserError
from paddlex_restful.workspace import Draft, Workspace
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import DATASET
from tests.workspace.conftest import Opener


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_32_threads_create_without_losing_or_repeating_an_id(workspace: Workspace, reopen: Opener) -> None:
    made: list[tuple[str, str]] = []
    pid = workspace.create_project("p", "", "t")

    def work(number: int) -> None:
        for turn in range(5):
            name = f"{number}-{turn}"
            made.append((workspace.create_dataset(name, "", "t"), name))
            made.append((workspace.create_task(pid, name, ""), name))

    _in_threads(32, work)
    assert len({entry_id for entry_id, _ in made}) == len(made) == 320
    again = reopen()
    stored = {entry.id: entry.name for entry in [*again.datasets(), *again.tasks()]}
    assert stored == dict(made)


def test_waiting_changes_share_one_save(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    saves: Counter[str] = Counter()
    overwrite = durable.overwrite

    def counted(path: Path, data: bytes, place: int = 0) -> None:
        saves["written"] += 1
        overwrite(path, data, place)

    monkeypatch.setattr(durable, "overwrite", counted)
    inside, go_on = threading.Event(), threading.Event()

    def slow(draft: Draft) -> None:
        inside.set()
        assert go_on.wait(10)

    leader = threading.Thread(target=workspace.change, args=[slow])
    leader.start()
    assert inside.wait(10)
    waiting = [threading.Thread(target=workspace.change, args=[lambda draft: None]) for _ in range(20)]
    for thread in waiting:
        thread.start()
    queue = workspace._commits._queue
    while len(queue) < 20:
        waiting[0].join(0.001)
    go_on.set()
    for thread in [leader, *waiting]:
        thread.join()
    assert saves["written"] == 4


def test_who_is_served_does_not_wait_for_the_next_group(workspace: Workspace) -> None:
    queue = workspace._commits
    entered = [threading.Event() for _ in range(3)]
    go_on = [threading.Event() for _ in range(3)]

    def held(number: int) -> Callable[[Draft], None]:
        def mutate(draft: Draft) -> None:
            entered[number].set()
            assert go_on[number].wait(10)

        return mutate

    def begin(mutate: Callable[[Draft], None]) -> threading.Thread:
        thread = threading.Thread(target=workspace.change, args=[mutate])
        thread.start()
        return thread

    def queued(count: int, witness: threading.Thread) -> None:
        while len(queue._queue) < count:
            witness.join(0.001)

    first = begin(held(0))
    assert entered[0].wait(10)
    second = [begin(held(1)), *(begin(lambda draft: None) for _ in range(5))]
    queued(6, first)
    go_on[0].set()
    assert entered[1].wait(10)
    third = begin(held(2))
    queued(1, third)
    go_on[1].set()
    assert entered[2].wait(10)
    for thread in [first, *second]:
        thread.join(10)
        assert not thread.is_alive()
    go_on[2].set()
    third.join()


def test_a_creation_whose_folder_cannot_be_made_spares_its_group(
    workspace: Workspace, reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder = durable.make_folder

    def full(path: Path) -> None:
        if path.name in ("D0003", "D0005"):
            raise OSError(28, "No space left on device")
        make_folder(path)

    monkeypatch.setattr(durable, "make_folder", full)
    refused: list[str] = []

    def work(number: int) -> None:
        try:
            workspace.create_dataset(str(number), "", "t")
        except UserError as error:
            refused.append(str(error))

    _in_threads(8, work)
    assert len(refused) == 2
    assert all("No space left on device" in message for message in refused)
    expected = {"D0001", "D0002", "D0004", "D0006", "D0007", "D0008"}
    assert {dataset.id for dataset in reopen().datasets()} == expected
    assert {path.name for path in (workspace.root / "datasets").iterdir()} == expected


def test_a_change_that_raises_leaves_nothing_and_spares_its_group(workspace: Workspace, reopen: Opener) -> None:
    refused: list[int] = []

    def work(number: int) -> None:
        def mutate(draft: Draft) -> None:
            draft.put(DATASET, pb.Dataset(id=f"D{number + 1:04d}"))
            if number % 3 == 0:
                raise UserError("number {number} fails", number=number)

        try:
            workspace.change(mutate)
        except UserError as error:
            assert str(error) == f"number {number} fails"
            refused.append(number)

    _in_threads(30, work)
    expected = {f"D{number + 1:04d}" for number in range(30) if number % 3}
    assert sorted(refused) == [number for number in range(30) if number % 3 == 0]
    assert set(workspace.state.datasets) == expected
    assert set(reopen().state.datasets) == expected


def test_a_programming_error_in_a_change_reaches_its_caller(workspace: Workspace) -> None:
    def wrong(draft: Draft) -> None:
        draft.put(DATASET, pb.Dataset(id="D0001", name="half done"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        workspace.change(wrong)
    assert len(workspace.state.datasets) == 0
    assert workspace.change(lambda draft: 7) == 7


def test_a_task_whose_project_is_deleted_meanwhile_is_refused_whole(workspace: Workspace, reopen: Opener) -> None:
    pids = [workspace.create_project("p", "", "t") for _ in range(8)]

    def work(number: int) -> None:
        pid = pids[number // 2]
        try:
            if number % 2:
                workspace.delete(pid)
            else:
                for _ in range(5):
                    workspace.create_task(pid, "t", "")
        except UserError as error:
            assert f"no project {pid}" in str(error)

    _in_threads(16, work)
    again = reopen()
    assert again.projects() == []
    assert again.tasks() == []
    assert list((again.root / "projects").iterdir()) == []

"""Drafts: what is published stays as it was, and what was changed can be done again from its record."""

from __future__ import annotations

import random

from paddlex_restful.workspace import Draft, State
from paddlex_restful.workspace import workspace_pb2 as pb
from paddlex_restful.workspace.entries import DATASET, PROJECT, TASK
from paddlex_restful.workspace.state import message_of, replay


def _empty() -> State:
    return State.of(pb.Workspace())


def _drafted(state: State, *, seed: int) -> Draft:
    """A draft with a few random changes."""
    chance = random.Random(seed)
    draft = Draft(state, f"at {seed}")
    for _ in range(chance.randint(0, 6)):
        now = draft.state
        action = chance.choice(["dataset", "project", "task", "bind", "name", "remove", "leave", "forget"])
        if action == "dataset":
            draft.put(DATASET, pb.Dataset(id=DATASET.id_of(now.greatest[DATASET] + 1), name=str(seed)))
        elif action == "project":
            draft.put(PROJECT, pb.Project(id=PROJECT.id_of(now.greatest[PROJECT] + 1)))
        elif action == "task" and now.projects:
            pid = chance.choice(list(now.projects))
            draft.put(TASK, pb.Task(id=TASK.id_of(now.greatest[TASK] + 1), pid=pid))
        elif action == "bind" and now.projects:
            project = pb.Project()
            project.CopyFrom(now.projects[chance.choice(list(now.projects))])
            project.did = chance.choice(["", *now.datasets])
            draft.put(PROJECT, project)
        elif action == "name" and now.tasks:
            task = pb.Task()
            task.CopyFrom(now.tasks[chance.choice(list(now.tasks))])
            task.name = str(seed)
            draft.put(TASK, task)
        elif action == "remove":
            kind = chance.choice([DATASET, PROJECT, TASK])
            if now.entries[kind]:
                draft.remove(kind, chance.choice(list(now.entries[kind])))
        elif action == "leave":
            now.leftovers.append(f"datasets/D{seed:04d}")
        elif action == "forget" and now.leftovers:
            now.leftovers.pop()
    return draft


def test_records_make_what_the_drafts_became_and_no_published_state_changes() -> None:
    state = _empty()
    message = message_of(state)
    published = []
    for seed in range(300):
        draft = _drafted(state, seed=seed)
        replay(message, pb.Change.FromString(draft.change().SerializeToString()))
        state = draft.state
        assert message == message_of(state)
        published.append((state, message_of(state)))
    assert state.tasks
    assert any(state.projects_of(did) for did in state.datasets)
    for state, expected in published:
        assert message_of(state) == expected
        again = State.of(expected)
        # Also the order of the entries, and who belongs to whom.
        assert [list(again.entries[kind].items()) for kind in again.entries] == [
            list(state.entries[kind].items()) for kind in state.entries
        ]
        for pid in (*state.projects, "P9999"):
            assert (
                state.tasks_of(pid) == again.tasks_of(pid) == [task for task in state.tasks.values() if task.pid == pid]
            )
        for did in (*state.datasets, "D9999"):
            bound = [project for project in state.projects.values() if project.did == did]
            assert state.projects_of(did) == again.projects_of(did) == bound


def test_what_is_made_and_deleted_in_one_change_was_never_there() -> None:
    draft = Draft(_empty(), "now")
    draft.put(DATASET, pb.Dataset(id="D0001"))
    draft.remove(DATASET, "D0001")
    message = pb.Workspace()
    replay(message, draft.change())
    assert (len(message.datasets), message.max_dataset_id) == (0, 1)


def test_a_change_holds_what_it_changed_and_no_more() -> None:
    draft = Draft(_empty(), "now")
    for number in range(1, 1001):
        draft.put(TASK, pb.Task(id=TASK.id_of(number), pid="P0001", desc="x" * 100))
    assert draft.change().ByteSize() > 100_000
    later = Draft(draft.state, "later")
    later.put(TASK, pb.Task(id="T0500", pid="P0001", desc="new"))
    later.remove(TASK, "T0007")
    assert later.change().ByteSize() < 100
    assert (list(later.change().put.tasks), list(later.change().deleted)) == (["T0500"], ["T0007"])

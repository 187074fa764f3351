from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.config import Config
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.manager import JobManager
from paddlex_restful.services import Services, tasks
from paddlex_restful.services.events import Event, Follower, Position
from paddlex_restful.services.lines import BLOCK
from paddlex_restful.visualdl import VisualDLServers
from paddlex_restful.workspace import Workspace
from paddlex_restful.workspace.replies import Replies
from tests.jobs.conftest import PRELOAD, SHORT
from tests.jobs.toys import KINDS
from tests.services.trainings import TRAIN

SECONDS = 90


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    workspace = Workspace.open(tmp_path / "workspace")
    kinds = {**KINDS, "train": TRAIN, "evaluate": KINDS["patient"], "prune": TRAIN}
    preload = (*PRELOAD, "tests.services.trainings")
    jobs = JobManager(workspace.root, cpu_jobs=1, kinds=kinds, executor=Executor(preload=preload), patience=SHORT)
    made = Services(Config(workspace.root), workspace, jobs, VisualDLServers(), Replies(workspace.root))
    yield made
    for job in jobs.active():
        jobs.stop(job)
    made.close()


@pytest.fixture
def tid(services: Services) -> str:
    pid = services.workspace.create_project("p", "", "classification")
    return services.workspace.create_task(pid, "", "")


def submit(services: Services, tid: str, kind: str = "train", **plan: Any) -> Job:
    folder = services.workspace.folder(services.workspace.task(tid))
    args = {"output": services.workspace.relative(folder / "output"), "plan": plan}
    return services.jobs.submit(kind, tid, job_folder(folder, kind), args)


def train(services: Services, tid: str, **plan: Any) -> Job:
    """Run a training to its end."""
    job = services.jobs.wait(submit(services, tid, **plan), SECONDS)
    assert job.state == "done", job.message
    return job


class Reader:
    """Keeps all that one follower saw."""

    def __init__(self, services: Services, tid: str, since: Position | None = None) -> None:
        self.follower = Follower(services, tid, since)
        self.seen: list[Event] = []

    def look(self) -> list[Event]:
        events = self.follower.look()
        assert events is not None
        self.seen += events
        return events

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Look until such an event is seen."""
        deadline = time.monotonic() + SECONDS
        while True:
            for event in self.look():
                if wanted(event):
                    return event
            assert time.monotonic() < deadline, self.seen[-5:]
            time.sleep(0.01)

    def all(self) -> None:
        """Look until nothing is left to see."""
        self.look()
        while self.follower.behind:
            self.look()

    def close(self) -> Position:
        self.follower.close()
        return self.seen[-1].position


def is_state(kind: str, state: str) -> Callable[[Event], bool]:
    return lambda event: event.type == "state" and (event.data["kind"], event.data["state"]) == (kind, state)


def data(events: Iterable[Event], type_: str) -> list[Any]:
    return [event.data for event in events if event.type == type_]


def steps(events: Iterable[Event]) -> list[int]:
    return [fields["step"] for fields in data(events, "metrics")]


def log(events: Iterable[Event], printed: bool = True) -> list[str]:
    """The lines of the log; only what the training itself printed, or all."""
    lines = [line for fields in data(events, "log") for line in fields["lines"]]
    return [line for line in lines if "步" in line] if printed else lines


def test_a_position_is_read_as_it_is_written() -> None:
    assert Position.parse(" 12-345-6789 ") == Position(12, 345, 6789)
    assert Position.parse(str(Position(1, 2, 3))) == Position(1, 2, 3)


@pytest.mark.parametrize(
    "text", ["1-2", "1-2-3-4", "a-b-c", "-1-2-3", "1-2-3x", "1٢-2-3", "9" * 30 + "-1-1", "1-2-\n3"]
)
def test_a_garbled_position_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(UserError, match="is not the id of an event of this server"):
        Position.parse(text)


def test_a_task_that_does_not_exist_is_refused(services: Services) -> None:
    with pytest.raises(UserError, match="T9999"):
        Follower(services, "T9999")


def test_a_task_without_jobs_has_no_events(services: Services, tid: str) -> None:
    reader = Reader(services, tid)
    assert reader.look() == []
    assert not reader.follower.behind


def test_a_complete_training_is_told_from_its_first_line(services: Services, tid: str) -> None:
    job = train(services, tid, lines=7)
    reader = Reader(services, tid)
    first, *_ = reader.look()
    assert first.type == "state"
    assert first.data == {
        "job": job.id,
        "kind": "train",
        "state": "done",
        "message": "",
        "reason": "",
        "task": {"task_status": 4, "message": "The training is complete."},
    }
    assert steps(reader.seen) == list(range(7))
    assert log(reader.seen) == [f"{number} 步" for number in range(7)]
    (progress,) = data(reader.seen, "progress")
    assert (progress["job"], progress["kind"]) == (job.id, "train")
    assert {"stage": "training", "total_steps": 7, "step": 6}.items() <= progress["progress"].items()
    assert reader.look() == []
    reader.close()


def test_the_lines_of_a_training_come_before_its_end(services: Services, tid: str) -> None:
    reader = Reader(services, tid)
    submit(services, tid, lines=4000, size=100)
    reader.until(is_state("train", "done"))
    assert steps(reader.seen) == list(range(4000))
    assert len(log(reader.seen)) == 4000
    states = [fields["state"] for fields in data(reader.seen, "state")]
    assert states[-1] == "done"
    assert len(states) == len(set(states))
    reader.close()


def test_a_reader_that_comes_back_again_and_again_loses_and_doubles_nothing(services: Services, tid: str) -> None:
    submit(services, tid, lines=300, pause=0.003)
    seen: list[Event] = []
    position = None
    while not any(map(is_state("train", "done"), seen)):
        reader = Reader(services, tid, position)
        reader.until(lambda event: event.type == "log" or is_state("train", "done")(event))
        # What is lost with the connection is the end of what was seen.
        kept = reader.seen[: max(1, len(reader.seen) * 2 // 3)]
        seen += kept
        position = Position.parse(str(kept[-1].position))
        reader.close()
    last = Reader(services, tid, position)
    last.all()
    seen += last.seen
    last.close()
    assert steps(seen) == list(range(300))
    assert [line.split()[0] for line in log(seen)] == [str(number) for number in range(300)]


def test_a_training_that_was_started_anew_is_told_from_its_start(services: Services, tid: str) -> None:
    train(services, tid, lines=5, name="old")
    reader = Reader(services, tid)
    reader.all()
    position = reader.close()
    job = train(services, tid, lines=3, name="new")
    again = Reader(services, tid, position)
    again.all()
    assert {event.position.job for event in again.seen if event.type != "state"} - {position.job} == {job.id}
    assert [(line["step"], line["name"]) for line in data(again.seen, "metrics")] == [(n, "new") for n in range(3)]
    assert len(log(again.seen)) == 3
    again.close()


def test_who_looks_on_goes_over_to_the_next_training(services: Services, tid: str) -> None:
    reader = Reader(services, tid)
    first = train(services, tid, lines=2000, size=100, name="old")
    reader.until(lambda event: event.type == "log")
    second = submit(services, tid, lines=5, name="new")
    reader.until(lambda event: is_state("train", "done")(event) and event.data["job"] == second.id)
    lines = data(reader.seen, "metrics")
    assert [(line["name"], line["step"]) for line in lines] == [
        *(("old", number) for number in range(2000)),
        *(("new", number) for number in range(5)),
    ]
    assert len(log(reader.seen)) == 2005
    assert first.id < second.id
    reader.close()


def test_the_metrics_of_the_training_before_are_not_those_of_one_that_waits(services: Services, tid: str) -> None:
    train(services, tid, lines=5)
    other = services.workspace.create_task(services.workspace.task(tid).pid, "", "")
    hindrance = submit(services, other, lines=0, wait=True)
    submit(services, tid, lines=2)
    reader = Reader(services, tid)
    reader.all()
    assert [fields["state"] for fields in data(reader.seen, "state")] == ["queued"]
    assert data(reader.seen, "metrics") == data(reader.seen, "log") == []
    services.jobs.stop(hindrance)
    reader.until(is_state("train", "done"))
    assert steps(reader.seen) == [0, 1]
    reader.close()


def test_half_a_line_is_never_told(services: Services, tid: str) -> None:
    job = train(services, tid, lines=1)
    metrics = tasks.output_folder(services, services.workspace.task(tid)) / "metrics.jsonl"
    out = job.folder / "out.log"
    reader = Reader(services, tid)
    reader.all()
    reader.seen.clear()
    for file, half in ((metrics, b'{"step":'), (out, b"half a l")):
        with file.open("ab") as opened:
            opened.write(half)
    assert reader.look() == []
    for file, half in ((metrics, b" 1}\n{"), (out, b"ine\nanother")):
        with file.open("ab") as opened:
            opened.write(half)
    reader.look()
    assert steps(reader.seen) == [1]
    assert log(reader.seen, printed=False) == ["half a line"]
    reader.close()


def test_a_line_that_a_crash_broke_is_left_out(services: Services, tid: str) -> None:
    train(services, tid, lines=2)
    metrics = tasks.output_folder(services, services.workspace.task(tid)) / "metrics.jsonl"
    with metrics.open("ab") as opened:
        opened.write(b'{"step":{"step": 2}\n3\n{"step": 4}\n')
    reader = Reader(services, tid)
    reader.all()
    assert steps(reader.seen) == [0, 1, 4]
    reader.close()


def test_a_line_without_end_is_cut_and_little_of_it_kept(services: Services, tid: str) -> None:
    job = train(services, tid, lines=1)
    reader = Reader(services, tid)
    reader.all()
    reader.seen.clear()
    with (job.folder / "out.log").open("ab") as out:
        out.write(b"\r12 %" * 200_000)
    reader.all()
    assert reader.seen == []
    with (job.folder / "out.log").open("ab") as out:
        out.write(b"\nshort\n")
    reader.all()
    lines = log(reader.seen, printed=False)
    assert [len(line) for line in lines] == [BLOCK + 1, 5]
    again = Reader(services, tid, reader.close())
    assert log(again.look(), printed=False) == []
    again.close()


@pytest.mark.parametrize("offset", [1, 5, 10**9])
def test_a_position_at_which_no_line_begins_stands_for_the_start(services: Services, tid: str, offset: int) -> None:
    job = train(services, tid, lines=3)
    reader = Reader(services, tid, Position(job.id, offset, offset))
    reader.all()
    assert steps(reader.seen) == [0, 1, 2]
    assert len(log(reader.seen)) == 3
    reader.close()


def test_a_large_log_is_read_in_pieces(services: Services, tid: str) -> None:
    job = train(services, tid, lines=1)
    reader = Reader(services, tid)
    reader.all()
    reader.seen.clear()
    with (job.folder / "out.log").open("ab") as out:
        out.writelines(f"{number:099}\n".encode() for number in range(50_000))
    reader.all()
    pieces = data(reader.seen, "log")
    assert max(sum(len(line) + 1 for line in piece["lines"]) for piece in pieces) <= BLOCK
    assert [int(line) for piece in pieces for line in piece["lines"]] == list(range(50_000))
    reader.close()


def test_other_jobs_are_told_too(services: Services, tid: str) -> None:
    train(services, tid, lines=1)
    reader = Reader(services, tid)
    reader.all()
    job = submit(services, tid, "evaluate")
    event = reader.until(lambda event: event.type == "progress" and event.data["kind"] == "evaluate")
    assert event.data["progress"]["step"] > 0
    running = [fields for fields in data(reader.seen, "state") if fields["kind"] == "evaluate"][-1]
    assert running["task"]["task_status"] == 11
    services.jobs.stop(job)
    stopped = reader.until(is_state("evaluate", "stopped"))
    assert stopped.data["job"] == job.id
    assert stopped.data["message"]
    reader.close()


def test_a_job_that_comes_and_goes_between_two_looks_is_told_with_its_progress(services: Services, tid: str) -> None:
    train(services, tid, lines=1)
    reader = Reader(services, tid)
    reader.all()
    reader.seen.clear()
    job = submit(services, tid, "prune", lines=3)
    assert services.jobs.wait(job, SECONDS).state == "done"
    reader.all()
    (progress,) = data(reader.seen, "progress")
    assert (progress["job"], progress["kind"], progress["progress"]["step"]) == (job.id, "prune", 2)
    assert [(fields["job"], fields["state"]) for fields in data(reader.seen, "state")] == [(job.id, "done")]
    reader.close()


def test_a_job_that_had_ended_before_the_first_look_is_told_without_its_progress(services: Services, tid: str) -> None:
    job = services.jobs.wait(submit(services, tid, "prune", lines=3), SECONDS)
    reader = Reader(services, tid)
    reader.all()
    assert data(reader.seen, "progress") == []
    assert [(fields["job"], fields["state"]) for fields in data(reader.seen, "state")] == [(job.id, "done")]
    reader.close()


def test_a_deleted_task_ends_the_events(services: Services, tid: str) -> None:
    train(services, tid, lines=1)
    reader = Reader(services, tid)
    reader.all()
    tasks.delete(services, tid)
    assert reader.follower.look() is None
    reader.close()

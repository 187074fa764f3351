"""Live updates of a task over HTTP: real trainings, readers that leave, come back, or never read."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import psutil
import pytest
import requests

from paddlex_restful.api import events
from paddlex_restful.api.events import MOST_STREAMS
from tests.conftest import Server, changed_server
from tests.flow import Trained, bound_project, held, import_dataset, running_task, task, trained_task, until
from tests.images import make_classification
from tests.services.trainings import PLAN_FILE

ADDRESS = "/project/task/events"
SECONDS = 120

# A server whose trainings follow a plan; it waits long for its readers, or a second once it gets SIGUSR1.
SHORTENED = """
import signal
import sys
from paddlex_restful import app, cli
from paddlex_restful.api import events
from paddlex_restful.jobs.kinds import KINDS
from tests.services.trainings import TRAIN

if __name__ == "__main__":
    KINDS["train"] = TRAIN
    app.MOST_STREAMS = 2
    events.HEARTBEAT = {heartbeat}
    events.PATIENCE = 3600.0
    signal.signal(signal.SIGUSR1, lambda *_: setattr(events, "PATIENCE", 1.0))
    sys.exit(cli.main(sys.argv[1:]))
"""

# A server that waits at its end for all requests, so that it cuts none which ends by itself, however late.
UNHURRIED = """
import sys
from paddlex_restful import cli, server

if __name__ == "__main__":
    server.REQUESTS_END = 300.0
    server.PROCESS_END = 310.0
    sys.exit(cli.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Event:
    type: str
    data: dict[str, Any]
    id: str


class Stream:
    """Reads one stream; a comment is an event of the type ``comment``."""

    def __init__(self, server: Server, tid: str, last: str = "", **args: str) -> None:
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=SECONDS)
        headers = {"Last-Event-ID": last} if last else {}
        self._connection.request("GET", f"{ADDRESS}?{urlencode({'tid': tid, **args})}", headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.headers["Content-Type"] == "text/event-stream", self.response.read()
        self.seen: list[Event] = []

    def __iter__(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        while line := self.response.readline().decode():
            assert line.endswith("\n")
            if line.startswith(":"):
                yield Event("comment", {}, "")
            elif line != "\n":
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value
            elif "data" in fields:
                event = Event(fields["event"], json.loads(fields["data"]), fields["id"])
                self.seen.append(event)
                fields = {}
                yield event
        assert set(fields) <= {"retry"}, f"the stream broke off within {fields}"

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        for event in self:
            if wanted(event):
                return event
        raise AssertionError(f"the stream ended after {self.seen[-3:]}")

    def close(self) -> str:
        """Leave; gives the id of the last event."""
        self.response.close()
        self._connection.close()
        return self.seen[-1].id if self.seen else ""


def is_state(kind: str, state: str) -> Callable[[Event], bool]:
    return lambda event: event.type == "state" and (event.data["kind"], event.data["state"]) == (kind, state)


def is_comment(event: Event) -> bool:
    return event.type == "comment"


def metrics(seen: list[Event]) -> list[Any]:
    return [event.data for event in seen if event.type == "metrics"]


def log(seen: list[Event]) -> list[str]:
    return [line for event in seen if event.type == "log" for line in event.data["lines"]]


def folder(server: Server, tid: str) -> Path:
    return Path(server.ok("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]["path"])


def measured(server: Server, tid: str) -> list[Any]:
    return [orjson.loads(line) for line in (folder(server, tid) / "output/metrics.jsonl").read_bytes().splitlines()]


def printed(server: Server, tid: str) -> list[str]:
    return (folder(server, tid) / "job/train/out.log").read_text("utf-8").removesuffix("\n").split("\n")


def new_task(server: Server) -> str:
    pid = server.ok("POST", "/project", name="p", project_type="classification")["pid"]
    return str(server.ok("POST", "/project/task", pid=pid)["tid"])


@pytest.fixture(scope="module")
def trained(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained_task(shared_server, tmp_path_factory.mktemp("events") / "shapes")


@pytest.fixture
def heartbeat() -> float:
    return events.HEARTBEAT


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heartbeat: float) -> Iterator[Server]:
    """A server with a heartbeat of so many seconds, two streams at once, and trainings that follow a plan."""
    server = changed_server(SHORTENED.format(heartbeat=heartbeat), tmp_path, monkeypatch)
    yield server
    server.close()


@pytest.fixture
def unhurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = changed_server(UNHURRIED, tmp_path, monkeypatch)
    yield server
    server.close()


def planned_task(server: Server, source: Path, **plan: Any) -> str:
    """A task that can be trained, and the plan that its training will follow."""
    (server.workspace / PLAN_FILE).write_bytes(orjson.dumps(plan))
    did = import_dataset(server, make_classification(source, per_class=4, size=16))
    server.ok("PUT", "/dataset/split", did=did, val_split=0.25, test_split=0)
    return task(server, bound_project(server, did))


def test_a_training_is_told_from_its_start_to_its_end(trained: Trained) -> None:
    server = trained.server
    tid = task(server, trained.pid)
    with closing(Stream(server, tid)) as stream:
        assert stream.response.status == 200
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-store"
        assert stream.response.readline() == b"retry: 3000\n"
        stream.until(is_comment)
        server.ok("POST", "/project/task/train", tid=tid)
        with held(folder(server, tid) / "job/train"):
            stream.until(is_state("train", "running"))
        last = stream.until(is_state("train", "done"))
    assert last.data["task"] == {"task_status": 4, "message": server.ok("GET", "/project/task", tid=tid)["message"]}
    assert {event.data["job"] for event in stream.seen if event.type == "state"} == {last.data["job"]}
    assert metrics(stream.seen) == measured(server, tid)
    assert [line["Epoch"] for line in metrics(stream.seen) if line["kind"] == "eval"] == [1, 2, 3]
    assert log(stream.seen) == printed(server, tid)
    progress = [event.data for event in stream.seen if event.type == "progress"]
    assert {fields["kind"] for fields in progress} == {"train"}
    assert progress[-1]["progress"]["stage"] == "complete"


def test_an_evaluation_is_told_beside_the_training_that_was(trained: Trained) -> None:
    with closing(Stream(trained.server, trained.tid)) as stream:
        stream.until(is_comment)
        trained.server.ok("POST", "/project/task/evaluate", tid=trained.tid)
        stream.until(is_state("evaluate", "done"))
    assert stream.seen[0].data["kind"] == "train"
    assert stream.seen[0].data["state"] == "done"
    assert metrics(stream.seen) == measured(trained.server, trained.tid)
    assert any(event.type == "progress" and event.data["kind"] == "evaluate" for event in stream.seen)


@pytest.mark.parametrize("by_argument", [False, True])
def test_who_comes_back_gets_exactly_what_was_missed(trained: Trained, by_argument: bool) -> None:
    server, tid = trained.server, trained.tid
    with closing(Stream(server, tid)) as stream:
        stream.until(is_comment)
    everything = stream.seen
    for index in range(0, len(everything), 3):
        last = everything[index].id
        again = Stream(server, tid, last_event_id=last) if by_argument else Stream(server, tid, last)
        with closing(again):
            again.until(is_comment)
        for look in (metrics, log):
            assert look(everything[: index + 1]) + look(again.seen) == look(everything)


def test_the_header_goes_before_the_argument(trained: Trained) -> None:
    with closing(Stream(trained.server, trained.tid)) as stream:
        stream.until(is_comment)
    with closing(Stream(trained.server, trained.tid, stream.seen[-1].id, last_event_id=stream.seen[0].id)) as again:
        again.until(is_comment)
    assert metrics(again.seen) == []


def test_a_reader_outlives_a_killed_server_and_a_resumed_training(server: Server, tmp_path: Path) -> None:
    tid = running_task(server, tmp_path / "shapes", epochs=4000, saved=1)
    seen: list[Event] = []
    last = ""
    for _ in range(2):
        with closing(Stream(server, tid, last)) as stream:
            for _ in range(3):
                stream.until(lambda event: event.type == "metrics")
            # Torn off anywhere, also within a line.
            server.kill()
            with pytest.raises((http.client.HTTPException, OSError, AssertionError)):
                stream.until(lambda event: False)
        seen += stream.seen
        last = seen[-1].id
        server.start()
    with closing(Stream(server, tid, last)) as stream:
        stream.until(lambda event: event.type == "metrics")
        server.ok("PUT", "/project/task/train", tid=tid, act="stop")
        stream.until(is_state("train", "stopped"))
        seen += stream.seen
        first_lines = metrics(seen)
        assert first_lines == measured(server, tid)
        assert log(seen) == printed(server, tid)

        # The same stream goes over to the training that goes on, whose metrics begin with those before it.
        server.ok("PUT", "/project/task/train", tid=tid, act="resume", epoch=1)
        stream.until(lambda event: event.type == "metrics" and event.data["Epoch"] > 1)
        server.ok("PUT", "/project/task/train", tid=tid, act="stop")
        stream.until(is_state("train", "stopped"))
    resumed = stream.seen[-1].id.partition("-")[0]
    assert resumed != last.partition("-")[0]
    later = [event for event in stream.seen if event.id.partition("-")[0] == resumed]
    assert metrics(later) == measured(server, tid)
    assert metrics(later)[:2] == first_lines[:2]
    with closing(Stream(server, tid, last)) as again:
        again.until(is_comment)
    assert metrics(again.seen) == measured(server, tid)
    assert log(again.seen) == printed(server, tid)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("", "tid is missing"),
        ("?tid=T9999", "T9999"),
        ("?tid={tid}&last_event_id=yesterday", "'yesterday' is not the id of an event"),
    ],
)
def test_what_is_wrong_is_answered_before_the_stream(trained: Trained, query: str, part: str) -> None:
    response = requests.get(trained.server.url + ADDRESS + query.format(tid=trained.tid), timeout=60)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["status"] == -1
    assert part in response.json()["message"]


def test_a_head_request_leaves_no_stream(short: Server) -> None:
    tid = new_task(short)
    for _ in range(5):
        assert requests.head(f"{short.url}{ADDRESS}?tid={tid}", timeout=60).status_code == 200
    Stream(short, tid).close()


def test_all_streams_leave_room_and_one_more_is_refused(server: Server) -> None:
    tid = new_task(server)
    with ExitStack() as stack:
        streams = [stack.enter_context(closing(Stream(server, tid))) for _ in range(MOST_STREAMS)]
        for stream in streams:
            stream.until(is_comment)
        for _ in range(20):
            # Fails where no thread is left to answer it.
            server.ok("GET", "/workspace")
        assert f"{MOST_STREAMS} readers follow tasks already" in server.refused("GET", ADDRESS, tid=tid)
        own = psutil.Process(server.process.pid)
        begun, used = time.monotonic(), sum(own.cpu_times()[:2])
        time.sleep(2)
        # Streams of which nothing is to be told cost next to nothing: 32 take less than half a core.
        assert sum(own.cpu_times()[:2]) - used < 0.5 * (time.monotonic() - begun)
        streams[0].close()
        until(lambda: requests.head(f"{server.url}{ADDRESS}?tid={tid}", timeout=60).headers, _is_stream)


def _is_stream(headers: Any) -> bool:
    return bool(headers["Content-Type"] == "text/event-stream")


def test_the_server_ends_promptly_with_open_streams(unhurried: Server) -> None:
    server = unhurried
    tid = new_task(server)
    with ExitStack() as stack:
        streams = [stack.enter_context(closing(Stream(server, tid))) for _ in range(MOST_STREAMS)]
        for stream in streams:
            stream.until(is_comment)
        # Fails where they do not end by themselves.
        assert server.stop() == 0
        for stream in streams:
            # Ended as an answer ends, not torn off.
            assert list(stream) == []
    assert "were cut" not in server.log.read_text()


def test_a_deleted_task_ends_its_stream(shared_server: Server) -> None:
    tid = new_task(shared_server)
    with closing(Stream(shared_server, tid)) as stream:
        stream.until(is_comment)
        shared_server.ok("DELETE", "/project/task", tid=tid)
        assert list(stream) == []


@pytest.mark.parametrize("heartbeat", [0.1])
def test_silence_is_broken_by_comments(short: Server) -> None:
    with closing(Stream(short, new_task(short))) as stream:
        for _ in range(4):
            stream.until(is_comment)
        assert stream.seen == []


@pytest.mark.parametrize("heartbeat", [3600.0])
def test_a_reader_that_leaves_gives_its_place_back_at_once(short: Server) -> None:
    tid = new_task(short)
    for _ in range(6):
        with closing(Stream(short, tid)) as stream:
            stream.until(is_comment)
        # Long before a heartbeat could tell that nobody is there.
        until(lambda: requests.head(f"{short.url}{ADDRESS}?tid={tid}", timeout=60).headers, _is_stream)
    assert "Traceback" not in short.log.read_text()


def test_a_reader_that_never_reads_blocks_nobody_and_is_cut(short: Server, tmp_path: Path) -> None:
    tid = planned_task(short, tmp_path / "shapes", lines=1200, size=20_000)
    own = psutil.Process(short.process.pid)
    with socket.socket() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.connect(("127.0.0.1", int(short.url.rpartition(":")[2])))
        idle.sendall(f"GET {ADDRESS}?tid={tid} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        with closing(Stream(short, tid)) as stream:
            stream.until(is_comment)
            before = own.memory_info().rss
            assert "readers follow tasks already" in short.refused("GET", ADDRESS, tid=tid)
            short.ok("POST", "/project/task/train", tid=tid)
            # The job writes 70 MB while nobody reads the first stream; the second gets all of it.
            stream.until(is_state("train", "done"))
            assert len(metrics(stream.seen)) == 1200
            assert sum(map(len, log(stream.seen))) > 1200 * 20_000
            short.process.send_signal(signal.SIGUSR1)
            until(lambda: short.log.read_text(), lambda text: "took nothing" in text)
            until(lambda: requests.head(f"{short.url}{ADDRESS}?tid={tid}", timeout=60).headers, _is_stream)
            assert own.memory_info().rss - before < 24 << 20
        # The server has let go of the connection while its reader still holds it.
        until(lambda: remote_ports(own), lambda ports: idle.getsockname()[1] not in ports)
    assert "Traceback" not in short.log.read_text()


def remote_ports(process: psutil.Process) -> set[int]:
    return {connection.raddr.port for connection in process.net_connections("tcp") if connection.raddr}


def test_a_slow_reader_gets_everything(short: Server, tmp_path: Path) -> None:
    tid = planned_task(short, tmp_path / "shapes", lines=400, size=20_000)
    with closing(Stream(short, tid)) as stream:
        stream.until(is_comment)
        short.ok("POST", "/project/task/train", tid=tid)
        # The job writes 24 MB in less than a second.
        for event in stream:
            if is_state("train", "done")(event):
                break
            time.sleep(0.005)
    assert [line["step"] for line in metrics(stream.seen)] == list(range(400))
    assert log(stream.seen) == printed(short, tid)

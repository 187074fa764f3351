"""Kills managers, fork servers and jobs of one workspace at random moments with SIGKILL, and checks what was promised.

Run as ``python -m tests.jobs.killed ROOT ROUNDS SEED``; prints how often it killed and how many jobs it saw. A manager
runs in a process that is forked for each round: it submits and stops jobs, and tells through a pipe what it was
acknowledged. This process has no threads, so that it may fork, and is the one to which orphans are given, so that it
sees each of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import random
import select
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from paddlex_restful.jobs import outcome, states
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.identity import Identity
from paddlex_restful.jobs.manager import DATABASE, JobManager
from tests.jobs.conftest import PRELOAD, SHORT
from tests.jobs.toys import KINDS

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ACTIVE_AT_MOST = 12
SOON = 120.0
"""Seconds after which a dead job is named so, and nothing of it is left. It takes less than two on an idle machine."""

GPU_SETS = ((), (), (0,), (1,), (0, 1))


class Manager:
    """The process of a round: submits and stops jobs until it is killed."""

    def __init__(self, root: Path, first: int, seed: str) -> None:
        self._reader, writer = os.pipe()
        self._text = b""
        self.begun = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reader)
            try:
                _set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)
                _work_for_ever(root, first, random.Random(seed), writer)
            finally:
                os._exit(3)
        os.close(writer)

    def fork_server(self) -> psutil.Process | None:
        for child in psutil.Process(self.pid).children():
            # One that was killed may be a zombie.
            with contextlib.suppress(psutil.NoSuchProcess):
                if "forkserver" in " ".join(child.cmdline()):
                    return child
        return None

    def lines(self, seconds: float = 0) -> Iterator[str]:
        """What it has told since; waits so long for the first."""
        while select.select([self._reader], [], [], seconds)[0]:
            seconds = 0
            read = os.read(self._reader, 65536)
            if not read:
                break
            self._text += read
        *whole, self._text = self._text.split(b"\n")
        yield from (line.decode() for line in whole)

    def rest(self) -> Iterator[str]:
        """What it told before it was killed; its jobs, which live on, must not hold the pipe."""
        deadline = time.monotonic() + SOON
        while read := os.read(self._reader, 65536) if select.select([self._reader], [], [], SOON)[0] else b"":
            assert time.monotonic() < deadline
            self._text += read
        assert select.select([self._reader], [], [], 0)[0], "a job holds a descriptor of the manager"
        yield from self.lines()
        os.close(self._reader)


def _set_process_option(option: int, value: int) -> None:
    assert ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0


def _work_for_ever(root: Path, first: int, chance: random.Random, acknowledge: int) -> None:
    manager = JobManager(root, kinds=KINDS, executor=Executor(preload=PRELOAD), patience=SHORT)

    def say(*words: object) -> None:
        os.write(acknowledge, (" ".join(map(str, words)) + "\n").encode())

    def submit() -> None:
        number = first
        while first >= 0:
            if len(manager.active()) >= ACTIVE_AT_MOST:
                time.sleep(0.002)
                continue
            number += 1
            subject, kind = f"S{number:07}", chance.choice(("claim", "heavy_claim"))
            seconds = chance.choice((0, 0, 0.02, 0.2, 1.0))
            args = {"number": number, "seconds": seconds, "worker": chance.random() < 0.2}
            job = manager.submit(kind, subject, root / subject / "job" / kind, args, chance.choice(GPU_SETS))
            say("submitted", job.id, subject)
            if chance.random() < 0.3:
                threading.Thread(target=watch, args=(job.id,)).start()

    def watch(number: int) -> None:
        job = next((job for job in manager.active() if job.id == number), None)
        if job is not None:
            say("ended", number, manager.wait(job).state)

    def stop() -> None:
        picking = random.Random(first)
        while True:
            time.sleep(picking.random() * 0.1)
            active = manager.active()
            if active and first >= 0:
                job = picking.choice(active)
                say("ended", job.id, manager.stop(job).state)

    for work in (submit, stop):
        threading.Thread(target=work).start()
    say("ready")
    threading.Event().wait()


class Row(NamedTuple):
    """What the database tells of a job."""

    id: int
    subject: str
    kind: str
    gpus: str
    state: states.State
    message: str
    reason: str
    result: str | None
    pid: int | None
    start_time: float | None

    @property
    def ended(self) -> bool:
        return self.state not in states.ACTIVE


@dataclass
class Promises:
    """What was acknowledged, done to the jobs, and seen."""

    root: Path
    submitted: dict[int, str] = field(default_factory=dict)
    acknowledged_ends: dict[int, str] = field(default_factory=dict)
    killed: set[tuple[int, float]] = field(default_factory=set)
    ended: dict[int, Row] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def hear_all(self, lines: Iterable[str]) -> bool:
        """Take acknowledgements; tells whether one says that the manager has recovered."""
        ready = False
        for line in lines:
            word, *rest = line.split()
            if word == "ready":
                ready = True
            elif word == "submitted":
                assert int(rest[0]) not in self.submitted, "a number was given twice"
                self.submitted[int(rest[0])] = rest[1]
            elif rest[1] not in states.ACTIVE:
                self.acknowledged_ends[int(rest[0])] = rest[1]
        return ready

    def rows(self) -> list[Row]:
        """All jobs; what was promised of the records is checked."""
        with closing(sqlite3.connect(f"file:{self.root / DATABASE}?mode=ro", uri=True)) as database:
            found = database.execute(f"SELECT {', '.join(Row._fields)} FROM jobs ORDER BY id")
            rows = [Row(*values) for values in found]
        by_id = {row.id: row for row in rows}
        assert len({row.subject for row in rows}) == len(rows)
        for number, subject in self.submitted.items():
            assert by_id[number].subject == subject
        for number, row in self.ended.items():
            assert by_id[number] == row, f"{row} became {by_id[number]}"
        for number, state in self.acknowledged_ends.items():
            assert by_id[number].state == state, f"{by_id[number]} was acknowledged as {state}"
        for row in rows:
            if row.ended and row.id not in self.ended:
                self._check_end(row)
                self.ended[row.id] = row
        strange = [path.name for path in (self.root / "evidence").iterdir() if path.suffix in (".twice", ".beside")]
        assert not strange, strange
        return rows

    def _check_end(self, row: Row) -> None:
        left = outcome.read(self.root / row.subject / "job" / row.kind)
        if row.state == states.FAILED:
            assert row.reason in ("signal", "vanished"), row
            assert (row.pid, row.start_time) in self.killed, f"nobody killed {row}"
        elif row.state == states.DONE:
            assert json.loads(row.result or "null") == {"number": int(row.subject[1:])}
        if row.pid is not None:
            assert left is not None
            assert left.state == row.state, f"{row} has the outcome {left}"
        else:
            assert row.state == states.STOPPED, row
            assert not (self.root / "evidence" / row.subject).exists(), f"{row} ran"

    def unnamed(self) -> list[Row]:
        """Jobs whose process is gone and that are not ended."""
        return [row for row in self.rows() if not row.ended and row.pid is not None and not _alive(row)]

    def running(self) -> bool:
        """Whether a job has a process that lives."""
        return any(not row.ended and row.pid is not None and _alive(row) for row in self.rows())

    def done(self) -> int:
        """How many jobs came to their end by themselves."""
        return sum(row.state == states.DONE for row in self.rows())

    def strays(self, manager: int) -> list[psutil.Process]:
        """Orphans that belong to no active job."""
        active = {row.pid for row in self.rows() if not row.ended}
        return [child for child in _children() if child.pid != manager and _group(child) not in active]

    def kill(self, what: str, process: psutil.Process) -> None:
        """Kill a process now; it is noted first, for its end may be on record in the next moment."""
        identity = Identity.of(process.pid)
        if identity is not None:
            self.killed.add((identity.pid, identity.start_time))
        self.kills[what] += 1
        os.kill(process.pid, signal.SIGKILL)

    def in_order(self) -> None:
        """Jobs of one line began in the order in which they were submitted."""
        for line in ("0", "1", "processor"):
            began = []
            for row in self.ended.values():
                evidence = self.root / "evidence" / row.subject
                gpus = json.loads(row.gpus)
                own = int(line) in gpus if line != "processor" else not gpus and row.kind == "heavy_claim"
                if own and evidence.exists() and evidence.read_text():
                    began.append((row.id, int(evidence.read_text())))
            assert [time for _, time in sorted(began)] == sorted(time for _, time in began), line


def _alive(row: Row) -> bool:
    found = Identity.of(row.pid or 0)
    return found is not None and found.start_time == row.start_time and found.alive()


def _children() -> list[psutil.Process]:
    """The living children of this process, and so all orphans."""
    living = []
    for child in psutil.Process().children():
        try:
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, 0)
            else:
                living.append(child)
        except psutil.NoSuchProcess:
            continue
    return living


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def _soon(nothing: Callable[[], Sequence[object]]) -> None:
    """Wait until there is nothing of something any more."""
    deadline = time.monotonic() + SOON
    while left := nothing():
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.005)


def _until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def _victims(
    promises: Promises, manager: Manager, chance: random.Random, *, server_too: bool
) -> list[tuple[str, psutil.Process]]:
    """A job, the fork server, or several of them."""
    server = manager.fork_server()
    pids = {row.pid for row in promises.rows() if not row.ended and row.pid is not None and _alive(row)}
    jobs = [process for process in map(_process, pids) if process is not None]
    if server is not None:
        # Also those that are being made and on nobody's record.
        with contextlib.suppress(psutil.NoSuchProcess):
            jobs += [child for child in server.children() if child.pid not in pids]
    victims = [("job", job) for job in chance.sample(jobs, min(len(jobs), chance.choice((1, 1, 3))))]
    if server is not None and server_too and chance.random() < 0.35:
        victims.append(("fork server", server))
    chance.shuffle(victims)
    return victims


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _kill(promises: Promises, victims: list[tuple[str, psutil.Process]]) -> None:
    for what, process in victims:
        try:
            promises.kill(what, process)
        except ProcessLookupError:
            continue


def _round(promises: Promises, manager: Manager, chance: random.Random) -> None:
    ready = False
    if chance.random() < 0.15:
        time.sleep(chance.random() * 0.05)
    else:
        while not ready:
            assert time.monotonic() < manager.begun + SOON, "the manager does not start"
            ready = promises.hear_all(manager.lines(1))
    if ready:
        # What was dead before is named by the time that it serves.
        assert time.monotonic() < manager.begun + SOON
        _soon(promises.unnamed)
        done = promises.done()
        for turn in range(chance.randint(2, 6)):
            time.sleep(chance.random() * 0.15)
            if chance.random() < 0.5:
                # On a slow machine the next job takes a while to begin.
                _until(promises.running)
            # Not at each turn: one that never gets to serve lets no job begin.
            _kill(promises, _victims(promises, manager, chance, server_too=turn in (1, 2)))
            promises.hear_all(manager.lines())
            _soon(promises.unnamed)
        _until(lambda: promises.done() > done)
        _soon(lambda: promises.strays(manager.pid))
    last = [("manager", psutil.Process(manager.pid))]
    if ready:
        last += _victims(promises, manager, chance, server_too=True)
        chance.shuffle(last)
    _kill(promises, last)
    os.waitpid(manager.pid, 0)
    promises.hear_all(manager.rest())


def main(root: Path, rounds: int, seed: int) -> None:
    """Run the rounds; whatever comes of them, no process is left."""
    logging.disable(logging.CRITICAL)
    _set_process_option(PR_SET_CHILD_SUBREAPER, 1)
    try:
        promises = _kill_and_check(root, rounds, seed)
    finally:
        while children := _children():
            for child in children:
                child.kill()
            time.sleep(0.01)
    counts = Counter(row.state for row in promises.ended.values())
    print(json.dumps({"kills": promises.kills, "jobs": counts}))


def _kill_and_check(root: Path, rounds: int, seed: int) -> Promises:
    """Kill and check in so many rounds, let a last manager finish the queue, and check once more."""
    (root / "evidence").mkdir(parents=True)
    promises, chance = Promises(root), random.Random(seed)
    for number in range(rounds):
        _round(promises, Manager(root, number * 10_000, f"{seed} {number}"), chance)
    manager = Manager(root, -1, "")
    deadline = time.monotonic() + 2 * SOON
    while not promises.hear_all(manager.lines(0.1)):
        assert time.monotonic() < deadline, "the manager does not start"
    while active := [row for row in promises.rows() if not row.ended]:
        assert time.monotonic() < deadline, f"does not end: {active}"
        time.sleep(0.02)
    promises.in_order()
    server = manager.fork_server()
    if server is not None:
        _soon(server.children)
    os.kill(manager.pid, signal.SIGKILL)
    os.waitpid(manager.pid, 0)
    _soon(_children)
    return promises


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

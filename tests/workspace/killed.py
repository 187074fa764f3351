"""Kills a writer of a workspace again and again with SIGKILL, and checks what it had acknowledged.

Run as ``python -m tests.workspace.killed ROOT TIMES SEED``. It has no threads of its own, so that it may fork: each
round a child opens the workspace and changes it from several threads, and this process kills it in the midst of that.
"""

from __future__ import annotations

import logging
import os
import random
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from paddlex_restful.workspace import Workspace

THREADS = 4


def _write_for_ever(root: Path, acknowledge: int) -> None:
    workspace = Workspace.open(root)

    def say(*words: object) -> None:
        os.write(acknowledge, (" ".join(map(str, words)) + "\n").encode())

    def work() -> None:
        while True:
            did = workspace.create_dataset("0", "", "t")
            say("made", did)
            pid = workspace.create_project("0", "", "t")
            say("made", pid)
            tid = workspace.create_task(pid, "0", "")
            say("made", tid)
            for number in (1, 2):
                workspace.update(tid, name=str(number))
                say("named", tid, number)
            workspace.update(pid, did=did)
            say("bound", pid, did)
            emid = workspace.create_exported_model("0", "m", "t", pid, tid, "/models", 5)
            say("made", emid)
            say("deleting", emid)
            workspace.delete(emid)
            say("gone", emid)
            say("deleting", tid)
            workspace.delete(tid)
            say("gone", tid)

    for _ in range(THREADS):
        threading.Thread(target=work).start()


@dataclass
class Promises:
    """What the writers were told to be durable."""

    names: dict[str, int] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    deleting: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def hear(self, line: str) -> None:
        """Takes one acknowledgement."""
        word, entry_id, *rest = line.split()
        if word == "made":
            assert entry_id not in self.names, f"{entry_id} was given twice"
            assert entry_id not in self.gone, f"{entry_id} was given again after its deletion"
            self.names[entry_id] = 0
        elif word == "named":
            self.names[entry_id] = int(rest[0])
        elif word == "bound":
            self.bound[entry_id] = rest[0]
        elif word == "deleting":
            self.deleting.add(entry_id)
        else:
            self.deleting.remove(entry_id)
            self.gone.add(entry_id)
            del self.names[entry_id]

    def check(self, workspace: Workspace) -> None:
        """Compares with what is there; a deletion that was under way may have happened or not."""
        entries = (*workspace.datasets(), *workspace.projects(), *workspace.tasks(), *workspace.exported_models())
        found = {entry.id: int(entry.name) for entry in entries}
        for entry_id, name in self.names.items():
            if entry_id in self.deleting and entry_id not in found:
                continue
            assert found[entry_id] in (name, name + 1), f"{entry_id} is {found[entry_id]} and not {name}"
        assert not self.gone & set(found), "a deleted entry came back"
        for pid, did in self.bound.items():
            assert workspace.project(pid).did == did
        for entry in entries:
            assert entry.id.startswith("EM") or (workspace.folder(entry) / "info.pb").is_file()
        for entry_id in self.deleting - set(found):
            self.gone.add(entry_id)
            self.names.pop(entry_id)
        self.deleting.clear()


def main(root: Path, times: int, seed: int) -> None:
    """Kills and checks ``times`` times, and prints how many acknowledgements were kept."""
    logging.disable(logging.WARNING)
    promises, rng, heard = Promises(), random.Random(seed), 0
    for _ in range(times):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _write_for_ever(root, writer)
            threading.Event().wait()
        os.close(writer)
        # From the opening on, at any moment of the first few saves.
        if rng.random() < 0.8:
            select.select([reader], [], [], 10)
        time.sleep(rng.random() * 0.03)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader) as acknowledged:
            for line in acknowledged:
                promises.hear(line)
                heard += 1
        workspace = Workspace.open(root)
        promises.check(workspace)
        workspace.close()
    print(heard)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

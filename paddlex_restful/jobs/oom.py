"""Whether the kernel ended a process for want of memory, from its counters of such kills.

The kernel counts a kill in the control group of the process that it ended (``oom_kill`` in cgroup v2's
``memory.events`` and in v1's ``memory.oom_control``) and in ``/proc/vmstat``, which counts those of the whole machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PROC = Path("/proc")
_COUNT = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class OomKills:
    """How many processes the kernel had ended for want of memory at one time.

    Attributes:
        file: the file of the kernel that counts them.
        count: what it said.
    """

    file: str
    count: int

    @classmethod
    def now(cls, proc: Path = _PROC) -> OomKills | None:
        """The counter that is nearest to this process; None where the system has none.

        Args:
            proc: where procfs is mounted.
        """
        for file in (*_control_group_files(proc), proc / "vmstat"):
            count = _count(file)
            if count is not None:
                return cls(str(file), count)
        return None

    def grown(self) -> bool | None:
        """Whether there were more since; None when the file cannot be read any more."""
        count = _count(Path(self.file))
        return None if count is None else count > self.count


def _count(file: Path) -> int | None:
    try:
        match = _COUNT.search(file.read_bytes())
    except OSError:
        return None
    return None if match is None else int(match[1])


def _control_group_files(proc: Path) -> Iterator[Path]:
    """Where the counter of this process's control group would be: cgroups(7), and mountinfo in proc(5)."""
    try:
        groups = (proc / "self/cgroup").read_text().splitlines()
        mounts = (proc / "self/mountinfo").read_text().splitlines()
    except OSError:
        return
    paths = {}
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            paths["cgroup" if controllers else "cgroup2"] = PurePosixPath(path)
    for line in mounts:
        place, _, kind = line.partition(" - ")
        fields = place.split()
        file_system, _, options = kind.split()[:3]
        if file_system == "cgroup" and "memory" not in options.split(","):
            continue
        # A container sees only the part of the tree that begins at its own group.
        root = PurePosixPath(fields[3])
        if file_system in paths and paths[file_system].is_relative_to(root):
            folder = Path(fields[4]) / paths[file_system].relative_to(root)
            yield folder / ("memory.events" if file_system == "cgroup2" else "memory.oom_control")

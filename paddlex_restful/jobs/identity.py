"""Which process a job is: a pid means nothing without the time at which it started and the boot in which it ran."""

from __future__ import annotations

import functools
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

_PROC = Path("/proc")
_BOOT_ID = _PROC / "sys/kernel/random/boot_id"
_LINUX = _BOOT_ID.exists()

_POLL = 0.02
"""Seconds between two looks where the system cannot tell by itself that a process has ended."""


@dataclass(frozen=True)
class Identity:
    """One process of one run of the machine; the leader of its own process group.

    Attributes:
        pid: its process id.
        start_time: when it started: clock ticks since boot on Linux, seconds since 1970 elsewhere.
        boot_id: the run of the machine.
    """

    pid: int
    start_time: float
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that has this pid now; None when there is none."""
        found = _look(pid)
        return None if found is None else cls(pid, found.start_time, boot_id())

    def alive(self) -> bool:
        """Whether this very process runs; one that ended and waits to be reaped does not."""
        if self.boot_id != boot_id():
            return False
        found = _look(self.pid)
        return found is not None and found.start_time == self.start_time and not found.zombie

    def open(self) -> int | None:
        """A file descriptor that becomes readable when the process ends; None where the system has no such thing.

        Raises:
            ProcessLookupError: the process is gone.
        """
        if not hasattr(os, "pidfd_open"):
            return None
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            raise
        except OSError:  # a kernel before 5.3, or a sandbox that forbids it
            return None
        # Looked at after opening: if it is ours now it was ours then, for a pid is not given twice at once.
        try:
            if not self.alive():
                raise ProcessLookupError(self.pid)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process and to no other; nothing happens when it is gone."""
        try:
            descriptor = self.open()
            if descriptor is None:
                if self.alive():
                    os.kill(self.pid, number)
                return
            try:
                signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)
        except ProcessLookupError:
            return

    def group(self) -> list[int]:
        """The living processes of its group, itself included, also when it is gone itself."""
        if self.boot_id != boot_id() or not _group_exists(self.pid):
            return []
        leader = _look(self.pid)
        # The kernel gives no pid anew while a group still bears its number.
        if leader is not None and leader.start_time != self.start_time:
            return []
        members = []
        for pid in psutil.pids():
            found = _look(pid)
            if (
                found is not None
                and found.group == self.pid
                and found.start_time >= self.start_time
                and not found.zombie
            ):
                members.append(pid)
        return members

    def send_group(self, number: signal.Signals) -> None:
        """Send a signal to every process of its group; nothing happens when the group is empty."""
        if not self.group():
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def wait_group(self, timeout: float) -> bool:
        """Wait until its group is empty.

        Args:
            timeout: seconds to wait at most.

        Returns:
            Whether the group is empty.
        """
        deadline = time.monotonic() + timeout
        while members := self.group():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            wait_process(members[0], left)
        return True


@functools.lru_cache(maxsize=1)
def boot_id() -> str:
    """What names this run of the machine."""
    return _BOOT_ID.read_text().strip() if _LINUX else str(round(psutil.boot_time()))


def wait_process(pid: int, timeout: float) -> None:
    """Wait until a process has ended, at most so many seconds; less where the system cannot tell of its end."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        time.sleep(min(timeout, _POLL))
        return
    try:
        wait_readable(descriptor, timeout)
    finally:
        os.close(descriptor)


def wait_readable(descriptor: int, timeout: float) -> bool:
    """Wait until a descriptor can be read, at most so many seconds; tells whether it can."""
    poll = select.poll()  # select() itself refuses descriptors above 1023, which many connections lead to
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def _group_exists(number: int) -> bool:
    """Whether any process is in a group, also one that has ended and waits to be reaped; spares looking at all."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Look(NamedTuple):
    start_time: float
    group: int
    zombie: bool


def _look(pid: int) -> _Look | None:
    if not _LINUX:
        return _look_elsewhere(pid)
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name, in parentheses, may hold anything; state is field 3, pgrp 5, starttime 22.
    fields = text[text.rindex(b")") + 2 :].split()
    return _Look(start_time=float(fields[19]), group=int(fields[2]), zombie=fields[0] in (b"Z", b"X"))


def _look_elsewhere(pid: int) -> _Look | None:
    try:
        process = psutil.Process(pid)
        return _Look(process.create_time(), os.getpgid(pid), process.status() == psutil.STATUS_ZOMBIE)
    except (psutil.Error, ProcessLookupError, PermissionError):
        return None

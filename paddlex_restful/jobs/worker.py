"""A process that works for the server as long as the server lives, and is no job: it has no record and no outcome.

Started by ``executor`` like the process of a job, with one end of a socket. It ends when the other end is closed,
however that comes.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, NoReturn

import orjson

from paddlex_restful.channel import Channel
from paddlex_restful.cores import rest_between_products
from paddlex_restful.jobs import runner


@dataclass(frozen=True)
class Service:
    """What a process is to do.

    Attributes:
        function: ``module:function``, called with the channel, ``args`` and the log; the process ends when it returns.
        args: plain JSON values.
        gpus: numbers of the GPUs that it may use as the machine counts them; empty for the processor.
        threads: processor cores that it may use.
        log: the file that takes its stdout and stderr, made anew.
    """

    function: str
    args: dict[str, Any]
    gpus: tuple[int, ...]
    threads: int
    log: str

    def to_line(self) -> bytes:
        """One line of JSON."""
        return orjson.dumps(asdict(self)) + b"\n"

    def _bootstrap(self, parent_sentinel: int | None = None) -> NoReturn:
        """Be the process; called under this name by ``multiprocessing``'s fork server."""
        runner.let_go_of_server(parent_sentinel)
        (descriptor,) = forkserver._forkserver._inherited_fds  # type: ignore[attr-defined]
        run(self, descriptor)


def run(service: Service, descriptor: int) -> NoReturn:
    """Do the work in this process, and end the process.

    Args:
        service: what to do.
        descriptor: of the socket's end.
    """
    log = Path(service.log)
    log.unlink(missing_ok=True)
    runner.detach(log)
    runner.settle(service.gpus, service.threads)
    rest_between_products()
    _follow_signals()
    code = 1
    try:
        channel = Channel(socket.socket(fileno=descriptor))
        module, _, name = service.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        _follow_signals()
        function(channel, service.args, log)
        code = 0
    except Exception:
        logging.getLogger(__name__).exception("%s failed", service.function)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # Not by way of the interpreter: threads of the engines could hold it up.
        os._exit(code)


def _follow_signals() -> None:
    """There is nothing to save: SIGTERM ends it at once; ctrl-C in the server's terminal is the server's to follow."""
    runner.quiet_engine()
    faulthandler.enable()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Wait on stdin for what to do; the argument is the number of the socket's descriptor."""
    line = sys.stdin.buffer.readline()
    if line.endswith(b"\n"):
        fields = orjson.loads(line)
        run(Service(**{**fields, "gpus": tuple(fields["gpus"])}), int(sys.argv[1]))


if __name__ == "__main__":
    main()

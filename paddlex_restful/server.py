"""The server's process: listening, signals, a clean end."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask, WSGITask

from paddlex_restful import __version__
from paddlex_restful.api.access.guard import Guard
from paddlex_restful.api.access.token import AccessToken
from paddlex_restful.api.answers import FAILURE, encode
from paddlex_restful.api.headers import protection
from paddlex_restful.app import create_app
from paddlex_restful.config import TOKEN_VARIABLE, Config
from paddlex_restful.connection import ENVIRONMENT_KEY, Connection
from paddlex_restful.errors import UserError
from paddlex_restful.logs import RequestFilter, ServerLog
from paddlex_restful.messages import access as access_messages
from paddlex_restful.messages import api as api_messages
from paddlex_restful.messages import server as messages
from paddlex_restful.services import build_services

if sys.platform != "win32":
    import resource

THREADS = 108
"""Requests answered at once. A slow client holds a thread while a large answer waits for it: 64 of them leave some."""

REQUESTS_END = 1.0
"""Seconds that requests have to finish after the signal to end."""

PROCESS_END = 1.5
"""Seconds after the signal at which the process ends whatever it is doing: what was answered is durable by then."""

_BACKLOG = 1024
_CONNECTIONS = 2000
_DESCRIPTORS = 65536
"""More open files than a server needs; some libraries of the jobs go through as many as they may have."""

_BODY_ON_DISK = 1 << 30

_ANSWER_IN_MEMORY = 4 << 20
"""What an answer may have before it goes through temporary files, which is slow: a list of some 10,000 entries."""

_log = logging.getLogger(__name__)


def serve(config: Config) -> int:
    """Serve a workspace over HTTP until a signal ends it; call it from the main thread.

    Prints one line when it listens. SIGINT and SIGTERM end it within two seconds, a second one at once. Running jobs
    go on.

    Args:
        config: the server's settings.

    Returns:
        The exit status of the process: 0 after a clean end, 1 where it could not start (told on stderr).
    """
    _configure_logging()
    connections = _make_room_for(_CONNECTIONS)
    try:
        listener = _listen(config.host, config.port)
    except UserError as error:
        return _refuse(error)
    # From here on what the name led to; clients may go on calling the server by the name.
    config = replace(config, host=listener.getsockname()[0], allowed_hosts=(*config.allowed_hosts, config.host))
    # Jobs have no use for it.
    os.environ.pop(TOKEN_VARIABLE, None)
    with listener:
        _settle_home(config.workspace_dir)
        try:
            services = build_services(config)
        except UserError as error:
            return _refuse(error)
        log = ServerLog(services.workspace.root)
        log.attach()
        try:
            _serve(config, listener, create_app(config, services, log=log), connections)
        except UserError as error:
            return _refuse(error)
        finally:
            services.close()
            services.jobs.executor.close()
            log.close()
    return 0


def _refuse(error: UserError) -> int:
    print(f"paddlex_restful: {error}", file=sys.stderr)
    return 1


def _configure_logging() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RequestFilter())
    line = "%(asctime)s %(levelname)s %(name)s:%(request)s %(message)s"
    logging.basicConfig(handlers=[handler], level=logging.INFO, format=line, force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def _make_room_for(connections: int) -> int:
    """Let this process open as many files as the system allows it.

    Returns:
        How many connections leave the jobs and the workspace as many open files again; no more than asked for.
    """
    if sys.platform == "win32":
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(_DESCRIPTORS, hard if hard != resource.RLIM_INFINITY else _DESCRIPTORS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return min(connections, limit // 2)


def _settle_home(workspace: Path) -> None:
    """Where the user has no home folder that can be written, have jobs keep in the workspace what libraries put there.

    VisualDL, for one, cannot be imported without; the users of services and containers often have none.
    """
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111  pathlib refuses a user without any
        os.environ["HOME"] = str(workspace / "home")


def _listen(host: str, port: int) -> socket.socket:
    """Take the port, so that a taken one is told before the workspace is touched.

    The socket is not inheritable: a job that outlives the server does not keep the port.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise UserError(messages.BAD_HOST, host=host) from None
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # Elsewhere it would let two servers share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        templates = {
            errno.EADDRINUSE: messages.PORT_TAKEN,
            errno.EACCES: messages.PORT_PRIVILEGED,
            errno.EADDRNOTAVAIL: messages.BAD_HOST,
        }
        template = templates.get(error.errno or 0, messages.CANNOT_LISTEN)
        raise UserError(template, host=host, port=port, reason=error.strerror) from None
    return listener


def _serve(config: Config, listener: socket.socket, app: Flask, most_connections: int) -> None:
    connections: dict[int, Any] = {}
    server = create_server(
        app,
        map=connections,
        sockets=[listener],
        threads=THREADS,
        backlog=_BACKLOG,
        connection_limit=most_connections,
        outbuf_overflow=_ANSWER_IN_MEMORY,
        # Larger bodies than the application takes are read to their end up to here, so that the sender gets its answer.
        max_request_body_size=max(_BODY_ON_DISK, app.config["MAX_CONTENT_LENGTH"]),
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=True,
        ident="PaddleX RESTful",
    )
    server.channel_class = _channels(app.extensions["guard"])
    ending = _handle_signals(server)
    url = _url(*listener.getsockname()[:2])
    print(messages.SERVES.format(version=__version__, workspace=config.workspace_dir, url=url), flush=True)
    _tell_token(app.extensions["guard"].token, listener)
    while not ending:
        wasyncore.loop(timeout=1, map=connections, use_poll=True, count=1)
    _end(server, connections, app)


def _handle_signals(server: TcpWSGIServer) -> Sequence[int]:
    """Let the first SIGINT or SIGTERM appear in the list that is returned, and the second end the process."""
    # A list, because the lock of an Event is not safe in a handler that another signal may interrupt.
    ending: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if ending:
            os._exit(128 + number)
        ending.append(number)
        server.pull_trigger()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return ending


def _end(server: TcpWSGIServer, connections: dict[int, Any], app: Flask) -> None:
    """Let the requests that are under way finish, refuse new ones, and close all connections."""
    last_resort = threading.Timer(PROCESS_END, os._exit, (0,))
    last_resort.daemon = True
    last_resort.start()
    # Twice without waiting: requests that arrived before the signal are accepted, then read.
    wasyncore.loop(timeout=0, map=connections, use_poll=True, count=2)
    app.extensions["closing"].set()
    _log.info(messages.STOPPING)
    deadline = time.monotonic() + REQUESTS_END
    while (busy := _busy(server)) and (left := deadline - time.monotonic()) > 0:
        wasyncore.loop(timeout=left, map=connections, use_poll=True, count=1)
    if busy:
        _log.warning(messages.REQUESTS_CUT.format(count=busy))
    server.task_dispatcher.set_thread_count(0)
    wasyncore.close_all(connections)


def _busy(server: TcpWSGIServer) -> int:
    """The number of connections with a request that is being answered or an answer that is being sent."""
    return sum(bool(channel.requests or channel.total_outbufs_len) for channel in server.active_channels.values())


def _tell_token(token: AccessToken | None, listener: socket.socket) -> None:
    if token is None:
        return
    if token.file is None:
        line = access_messages.TOKEN_SET.format(variable=TOKEN_VARIABLE)
    elif token.new:
        host, port = listener.getsockname()[:2]
        url = _url(_reachable(host, listener.family), port)
        line = access_messages.TOKEN_MADE.format(url=url, token=token.value, file=token.file)
    else:
        line = access_messages.TOKEN_KEPT.format(file=token.file)
    print(line, flush=True)


def _reachable(host: str, family: socket.AddressFamily) -> str:
    """An address that leads to this one from elsewhere: in the place of all networks the one that goes out."""
    if not ipaddress.ip_address(host.partition("%")[0]).is_unspecified:
        return host
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent; these addresses are for documentation.
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
        except OSError:  # no network
            return "127.0.0.1" if family == socket.AF_INET else "::1"
        return str(probe.getsockname()[0])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Protecting:
    """Adds to all answers what they tell browsers."""

    response_headers: list[tuple[str, str]]

    def build_response_header(self) -> bytes:
        header: bytes = super().build_response_header()  # type: ignore[misc]
        # Before the empty line that ends it; the names are in their usual capitals by now.
        return header[:-2] + protection(name for name, _ in self.response_headers) + header[-2:]


class _ErrorTask(_Protecting, ErrorTask):  # type: ignore[misc]
    """Answers what never reaches the application (broken HTTP, endless headers) in the application's form."""

    def execute(self) -> None:
        error = self.request.error
        message = api_messages.BAD_REQUEST.format(code=error.code, name=error.reason)
        body = encode({"status": FAILURE, "message": message})
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Task(_Protecting, WSGITask):  # type: ignore[misc]
    """Lets the application see the connection that it answers on."""

    def get_environment(self) -> dict[str, Any]:
        environment: dict[str, Any] = super().get_environment()
        environment[ENVIRONMENT_KEY] = Connection(self.channel)
        return environment


class _Discarded:
    """Stands in the place of the buffer of a body, and keeps nothing of it."""

    def append(self, data: bytes) -> None:
        pass

    def getfile(self) -> BytesIO:
        return BytesIO()

    def close(self) -> None:
        pass

    def __len__(self) -> int:
        return 0


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Keeps no bodies of strangers: the guard refuses their requests as soon as they have been read."""

    body_rcv: Any
    expect_continue: bool

    def __init__(self, adjustments: Adjustments, guard: Guard) -> None:
        super().__init__(adjustments)
        self._guard = guard

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is None or self._guard.may_send(self.headers, self.query):
            return
        self.body_rcv.buf.close()
        if self.expect_continue:
            # The sender asks first whether the body is wanted.
            self.expect_continue = False
            self.body_rcv = None
            self.connection_close = True
        else:
            self.body_rcv.buf = _Discarded()


def _channels(guard: Guard) -> type[HTTPChannel]:
    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = partial(_Parser, guard=guard)
        task_class = _Task
        error_task_class = _ErrorTask

    return Channel

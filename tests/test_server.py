"""The server's process from outside: start, refusals to start, slow clients, the end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import requests

from paddlex_restful import __version__
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.manager import DATABASE
from paddlex_restful.jobs.store import JobStore
from tests.conftest import STOP_SECONDS, Server
from tests.flow import import_dataset
from tests.images import make_classification

# A server whose /slow says when it has begun and takes the seconds that it is asked for, and whose /held ends when a
# line comes on stdin; with a number behind the workspace it gives requests and itself so many seconds to end.
SLOW_SERVER = """
import sys, time
from pathlib import Path
from paddlex_restful import app, server
from paddlex_restful.api.access import Access, decided
from paddlex_restful.config import Config

create = server.create_app

def create_slow(config, services, **options):
    made = create(config, services, **options)

    @made.get("/slow/<float:seconds>")
    @decided(Access.TOKEN)
    def slow(seconds):
        print("begun", flush=True)
        time.sleep(seconds)
        return "slept"

    @made.get("/held")
    @decided(Access.TOKEN)
    def held():
        print("begun", flush=True)
        sys.stdin.readline()
        return "slept"

    return made

if len(sys.argv) > 2:
    server.REQUESTS_END = server.PROCESS_END = float(sys.argv[2])

server.create_app = create_slow
sys.exit(server.serve(Config(Path(sys.argv[1]), port=0)))
"""


class SlowServer:
    def __init__(self, folder: Path, *patience: str) -> None:
        command = [sys.executable, "-c", SLOW_SERVER, str(folder / "workspace"), *patience]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask_slowly(self, seconds: float) -> http.client.HTTPConnection:
        """Send a request that takes so long, and wait until it has begun."""
        return self._ask(f"/slow/{seconds}")

    def hold(self) -> http.client.HTTPConnection:
        """Send a request that ends with ``let_go``, and wait until it has begun."""
        return self._ask("/held")

    def let_go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def _ask(self, path: str) -> http.client.HTTPConnection:
        connection = self.connect()
        connection.request("GET", path)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "begun\n"
        return connection

    def await_line(self, part: str) -> None:
        """Wait until the log has a line with this part."""
        assert self.process.stderr is not None
        while part not in (line := self.process.stderr.readline()):
            assert line, f"the server ended without saying {part!r}"

    def end(self, number: int = signal.SIGTERM) -> float:
        """Signal the process; gives the seconds until it was gone."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(120)
        return time.monotonic() - begun


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[SlowServer]:
    with ended(SlowServer(tmp_path)) as running:
        yield running


@pytest.fixture
def patient_server(tmp_path: Path) -> Iterator[SlowServer]:
    """One that waits for its requests as long as the test wants, once it was told to end."""
    with ended(SlowServer(tmp_path, "300")) as running:
        yield running


@contextmanager
def ended(running: SlowServer) -> Iterator[SlowServer]:
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait(120)
    # Not read to their end: the process from which jobs are forked holds them too, and may end a little later.
    for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to refuse to start."""
    command = [sys.executable, "-m", "paddlex_restful", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_one_line_says_that_it_listens(tmp_path: Path) -> None:
    port = free_port()
    workspace = tmp_path / "工作 空间"
    command = [sys.executable, "-m", "paddlex_restful", "--port", str(port), "--workspace_dir", str(workspace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert line == f"PaddleX RESTful {__version__} serves {workspace} at http://127.0.0.1:{port}\n"
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=120).json()["version"] == __version__
        process.terminate()
        assert process.wait(60) == 0
        os.set_blocking(process.stdout.fileno(), False)
        assert not process.stdout.read()


def test_a_taken_port_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = start("--port", str(port), "--workspace_dir", str(tmp_path / "workspace"))
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a" * 300, "数据"])
def test_a_host_that_is_not_of_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    done = start("--host", host, "--port", "0", "--workspace_dir", str(tmp_path / "workspace"))
    assert done.returncode == 1
    assert "is not an address of this machine" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_server_on_a_workspace_is_refused(server: Server) -> None:
    done = start("--port", "0", "--workspace_dir", str(server.workspace))
    assert done.returncode == 1
    assert "already" in done.stderr
    assert "Traceback" not in done.stderr
    assert server.ok("GET", "/workspace")["dirname"] == str(server.workspace)


def test_a_workspace_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = start("--port", "0", "--workspace_dir", str(tmp_path / "file" / "workspace"))
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


def test_jobs_that_cannot_be_taken_up_are_told_with_the_remedy(tmp_path: Path) -> None:
    store = JobStore(tmp_path / DATABASE, tmp_path)
    store.insert(Job(0, "download", "demo/x", tmp_path, "demo/x/job/download", {}, (), "queued", submitted=1.5))
    store.close()
    (tmp_path / "demo").touch()
    done = start("--port", "0", "--workspace_dir", str(tmp_path))
    assert done.returncode == 1
    assert f"The jobs of {tmp_path} cannot be taken up again" in done.stderr
    assert "Traceback" not in done.stderr


def test_idle_connections_leave_open_files_for_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = tmp_path / "python"
    limited.write_text(f'#!/bin/sh\nulimit -Sn 64\nulimit -Hn 400\nexec "{sys.executable}" "$@"\n')
    limited.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(limited))
    server = Server(tmp_path)
    try:
        # The server raises the first limit to the second.
        assert psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE) == (400, 400)
        server.ok("GET", "/workspace")
        with ExitStack() as stack:
            address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
            for _ in range(500):
                stack.enter_context(socket.create_connection(address, timeout=120))
            import_dataset(server, make_classification(tmp_path / "source", 2))
        assert "Too many open files" not in server.log.read_text()
    finally:
        server.close()


def test_requests_are_not_told_on_stderr(server: Server) -> None:
    server.ok("GET", "/workspace")
    assert server.stop() == 0
    log = server.log.read_text()
    assert "/workspace" not in log


def test_a_restart_takes_the_port_at_once(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    client.request("GET", "/")
    client.getresponse().read()
    # The server closes this connection first, which leaves its end of it in TIME_WAIT.
    server.restart()
    assert client.sock.recv(1) == b""
    client.close()
    assert server.ok("GET", "/")["name"] == "PaddleX RESTful"
    assert server.url.endswith(f":{port}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_connections_do_not_delay_the_end(slow_server: SlowServer, number: int) -> None:
    connection = slow_server.connect()
    connection.request("GET", "/")
    connection.getresponse().read()
    assert slow_server.end(number) < 30
    assert slow_server.process.returncode == 0
    connection.close()


def test_a_request_under_way_gets_its_answer_and_new_ones_503(patient_server: SlowServer) -> None:
    under_way, late = patient_server.hold(), patient_server.connect()
    late.connect()
    patient_server.process.terminate()
    patient_server.await_line("The server ends")
    late.request("GET", "/")
    refusal = late.getresponse()
    assert refusal.status == 503
    assert json.loads(refusal.read())["status"] == -1
    patient_server.let_go()
    assert under_way.getresponse().read() == b"slept"
    assert patient_server.process.wait(60) == 0
    under_way.close()
    late.close()


def test_a_server_that_ends_lives_and_is_not_ready(patient_server: SlowServer) -> None:
    with closing(patient_server.hold()), closing(patient_server.connect()) as health:
        health.connect()
        with closing(patient_server.connect()) as ready:
            ready.connect()
            patient_server.process.terminate()
            patient_server.await_line("The server ends")
            ready.request("GET", "/ready")
            health.request("GET", "/health")
            assert ready.getresponse().status == 503
            assert health.getresponse().status == 200


def test_a_request_that_takes_too_long_is_cut(slow_server: SlowServer) -> None:
    with closing(slow_server.ask_slowly(120.0)) as connection:
        # On an idle machine it is well below two seconds; a busy one must not fail the test.
        assert slow_server.end() < 30
        assert slow_server.process.returncode == 0
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            connection.getresponse()


def test_a_second_signal_ends_it_at_once(patient_server: SlowServer) -> None:
    connection = patient_server.hold()
    patient_server.process.send_signal(signal.SIGINT)
    patient_server.await_line("The server ends")
    assert patient_server.end(signal.SIGINT) < 60
    assert patient_server.process.returncode == 128 + signal.SIGINT
    connection.close()


def test_64_slow_clients_do_not_starve_a_quick_one(slow_server: SlowServer) -> None:
    with ExitStack() as stack:
        for _ in range(64):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", slow_server.port)))
            client.sendall(b"GET /slow/300.0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(64):
            # Never finishes its request.
            client = stack.enter_context(socket.create_connection(("127.0.0.1", slow_server.port)))
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        for _ in range(10):
            assert requests.get(f"http://127.0.0.1:{slow_server.port}/", timeout=60).status_code == 200
        assert time.monotonic() - begun < 60
        slow_server.process.kill()


def test_children_of_the_server_do_not_hold_its_port(slow_server: SlowServer) -> None:
    with socket.create_connection(("127.0.0.1", slow_server.port)):
        requests.get(f"http://127.0.0.1:{slow_server.port}/", timeout=120)
        own = psutil.Process(slow_server.process.pid)
        assert slow_server.port in local_ports(own)
        children = own.children(recursive=True)
        if not children:
            pytest.skip("with this build of paddle jobs are not forked from a child of the server")
        for child in children:
            assert slow_server.port not in local_ports(child)


def local_ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections(kind="tcp") if connection.laddr}
    except psutil.NoSuchProcess:
        # Helpers of paddle's import come and go; one that has ended holds nothing.
        return set()


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 300_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_broken_http_is_answered_in_the_same_form(shared_server: Server, request_bytes: bytes, code: int) -> None:
    port = int(shared_server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=120) as client:

        def send() -> None:
            # The answer may come, and the connection end, before all was sent.
            with suppress(ConnectionError):
                client.sendall(request_bytes)

        sender = threading.Thread(target=send)
        sender.start()
        response = http.client.HTTPResponse(client)
        response.begin()
        body = response.read()
        sender.join()
    assert response.status == code
    assert json.loads(body)["status"] == -1


def test_a_body_above_the_limit_gets_its_answer(shared_server: Server) -> None:
    limit = 256 << 20
    connection = http.client.HTTPConnection(shared_server.url.removeprefix("http://"), timeout=180)
    piece = b"x" * (1 << 20)
    connection.request(
        "POST",
        "/dataset",
        body=(piece for _ in range(limit // len(piece) + 1)),
        headers={"Content-Length": str(limit + len(piece))},
    )
    response = connection.getresponse()
    assert response.status == 413
    assert "256 MiB" in json.loads(response.read())["message"]
    connection.close()


def test_a_server_without_jobs_leaves_no_process_that_prepares_for_them(server: Server) -> None:
    [fork_server] = [
        child for child in psutil.Process(server.process.pid).children() if "forkserver" in " ".join(child.cmdline())
    ]
    # It cannot end by itself.
    fork_server.suspend()
    assert server.stop() == 0
    fork_server.wait(STOP_SECONDS)

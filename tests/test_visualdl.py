import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from paddlex_restful import visualdl
from paddlex_restful.errors import UserError
from paddlex_restful.visualdl import VisualDLServers


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives VisualDL the time that its imports take on a busy machine."""
    monkeypatch.setattr(visualdl, "START_SECONDS", 300)


@pytest.fixture
def servers() -> Iterator[VisualDLServers]:
    servers = VisualDLServers(max_servers=2)
    yield servers
    servers.close()


def alive(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/alive", timeout=120).status_code == 204
    except requests.ConnectionError:
        return False


def test_page_shows_the_curves_of_its_folder_at_once(servers: VisualDLServers, tmp_path: Path) -> None:
    logdir = tmp_path / "任务 1" / "vdl"
    write = "import sys; from visualdl import LogWriter\nwith LogWriter(sys.argv[1]) as w: w.add_scalar('loss', 0.5, 1)"
    subprocess.run([sys.executable, "-c", write, str(logdir)], check=True, capture_output=True)
    address = servers.open("T0001", logdir)
    assert address.startswith("127.0.0.1:")
    # A client that names no language, as scripts do.
    page = requests.get(f"http://{address}/app/index", headers={"Accept-Language": None}, timeout=120)
    assert page.status_code == 200
    assert "<html>" in page.text
    runs = requests.get(f"http://{address}/app/api/runs", timeout=120).json()
    assert runs["data"] == [str(logdir)]


def test_running_page_is_reused_and_the_least_recent_one_makes_room(servers: VisualDLServers, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        first = set(pool.map(lambda _: servers.open("T0001", tmp_path / "missing"), range(4)))
    assert len(first) == 1
    first_address = first.pop()
    second = servers.open("T0002", tmp_path)
    assert servers.open("T0001", tmp_path / "missing") == first_address
    servers.open("T0003", tmp_path)
    assert alive(first_address)
    assert not alive(second)
    servers.close_one("T0001")
    servers.close_one("T0009")
    assert not alive(first_address)


def test_page_that_died_is_started_again(servers: VisualDLServers, tmp_path: Path) -> None:
    servers.open("T0001", tmp_path)
    [child] = [process for process in psutil.Process().children() if "paddlex_restful.visualdl" in process.cmdline()]
    child.kill()
    psutil.wait_procs([child], timeout=120)
    assert alive(servers.open("T0001", tmp_path))


def test_page_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from paddlex_restful import visualdl; visualdl.START_SECONDS = 300\n"
        "print(visualdl.VisualDLServers().open('T0001', pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        pages = psutil.Process(server.pid).children()
        assert alive(address)
        os.kill(server.pid, signal.SIGKILL)
    _, left = psutil.wait_procs(pages, timeout=120)
    assert not left


def test_failure_to_start_is_told_and_leaves_no_process(
    servers: VisualDLServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A package of that name that cannot be imported stands before the real one.
    (tmp_path / "visualdl").mkdir()
    (tmp_path / "visualdl" / "__init__.py").write_text("raise ImportError('broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    started = time.monotonic()
    with pytest.raises(UserError, match="VisualDL did not start"):
        servers.open("T0001", tmp_path)
    assert time.monotonic() - started < visualdl.START_SECONDS
    assert not [process for process in psutil.Process().children() if "visualdl" in " ".join(process.cmdline())]


def test_missing_package_is_told_with_the_remedy(
    servers: VisualDLServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install visualdl"):
        servers.open("T0001", tmp_path)

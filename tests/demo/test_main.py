import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import requests

from paddlex_restful.demo.__main__ import started_server, table
from paddlex_restful.demo.plans import PLANS
from paddlex_restful.demo.steps import Outcome
from paddlex_restful.errors import UserError


def test_the_server_answers_and_ends(tmp_path: Path) -> None:
    with started_server(tmp_path / "工作 区", tmp_path / "server.log", 0) as url:
        assert requests.get(f"{url}/workspace", timeout=60).json()["dirname"] == str(tmp_path / "工作 区")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_a_server_that_cannot_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    with (
        started_server(tmp_path / "workspace", tmp_path / "first.log", 0),
        pytest.raises(UserError, match=r"ended before it listened, with exit status 1: .+"),
        started_server(tmp_path / "workspace", tmp_path / "second.log", 0),
    ):
        pass


def test_an_interrupt_ends_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paddlex_restful.demo", "--folder", str(tmp_path / "demo")]
    terminal, other_end = os.openpty()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("4H", 40, 120, 0, 0))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=other_end) as demo:
        os.close(other_end)
        shown = b""
        while b"epoch 1/5, step " not in shown:
            shown += os.read(terminal, 1000)
        children = psutil.Process(demo.pid).children(recursive=True)
        assert len(children) > 1
        demo.send_signal(signal.SIGINT)
        with suppress(OSError):  # the end of a terminal that nobody holds any more
            while part := os.read(terminal, 1000):
                shown += part
    os.close(terminal)
    assert demo.returncode == 130
    assert "| epoch 1/5, step " in shown.decode()
    assert b"interrupted" in shown
    assert b"Traceback" not in shown
    _, left = psutil.wait_procs(children, timeout=90)
    assert not left


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paddlex_restful.demo", "--folder", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_names_all_that_came_of_it() -> None:
    outcome = Outcome(
        0.98765, 359, "3/0007.png: taken for a 8", {"Excel report": Path("/w/report.xlsx")}, {"train": 61.25}
    )
    lines = table(PLANS["classification"], outcome, "http://127.0.0.1:8080")
    for text in (
        "accuracy",
        "0.9877 on 359",
        "3/0007.png: taken for a 8",
        "/w/report.xlsx",
        "61.2 s",
        "http://127.0.0.1:8080",
    ):
        assert text in lines

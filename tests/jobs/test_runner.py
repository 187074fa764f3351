"""What a job's process is like, seen from inside a real one."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from paddlex_restful.cores import usable_cores
from paddlex_restful.instructions import fastest_kernels
from paddlex_restful.jobs.executor import Executor
from tests.jobs.conftest import Jobs


@pytest.fixture(params=["forkserver", "spawn"])
def inside(request: pytest.FixtureRequest, jobs: Jobs) -> dict[str, Any]:
    jobs.options["executor"] = Executor(request.param, preload=())
    jobs.restart()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        job = jobs.run("look")
        number = f"socket:[{os.fstat(listening.fileno()).st_ino}]"
    assert job.result is not None, job.message
    return {**job.result, "job": job, "listening": number}


def test_job_has_a_session_of_its_own(inside: dict[str, Any]) -> None:
    assert inside["session"] == inside["group"] == inside["pid"] == inside["job"].pid


def test_job_holds_no_socket_of_the_server(inside: dict[str, Any]) -> None:
    assert not [name for name in inside["descriptors"].values() if name.startswith("socket:")]
    assert inside["listening"] not in inside["descriptors"].values()


def test_job_holds_no_descriptor_of_the_server(inside: dict[str, Any]) -> None:
    listing = f"/proc/{inside['pid']}/fd"
    assert {*inside["descriptors"].values()} <= {os.devnull, inside["log"], listing}


def test_job_reads_nothing_and_writes_to_its_log(inside: dict[str, Any]) -> None:
    descriptors = inside["descriptors"]
    assert descriptors["0"] == os.devnull
    assert descriptors["1"] == descriptors["2"] == inside["log"]


def test_job_imports_nothing_of_the_http_side(inside: dict[str, Any]) -> None:
    loaded = {name.partition(".")[0] for name in inside["modules"]}
    assert not loaded & {"flask", "waitress", "werkzeug", "pytest", "sqlite3"}
    assert not {"paddlex_restful.app", "paddlex_restful.server", "paddlex_restful.jobs.manager"} & {*inside["modules"]}


def test_job_on_the_processor_sees_no_gpu_and_has_its_share_of_the_cores(inside: dict[str, Any]) -> None:
    assert inside["visible"] == ""
    assert inside["threads"] == str(usable_cores())
    assert inside["kernels"] == fastest_kernels()


def test_workers_of_a_data_loader_are_forked(inside: dict[str, Any]) -> None:
    assert inside["start_method"] == "fork"

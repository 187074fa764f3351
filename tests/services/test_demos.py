"""What is known of a demo's download outlives the database of the jobs."""

from __future__ import annotations

from tests.conftest import Server


def test_a_download_is_known_after_the_database_was_lost(server: Server) -> None:
    server.ok("POST", "/demo", type="load", prj_type=0)
    assert server.ok("GET", "/demo", prj_type=0)["attr"]["status"] == 3
    server.stop()
    for part in server.workspace.glob("jobs.db*"):
        part.unlink()
    server.restart()
    attr = server.ok("GET", "/demo", prj_type="classification")["attr"]
    assert (attr["status"], attr["progress"]) == (3, 100)

"""The promise of Idempotency-Key: the same key gives the same answer and no second object."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conftest import Server


def post(server: Server, key: str, path: str = "/dataset", **arguments: Any) -> dict[str, Any]:
    response = requests.post(server.url + path, json=arguments, headers={"Idempotency-Key": key}, timeout=60)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def named(server: Server, name: str) -> list[str]:
    return [each["id"] for each in server.ok("GET", "/dataset")["datasets"] if each["attr"]["name"] == name]


def test_the_same_key_gives_the_same_answer_and_no_second_object(shared_server: Server) -> None:
    arguments = {"name": "once", "dataset_type": "classification"}
    first = post(shared_server, "key-once", **arguments)
    assert first["status"] == 1
    assert post(shared_server, "key-once", **arguments) == first
    assert named(shared_server, "once") == [first["did"]]


def test_many_at_once_with_one_key_make_one_object(shared_server: Server) -> None:
    arguments = {"name": "together", "dataset_type": "classification"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(shared_server, "key-together", **arguments), range(48)))
    assert all(answer == answers[0] for answer in answers)
    assert named(shared_server, "together") == [answers[0]["did"]]


def test_other_keys_and_no_key_make_objects_of_their_own(shared_server: Server) -> None:
    arguments = {"name": "several", "dataset_type": "classification"}
    dids = [post(shared_server, key, **arguments)["did"] for key in ("key-a", "key-b")]
    dids += [shared_server.ok("POST", "/dataset", **arguments)["did"] for _ in range(2)]
    assert len(set(dids)) == 4


def test_a_key_used_for_another_request_is_refused(shared_server: Server) -> None:
    post(shared_server, "key-first", name="first", dataset_type="classification")
    answer = post(shared_server, "key-first", name="second", dataset_type="classification")
    assert answer["status"] == -1
    assert "Idempotency-Key" in answer["message"]
    assert named(shared_server, "second") == []


def test_a_key_belongs_to_one_call(shared_server: Server) -> None:
    did = post(shared_server, "key-shared", name="x", dataset_type="classification")["did"]
    pid = post(shared_server, "key-shared", "/project", name="x", project_type="classification")["pid"]
    assert did.startswith("D")
    assert pid.startswith("P")


def test_a_refused_request_may_be_sent_again_with_its_key(shared_server: Server) -> None:
    arguments = {"pid": "P0999", "desc": "later"}
    first = post(shared_server, "key-refused", "/project/task", **arguments)
    assert first["status"] == -1
    assert post(shared_server, "key-refused", "/project/task", **arguments) == first


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "schlüssel"])
def test_a_key_that_is_none_is_refused(shared_server: Server, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    arguments = {"name": "bad key", "dataset_type": "classification"}
    answer = requests.post(f"{shared_server.url}/dataset", json=arguments, headers=headers, timeout=60).json()
    assert answer["status"] == -1
    assert "1 to 255 printable ASCII characters" in answer["message"]
    assert named(shared_server, "bad key") == []


def test_keys_outlive_a_killed_server(server: Server) -> None:
    arguments = {"name": "kept", "dataset_type": "classification"}
    first = post(server, "key-kept", **arguments)
    server.kill()
    server.start()
    assert post(server, "key-kept", **arguments) == first
    assert named(server, "kept") == [first["did"]]


def test_what_a_killed_server_was_doing_is_not_done_again(server: Server) -> None:
    arguments = {"name": "cut off", "dataset_type": "classification"}
    post(server, "key-cut", **arguments)
    server.kill()
    with sqlite3.connect(server.workspace / "replies.db") as database:
        # As a server leaves it that is killed before its answer is on record.
        database.execute("UPDATE replies SET code = NULL, body = NULL WHERE key LIKE '%key-cut'")
    database.close()
    server.start()
    answer = post(server, "key-cut", **arguments)
    assert answer["status"] == -1
    assert "not known whether" in answer["message"]
    assert len(named(server, "cut off")) == 1


def test_a_damaged_file_of_keys_is_replaced(server: Server) -> None:
    post(server, "key-1", name="before", dataset_type="classification")
    server.stop()
    (server.workspace / "replies.db").write_bytes(b"no database" * 1000)
    server.start()
    assert post(server, "key-2", name="after", dataset_type="classification")["status"] == 1
    assert "replies.db" in server.log.read_text()

"""Datasets that are sent as archives and images, to a real server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from paddlex_restful.api import upload as calls
from tests import images
from tests.api.imports import HOLD_FILE
from tests.conftest import Server, changed_server
from tests.flow import until
from tests.uploading import kill_job, new_dataset, send_chunk, send_form, settled, tarred, upload, zipped

TYPES = ("classification", "detection", "segmentation", "instance_segmentation")

# A server whose imports wait where a test says.
HOLDING = """
import sys
from paddlex_restful import cli
from paddlex_restful.jobs.kinds import KINDS
from tests.api.imports import IMPORT

if __name__ == "__main__":
    KINDS["import"] = IMPORT
    sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture
def holding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose next import waits before its first file, until the file ``hold`` in the workspace is gone."""
    server = changed_server(HOLDING, tmp_path, monkeypatch)
    (server.workspace / HOLD_FILE).write_text("0")
    yield server
    server.close()


def refused(answer: dict[str, object]) -> str:
    assert answer["status"] == -1, answer
    return str(answer["message"])


def left(server: Server) -> list[str]:
    """What lies in the folder of the uploads."""
    home = server.workspace / "uploads"
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("pack", [zipped, tarred, lambda folder: tarred(folder, "w:")], ids=["zip", "tar.gz", "tar"])
def test_an_archive_is_what_its_folder_is(
    shared_server: Server, tmp_path: Path, type: str, pack: Callable[[Path], bytes]
) -> None:
    source = images.make_dataset(tmp_path / "数据", type)
    by_folder, by_form, by_chunks = (new_dataset(shared_server, type) for _ in range(3))
    shared_server.ok("PUT", "/dataset", did=by_folder, path=str(source))
    # What it is, its bytes tell and not its name.
    answer = send_form(shared_server, "/dataset", [("archive", ("x.jpg", pack(source)))], did=by_form)
    assert answer == {"status": 1}
    shared_server.ok("PUT", "/dataset", did=by_chunks, upload_id=upload(shared_server, pack(source)))
    assert [settled(shared_server, did)[0] for did in (by_folder, by_form, by_chunks)] == [4, 4, 4]
    told = [shared_server.ok("GET", "/dataset/details", did=did)["details"] for did in (by_folder, by_form, by_chunks)]
    assert told[0] == told[1] == told[2]
    names = [_tree(shared_server.workspace / "datasets" / did) for did in (by_folder, by_form, by_chunks)]
    assert names[0] == names[1] == names[2]
    shared_server.ok("PUT", "/dataset/split", did=by_form, val_split=0.3, test_split=0)


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in ("job", "info.pb")
    }


def test_an_archive_goes_through_the_same_statuses_and_leaves_nothing(holding: Server, tmp_path: Path) -> None:
    server = holding
    did = new_dataset(server)
    data = zipped(images.make_classification(tmp_path / "source", 300, 8))
    send_form(server, "/dataset", [("archive", ("a.zip", data))], did=did)
    seen = [server.ok("GET", "/dataset", did=did)["dataset_status"]]
    (server.workspace / HOLD_FILE).unlink()
    while seen[-1] in (1, 3):
        seen.append(server.ok("GET", "/dataset", did=did)["dataset_status"])
    assert seen[0] == 1
    assert seen[-1] == 4
    folder = server.workspace / "datasets" / did
    assert not {".import", ".gathered"} & {path.name for path in folder.iterdir()}
    until(lambda: left(server), lambda found: found == [])


def test_an_archive_that_brings_its_split_is_split(shared_server: Server, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "source", 2)
    (source / "labels.txt").write_text("circle\nsquare\ntriangle\n")
    names = [f"{name}/{number:04d}.png {index}" for index, name in enumerate(images.CLASSES) for number in (0, 1)]
    (source / "train_list.txt").write_text("\n".join(names[::2]))
    (source / "val_list.txt").write_text("\n".join(names[1::2]))
    did = new_dataset(shared_server)
    send_form(shared_server, "/dataset", [("archive", ("a", tarred(source)))], did=did)
    assert settled(shared_server, did)[0] == 6


def test_a_bad_archive_leaves_the_dataset_as_it_was_and_is_told(server: Server, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "source", 3)
    did = new_dataset(server)
    send_form(server, "/dataset", [("archive", ("a.zip", zipped(source)))], did=did)
    assert settled(server, did)[0] == 4
    before = _tree(server.workspace / "datasets" / did)
    images.scramble(source / "circle/0000.png")
    for data, words in [
        (zipped(source), "circle/0000.png: it is not a PNG"),
        (b"no archive", "flowers.zip is neither a zip"),
    ]:
        send_form(server, "/dataset", [("archive", ("flowers.zip", data))], did=did)
        status, message = settled(server, did)
        assert (status, words in message) == (2, True), message
        assert _tree(server.workspace / "datasets" / did) == before
    until(lambda: left(server), lambda found: found == [])


def test_chunks_go_on_where_the_server_says(shared_server: Server) -> None:
    begun = shared_server.ok("POST", "/upload", name="a.zip", size=10)
    id = begun["upload_id"]
    assert begun["offset"] == 0
    assert send_chunk(shared_server, id, 0, b"0123")["offset"] == 4
    for offset in (0, 3, 5, 2**62):
        answer = send_chunk(shared_server, id, offset, b"xx")
        assert answer["offset"] == 4
        assert refused(answer) == f"a.zip goes on at offset 4, not at {offset}; send the bytes from there on."
    assert "only 6 are missing" in refused(send_chunk(shared_server, id, 4, b"x" * 7))
    assert send_chunk(shared_server, id, 4, b"")["offset"] == 4
    assert "4 of its 10 bytes" in shared_server.refused("PUT", "/dataset", did=new_dataset(shared_server), upload_id=id)
    assert send_chunk(shared_server, id, 4, b"456789")["offset"] == 10
    assert shared_server.ok("GET", "/upload", upload_id=id) == {"name": "a.zip", "size": 10, "offset": 10, "status": 1}
    assert (shared_server.workspace / "uploads" / id / "content").read_bytes() == b"0123456789"
    shared_server.ok("DELETE", "/upload", upload_id=id)
    for method in ("GET", "DELETE"):
        assert "There is no upload" in shared_server.refused(method, "/upload", upload_id=id)
    assert "There is no upload" in refused(send_chunk(shared_server, id, 0, b"x"))


def test_a_chunk_that_is_too_large_is_refused_and_the_next_one_is_not(shared_server: Server) -> None:
    id = shared_server.ok("POST", "/upload", name="a.zip", size=200 << 20)["upload_id"]
    assert "64 MiB at most" in refused(send_chunk(shared_server, id, 0, bytes(calls.MOST_CHUNK + 1)))
    assert send_chunk(shared_server, id, 0, bytes(calls.MOST_CHUNK))["offset"] == calls.MOST_CHUNK
    shared_server.ok("DELETE", "/upload", upload_id=id)


def test_the_checksum_is_checked(server: Server, tmp_path: Path) -> None:
    data = zipped(images.make_classification(tmp_path / "source", 2))
    did = new_dataset(server)
    wrong = upload(server, data, sha256=hashlib.sha256(b"other").hexdigest())
    server.ok("PUT", "/dataset", did=did, upload_id=wrong)
    assert settled(server, did) == (2, "a.zip does not have the SHA-256 that was told; send it again.")
    right = upload(server, data, sha256=hashlib.sha256(data).hexdigest().upper())
    server.ok("PUT", "/dataset", did=did, upload_id=right)
    assert settled(server, did)[0] == 4
    # What failed is kept for another attempt, what was imported is not.
    until(lambda: left(server), lambda found: found == [wrong])
    assert "sha256 must have the form" in server.refused("POST", "/upload", name="a", size=1, sha256="abc")


def test_an_acknowledged_chunk_survives_a_killed_server_and_one_that_was_cut_off_does_not_count(
    server: Server, tmp_path: Path
) -> None:
    data = zipped(images.make_classification(tmp_path / "source", 20))
    id = server.ok("POST", "/upload", name="a.zip", size=len(data), sha256=hashlib.sha256(data).hexdigest())[
        "upload_id"
    ]
    half = len(data) // 2
    assert send_chunk(server, id, 0, data[:half])["offset"] == half
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 10) as connection:
        head = f"PUT /upload?upload_id={id}&offset={half} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        connection.sendall(f"{head}Content-Length: {len(data) - half}\r\n\r\n".encode() + data[half:-1])
        server.kill()
    # What a server that was killed while it wrote leaves behind:
    with (server.workspace / "uploads" / id / "content").open("ab") as file:
        file.write(b"half a chunk")
    server.restart()
    assert server.ok("GET", "/upload", upload_id=id)["offset"] == half
    assert send_chunk(server, id, half, data[half:])["offset"] == len(data)
    did = new_dataset(server)
    server.ok("PUT", "/dataset", did=did, upload_id=id)
    assert settled(server, did)[0] == 4


def _unpacking(server: Server, did: str, upload_id: str) -> None:
    """Begin an import that waits in the middle of its archive."""
    (server.workspace / HOLD_FILE).write_text("600")
    server.ok("PUT", "/dataset", did=did, upload_id=upload_id)
    gathered = server.workspace / "datasets" / did / ".gathered"
    until(lambda: sum(1 for _ in gathered.rglob("*.png")), lambda count: count > 100)


def test_an_import_goes_on_when_the_server_is_killed_while_it_unpacks(holding: Server, tmp_path: Path) -> None:
    server = holding
    did = new_dataset(server)
    id = upload(server, zipped(images.make_classification(tmp_path / "source", 800, 8)))
    _unpacking(server, did, id)
    server.kill()
    server.restart()
    assert server.ok("GET", "/dataset", did=did)["dataset_status"] == 1
    (server.workspace / HOLD_FILE).unlink()
    assert settled(server, did)[0] == 4
    assert len(server.ok("GET", "/dataset/details", did=did)["details"]["file_info"]) == 2400


def test_an_import_that_is_killed_while_it_unpacks_leaves_nothing_and_can_be_tried_again(
    holding: Server, tmp_path: Path
) -> None:
    server = holding
    did = new_dataset(server)
    id = upload(server, zipped(images.make_classification(tmp_path / "source", 800, 8)))
    _unpacking(server, did, id)
    assert f"imported into {did}" in server.refused("DELETE", "/upload", upload_id=id)
    assert f"imported into {did}" in server.refused("PUT", "/dataset", did=new_dataset(server), upload_id=id)
    kill_job(server, did)
    status, message = settled(server, did)
    assert (status, "SIGKILL" in message) == (2, True)
    assert server.ok("GET", "/dataset/details", did=did)["details"] is None
    (server.workspace / HOLD_FILE).unlink()
    server.ok("PUT", "/dataset", did=did, upload_id=id)
    assert settled(server, did)[0] == 4
    assert len(list((server.workspace / "datasets" / did).rglob("*.png"))) == 2400


def test_images_come_from_one_place(shared_server: Server, tmp_path: Path) -> None:
    did = new_dataset(shared_server)
    id = shared_server.ok("POST", "/upload", name="a", size=1)["upload_id"]
    one_place = "The images come from one place"
    assert one_place in shared_server.refused("PUT", "/dataset", did=did)
    assert one_place in shared_server.refused("PUT", "/dataset", did=did, path=str(tmp_path), upload_id=id)
    archive = ("archive", ("a.zip", b"PK"))
    assert one_place in refused(send_form(shared_server, "/dataset", [archive], did=did, path=str(tmp_path)))
    assert one_place in refused(send_form(shared_server, "/dataset", [archive, archive], did=did))
    assert "link is for folders" in refused(send_form(shared_server, "/dataset", [archive], did=did, link=True))
    assert "There is no dataset" in refused(send_form(shared_server, "/dataset", [archive], did="D9999"))
    answer = send_form(shared_server, "/dataset", [("archiv", ("a.zip", b"PK"))], did=did, pth="x")
    assert one_place in refused(answer)
    assert shared_server.ok("GET", "/dataset", did=did)["dataset_status"] == 0
    shared_server.ok("DELETE", "/upload", upload_id=id)


def test_abandoned_uploads_are_removed_at_the_start_and_when_another_begins(server: Server, tmp_path: Path) -> None:
    def age(id: str) -> None:
        folder = server.workspace / "uploads" / id
        for path in (folder / "upload.meta", folder):
            os.utime(path, (time.time() - 90_000,) * 2)

    old, young, older = (server.ok("POST", "/upload", name="a", size=9)["upload_id"] for _ in range(3))
    send_chunk(server, old, 0, b"1")
    age(old)
    server.restart()
    assert left(server) == sorted([young, older])
    age(older)
    newest = server.ok("POST", "/upload", name="a", size=9)["upload_id"]
    assert left(server) == sorted([young, newest])


def add(
    server: Server, did: str, folder: Path, names: list[str], annotations: list[str] = (), **fields: str
) -> dict[str, object]:  # type: ignore[assignment]
    """Send images of a folder, and annotations."""
    files = [("images", (Path(name).name, (folder / name).read_bytes())) for name in names]
    files += [("annotations", (Path(name).name, (folder / name).read_bytes())) for name in annotations]
    return send_form(server, "/dataset/images", files, did=did, **fields)


def test_a_classification_dataset_grows_class_by_class_from_nothing(server: Server, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "source", 4)
    did = new_dataset(server)
    for number, label in enumerate(["circle", "square", "新 的"]):
        folder = source / images.CLASSES[number]
        assert add(server, did, folder, [f"{n:04d}.png" for n in range(3)], label=label) == {"status": 1}
        assert settled(server, did)[0] == 4
        if number == 0:
            message = server.refused("PUT", "/dataset/split", did=did, val_split=0.3, test_split=0)
            assert "images of one class only" in message
    assert add(server, did, source / "circle", ["0003.png"], label="circle") == {"status": 1}
    assert settled(server, did)[0] == 4
    details = server.ok("GET", "/dataset/details", did=did)["details"]
    assert {label: len(found) for label, found in details["label_info"].items()} == {
        "circle": 4,
        "square": 3,
        "新 的": 3,
    }
    for path in details["file_info"]:
        assert (server.workspace / "datasets" / did / path).is_file()
    assert "has circle/0003.png already" in refused(add(server, did, source / "circle", ["0003.png"], label="circle"))
    server.ok("PUT", "/dataset/split", did=did, val_split=0.3, test_split=0)
    assert f"Dataset {did} is split" in refused(add(server, did, source / "square", ["0003.png"], label="square"))
    assert left(server) == []


@pytest.mark.parametrize("type", ["detection", "segmentation"])
def test_images_with_an_annotation_each(shared_server: Server, tmp_path: Path, type: str) -> None:
    source = images.make_dataset(tmp_path / "source", type)
    names = sorted(path.name for path in (source / "JPEGImages").iterdir())
    whole = new_dataset(shared_server, type)
    shared_server.ok("PUT", "/dataset", did=whole, path=str(source))
    did = new_dataset(shared_server, type)
    for part in (names[:3], names[3:]):
        suffix = ".xml" if type == "detection" else ".png"
        annotations = [f"Annotations/{Path(name).stem}{suffix}" for name in part]
        add(shared_server, did, source, [f"JPEGImages/{name}" for name in part], annotations)
        assert settled(shared_server, did)[0] == 4
    assert settled(shared_server, whole)[0] == 4
    if type == "detection":
        told = [shared_server.ok("GET", "/dataset/details", did=one)["details"] for one in (whole, did)]
        assert told[0] == told[1]
    assert len(shared_server.ok("GET", "/dataset/details", did=did)["details"]["file_info"]) == len(names)


@pytest.mark.parametrize("type", ["detection", "instance_segmentation"])
def test_images_with_one_coco_file(shared_server: Server, tmp_path: Path, type: str) -> None:
    source = images.make_instance_segmentation(tmp_path / "source", 6)
    document = json.loads((source / "annotations.json").read_text())
    did = new_dataset(shared_server, type)
    for part in (document["images"][:4], document["images"][4:]):
        ids = {record["id"] for record in part}
        # Other ids of the same classes, a new class in front: what counts are the names.
        shift = 0 if part[0] is document["images"][0] else 50
        categories = [{**each, "id": each["id"] + shift} for each in document["categories"]]
        if shift:
            categories.insert(0, {"id": 1, "name": "aardvark"})
        annotations = [
            {**each, "category_id": each["category_id"] + shift}
            for each in document["annotations"]
            if each["image_id"] in ids
        ]
        content = {"images": part, "annotations": annotations, "categories": categories}
        (source / "new.json").write_text(json.dumps(content))
        add(shared_server, did, source, [f"JPEGImages/{record['file_name']}" for record in part], ["new.json"])
        assert settled(shared_server, did)[0] == 4, settled(shared_server, did)
    details = shared_server.ok("GET", "/dataset/details", did=did)["details"]
    names = [each["name"] for each in sorted(document["categories"], key=lambda each: int(each["id"]))]
    assert details["labels"] == [*names, "aardvark"]
    whole = new_dataset(shared_server, type)
    shared_server.ok("PUT", "/dataset", did=whole, path=str(source))
    assert settled(shared_server, whole)[0] == 4
    expected = shared_server.ok("GET", "/dataset/details", did=whole)["details"]["label_info"]
    assert {label: sorted(found) for label, found in details["label_info"].items() if found} == {
        label: sorted(found) for label, found in expected.items()
    }
    shared_server.ok("PUT", "/dataset/split", did=did, val_split=0.3, test_split=0)


def test_images_that_are_not_sound_change_nothing(server: Server, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "source", 3)
    did = new_dataset(server)
    server.ok("PUT", "/dataset", did=did, path=str(source))
    assert settled(server, did)[0] == 4
    before = _tree(server.workspace / "datasets" / did)
    shutil.copytree(source / "circle", tmp_path / "new")
    (tmp_path / "new/0000.png").rename(tmp_path / "new/good.png")
    images.scramble(tmp_path / "new/0001.png").rename(tmp_path / "new/bad.png")
    add(server, did, tmp_path / "new", ["good.png", "bad.png"], label="circle")
    status, message = settled(server, did)
    assert status == 4
    assert "The new images were not added" in message
    assert "circle/bad.png: it is not a PNG" in message
    assert _tree(server.workspace / "datasets" / did) == before
    server.ok("GET", "/dataset/details", did=did)
    add(server, did, tmp_path / "new", ["good.png"], label="circle")
    assert settled(server, did)[0] == 4
    assert len(_tree(server.workspace / "datasets" / did)) == len(before) + 1
    assert left(server) == []


def test_images_that_have_no_place_are_refused_at_once(shared_server: Server, tmp_path: Path) -> None:
    source = images.make_classification(tmp_path / "source", 2)
    classified, detected = new_dataset(shared_server), new_dataset(shared_server, "detection")
    picture = (source / "circle/0000.png").read_bytes()

    def told(did: str, *names: str, annotations: tuple[str, ...] = (), **fields: str) -> str:
        files = [("images", (name, picture)) for name in names]
        files += [("annotations", (name, b"x")) for name in annotations]
        return refused(send_form(shared_server, "/dataset/images", files, did=did, **fields))

    assert "no image in the request" in shared_server.refused("PUT", "/dataset/images", did=classified, label="a")
    assert "label is missing" in told(classified, "a.png")
    assert "annotations are not for classification" in told(classified, "a.png", annotations=("a.xml",), label="a")
    assert "is no image by its name" in told(classified, "a.txt", label="a")
    assert "comes twice" in told(classified, "a.png", "A.PNG", label="a")
    for label in ("../x", "a/b", "..", ".hidden", "job", "info.pb", "a\\b", "x" * 300, "a\x07"):
        assert "cannot be the name of a class" in told(classified, "a.png", label=label)
    assert "label is for classification" in told(detected, "a.png", annotations=("a.xml",), label="a")
    assert "The annotations are missing" in told(detected, "a.png")
    for wrong in (("a.png",), ("a.xml", "b.json"), ("a.json", "b.json")):
        assert "no annotation of this dataset" in told(detected, "a.png", annotations=wrong)
    assert shared_server.ok("GET", "/dataset", did=classified)["dataset_status"] == 0


def test_names_of_images_lose_their_folders(shared_server: Server, tmp_path: Path) -> None:
    picture = (images.make_classification(tmp_path / "source", 2) / "circle/0000.png").read_bytes()
    did = new_dataset(shared_server)
    names = ["../../../../etc/a.png", "../b.png", "/etc/c.png", "folder/d.png"]
    files = [("images", (name, picture)) for name in names]
    assert send_form(shared_server, "/dataset/images", files, did=did, label="x") == {"status": 1}
    assert settled(shared_server, did)[0] == 4
    details = shared_server.ok("GET", "/dataset/details", did=did)["details"]
    assert sorted(details["file_info"]) == ["x/a.png", "x/b.png", "x/c.png", "x/d.png"]


def test_a_form_with_too_many_parts_is_told_so(shared_server: Server) -> None:
    files = [("images", (f"{number}.png", b"")) for number in range(5000)]
    answer = requests.put(f"{shared_server.url}/dataset/images", files=files, timeout=60)
    assert answer.status_code == 413
    assert "more than 4096 parts" in answer.json()["message"]

"""Archives and images, sent as a client sends them."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Literal

import requests

from tests.answers import check_answer
from tests.conftest import Server
from tests.flow import until

Files = list[tuple[str, tuple[str, bytes]]]


def zipped(folder: Path, top: str = "") -> bytes:
    """A zip archive of a folder, below a folder ``top`` if it is named."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            packed.write(path, f"{top}/{path.relative_to(folder)}".lstrip("/"))
    return buffer.getvalue()


def tarred(folder: Path, mode: Literal["w:", "w:gz"] = "w:gz") -> bytes:
    """A tar archive of a folder, with the folder's name in front."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        tar.add(folder, folder.name)
    return buffer.getvalue()


def send_form(server: Server, path: str, files: Files, /, **fields: Any) -> dict[str, Any]:
    """PUT a form; gives the answer."""
    response = requests.put(server.url + path, data=fields, files=files, timeout=180)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = json.loads(response.content)
    check_answer("PUT", path, answer)
    return answer


def send_chunk(server: Server, upload_id: str, offset: int, data: bytes) -> dict[str, Any]:
    """PUT a chunk; gives the answer."""
    query: dict[str, str | int] = {"upload_id": upload_id, "offset": offset}
    response = requests.put(f"{server.url}/upload", params=query, data=data, timeout=180)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    check_answer("PUT", "/upload", answer)
    return answer


def upload(server: Server, data: bytes, name: str = "a.zip", **fields: Any) -> str:
    """Upload an archive in chunks; gives the upload's id."""
    begun = server.ok("POST", "/upload", name=name, size=len(data), **fields)
    offset = begun["offset"]
    while offset < len(data):
        offset = send_chunk(server, begun["upload_id"], offset, data[offset : offset + 50_000])["offset"]
    return str(begun["upload_id"])


def new_dataset(server: Server, type: str = "classification") -> str:
    """Make an empty dataset; gives its id."""
    return str(server.ok("POST", "/dataset", name="uploaded", dataset_type=type)["did"])


def settled(server: Server, did: str) -> tuple[int, str]:
    """Status and sentence of a dataset once its import has ended."""
    ended = until(lambda: server.ok("GET", "/dataset", did=did), lambda answer: answer["dataset_status"] not in (1, 3))
    return ended["dataset_status"], ended["message"]


def kill_job(server: Server, did: str) -> None:
    """End the process of a running import as the kernel does when memory is short."""
    process = json.loads((server.workspace / "datasets" / did / "job/import/process.json").read_text())
    os.kill(process["pid"], signal.SIGKILL)

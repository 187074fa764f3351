"""Downloads that go on where they were cut off."""

from __future__ import annotations

import hashlib
from pathlib import Path

import requests

from paddlex_restful.client.errors import ClientError, NoAnswer
from paddlex_restful.client.transport import Transport
from paddlex_restful.client.waiting import Bar
from paddlex_restful.messages import client as sentences

_PATH = "/model/download"
_BLOCK = 1 << 16
_MOST_CUTS = 5
"""So often a download may be cut off without a byte between."""


def download(transport: Transport, mid: str, target: Path, bar: bool) -> Path:
    """See ``Models.download``."""
    argument = {"emid" if mid.startswith("EM") else "pmid": mid}
    head = transport.request("HEAD", _PATH, params=argument)
    if "ETag" not in head.headers:
        raise transport.refusal(transport.request("GET", _PATH, params=argument), "GET", _PATH)
    tag, size = head.headers["ETag"], int(head.headers["Content-Length"])
    # Named for these bytes, so that no part of another model or of an earlier state of it is taken up.
    part = target.with_name(f".{target.name[:100]}.{hashlib.sha256(tag.encode()).hexdigest()[:16]}.part")
    cuts = 0
    with part.open("ab") as file, Bar(size, "B", target.name, bar) as shown:
        while (have := file.tell()) < size:
            headers = {"Range": f"bytes={have}-", "If-Range": tag}
            response = transport.request("GET", _PATH, params=argument, headers=headers, stream=True)
            with response:
                if response.status_code == 200 and response.headers.get("ETag") != tag:
                    raise ClientError(sentences.CHANGED, mid=mid)
                if response.status_code != 206:
                    raise transport.refusal(response, "GET", _PATH)
                try:
                    for block in response.iter_content(_BLOCK):
                        file.write(block)
                        shown.show(file.tell())
                except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                    cuts = 0 if file.tell() > have else cuts + 1
            if cuts > _MOST_CUTS:
                raise NoAnswer(sentences.CUT_OFF, mid=mid)
    part.replace(target)
    return target

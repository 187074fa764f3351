"""/model/download: a model as one file, in as many pieces as its reader likes."""

from __future__ import annotations

import logging
import threading
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request
from pydantic import Field

from paddlex_restful import zipped
from paddlex_restful.api.calls import Arguments, call
from paddlex_restful.connection import ENVIRONMENT_KEY, Connection
from paddlex_restful.errors import UserError
from paddlex_restful.messages import model as sentences
from paddlex_restful.services import Services, downloads

blueprint = Blueprint("download", __name__)

MOST_DOWNLOADS = 8
"""Downloads at once; each holds one of the server's threads."""

LOOK = 0.5
"""Seconds between two looks at a reader that takes nothing."""

PATIENCE = 120.0
"""Seconds after which a reader that takes nothing of what was sent to it is given up; it may go on where it stopped."""

MOST_UNSENT = 1 << 20
"""Bytes that may wait for a reader before nothing more is read for it."""

_ZIP = "application/zip"
_log = logging.getLogger(__name__)


class DownloadModel(Arguments):
    """Arguments of GET /model/download."""

    emid: str | None = Field(None, description="id of an exported model, such as EM0001")
    pmid: str | None = Field(None, description="id of a saved model, such as PM0001; one of the two")


@call(blueprint, "GET", "/model/download", media=[_ZIP])
def download(args: DownloadModel, services: Services) -> Response:
    """A model as a zip archive of its files, whole or the part that the header Range names."""
    found = downloads.find(services, args.emid, args.pmid)
    sending = _Sending(found.archive, request.environ[ENVIRONMENT_KEY], current_app.extensions["closing"])
    response = Response(sending, mimetype=_ZIP)
    response.headers.set("Content-Disposition", "attachment", **_file_name(found.name))
    response.headers["Cache-Control"] = "no-cache"
    response.content_length = found.archive.size
    response.set_etag(found.archive.tag)
    response.make_conditional(request, accept_ranges=True, complete_length=found.archive.size)
    places: threading.BoundedSemaphore = current_app.extensions["downloads"]
    # A reader that has just left gives its place back at the next look.
    if not places.acquire(timeout=2 * LOOK):
        raise UserError(sentences.TOO_MANY_DOWNLOADS, most=MOST_DOWNLOADS)
    # Called by the server also for an answer that never began.
    response.call_on_close(places.release)
    return response


class _Sending:
    """The bytes of an archive, as fast as the reader takes them; werkzeug seeks in it where a part is asked for.

    It ends before the archive does if the reader leaves or takes nothing, a file changes or the server ends. The server
    closes the connection then, and the reader sees that bytes are missing.
    """

    def __init__(self, archive: zipped.Archive, connection: Connection, closing: threading.Event) -> None:
        self._reader = zipped.Reader(archive)
        self._connection = connection
        self._closing = closing
        self.seek = self._reader.seek
        self.tell = self._reader.tell
        self.close = self._reader.close

    def seekable(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._has_room():
            raise StopIteration
        try:
            data = self._reader.read()
        except zipped.FileChanged as error:
            _log.warning(sentences.CHANGED_WHILE_SENT, error)
            raise StopIteration from None
        if not data:
            raise StopIteration
        self._connection.forget_sent()
        return data

    def _has_room(self) -> bool:
        """Wait until little enough waits for the reader; tells whether there is any use in reading more for it."""
        while not self._closing.is_set() and not self._connection.gone():
            if self._connection.unsent() <= MOST_UNSENT:
                return True
            if self._connection.stalled() > PATIENCE:
                _log.info("A download was given up: its reader took nothing for %.0f s", PATIENCE)
                self._connection.cut()
                return False
            self._connection.wait_for_reader(LOOK)
        return False


def _file_name(name: str) -> dict[str, str]:
    """The parameters of a Content-Disposition that name a file: in ASCII for old clients, and as RFC 5987 has it."""
    name = "".join(character if character.isprintable() and character not in '/\\"' else "_" for character in name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "replace").decode("ascii").replace("?", "_")
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}

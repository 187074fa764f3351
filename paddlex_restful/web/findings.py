"""The pictures of what evaluations and predictions found, the report, and the way of images to a prediction."""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request, send_file
from PIL import Image
from werkzeug.exceptions import RequestEntityTooLarge

from paddlex_restful.datasets.drawing import is_writable
from paddlex_restful.datasets.pictures import decoding, encoded
from paddlex_restful.errors import UserError
from paddlex_restful.language import current, gettext
from paddlex_restful.messages.api import TOO_MUCH
from paddlex_restful.messages.inference import HEADINGS
from paddlex_restful.services import Services, evaluation, findings, prediction
from paddlex_restful.services.uploads import SentFile
from paddlex_restful.web.mount import PREFIX
from paddlex_restful.web.parts import notices
from paddlex_restful.web.pictures import LONG, asked_side, kept, refuse

COMPARED = 260
"""Pixels of the longer side of each of two pictures that stand beside each other."""

LARGE = 1600
"""The same of one that is looked at by itself."""

_REPORT_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def error_address(tid: str, image: str, version: int, side: int = COMPARED) -> str:
    """Where the page finds the truth of an image beside what the evaluated model answered.

    Args:
        tid: the task.
        image: path of the image, relative to the dataset.
        version: id of the evaluation.
        side: pixels of the longer side of each of the two, at most.
    """
    # Browsers keep the picture, which has words in it.
    named = {"image": image, "size": side, "v": version, "language": current()}
    return f"{PREFIX}tasks/{tid}/error?{urlencode(named)}"


def predicted_address(tid: str, index: int, version: int, side: int) -> str:
    """Where the page finds an image that was predicted.

    Args:
        tid: the task.
        index: of the image among the predictions.
        version: id of the prediction.
        side: pixels of the longer side, at most.
    """
    return f"{PREFIX}tasks/{tid}/predicted?{urlencode({'index': index, 'size': side, 'v': version})}"


def report_address(tid: str) -> str:
    """Where the page finds the Excel report of the evaluation of a task."""
    return f"{PREFIX}tasks/{tid}/report.xlsx"


def sending_address(tid: str) -> str:
    """Where the page sends images that are to be predicted."""
    return f"{PREFIX}tasks/{tid}/pictures"


def blueprint(services: Services) -> Blueprint:
    """The addresses.

    Args:
        services: what they work on.
    """
    found = Blueprint("findings", __name__)

    found.register_error_handler(UserError, refuse)

    @found.get("/tasks/<tid>/error")
    def error(tid: str) -> Response:
        image = request.args.get("image", "")

        def draw() -> Image.Image:
            picture = findings.error_picture(services, tid, image, asked_side(), _headings())
            return Image.open(io.BytesIO(picture)).convert("RGB")

        return _kept(draw)

    @found.get("/tasks/<tid>/predicted")
    def predicted(tid: str) -> Response:
        # Pillow decodes more kinds of files here than datasets have.
        from paddlex_restful.imaging.image import read_image

        file = findings.predicted_image(services, tid, request.args.get("index", -1, type=int))

        def draw() -> Image.Image:
            picture = Image.fromarray(read_image(file))
            picture.thumbnail((asked_side(), asked_side()))
            return picture

        return _kept(draw)

    @found.get("/tasks/<tid>/report.xlsx")
    def report(tid: str) -> Response:
        file = evaluation.report(services, tid)
        return send_file(file, mimetype=_REPORT_MEDIA, as_attachment=True, download_name=f"{tid}.xlsx")

    @found.post("/tasks/<tid>/pictures")
    def pictures(tid: str) -> Response:
        try:
            sent = [SentFile(file.filename or "", file.stream) for file in request.files.getlist("pictures")]
            threshold = request.form.get("score_thresh", 0.5, type=float)
            prediction.start_sent(services, tid, sent, threshold, request.form.get("epoch", type=int))
        except UserError as refused:
            return _told(notices.words(refused))
        except RequestEntityTooLarge:
            return _told(notices.words(UserError(TOO_MUCH, limit=(request.max_content_length or 0) >> 20)))
        return _told("")

    return found


def _told(problem: str) -> Response:
    """What went wrong, for the page to show; an error's status would only fill the browser's console."""
    return Response(orjson.dumps({"problem": problem}), mimetype="application/json")


def _headings() -> tuple[str, str]:
    truth, prediction = map(gettext, HEADINGS)
    return (truth, prediction) if is_writable(truth + prediction) else HEADINGS


def _kept(draw: Callable[[], Image.Image]) -> Response:
    """A picture for the browser to keep: its address changes with what it shows."""

    def make() -> bytes:
        with decoding:
            return encoded(draw())

    return kept(request.query_string.decode("latin-1").replace('"', ""), LONG, make)

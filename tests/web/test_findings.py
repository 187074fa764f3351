"""What evaluations and predictions found, below /_page/, over HTTP."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import requests
from PIL import Image

from paddlex_restful.app import create_app
from paddlex_restful.config import Config
from paddlex_restful.datasets.drawing import is_writable
from tests.conftest import Server
from tests.flow import Trained, trained_task, until


@pytest.fixture(scope="module")
def trained(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A classifier that is evaluated."""
    made = trained_task(shared_server, tmp_path_factory.mktemp("found") / "images")
    shared_server.ok("POST", "/project/task/evaluate", tid=made.tid)
    until(lambda: shared_server.ok("GET", "/project/task/evaluate", tid=made.tid), lambda answer: answer["result"])
    return made


def get(trained: Trained, end: str, /, headers: Mapping[str, str] | None = None, **args: object) -> requests.Response:
    address = f"{trained.server.url}/_page/tasks/{trained.tid}/{end}"
    return requests.get(address, params=dict(args), headers=headers, timeout=60)


def send(trained: Trained, files: Sequence[tuple[str, bytes]], **fields: object) -> str:
    """Send pictures; gives what is said against them."""
    address = f"{trained.server.url}/_page/tasks/{trained.tid}/pictures"
    parts = [("pictures", (name, content)) for name, content in files] or [("none", ("", b""))]
    answer = requests.post(address, files=parts, data=fields, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["problem"])


def predicted(trained: Trained) -> list[dict[str, object]]:
    until(
        lambda: trained.server.ok("GET", "/project/task/predict", tid=trained.tid),
        lambda answer: answer["predict_status"] != 0,
    )
    found: list[dict[str, object]] = trained.server.ok("GET", "/project/task/predict/result", tid=trained.tid)[
        "predictions"
    ]
    return found


def picture(trained: Trained) -> bytes:
    return next(trained.source.rglob("*.png")).read_bytes()


def test_an_evaluated_image_is_shown_beside_its_prediction_in_the_size_that_is_asked(trained: Trained) -> None:
    image = "circle/0000.png"
    for path in sorted(trained.source.rglob("*.png")):
        image = path.relative_to(trained.source).as_posix()
        if get(trained, "error", image=image, size=200).status_code == 200:
            break
    answer = get(trained, "error", image=image, size=200, v=1)
    assert answer.headers["Content-Type"] == "image/webp"
    assert "max-age=604800" in answer.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert 400 <= shown.width < 450
    again = get(trained, "error", {"If-None-Match": answer.headers["ETag"]}, image=image, size=200, v=1)
    assert (again.status_code, again.content) == (304, b"")
    told = get(trained, "error", {"Accept-Language": "zh"}, image=image, size=200, v=1)
    assert (told.content != answer.content) == is_writable("真值预测"), "its headings"
    refused = get(trained, "error", image="../../../workspace.lock", size=200)
    assert refused.status_code == 404
    assert "not one that task" in refused.text


def test_the_report_comes_as_a_file(trained: Trained) -> None:
    answer = get(trained, "report.xlsx")
    assert answer.content.startswith(b"PK")
    assert answer.headers["Content-Disposition"] == f"attachment; filename={trained.tid}.xlsx"


def test_several_pictures_are_predicted_under_the_names_that_they_came_with(trained: Trained) -> None:
    content = picture(trained)
    turned = io.BytesIO()
    wide = Image.new("RGB", (300, 200), "red")
    exif = wide.getexif()
    exif[0x0112] = 6  # turned by a quarter
    wide.save(turned, "JPEG", exif=exif)
    assert send(trained, [("a <b>.png", content), ("../a <b>.png", content), ("turned.jpg", turned.getvalue())]) == ""
    found = predicted(trained)
    assert [entry["image"] for entry in found] == ["a <b>.png", "../a <b>.png", "turned.jpg"]
    assert all("category" in entry for entry in found)
    shown = get(trained, "predicted", index=2, size=100, v=1)
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (67, 100), "people see it upright"
    for index in (3, -1, "x"):
        assert get(trained, "predicted", index=index).status_code == 404


def test_pictures_are_refused_in_words(trained: Trained) -> None:
    assert send(trained, []) == "No picture was sent: choose at least one file."
    assert "has no saved epoch 77" in send(trained, [("a.png", picture(trained))], epoch=77)
    other = Trained(trained.server, trained.source, trained.did, trained.pid, "T9999")
    assert "T9999" in send(other, [("a.png", picture(trained))])


def test_a_request_that_is_too_large_is_refused(tmp_path: Path) -> None:
    app = create_app(Config(tmp_path / "workspace"), max_body=2 << 20)
    try:
        answer = app.test_client().post(
            "/_page/tasks/T0001/pictures",
            data=b"0" * (3 << 20),
            content_type="multipart/form-data; boundary=x",
            base_url="http://localhost",
        )
        assert answer.status_code == 200
        assert "2 MiB" in answer.get_json()["problem"]
    finally:
        app.extensions["services"].close()

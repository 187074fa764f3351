"""Declared calls and the reading of their arguments, through a real Flask application."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from pydantic import Field

from paddlex_restful.api import calls
from paddlex_restful.api.answers import register_failures
from paddlex_restful.api.arguments import MOST_LEVELS
from paddlex_restful.api.calls import Arguments, FilePart, NoArguments, call
from paddlex_restful.api.schemas import Nothing


class EchoArguments(Arguments):
    did: str = Field(description="the id of a dataset, such as D0001")
    epoch: int | None = Field(None, ge=1, description="a saved epoch")
    thresh: float = Field(0.5, ge=0, le=1)
    quant: bool = False
    act: Literal["stop", "resume"] = "stop"
    attr_list: list[str] | None = None
    gpu_list: list[int] = Field(default_factory=list)
    train: dict[str, Any] | None = None
    prj_type: int | Literal["classification"] = 0
    desc: str = ""


class OptionalArguments(Arguments):
    resume: str | None = None


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    blueprint = Blueprint("echo", __name__)
    declared = len(calls.CALLS)

    def echo(args: EchoArguments, services: object) -> dict[str, Any]:
        """Answer with the arguments."""
        return {**args.model_dump(), "from_body": args.from_body, "services": services}

    def resume(args: OptionalArguments, services: object) -> dict[str, Any]:
        """Answer whether resume was asked."""
        return {"asked": args.given("resume"), "value": args.resume}

    def nothing(args: NoArguments, services: object) -> None:
        """Take nothing and answer nothing."""

    def raw(args: NoArguments, services: object) -> Response:
        """Answer bytes."""
        return Response(b"\x00\xff", mimetype="application/octet-stream")

    def size(args: EchoArguments, services: object) -> dict[str, Any]:
        """Answer the number of bytes."""
        return {"size": len(request.stream.read())}

    call(blueprint, "PUT", "/form", Nothing, body="form", files={"a": FilePart("a file")})(echo)
    call(blueprint, "PUT", "/bytes", Nothing, body="bytes")(size)
    for method in ("GET", "POST", "PUT", "DELETE"):
        call(blueprint, method, "/echo", Nothing)(echo)
    call(blueprint, "GET", "/resume", Nothing)(resume)
    call(blueprint, "GET", "/nothing", Nothing)(nothing)
    call(blueprint, "GET", "/raw", media=["application/octet-stream"])(raw)
    app = Flask(__name__)
    app.extensions["services"] = "the services"
    app.register_blueprint(blueprint)
    register_failures(app)
    yield app.test_client()
    del calls.CALLS[declared:]


def message(response: Any) -> str:
    assert response.status_code == 200
    assert response.json["status"] == -1
    return str(response.json["message"])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_verb_takes_a_body_or_a_query_string(client: FlaskClient, method: str) -> None:
    by_body = client.open("/echo", method=method, json={"did": "D0001", "epoch": 3}).json
    by_query = client.open("/echo?did=D0001&epoch=3", method=method).json
    assert by_body.pop("from_body") is True
    assert by_query.pop("from_body") is False
    assert by_body == by_query
    assert by_body["status"] == 1
    assert by_body["services"] == "the services"


def test_the_body_goes_before_the_query_string(client: FlaskClient) -> None:
    answer = client.get("/echo?did=D0001&epoch=3", json={"did": "D0002"}).json
    assert (answer["did"], answer["epoch"]) == ("D0002", 3)


def test_the_content_type_of_a_body_does_not_matter(client: FlaskClient) -> None:
    answer = client.post("/echo", data=b'{"did": "D0001"}', content_type="application/x-www-form-urlencoded").json
    assert answer["did"] == "D0001"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("attr_list=path&attr_list=name", ["path", "name"]),
        ('attr_list=["path","name"]', ["path", "name"]),
        ("attr_list=path", ["path"]),
        ("attr_list=12", ["12"]),
        ("attr_list=", None),
    ],
)
def test_lists_in_a_query_string(client: FlaskClient, query: str, expected: list[str] | None) -> None:
    assert client.get(f"/echo?did=D0001&{query}").json["attr_list"] == expected


def test_objects_come_as_json_text_in_query_and_body(client: FlaskClient) -> None:
    expected = {"model": "AlexNet", "shape": [1, 2]}
    text = '{"model": "AlexNet", "shape": [1, 2]}'
    assert client.get("/echo", query_string={"did": "D0001", "train": text}).json["train"] == expected
    assert client.post("/echo", json={"did": "D0001", "train": text}).json["train"] == expected
    assert client.post("/echo", json={"did": "D0001", "train": expected}).json["train"] == expected


def test_numbers_and_truths_come_as_text(client: FlaskClient) -> None:
    values = {"did": "D0001", "epoch": "7", "thresh": "0.25", "quant": "True", "gpu_list": ["0", "1"]}
    answer = client.post("/echo", json=values).json
    assert (answer["epoch"], answer["thresh"], answer["quant"], answer["gpu_list"]) == (7, 0.25, True, [0, 1])


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_empty_text_are_absent(client: FlaskClient, nothing: str | None) -> None:
    answer = client.post("/echo", json={"did": "D0001", "epoch": nothing, "thresh": nothing, "act": nothing}).json
    assert (answer["epoch"], answer["thresh"], answer["act"]) == (None, 0.5, "stop")
    assert "did is missing" in message(client.post("/echo", json={"did": nothing}))


def test_a_handler_can_ask_whether_an_argument_was_sent_at_all(client: FlaskClient) -> None:
    assert client.get("/resume").json["asked"] is False
    assert client.get("/resume?resume=").json["asked"] is True
    assert client.get("/resume", json={"resume": None}).json == {"asked": True, "value": None, "status": 1}


def test_unknown_arguments_change_nothing_and_the_answer_names_them(client: FlaskClient) -> None:
    known = client.get("/echo?did=D0001").json
    assert "unknown_arguments" not in known
    answer = client.get("/echo?did=D0001&_=1699999999&status=9", json={"epcoh": 3, "x" * 9000: 1}).json
    assert answer.pop("unknown_arguments") == ["_", "status", "epcoh", "x" * 200 + "…"]
    assert answer == known | {"from_body": True}
    assert (
        len(client.post("/echo", json={"did": "D0001"} | {f"x{n}": n for n in range(999)}).json["unknown_arguments"])
        == 20
    )


def test_an_unknown_argument_that_is_almost_a_missing_one_is_taken_for_it(client: FlaskClient) -> None:
    answer = message(client.post("/echo", json={"didd": "D0001", "train": {}}))
    assert "did is missing; didd is no argument of this call, did you mean did? (the id of a dataset" in answer
    assert "did you mean" not in message(client.post("/echo", json={"pid": "P0001"}))


@pytest.mark.parametrize("level", ["[{}]", '{{"a": {}}}'])
def test_arguments_are_nested_to_a_limit(client: FlaskClient, level: str) -> None:
    def nested(levels: int) -> str:
        text = "1"
        for _ in range(levels):
            text = level.format(text)
        return text

    def sent(levels: int) -> Any:
        return client.post("/echo", data=f'{{"did": "D0001", "train": {{"shape": {nested(levels - 1)}}}}}')

    assert sent(MOST_LEVELS).json["status"] == 1
    for levels in (MOST_LEVELS + 1, 900):
        assert "train nests lists and objects more than 32 levels deep" in message(sent(levels))
        in_text = client.get("/echo", query_string={"did": "D0001", "train": f'{{"shape": {nested(levels - 1)}}}'})
        assert "train nests lists and objects more than 32 levels deep" in message(in_text)
    assert "is not JSON" in message(sent(2000))


def test_a_form_has_arguments_where_the_call_takes_forms(client: FlaskClient) -> None:
    form = {"did": "D0001", "epoch": "3", "attr_list": ["name", "path"], "a": (io.BytesIO(b"\0{"), "a.bin")}
    answer = client.put("/form", data={**form, "b": (io.BytesIO(b""), "b.bin")}).json
    assert (answer["did"], answer["epoch"], answer["attr_list"]) == ("D0001", 3, ["name", "path"])
    assert answer["unknown_arguments"] == ["b"]
    assert client.put("/form", json={"did": "D0001"}).json["did"] == "D0001"
    assert "is not JSON" in message(client.put("/echo", data={"did": "D0001"}, content_type="multipart/form-data"))
    broken = client.put("/form", data=b"--x\r\nno header", content_type="multipart/form-data; boundary=x")
    assert "did is missing" in message(broken)


def test_the_bytes_of_a_body_are_left_to_the_call(client: FlaskClient) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert client.put("/bytes?did=D0001", data=b"{did=D0002", content_type=kind).json["size"] == 10


def test_a_number_serves_as_text(client: FlaskClient) -> None:
    assert client.post("/echo", json={"did": "D0001", "desc": 2024}).json["desc"] == "2024"


def test_chinese_text_arrives_whole(client: FlaskClient) -> None:
    for answer in (
        client.post("/echo", json={"did": "D0001", "desc": "数据集 描述"}).json,
        client.get("/echo", query_string={"did": "D0001", "desc": "数据集 描述"}).json,
    ):
        assert answer["desc"] == "数据集 描述"


def test_a_missing_argument_is_named_with_what_it_is(client: FlaskClient) -> None:
    expected = "The arguments need correction: did is missing (the id of a dataset, such as D0001)."
    assert message(client.get("/echo")) == expected


def test_all_bad_arguments_are_named_in_one_sentence(client: FlaskClient) -> None:
    text = message(
        client.post(
            "/echo",
            json={
                "epoch": "many",
                "thresh": 1.5,
                "quant": "perhaps",
                "act": "jump",
                "gpu_list": [0, "x"],
                "train": "a, b",
            },
        )
    )
    for part in (
        "did is missing",
        'epoch must be a whole number, not "many" (a saved epoch)',
        "thresh must be at most 1.0, not 1.5",
        'quant must be true or false, not "perhaps"',
        "act must be one of 'stop', 'resume', not \"jump\"",
        'gpu_list[1] must be a whole number, not "x"',
        'train must be an object, not "a, b"',
    ):
        assert part in text
    assert "\n" not in text
    assert "pydantic" not in text


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("epoch", 0, "epoch must be at least 1, not 0"),
        ("epoch", 1.5, "epoch must be a whole number, not 1.5"),
        ("thresh", "nan", 'thresh must be a number, not "nan"'),
        ("thresh", "1e999", "thresh must be a number"),
        ("desc", {"a": 1}, 'desc must be text, not {"a":1}'),
        ("prj_type", "cats", 'prj_type cannot be "cats"'),
        ("did", ["D0001", "D0002"], "did must be text"),
        ("desc", ["x" * 1000], "x…"),
    ],
)
def test_a_bad_value_is_told_and_cut_short(client: FlaskClient, field: str, value: object, part: str) -> None:
    text = message(client.post("/echo", json={"did": "D0001", field: value}))
    assert part in text
    assert len(text) < 200


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"did=D0001", "is not JSON"),
        (b'{"did": "D0001"', "is not JSON"),
        (b'{"thresh": NaN}', "is not JSON"),
        ('{"desc": "数"}'.encode("gbk"), "is not JSON"),
        (b'{"did": "\\ud800"}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'["D0001"]', "is a list, not a JSON object"),
        (b'"D0001"', "is text, not a JSON object"),
        (b"7", "is a number, not a JSON object"),
        (b"null", "is null, not a JSON object"),
        (b"true", "is true or false, not a JSON object"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_in_a_sentence(client: FlaskClient, body: bytes, part: str) -> None:
    assert part in message(client.get("/echo", data=body))


def test_a_nul_character_is_refused_wherever_it_is(client: FlaskClient) -> None:
    for values in ({"did": "D\0"}, {"did": "D0001", "train": {"a": ["b\0"]}}, {"did": "D0001", "train": {"a\0": 1}}):
        assert "must not contain a NUL character" in message(client.post("/echo", json=values))
    assert "did must not contain a NUL character" in message(client.get("/echo?did=D%00"))


def test_a_call_may_answer_nothing_or_bytes(client: FlaskClient) -> None:
    assert client.get("/nothing").json == {"status": 1}
    assert client.get("/raw").data == b"\x00\xff"


def test_calls_are_listed_with_their_models_and_summaries(client: FlaskClient) -> None:
    listed = {(each.method, each.path): each for each in calls.CALLS}
    assert listed["DELETE", "/echo"].arguments is EchoArguments
    assert listed["GET", "/raw"].summary == "Answer bytes."
    assert listed["GET", "/raw"].media == ("application/octet-stream",)
    assert listed["GET", "/nothing"].answers == (Nothing,)


def test_a_call_without_model_summary_or_answer_is_refused_at_its_declaration() -> None:
    blueprint = Blueprint("wrong", __name__)

    def no_model(args: dict[str, Any], services: object) -> None:
        """Have no model."""

    def no_summary(args: NoArguments, services: object) -> None: ...

    with pytest.raises(TypeError, match="model below Arguments"):
        call(blueprint, "GET", "/wrong", Nothing)(no_model)
    with pytest.raises(TypeError, match="docstring"):
        call(blueprint, "GET", "/wrong", Nothing)(no_summary)

    def no_answer(args: NoArguments, services: object) -> None:
        """Have no answer."""

    with pytest.raises(TypeError, match="answers"):
        call(blueprint, "GET", "/wrong")(no_answer)

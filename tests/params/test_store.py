import os
import pickle
import struct
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from paddlex_restful.errors import UserError
from paddlex_restful.params import default_params, read_params, write_params
from paddlex_restful.params.store import MOST_BYTES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "params.pkl"


def test_what_was_written_is_read(file: Path) -> None:
    values = default_params("detection") | {"说明": "中文 text", "deep": {"a": [1, [2.5, None, True]]}}
    write_params(file, values)
    assert read_params(file) == values
    assert list(file.parent.iterdir()) == [file]


def test_other_programs_can_read_the_file(file: Path) -> None:
    write_params(file, {"model": "ResNet50", "image_shape": [1, 2]})
    assert pickle.loads(file.read_bytes()) == {"model": "ResNet50", "image_shape": [1, 2]}


def test_a_failed_write_leaves_the_old_file(file: Path) -> None:
    write_params(file, {"a": 1})
    with pytest.raises(TypeError):
        write_params(file, {"a": object()})
    with pytest.raises(ValueError):
        write_params(file, _nested(100))
    assert read_params(file) == {"a": 1}
    assert list(file.parent.iterdir()) == [file]


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("module", ["paddlex_restful.restful.project.train.params", "paddlex.cv.params"])
def test_parameter_objects_of_the_original_are_read_as_a_dict(
    file: Path, protocol: int, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = types.ModuleType(module)
    kind = type("ClsParams", (), {"__module__": module})
    fake.ClsParams = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module, fake)
    # Else pickling imports the real package that the name begins with.
    monkeypatch.setitem(sys.modules, module.partition(".")[0], types.ModuleType("stands for the package"))
    original = kind()
    original.__dict__.update(model="MobileNetV2", image_shape=[224, 224], inner=kind(), nothing=None)
    original.inner.__dict__["lr"] = 0.1
    data = pickle.dumps(original, protocol=protocol)
    monkeypatch.delitem(sys.modules, module)
    file.write_bytes(data)
    assert read_params(file) == {
        "model": "MobileNetV2",
        "image_shape": [224, 224],
        "inner": {"lr": 0.1},
        "nothing": None,
    }
    assert module not in sys.modules


class Runs:
    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def _dotted_name() -> bytes:
    # GLOBAL 'paddlex_restful.errors' 'UserError.__init__.__globals__', as a chain of attributes
    return b"\x80\x04\x8c\x16paddlex_restful.errors\x8c\x1eUserError.__init__.__globals__\x93."


def _own_class() -> bytes:
    # The place of a function of ours, called with arguments: nothing of ours is imported or run.
    return b"cpaddlex_restful.params.store\nwrite_params\n(V/tmp/x\nVy\ntR."


def _holds_itself_often() -> bytes:
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    return pickle.dumps({"a": value})


MALICIOUS = {
    "os.system": pickle.dumps(Runs(os.system, "touch mark")),
    "eval": pickle.dumps({"a": Runs(eval, "1 + 1")}),
    "getattr": pickle.dumps({"a": Runs(getattr, "text", "upper")}),
    "getattr chain": pickle.dumps({"a": Runs(Runs, getattr, [Runs(getattr, 1, "real")])}),
    "old protocol": b"cos\nsystem\n(S'touch mark'\ntR.",
    "instance opcode": b"(S'touch mark'\nios\nsystem\n.",
    "dotted name": _dotted_name(),
    "own function": _own_class(),
    "prefix of our name": b"cpaddlex_evil\nThing\n.",
    "a set": pickle.dumps({"a": {1, 2}}),
    "bytes": pickle.dumps({"a": b"x"}),
    "complex": pickle.dumps({"a": 1j}),
    "a list": pickle.dumps([1]),
    "keys that are no text": pickle.dumps({1: 2}),
    "a list that holds itself many times over": _holds_itself_often(),
    "wild memo": b"\x80\x04K\x01r" + struct.pack("<I", 2**31 - 1) + b".",
    "wild length": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b".",
    "persistent id": b"Pabc\n.",
    "empty": b"",
    "no pickle": b"PK\x03\x04 this is something else",
    "huge": b"\x80\x04]" + b"0" * MOST_BYTES,
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious_and_damaged_files_are_refused(
    name: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file.write_bytes(MALICIOUS[name])
    with pytest.raises(UserError, match=r"set them again|no training parameters"):
        read_params(file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_cut_anywhere_is_refused(file: Path) -> None:
    write_params(file, default_params("classification"))
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_params(file)


def test_a_missing_file_says_what_to_do(file: Path) -> None:
    with pytest.raises(UserError, match="POST /project/task/params"):
        read_params(file)

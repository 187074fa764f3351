"""The compiled messages are those of the .proto file, and the original's numbers are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paddlex_restful.workspace import workspace_pb2 as pb

_ROOT = Path(__file__).parents[2]
_MODEL = {"id": 1, "name": 2, "model": 3, "type": 4, "pid": 5, "tid": 6, "create_time": 7, "path": 8}


def test_the_committed_code_is_what_protoc_makes(tmp_path: Path) -> None:
    out = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    run = [sys.executable, "-m", "grpc_tools.protoc", "-I", "protos", *out, "protos/workspace.proto"]
    subprocess.run(run, cwd=_ROOT, check=True)
    for name in ("workspace_pb2.py", "workspace_pb2.pyi"):
        committed = (_ROOT / "paddlex_restful/workspace" / name).read_text()
        assert (tmp_path / name).read_text() == committed, "run `make proto`"


def test_field_numbers_are_the_contract() -> None:
    numbers = {
        pb.Dataset: {"id": 1, "name": 2, "desc": 3, "type": 4, "path": 5, "create_time": 6},
        pb.Project: {"id": 1, "name": 2, "desc": 3, "type": 4, "did": 5, "path": 6, "create_time": 7},
        pb.Task: {"id": 1, "name": 2, "desc": 3, "pid": 4, "path": 5, "create_time": 6, "parent_id": 7},
        pb.PretrainedModel: _MODEL,
        pb.ExportedModel: {**_MODEL, "exported_type": 9},
        pb.Workspace: {
            "version": 1,
            "path": 2,
            "datasets": 3,
            "projects": 4,
            "tasks": 5,
            "max_dataset_id": 6,
            "max_project_id": 7,
            "max_task_id": 8,
            "current_time": 9,
            "max_pretrained_model_id": 10,
            "pretrained_models": 11,
            "max_exported_model_id": 12,
            "exported_models": 13,
        },
    }
    for message, expected in numbers.items():
        fields = {field.name: field.number for field in message.DESCRIPTOR.fields}
        assert {name: fields[name] for name in expected} == expected
        assert all(number >= 100 for name, number in fields.items() if name not in expected)
    assert pb.Workspace.DESCRIPTOR.file.package == "suitebackend"

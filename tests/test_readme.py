"""What the README tells people to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import Server
from tests.images import make_classification

README = Path(__file__).parents[1] / "README.md"


def test_the_first_script_trains_evaluates_and_exports(server: Server, tmp_path: Path) -> None:
    said = _run("first script", server, tmp_path)
    accuracy = re.search(r"^accuracy ([\d.]+)$", said, re.MULTILINE)
    assert accuracy is not None
    assert 0 <= float(accuracy[1]) <= 1
    assert (tmp_path / "model" / "inference.yml").is_file()


def test_the_client_script_does_the_same_and_downloads_the_model(server: Server, tmp_path: Path) -> None:
    said = _run("client script", server, tmp_path).splitlines()
    assert re.fullmatch(r"accuracy [01]\.\d+", said[0])
    assert said[1] in {folder.name for folder in (tmp_path / "花 flowers").iterdir()}
    with zipfile.ZipFile(tmp_path / "flowers.zip") as archive:
        assert archive.testzip() is None


def _run(name: str, server: Server, folder: Path) -> str:
    """Runs a script of the README with real folders; gives what it printed."""
    make_classification(folder / "花 flowers", per_class=20, size=64)
    picture = next((folder / "花 flowers").rglob("*.png"))
    found = re.search(rf"<!-- {name}[^>]*-->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    script = found[1]
    for stated, real in {
        "http://127.0.0.1:8080": server.url,
        "/data/flowers-model": str(folder / "model"),
        "/data/flowers": str(folder / "花 flowers"),
        "flower.jpg": str(picture),
    }.items():
        script = script.replace(f'"{stated}"', repr(real))
    assert "/data/" not in script
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(README.parent)},
    )
    assert done.returncode == 0, done.stderr + server.log.read_text()
    return done.stdout

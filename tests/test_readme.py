"""What the README tells people to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import Server
from tests.images import make_classification

README = Path(__file__).parents[1] / "README.md"
FIRST_SCRIPT = re.compile(r"<!-- first script[^>]*-->\n```python\n(.*?)```", re.DOTALL)


def test_the_first_script_trains_evaluates_and_exports(server: Server, tmp_path: Path) -> None:
    make_classification(tmp_path / "花 flowers", per_class=20, size=64)
    found = FIRST_SCRIPT.search(README.read_text(encoding="utf-8"))
    assert found is not None
    script = found[1]
    for stated, real in {
        "http://127.0.0.1:8080": server.url,
        "/data/flowers-model": str(tmp_path / "model"),
        "/data/flowers": str(tmp_path / "花 flowers"),
    }.items():
        assert f'"{stated}"' in script
        script = script.replace(f'"{stated}"', repr(real))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + server.log.read_text()
    accuracy = re.search(r"^accuracy ([\d.]+)$", done.stdout, re.MULTILINE)
    assert accuracy is not None
    assert 0 <= float(accuracy[1]) <= 1
    assert (tmp_path / "model" / "inference.yml").is_file()

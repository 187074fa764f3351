"""The packaging."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_version_is_the_packages_own_and_nothing_of_it_is_imported(tmp_path: Path) -> None:
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    package = tmp_path / "paddlex_restful"
    package.mkdir()
    (package / "__init__.py").write_text('"""A package."""\n\n__version__ = "9.8.7"\n\nraise ImportError\n')
    done = subprocess.run([sys.executable, "setup.py", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "9.8.7"

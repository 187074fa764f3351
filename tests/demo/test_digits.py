import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from paddlex_restful.demo.digits import write_digits
from paddlex_restful.errors import UserError


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    assert write_digits(folder) == 1797
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.png")
    }


def test_there_are_ten_classes_of_readable_pictures(digits: Path) -> None:
    assert sorted(path.name for path in digits.iterdir()) == list("0123456789")
    pictures = list(digits.rglob("*.png"))
    assert len(pictures) == 1797
    assert all(len(list(folder.iterdir())) > 150 for folder in digits.iterdir())
    with Image.open(pictures[0]) as picture:
        assert picture.size == (32, 32)
        low, high = picture.convert("L").getextrema()
    assert low == 0
    assert high > 200


def test_the_program_writes_the_same_bytes_into_a_folder_with_a_difficult_name(digits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "手写 数字"
    command = [sys.executable, "-m", "paddlex_restful.demo.digits"]
    done = subprocess.run([*command, str(folder)], check=True, capture_output=True, text=True)
    assert "1797" in done.stdout
    assert contents(folder) == contents(digits)
    again = subprocess.run([*command, str(folder)], check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "holds files already" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_side_below_eight_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 8 pixels"):
        write_digits(tmp_path / "new", side=4)
    assert not (tmp_path / "new").exists()


def test_importing_it_loads_no_heavy_library() -> None:
    code = "import sys, paddlex_restful.demo.digits; sys.exit('sklearn' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

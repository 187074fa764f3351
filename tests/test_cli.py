"""The commands as people type them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paddlex_restful import __version__, cli
from paddlex_restful.config import Config


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paddlex_restful", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env={**os.environ, **environment})


def config_of(monkeypatch: pytest.MonkeyPatch, *arguments: str, entry: str = "main") -> Config:
    """The settings with which a command line starts the server."""
    from paddlex_restful import server

    started: list[Config] = []
    monkeypatch.setattr(server, "serve", lambda config: started.append(config) or 0)
    assert getattr(cli, entry)(list(arguments)) == 0
    return started[0]


def test_the_command_line_loads_neither_flask_nor_paddle() -> None:
    code = "import sys, paddlex_restful.cli; print({'flask', 'paddle', 'numpy', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


def test_the_server_never_loads_paddle() -> None:
    code = "import sys, paddlex_restful.server; print({'paddle', 'paddlex', 'cv2', 'visualdl'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


def test_flags_become_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flags = ("--start_restful", "--port", "8123", "--workspace_dir", str(tmp_path / "工作 空间"), "--cpu_jobs", "3")
    for entry in ("main", "paddlex"):
        config = config_of(monkeypatch, *flags, "--host", "0.0.0.0", entry=entry)
        assert (config.port, config.workspace_dir, config.cpu_jobs) == (8123, tmp_path / "工作 空间", 3)
        assert config.host == "0.0.0.0"
        assert not config.share_gpus
        assert config_of(monkeypatch, *flags, "--share_gpus", entry=entry).share_gpus


def test_the_defaults_are_this_machine_and_a_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(monkeypatch)
    assert (config.host, config.port) == ("127.0.0.1", 8080)
    assert config.workspace_dir == Path.home() / "paddlex_workspace"
    assert config.cpu_jobs >= 1


def test_origins_become_what_browsers_send(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("https://Page.Example/", "http://page.example:80", "https://page.example:8443", "http://[::1]:3000")
    flags = [part for origin in given for part in ("--allowed_origin", origin)]
    config = config_of(monkeypatch, *flags, "--allowed_host", "train.example", "--require_token")
    assert config.allowed_origins == (
        "https://page.example",
        "http://page.example",
        "https://page.example:8443",
        "http://[::1]:3000",
    )
    assert (config.allowed_hosts, config.require_token) == (("train.example",), True)


def test_the_settings_do_not_show_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLEX_RESTFUL_TOKEN", "a secret of the user")
    config = config_of(monkeypatch)
    assert config.token == "a secret of the user"
    assert "a secret" not in repr(config)


def test_a_relative_workspace_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_of(monkeypatch, "--workspace_dir", "here").workspace_dir == tmp_path / "here"
    assert config_of(monkeypatch, "--workspace_dir=~/there").workspace_dir == Path.home() / "there"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--port", "http"), "http is not a port"),
        (("--port", "65536"), "65536 is not a port"),
        (("--port", "-1"), "-1 is not a port"),
        (("--port", "٣"), "is not a port"),
        (("--port",), "expected one argument"),
        (("--cpu_jobs", "0"), "0 is not a number of jobs"),
        (("--workspace_dir", ""), "an empty text is no folder"),
        (("--workspace_dir", "~nobody has this name/x"), "the home folder in ~nobody has this name/x is not known"),
        (("--host", ""), "an empty text is no address"),
        (("--allowed_host", "http://name"), "http://name is not the name of a host"),
        (("--allowed_host", "*.example"), "is not the name of a host"),
        (("--allowed_origin", "*"), "* is not an origin"),
        (("--allowed_origin", "null"), "null is not an origin"),
        (("--allowed_origin", "https://*.example"), "is not an origin"),
        (("--allowed_origin", "https://page.example/path"), "is not an origin"),
        (("--allowed_origin", "https://user@page.example"), "is not an origin"),
        (("--allowed_origin", "https://page.example:x"), "is not an origin"),
        (("--prot", "80"), "--prot"),
        (("--work", "x"), "--work"),
        (("extra",), "extra"),
    ],
)
def test_a_bad_flag_is_told_with_status_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], part: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert part in capsys.readouterr().err


def test_version_and_help() -> None:
    version = run("--version")
    assert (version.returncode, version.stdout.strip()) == (0, f"PaddleX RESTful {__version__}")
    helped = run("--help")
    assert helped.returncode == 0
    for flag in ("--start_restful", "--port", "--workspace_dir", "--host", "--cpu_jobs", "--share_gpus"):
        assert flag in helped.stdout


STAND_IN = """
import sys
def console_entry():
    print(sys.argv[1:])
    sys.exit(7)
"""


def paddlex_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The ``paddlex`` script, with the packages of ``folder`` before all others."""
    code = "import sys; from paddlex_restful.cli import paddlex; sys.exit(paddlex())"
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{Path(cli.__file__).parents[1]}"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment)


def test_other_paddlex_commands_reach_paddlex_unchanged(tmp_path: Path) -> None:
    (tmp_path / "paddlex").mkdir()
    (tmp_path / "paddlex" / "__init__.py").touch()
    (tmp_path / "paddlex" / "__main__.py").write_text(STAND_IN)
    arguments = ("--pipeline", "OCR", "--input", "图 1.png", "--port", "x")
    done = paddlex_command(tmp_path, *arguments)
    assert (done.returncode, done.stdout.strip()) == (7, str(list(arguments)))


def test_without_paddlex_the_command_says_what_is_missing() -> None:
    code = (
        "import sys, importlib.util as util; find = util.find_spec;"
        "util.find_spec = lambda name: None if name == 'paddlex' else find(name);"
        "from paddlex_restful.cli import paddlex; sys.exit(paddlex())"
    )
    done = subprocess.run([sys.executable, "-c", code, "--install"], capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert "PaddleX is not installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_installed_paddlex_answers_its_own_help() -> None:
    if importlib.util.find_spec("paddlex") is None:
        pytest.skip("PaddleX is not installed")
    done = paddlex_command(Path(__file__).parent, "--help")
    assert done.returncode == 0
    assert "--pipeline" in done.stdout

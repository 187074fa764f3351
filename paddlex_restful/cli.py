"""The command line. Only light imports at the top: processes that start from this script import it again."""

from __future__ import annotations

import argparse
import gc
import importlib.util
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from paddlex_restful import __version__
from paddlex_restful.config import (
    DEFAULT_MIN_FREE,
    DEFAULT_PREDICT_IDLE,
    DEFAULT_PREDICT_WORKERS,
    Config,
    default_cpu_jobs,
)
from paddlex_restful.messages import access as access_messages
from paddlex_restful.messages import server as messages

DEFAULT_WORKSPACE = Path("~/paddlex_workspace")

_PORTS = {"http": 80, "https": 443}


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``paddlex_restful`` or ``python -m paddlex_restful``: start the server.

    Args:
        argv: the arguments after the program's name; those of the process where it is None.

    Returns:
        The exit status: 0 after a clean end, 1 where the server could not start, 130 for ctrl-C while it starts.

    Raises:
        SystemExit: with status 2 for arguments that are wrong, 0 after ``--help`` and ``--version``.
    """
    config = _config(_parser("paddlex_restful").parse_args(argv))
    # What a server imports stays for its life. To look through it for garbage again and again takes a seventh of a
    # start, and later tenths of a second out of the middle of a request.
    gc.disable()
    try:
        from paddlex_restful.server import serve

        gc.freeze()
        gc.enable()
        return serve(config)
    except KeyboardInterrupt:
        return 130


def paddlex(argv: Sequence[str] | None = None) -> int | None:
    """Run ``paddlex``: with ``--start_restful`` the server, with anything else PaddleX's own command, unchanged.

    Args:
        argv: the arguments after the program's name; those of the process where it is None.

    Returns:
        The exit status, None for 0.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--start_restful" in arguments:
        return main(arguments)
    if importlib.util.find_spec("paddlex") is None:
        print(f"paddlex: {messages.NO_PADDLEX}", file=sys.stderr)
        return 1
    from paddlex.__main__ import console_entry

    sys.argv = [sys.argv[0], *arguments]
    status: int | None = console_entry()
    return status


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Train, evaluate, predict with and export PaddlePaddle vision models over HTTP.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--start_restful", action="store_true", help="start the server (what this command does in any case)"
    )
    parser.add_argument(
        "--port", type=_port, default=8080, help="TCP port to listen on, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--workspace_dir",
        type=_folder,
        default=str(DEFAULT_WORKSPACE),
        metavar="DIR",
        help="folder that holds datasets, projects and models; made if it is missing (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        type=_host,
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, this machine alone)",
    )
    parser.add_argument(
        "--cpu_jobs",
        type=_cpu_jobs,
        default=default_cpu_jobs(),
        metavar="N",
        help="heavy jobs that share the processor at once (default: half of the cores, %(default)s here)",
    )
    parser.add_argument(
        "--share_gpus",
        action="store_true",
        help="let evaluations and predictions run beside the job that has their GPUs (default: they wait for them)",
    )
    parser.add_argument(
        "--data_dir",
        type=_folder,
        action="append",
        default=[],
        metavar="DIR",
        help="folder outside the workspace that clients may have read, such as datasets; may be given several times "
        "(default: any on a loopback address, none elsewhere)",
    )
    parser.add_argument(
        "--export_dir",
        type=_folder,
        action="append",
        default=[],
        metavar="DIR",
        help="folder outside the workspace below which clients may have models written; may be given several times "
        "(default: any new or empty folder on a loopback address, none elsewhere)",
    )
    parser.add_argument(
        "--require_token",
        action="store_true",
        help="have clients need the access token on a loopback address, too (any other address always needs it)",
    )
    parser.add_argument(
        "--allowed_host",
        type=_allowed_host,
        action="append",
        default=[],
        metavar="NAME",
        help="further name by which clients call this server, such as that of a proxy; may be given several times",
    )
    parser.add_argument(
        "--allowed_origin",
        type=_origin,
        action="append",
        default=[],
        metavar="URL",
        help="origin whose pages may use this server, such as https://page.example; may be given several times "
        "(default: none but its own)",
    )
    parser.add_argument(
        "--min_free_gb",
        type=_gigabytes,
        default=DEFAULT_MIN_FREE,
        metavar="GB",
        help="space of a disk that stays free: imports and exports that would take it are refused, trainings wait "
        f"before they save (default: {DEFAULT_MIN_FREE >> 30})",
    )
    parser.add_argument(
        "--predict_workers",
        type=_predict_workers,
        default=DEFAULT_PREDICT_WORKERS,
        metavar="N",
        help="models that stay loaded for predictions, each in a process of its own (default: %(default)s)",
    )
    parser.add_argument(
        "--predict_idle",
        type=_seconds,
        default=DEFAULT_PREDICT_IDLE,
        metavar="SECONDS",
        help="seconds after which such a model is let go if nobody asks it (default: %(default)s)",
    )
    parser.add_argument("--version", action="version", version=f"PaddleX RESTful {__version__}")
    return parser


def _config(arguments: argparse.Namespace) -> Config:
    return Config(
        workspace_dir=arguments.workspace_dir,
        host=arguments.host,
        port=arguments.port,
        cpu_jobs=arguments.cpu_jobs,
        share_gpus=arguments.share_gpus,
        data_dirs=tuple(arguments.data_dir),
        export_dirs=tuple(arguments.export_dir),
        min_free=arguments.min_free_gb,
        predict_workers=arguments.predict_workers,
        predict_idle=arguments.predict_idle,
        require_token=arguments.require_token,
        allowed_hosts=tuple(arguments.allowed_host),
        allowed_origins=tuple(arguments.allowed_origin),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(messages.BAD_PORT.format(value=text or "an empty text"))
    return int(text)


def _cpu_jobs(text: str) -> int:
    return _count(text, messages.BAD_CPU_JOBS)


def _predict_workers(text: str) -> int:
    return _count(text, messages.BAD_PREDICT_WORKERS)


def _count(text: str, template: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(template.format(value=text or "an empty text"))
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(messages.BAD_SECONDS.format(value=text or "an empty text"))
    return seconds


def _gigabytes(text: str) -> int:
    try:
        size = float(text) * (1 << 30)
    except ValueError:
        size = -1
    if not 0 <= size < 1 << 63:
        raise argparse.ArgumentTypeError(messages.BAD_MIN_FREE.format(value=text or "an empty text"))
    return int(size)


def _host(text: str) -> str:
    # The empty name would stand for all networks of the machine.
    if not text.strip():
        raise argparse.ArgumentTypeError(messages.NO_HOST)
    return text


def _allowed_host(text: str) -> str:
    if not text or any(character in text for character in ":/*@[] "):
        raise argparse.ArgumentTypeError(access_messages.BAD_ALLOWED_HOST.format(value=text or "an empty text"))
    return text


def _origin(text: str) -> str:
    """As a browser sends it: in small letters, without the port that the scheme has anyway."""
    try:
        parts = urlsplit(text.lower().rstrip("/"))
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    # Nothing but scheme, host and port.
    whole = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in _PORTS or not host or "*" in host or "@" in parts.netloc or parts.geturl() != whole:
        raise argparse.ArgumentTypeError(access_messages.BAD_ORIGIN.format(value=text or "an empty text"))
    return whole.removesuffix(f":{port}") if port == _PORTS[parts.scheme] else whole


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError(messages.NO_WORKSPACE)
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise argparse.ArgumentTypeError(messages.NO_HOME.format(value=text)) from None

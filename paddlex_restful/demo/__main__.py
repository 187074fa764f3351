"""``python -m paddlex_restful.demo``: the whole way from pictures to an exported model, against a server of its own."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from paddlex_restful.client import Client
from paddlex_restful.demo.compress import Comparison
from paddlex_restful.demo.compress import table as comparison_table
from paddlex_restful.demo.plans import PLANS, Plan
from paddlex_restful.demo.steps import Outcome, run_demo
from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

END_SECONDS = 10


@contextmanager
def started_server(workspace: Path, log: Path, port: int) -> Iterator[str]:
    """Run a server of our own.

    Args:
        workspace: its workspace folder.
        log: the file that takes what it says.
        port: to listen on; 0 takes a free one.

    Yields:
        Its address, where it listens already.

    Raises:
        UserError: it did not start.
    """
    command = [sys.executable, "-m", "paddlex_restful", "--port", str(port), "--workspace_dir", str(workspace)]
    with log.open("wb") as lines:
        # A session of its own: ctrl-C reaches this program alone, which then ends the server's jobs first.
        process = subprocess.Popen(  # noqa: S603  our own module
            command, stdout=subprocess.PIPE, stderr=lines, text=True, start_new_session=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if " at http://" not in line:
            raise UserError(messages.SERVER_ENDED, status=process.wait(), words=log.read_text(errors="replace").strip())
        yield line.split()[-1]
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def compress(plan: Plan, folder: Path, port: int) -> str:
    """Train a model, make smaller ones of it, and compare them, in a new folder.

    Args:
        plan: the demo of a project type.
        folder: takes the pictures, the workspace and the exported models.
        port: of the server; 0 takes a free one.

    Returns:
        The table of the models.

    Raises:
        UserError: something failed; the sentence says what.
    """
    with started_demo(plan, folder, port) as (client, pictures):
        return comparison_table(Comparison(client, plan, folder / "exported").run(pictures))


@contextmanager
def started_demo(plan: Plan, folder: Path, port: int) -> Iterator[tuple[Client, Path]]:
    """Write the pictures of a demo and run a server for it; what it still does ends with an error of ours.

    Yields:
        A client of the server, and the folder of the pictures.
    """
    folder.mkdir(parents=True)
    pictures = folder / plan.subject
    print(f"{plan.write(pictures)} are in {pictures}")
    with started_server(folder / "workspace", folder / "server.log", port) as url:
        print(f"The server listens at {url}")
        client = Client(url)
        try:
            yield client, pictures
        except BaseException:
            # The jobs would outlive the server; one that does not answer has been told of already.
            with suppress(UserError):
                client.system.stop_all()
            raise
        finally:
            client.close()


def run(plan: Plan, folder: Path, port: int, keep: bool) -> Outcome:
    """Run the demo in a new folder.

    Args:
        plan: the demo of a project type.
        folder: takes the pictures, the workspace and the exported model.
        port: of the server; 0 takes a free one.
        keep: leave the server running until ctrl-C.

    Raises:
        UserError: something failed; the sentence says what.
    """
    with started_demo(plan, folder, port) as (client, pictures):
        outcome = run_demo(client, plan, pictures, folder / "exported")
        url = client.url
        print(table(plan, outcome, url if keep else messages.ADDRESS_OF_ENDED.format(url=url)))
        if keep:
            print(f"The server goes on at {url}; ctrl-C ends it.", flush=True)
            with suppress(KeyboardInterrupt):
                while True:
                    signal.pause()
    return outcome


def table(plan: Plan, outcome: Outcome, server: str) -> str:
    """What the demo came to, as lines for a terminal."""
    rows = [
        (plan.figure.name, f"{outcome.figure:.4f} on {outcome.test_images} test pictures"),
        ("one picture", outcome.shown),
        *((name, str(path)) for name, path in outcome.files.items()),
        *((f"time to {name}", f"{seconds:.1f} s") for name, seconds in outcome.seconds.items()),
        ("server", server),
    ]
    width = max(len(name) for name, _ in rows)
    rule = "─" * (width + 60)
    return "\n".join([rule, *(f"{name:<{width}}  {text}" for name, text in rows), rule])


def main() -> int:
    """Run as a program; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m paddlex_restful.demo",
        description="Train, evaluate, try and export a model that reads handwritten digits, through HTTP alone.",
    )
    parser.add_argument(
        "--type", choices=list(PLANS), default=next(iter(PLANS)), help="the project type (default: %(default)s)"
    )
    parser.add_argument("--folder", type=Path, help="a new folder (default: demo_workspace/<date and time>)")
    parser.add_argument("--port", type=int, default=0, help="port of the server (default: a free one)")
    parser.add_argument("--keep", action="store_true", help="leave the server running until ctrl-C")
    parser.add_argument(
        "--compress", action="store_true", help="prune, quantise and convert the model, and compare what comes of it"
    )
    args = parser.parse_args()
    # A service manager's way to end it gives the server back as ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = (args.folder or Path("demo_workspace", time.strftime("%Y%m%d-%H%M%S"))).resolve()
    try:
        plan = PLANS[args.type]
        if args.compress:
            print(compress(plan, folder, args.port))
            return 0
        outcome = run(plan, folder, args.port, args.keep)
        if outcome.figure < plan.figure.least:
            raise UserError(messages.INACCURATE, name=plan.figure.name, value=outcome.figure, least=plan.figure.least)
    except FileExistsError:
        print(f"demo: {messages.FOLDER_NOT_EMPTY.format(folder=folder)}", file=sys.stderr)
        return 1
    except (UserError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

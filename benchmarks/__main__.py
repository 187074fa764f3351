"""The command: ``python -m benchmarks [topic …] [--runs N] [--compare FILE]``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.results import Figure, load, save, table

TOPICS = (
    "start",
    "http",
    "lists",
    "workspace",
    "imports",
    "first_step",
    "short_jobs",
    "jobs",
    "predict",
    "pipeline",
    "suites",
)


def main() -> int:
    """Measure the topics that are asked for, print a table and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the server.")
    parser.add_argument("topics", nargs="*", metavar="topic", help=f"of {', '.join(TOPICS)} (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement (default: %(default)s)")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="a file of benchmarks/results to lay beside")
    arguments = parser.parse_args()
    unknown = set(arguments.topics) - set(TOPICS)
    if unknown:
        parser.error(f"no such topic: {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}")
    before = load(arguments.compare) if arguments.compare else None
    figures: list[Figure] = []
    for topic in arguments.topics or TOPICS:
        for figure in importlib.import_module(f"benchmarks.{topic}").measure(arguments.runs):
            figures.append(figure)
            if sys.stderr.isatty():
                print(f"\r{figure.topic}: {figure.name}".ljust(78), end="\r", file=sys.stderr, flush=True)
    print(table(figures, before))
    print(f"\nkept in {save(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

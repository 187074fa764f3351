"""Figures for Prometheus: requests as they are counted, and the text format (version 0.0.4) of any figures."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes in which latencies are counted, in seconds."""

_PREFIX = "paddlex_restful_"


@dataclass(frozen=True)
class Sample:
    """One figure of a family.

    Attributes:
        value: the figure.
        labels: what it is of.
        suffix: what its name has after the family's.
    """

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True)
class Family:
    """Figures of one kind.

    Attributes:
        name: without the prefix that all have.
        kind: how they are to be read.
        help: what they tell, in a sentence.
        samples: the figures.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Iterable[Sample]


class Traffic:
    """Counts the requests of one application. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._latencies: dict[tuple[str, str], list[float]] = {}

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            method: its verb; one of few.
            path: the address as it was declared; one of few.
            status: the HTTP status of its answer.
            seconds: from its arrival to its answer.
        """
        bucket = bisect_left(BUCKETS, seconds)
        with self._lock:
            key = (method, path, status)
            self._requests[key] = self._requests.get(key, 0) + 1
            counts = self._latencies.get((method, path))
            if counts is None:
                # One for each bucket, one for what is slower than all, and the sum of the seconds.
                counts = self._latencies[method, path] = [0.0] * (len(BUCKETS) + 2)
            counts[bucket] += 1
            counts[-1] += seconds

    def families(self) -> Iterator[Family]:
        """What was counted up to now."""
        with self._lock:
            requests = dict(self._requests)
            latencies = {key: list(counts) for key, counts in self._latencies.items()}
        yield Family(
            "http_requests_total",
            "counter",
            "Requests that were answered.",
            [
                Sample(count, {"method": method, "path": path, "status": str(status)})
                for (method, path, status), count in requests.items()
            ],
        )
        yield Family(
            "http_request_duration_seconds",
            "histogram",
            "Seconds from the arrival of a request to its answer, or to the beginning of a long one.",
            [
                sample
                for (method, path), counts in latencies.items()
                for sample in _histogram({"method": method, "path": path}, counts)
            ],
        )


def _histogram(labels: Mapping[str, str], counts: list[float]) -> Iterator[Sample]:
    total = 0.0
    for bound, count in zip((*(str(bound) for bound in BUCKETS), "+Inf"), counts, strict=False):
        total += count
        yield Sample(total, {**labels, "le": bound}, "_bucket")
    yield Sample(counts[-1], labels, "_sum")
    yield Sample(total, labels, "_count")


def exposition(families: Iterable[Family]) -> str:
    """The text that Prometheus reads; families without figures are left out."""
    return "".join(line for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    name = _PREFIX + family.name
    for number, sample in enumerate(family.samples):
        if number == 0:
            yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels.items())
        yield f"{name}{sample.suffix}{'{' + labels + '}' if labels else ''} {sample.value!r}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

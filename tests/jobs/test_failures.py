from __future__ import annotations

import errno
import io
import os
import signal
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError

from paddlex_restful.errors import UserError
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.jobs.failures import OUTCOME_NOT_WRITTEN, of_exception, of_exit
from tests.jobs.conftest import Jobs

LOG = Path("/w/job/train/out.log")


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (JobFailed("check", "Wrong."), "check", "Wrong."),
        (UserError("Wrong {a}.", a="b"), "error", "Wrong b."),
        (MemoryError(), "out_of_memory", "smaller batch size"),
        (
            RuntimeError("ResourceExhaustedError: Out of memory error on GPU 0. Cannot allocate"),
            "out_of_memory",
            "GPU's",
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory", "memory was not enough"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/w/a.png"), "disk_full", "/w/a.png"),
        (ModuleNotFoundError("x", name="paddle.nn"), "package_missing", "pip install paddlepaddle==3.1.1"),
        (ModuleNotFoundError("x", name="ppdet"), "package_missing", "pip install --no-deps paddledet==2.6.0"),
        (ImportError("libgomp.so.1: no such file", name="paddle.base"), "package_missing", "libgomp.so.1"),
        (UnidentifiedImageError("cannot identify image file 'a.jpg'"), "image", "a.jpg"),
        (FileNotFoundError(errno.ENOENT, "x", "/w/a.jpg"), "file", "/w/a.jpg does not exist"),
        (PermissionError(errno.EACCES, "Permission denied", "/w/a.jpg"), "file", "cannot be opened"),
        (ImportError("libGL.so.1: cannot open shared object file"), "package_missing", "libGL.so.1"),
        (SystemExit(3), "exit", "exit code 3"),
        (ValueError("first line\nsecond line"), "error", f"unexpectedly. Its log says more: {LOG}."),
        (KeyError("x"), "error", f"unexpectedly. Its log says more: {LOG}."),
        (KeyboardInterrupt(), "error", "unexpectedly. Its log"),
    ],
)
def test_exception_becomes_a_word_and_a_sentence(error: BaseException, reason: str, words: str) -> None:
    failure = of_exception(error, LOG)
    assert failure.reason == reason
    assert words in failure.message
    assert "\n" not in failure.message


def test_truncated_image_is_recognised() -> None:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "png")
    with pytest.raises(OSError, match="truncated") as caught:
        Image.open(io.BytesIO(buffer.getvalue()[:500])).load()
    assert of_exception(caught.value, LOG).reason == "image"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "(InvalidArgument) The stride of Op(Conv) should be larger than 0, but received stride is 0.\n"
            "  [Hint: Expected strides[i] > 0, but received strides[i]:0 <= 0:0.] (at /paddle/binary.cc:617)\n",
            "parameters and images: The stride of Op(Conv) should be larger than 0, but received stride is 0. Choose",
        ),
        (
            "\n\n----------------------\nC++ Traceback (most recent call last):\n----------------------\n"
            "0   paddle::AnalysisPredictor::ZeroCopyRun()\n\n----------------------\nError Message Summary:\n"
            "----------------------\nInvalidArgumentError: The channels are 4, not 3.\n"
            "  [Hint: …] (at /paddle/x.cc:1)\n",
            "parameters and images: The channels are 4, not 3. Choose",
        ),
        ("operands could not be broadcast together with shapes (2,3) (4,) ", "with shapes (2,3) (4,). Choose"),
    ],
)
def test_what_an_engine_refuses_is_quoted_in_one_line(text: str, words: str) -> None:
    failure = of_exception(ValueError(text), LOG)
    assert failure.reason == "parameters"
    assert words in failure.message
    assert "\n" not in failure.message


def test_a_long_refusal_is_cut() -> None:
    failure = of_exception(ValueError(f"(InvalidArgument) {'x' * 5000}"), LOG)
    assert len(failure.message) < 700


@pytest.mark.parametrize("text", ["(External) CUDA error(700), an illegal memory access.", "(Fatal) broken image"])
def test_what_an_engine_suffers_is_no_matter_of_parameters(text: str) -> None:
    assert of_exception(OSError(text), LOG).reason == "error"


def test_numpy_on_a_full_disk_tells_only_numbers() -> None:
    failure = of_exception(OSError("100000 requested and 32752 written"), LOG)
    assert (failure.reason, str(LOG.parent) in failure.message) == ("disk_full", True)


def raised(outer: BaseException, inner: BaseException, how: str) -> BaseException:
    """An exception behind which there is another one: as its cause, or only handled when it was raised."""
    try:
        try:
            raise inner
        except BaseException as handled:
            if how == "cause":
                raise outer from handled
            if how == "hidden":
                raise outer from None
            raise outer  # noqa: B904
    except BaseException as error:  # noqa: BLE001
        return error


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
MISSING = FileNotFoundError(errno.ENOENT, "x", "/w/a.jpg")


@pytest.mark.parametrize(
    ("outer", "inner", "how", "reason"),
    [
        (RuntimeError("cannot save"), FULL, "cause", "disk_full"),
        (RuntimeError("cannot save"), FULL, "context", "disk_full"),
        (RuntimeError("cannot save"), FULL, "hidden", "error"),
        (RuntimeError(f"pickle: {FULL}"), KeyError(), "context", "disk_full"),
        (RuntimeError("x"), MemoryError(), "context", "out_of_memory"),
        (RuntimeError("x"), MISSING, "cause", "file"),
        (KeyError("x"), MISSING, "context", "error"),
        (JobFailed("check", "Wrong."), FULL, "cause", "check"),
    ],
)
def test_what_stands_behind_an_exception_counts_where_it_says_nothing(
    outer: BaseException, inner: BaseException, how: str, reason: str
) -> None:
    assert of_exception(raised(outer, inner, how), LOG).reason == reason


def test_exceptions_in_a_circle_are_looked_at_once() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert of_exception(one, LOG).reason == "error"


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("hoard", "out_of_memory", "smaller batch size"),
        ("hoard_in_paddle", "out_of_memory", "smaller batch size"),
        ("misfit", "parameters", "Y'dims[0]"),
        ("fill_disk", "disk_full", "Free some space"),
        ("lack_package", "package_missing", "pip install paddle_of_tomorrow"),
        ("segfault", "signal", "signal 11 (SIGSEGV)"),
        ("vanish", "exit", "exit code 5"),
    ],
)
def test_real_failures_are_recognised(jobs: Jobs, kind: str, reason: str, words: str) -> None:
    job = jobs.run(kind)
    assert (job.state, job.reason) == ("failed", reason), job.message
    assert words in job.message


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (-signal.SIGKILL, "signal", "signal 9 (SIGKILL); out of memory is the usual cause"),
        (-signal.SIGSEGV, "signal", "signal 11 (SIGSEGV)"),
        (-signal.SIGBUS, "signal", "/dev/shm"),
        (1, "exit", "exit code 1"),
        (OUTCOME_NOT_WRITTEN, "disk_full", "could not write its outcome"),
        (None, "vanished", "without a result"),
    ],
)
def test_end_without_an_outcome_is_named(code: int | None, reason: str, words: str) -> None:
    failure = of_exit(code, LOG)
    assert failure.reason == reason
    assert words in failure.message


def test_the_kernels_kills_are_told_from_others() -> None:
    ended = of_exit(-signal.SIGKILL, LOG, out_of_memory=True)
    assert (ended.reason, "no memory left" in ended.message) == ("out_of_memory", True)
    assert of_exit(None, LOG, out_of_memory=True) == ended
    killed = of_exit(-signal.SIGKILL, LOG, out_of_memory=False)
    assert (killed.reason, "by a user or another program" in killed.message) == ("signal", True)
    assert of_exit(-signal.SIGSEGV, LOG, out_of_memory=True).reason == "signal"

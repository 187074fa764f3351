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
    ("code", "reason", "words"),
    [
        (-signal.SIGKILL, "signal", "signal 9 (SIGKILL); out of memory"),
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

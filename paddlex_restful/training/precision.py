"""The precision of a training: all in float32, or mixed.

Mixed precision (Micikevicius et al., Mixed Precision Training, 2018) computes convolutions and matrix products in
float16, and keeps weights, sums and losses in float32. Float16 has no room for small gradients, so the loss is scaled
up before the backward pass and the gradients down after it. The scale finds itself: where a gradient overflows, the
step is skipped and the scale halved; after many steps without that it is doubled.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import paddle

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

_FIRST_SCALE = 2.0**16
_STEPS_TO_DOUBLE = 2000

_LEAST_CAPABILITY = (7, 0)
"""Of a GPU; on an older one ``paddle.amp.auto_cast`` warns and goes on in float32."""

_KEPT = ("incr_count", "decr_count")


class Precision:
    """What of a training step depends on the precision; without arguments float32.

    Args:
        mixed: whether to train in mixed precision.

    Raises:
        JobFailed: mixed precision is asked for, and the device in use does not have it.
    """

    def __init__(self, mixed: bool = False) -> None:
        if mixed:
            _check_device()
        self._mixed = mixed
        self._scaler = paddle.amp.GradScaler(
            enable=mixed, init_loss_scaling=_FIRST_SCALE, incr_every_n_steps=_STEPS_TO_DOUBLE, decr_every_n_nan_or_inf=1
        )

    def forward(self) -> AbstractContextManager[None]:
        """The context of the forward pass."""
        cast: AbstractContextManager[None] = paddle.amp.auto_cast(enable=self._mixed, dtype="float16", level="O1")
        return cast

    def backward(self, loss: paddle.Tensor) -> None:
        """Compute the gradients of a loss, scaled up."""
        self._scaler.scale(loss).backward()

    def step(self, optimizer: paddle.optimizer.Optimizer) -> bool:
        """Scale the gradients down and change the weights by them, or skip the step where they overflowed.

        Of several processes that train together all do the same, where the gradients were averaged before.

        Returns:
            Whether the weights were changed.

        Raises:
            JobFailed: the scale is below 1, so that it is not what makes the gradients overflow.
        """
        if not self._mixed:
            optimizer.step()
            return True
        before = self._scale
        self._scaler.step(optimizer)
        self._scaler.update()
        if self._scale < 1:
            raise JobFailed("nan_loss", messages.OVERFLOW)
        return self._scale >= before

    def state(self) -> dict[str, float] | None:
        """What goes into a checkpoint, as JSON."""
        if not self._mixed:
            return None
        state = self._scaler.state_dict()
        return {"scale": self._scale, **{name: state[name] for name in _KEPT}}

    def resume(self, state: Mapping[str, float] | None) -> None:
        """Go on with what ``state`` gave; with None, of a training in float32, the scale finds itself anew."""
        if self._mixed and state is not None:
            scale = np.array([state["scale"]], np.float32)
            counts = {name: int(state[name]) for name in _KEPT}
            self._scaler.load_state_dict({**self._scaler.state_dict(), "scale": scale, **counts})

    @property
    def _scale(self) -> float:
        state: dict[str, Any] = self._scaler.state_dict()
        return float(state["scale"].item())


def _check_device() -> None:
    device = paddle.device.get_device()
    # A processor is refused also where ``paddle.amp.is_bfloat16_supported`` says that it has bfloat16 (paddle 3.1.1):
    # ``auto_cast`` does nothing there, and there are no convolutions and matrix products to be called by it.
    if not device.startswith("gpu") or paddle.device.cuda.get_device_capability() < _LEAST_CAPABILITY:
        raise JobFailed("amp", messages.NO_MIXED_PRECISION, device=device)

"""Learning-rate policies: functions of the step alone, so that a resumed training goes on exactly where it was."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

Schedule = Callable[[int], float]
"""Learning rate of a step, counted from 0 over the whole training."""

_PIECEWISE_FACTOR = 0.1
_POLYNOMIAL_POWER = 0.9


def schedule(params: Mapping[str, Any], steps: int) -> Schedule:
    """The learning rate that training parameters ask for.

    ``lr_policy`` decides how ``learning_rate`` falls: *Piecewise* to a tenth at the start of each epoch after those in
    ``lr_decay_epochs``; over all steps of the training, *Linear* along a line to 0, *Cosine* along half a cosine to 0
    (Loshchilov and Hutter, SGDR, 2017, without restarts), *Polynomial* to 0 with the power 0.9.

    A warm-up comes first if ``warmup_steps`` is above 0: the rate climbs along a line from ``warmup_start_lr`` to
    ``learning_rate``, and the policies that fall over all steps fall over those that are left. Piecewise keeps its
    epochs.

    Args:
        params: training parameters.
        steps: steps of an epoch.

    Raises:
        JobFailed: the policy is unknown.
    """
    peak = float(params["learning_rate"])
    warmup = int(params.get("warmup_steps") or 0)
    start = float(params.get("warmup_start_lr") or 0.0)
    fall = _policy(params, peak, steps, warmup)

    def rate(step: int) -> float:
        if step < warmup:
            return start + (peak - start) * step / warmup
        return fall(step)

    return rate


def _policy(params: Mapping[str, Any], peak: float, steps: int, warmup: int) -> Schedule:
    policy = params["lr_policy"]
    if policy == "Piecewise":
        bounds = [int(epoch) * steps for epoch in params["lr_decay_epochs"]]
        return lambda step: peak * _PIECEWISE_FACTOR ** bisect_right(bounds, step)
    falling = max(1, int(params["num_epochs"]) * steps - warmup)
    share: dict[str, Callable[[float], float]] = {
        "Linear": lambda left: left,
        "Cosine": lambda left: (1 - math.cos(math.pi * left)) / 2,
        "Polynomial": lambda left: left**_POLYNOMIAL_POWER,
    }
    if policy not in share:
        raise JobFailed("lr_policy", messages.UNKNOWN_POLICY, policy=policy, policies=", ".join(("Piecewise", *share)))
    return lambda step: peak * share[policy](max(0.0, 1 - (step - warmup) / falling))

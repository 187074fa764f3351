"""The job ``prune``: how sensitive a trained net is to the pruning of each of its layers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from paddlex_restful.checkpoints import WEIGHTS_FILE
from paddlex_restful.download import checksum
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import pruning as messages
from paddlex_restful.results import SENSITIVITIES_FILE
from paddlex_restful.training import checkpoint
from paddlex_restful.training.adapters import Notify, Training, adapter
from paddlex_restful.training.parallel import World
from paddlex_restful.training.pruning.pruner import Pruner, pruner_of
from paddlex_restful.training.pruning.sensitivities import RATIOS, Sensitivities
from paddlex_restful.training.reporter import log
from paddlex_restful.training.train import use_device

_NOT_FINITE = ("nan_loss", "not_finite")
"""Why an evaluation fails whose net answers with what is no number."""


def run(context: JobContext) -> dict[str, Any]:
    """Measure what the validation metric loses when a part of each layer's channels is taken out, layer by layer.

    What is measured is written after each measurement, so that a job on the same checkpoint goes on where another one
    ended.

    Args:
        context: args ``type``, ``params`` (of the training), ``dataset``, ``model`` (the checkpoint) and ``output``
            (folder for ``sensitivities.json``).

    Returns:
        ``metric``, ``baseline``, ``layers`` (their number).

    Raises:
        JobFailed: there are no validation images, the net finds nothing in them, or it cannot be pruned.
        JobStopped: the job was asked to stop; what was measured is kept.
    """
    use_device(context)
    args = context.args
    context.progress(stage="preparing")

    def check(done: int, total: int) -> None:
        context.check_stop()

    training = adapter(args["type"]).training(args["params"], context.path(args["dataset"]), 0, check, World())
    if not training.val_samples:
        raise JobFailed("no_images", messages.NO_VALIDATION)
    folder = context.path(args["model"])
    checkpoint.load_net(folder, training.net)
    pruner = pruner_of(training, args)
    file = context.path(args["output"]) / SENSITIVITIES_FILE

    measured = Sensitivities.read(file)
    weights = checksum(folder / WEIGHTS_FILE, check_stop=context.check_stop)
    if measured is None or measured.digest != weights:
        baseline = _metric(training, check)
        measured = Sensitivities(weights, training.metric, baseline)
    if not measured.baseline > 0:
        raise JobFailed("metric", messages.NOTHING_TO_LOSE, metric=training.metric, value=measured.baseline)
    log(f"{training.metric}={measured.baseline:.6g} before pruning; {len(pruner.groups)} layers")
    _measure(context, training, pruner, measured, file, check)
    context.progress(stage="complete", eta=0, flush=True)
    return {"metric": measured.metric, "baseline": measured.baseline, "layers": len(pruner.groups)}


def _measure(
    context: JobContext, training: Training, pruner: Pruner, measured: Sensitivities, file: Path, check: Notify
) -> None:
    total = len(pruner.groups) * len(RATIOS)
    missing = measured.missing(pruner)
    before = total - len(missing)
    context.progress(stage="analysing", iters=total, current=before, progress=_percent(before, total), flush=True)
    began = time.monotonic()
    for done, (name, ratio) in enumerate(missing, 1):
        context.check_stop()
        pruner.apply(pruner.count({name: ratio}))
        try:
            metric = _metric(training, check)
        finally:
            pruner.restore()
        loss = (measured.baseline - metric) / measured.baseline
        measured.losses.setdefault(name, {})[ratio] = loss
        measured.write(file, pruner)
        log(f"{name} without {ratio:.0%} of its channels: {measured.metric}={metric:.6g}, loss {loss:.4f}")
        eta = round((time.monotonic() - began) / done * (len(missing) - done))
        context.progress(current=before + done, progress=_percent(before + done, total), eta=eta)


def _metric(training: Training, notify: Notify) -> float:
    try:
        return training.evaluate(notify).get(training.metric, 0.0)
    except JobFailed as error:
        # A net that is pruned far and not trained since may answer with what is no number: all is lost then.
        if error.reason in _NOT_FINITE:
            return 0.0
        raise


def _percent(done: int, total: int) -> float:
    return round(100 * done / total, 1)

"""The training of a pruned net: the parent's model, without the channels that were asked for."""

from __future__ import annotations

from typing import Any

from paddlex_restful.checkpoints import WEIGHTS_FILE
from paddlex_restful.download import checksum
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import pruning as messages
from paddlex_restful.training import checkpoint, complexity
from paddlex_restful.training.adapters import Training
from paddlex_restful.training.pruning import plan
from paddlex_restful.training.pruning.pruner import pruner_of
from paddlex_restful.training.pruning.sensitivities import Sensitivities
from paddlex_restful.training.reporter import log


def prune(training: Training, context: JobContext) -> dict[str, Any]:
    """Make a training's net the pruned model of another task.

    Args:
        training: its net has fresh weights, its optimiser has not taken a step.
        context: args ``params`` and ``pruning``: ``model`` (the parent's checkpoint), ``sensitivities`` (a file, or
            None), and one of ``pruned_flops`` (the share to be removed) and ``eval_metric_loss`` (the relative loss
            allowed to each layer); the other is None.

    Returns:
        What the checkpoints carry as ``pruning``: ``shapes`` of the parameters that are smaller than the model's, and
        ``flops`` and ``parameters``, each ``before`` and ``after``.

    Raises:
        JobFailed: the parent's checkpoint is damaged, its sensitivities are needed and of other weights, or so much
            cannot be removed.
    """
    args = context.args["pruning"]
    folder = context.path(args["model"])
    checkpoint.load_net(folder, training.net)
    earlier = checkpoint.read_info(folder).get("pruning") or {}
    pruner = pruner_of(training, context.args)
    parameters = complexity.parameters(training.net)
    measured = Sensitivities.read(context.path(args["sensitivities"])) if args["sensitivities"] else None
    if measured is not None and measured.digest != checksum(folder / WEIGHTS_FILE, check_stop=context.check_stop):
        measured = None
    if args["pruned_flops"] is not None:
        counts = plan.for_flops(pruner, float(args["pruned_flops"]), measured)
    elif measured is None:
        raise JobFailed("pruning", messages.ANALYSED_OTHERWISE)
    else:
        counts = plan.for_loss(pruner, measured, float(args["eval_metric_loss"]))
    pruner.apply(counts)
    found = {
        "shapes": {**earlier.get("shapes", {}), **pruner.shapes()},
        "flops": {"before": pruner.flops, "after": round(pruner.remaining_flops(counts))},
        "parameters": {"before": parameters, "after": complexity.parameters(training.net)},
    }
    removed = pruner.removed_share(counts)
    log(f"Removed {sum(counts.values())} channels, {removed:.1%} of the FLOPs; parameters: {found['parameters']}")
    return found

"""Sentences on pruning: the analysis of sensitivities and the training of pruned tasks."""

from __future__ import annotations

from paddlex_restful.enums import PruneStatus

TWO_STAGES = (
    "{model} cannot be pruned, because its second stage looks at regions that its first one finds: "
    "train a one-stage detector, such as PicoDet or PP-YOLOE_plus-S, or a model with a lighter backbone."
)
TRANSFORMER = (
    "{model} cannot be pruned, because it is a transformer and pruning removes channels of convolutions: "
    "train a convolutional model, such as PP-LiteSeg-T, or a smaller SegFormer."
)
NOT_RUNNING = "The sensitivities of task {tid} are not being analysed: there is nothing to stop."
NEVER_ANALYSED = "The sensitivities of task {tid} have not been analysed: start it with POST /project/task/prune."
STATUS = {
    PruneStatus.XSPRUNESTART: "The analysis of the sensitivities begins.",
    PruneStatus.XSPRUNEING: "The sensitivities are being analysed.",
    PruneStatus.XSPRUNEDONE: "The sensitivities are analysed.",
    PruneStatus.XSPRUNEFAIL: "The analysis failed.",
    PruneStatus.XSPRUNEEXIT: "The analysis was stopped; POST /project/task/prune goes on from what was measured.",
}
ONE_GOAL = (
    "Task {tid} prunes the model of task {parent}: say how much with pruned_flops (the share of the FLOPs to remove, "
    "such as 0.3) or with eval_metric_loss (the loss of the metric that it may cost, such as 0.05), one of the two."
)
IMPOSSIBLE_SHARE = "pruned_flops is {value}: it is the share of the FLOPs to remove, more than 0 and less than 1."
IMPOSSIBLE_LOSS = "eval_metric_loss is {value}: it is a share of the metric, more than 0 and at most 1."
NOT_ANALYSED = (
    "eval_metric_loss needs to know what each layer costs: analyse task {tid} or its parent {parent} with "
    "POST /project/task/prune first, or give pruned_flops."
)
OTHER_MODEL = (
    "Task {tid} prunes the model of task {parent}, which is {parents}, but its parameters name {own}: "
    "give it the parent's model and backbone."
)
PARENT_GONE = (
    "Task {tid} prunes the model of task {parent}, which is not there any more: create a task with another one."
)
NO_VALIDATION = "The analysis needs validation images, and the dataset has none: split it with val_split above 0."
NOTHING_TO_LOSE = (
    "The model reaches {metric} = {value} on the validation images, so there is nothing that pruning could cost: "
    "train it longer first."
)
NOTHING_TO_PRUNE = "{model} has no convolution whose channels could be removed."
NOTHING_AT_THIS_LOSS = (
    "With a loss of {loss} no layer can lose a channel: allow a larger eval_metric_loss, or give pruned_flops."
)
ANALYSED_OTHERWISE = (
    "The sensitivities are those of an earlier training of the parent task: analyse it again with "
    "POST /project/task/prune, or give pruned_flops."
)
TOO_MUCH = "pruned_flops asks to remove {share:.0%} of the FLOPs, but at most {most:.0%} can be removed: ask for less."

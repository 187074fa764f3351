"""Answers of /project/task/metrics and /project/task/prune."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paddlex_restful.api.schemas.base import Answer, Figure, Logged, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import PruneStatus


class BeforeAndAfter(Part):
    """What pruning did to a number."""

    before: int = Field(description="of the parent's net")
    after: int = Field(description="of the pruned net")


class Pruned(Part):
    """What pruning left of a net."""

    flops: BeforeAndAfter = Field(description="multiplications, with their additions, for one image")
    parameters: BeforeAndAfter = Field(description="numbers that are learned")


class Training(Logged):
    """How a training stands; null is what is not known yet."""

    eta: float | None = Field(description="seconds that are left")
    train_metrics: dict[str, float | None] | None = Field(
        description="`Epoch` and `Step` (from 1), `loss`, `lr` and other figures of the newest step that was told"
    )
    eval_metrics: dict[str, float | None] | None = Field(description="`Epoch` and figures of the newest evaluation")
    download_status: Any = Field(description="how the download of the weights stands")
    eval_done: bool = Field(description="whether an epoch has been evaluated")
    train_error: Sentence | None = Field(description="why it failed")
    train_stage: str | None = Field(description="what it is doing")
    running_duration: str | None = Field(description="such as 0小时12分5秒")
    images_per_second: float | None = Field(description="that are learned from")
    pruning: Pruned | None = Field(description="of a pruned training")


class TrainLog(Answer):
    """With `type` train."""

    train_log: Training = Field(description="the training")


class BestMetric(Answer):
    """With `type` eval."""

    eval_metric: dict[str, float] | None = Field(description="name and value of the metric in the best epoch")
    eval_metrics: dict[str, float] | None = Field(description="the same")


class Evaluations(Answer):
    """With `type` eval_all."""

    key: str | None = Field(description="name of the metric")
    epoch_result_dict: dict[str, Figure] = Field(description="its value by epoch")
    best_epoch: int | None = Field(description="the epoch with the best value")
    best_result: float | None = Field(description="the best value")


class Analysis(Part):
    """How far an analysis is; null is what is not known yet."""

    eta: float | None = Field(description="seconds that are left")
    iters: int | None = Field(description="measurements that it takes")
    current: int | None = Field(description="those that are done")
    progress: float | None = Field(description="percent")
    log_file: str = Field(description="path of its log on the server")


class PruneLog(Answer):
    """With `type` prune."""

    prune_log: Analysis | None = Field(description="null before the first analysis")


class Sensitivities(Answer):
    """With `type` sensitivities."""

    sensitivities_loss_img: dict[str, float] = Field(
        description="by a loss of the metric (as a share of it) that each layer alone may cost: the share of the FLOPs "
        "that goes"
    )
    metric: str = Field(description="name of the metric")
    baseline: float = Field(description="its value before")
    layers: dict[str, dict[str, Figure]] = Field(
        description="by layer: by the share of its channels, the loss of the metric without them"
    )
    channels: dict[str, int] = Field(description="by layer: how many it has")


class PruneState(Answer):
    """How the analysis stands."""

    prune_status: PruneStatus | None = Field(description="null before the first")
    message: Sentence = Field(description="a sentence")

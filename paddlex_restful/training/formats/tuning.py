"""Fine-tuning of a net with what 8 bits do to it, so that it loses less by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import paddle
from paddle.quantization import QAT, QuantConfig
from paddle.quantization.quanters import FakeQuanterWithAbsMaxObserver

from paddlex_restful.checkpoints import BEST_MODEL, WEIGHTS_FILE
from paddlex_restful.jobs.context import JobContext
from paddlex_restful.training import checkpoint
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.formats.model import Model
from paddlex_restful.training.loop import Loop, seed_everything
from paddlex_restful.training.parallel import World

_SLOWER = 0.05
"""Share of the training's learning rate: the net is good already."""

_MOVING_RATE = 0.9


def tuned(context: JobContext, load: Callable[[Path], Model], source: Path, work: Path) -> Path:
    """Train a net on for some epochs while weights and inputs of its layers are rounded to 8 bits.

    Args:
        context: args ``type``, ``dataset``, ``quant_epochs``.
        load: reads a checkpoint.
        source: the checkpoint.
        work: a folder for what lies between.

    Returns:
        A checkpoint of the same net with other weights.

    Raises:
        JobFailed: the training fails.
        JobStopped: the job was asked to stop.
    """
    context.progress(stage="tuning", percent=10)
    epochs = int(context.args["quant_epochs"])
    info = checkpoint.read_info(source)
    params = _params(info["params"], epochs)
    seed = int(params.get("seed") or 0)

    def notify(done: int, total: int) -> None:
        context.check_stop()

    def progress(*, flush: bool = False, **fields: Any) -> None:
        # What the loop tells besides is of a training, which this is not to the clients.
        if "step" in fields:
            context.progress(percent=10 + 30 * fields["step"] // (training.steps * epochs), flush=flush)

    with paddle.utils.unique_name.guard():
        seed_everything(seed, 0)
        training = adapter(context.args["type"]).training(
            params, context.path(context.args["dataset"]), seed, notify, World()
        )
        checkpoint.load_net(source, training.net)
        training.net.train()
        training.net = _rounding(training.net)
        output = work / "tuning"
        output.mkdir()
        Loop(training, params, output, progress, context.check_stop, seed).run()

    # What was added for the rounding is no part of the net.
    model = load(source)
    weights = checkpoint.load_weights(output / BEST_MODEL / WEIGHTS_FILE)
    model.net.set_state_dict({name: weights[name] for name in model.net.state_dict()})
    folder = work / "tuned"
    checkpoint.save(folder, model.net, model.info)
    return folder


def _params(params: dict[str, Any], epochs: int) -> dict[str, Any]:
    changed = {
        "num_epochs": epochs,
        "save_interval_epochs": epochs,
        "learning_rate": _SLOWER * float(params["learning_rate"]),
        "warmup_steps": 0,
        "lr_decay_epochs": [epochs + 1],
        "pretrain_weights": None,
        "amp": False,
        "early_stop": False,
    }
    return params | {name: value for name, value in changed.items() if name in params}


def _rounding(net: paddle.nn.Layer) -> paddle.nn.Layer:
    config = QuantConfig(activation=None, weight=None)
    config.add_type_config(
        [paddle.nn.Conv2D, paddle.nn.Linear],
        activation=FakeQuanterWithAbsMaxObserver(moving_rate=_MOVING_RATE),
        weight=FakeQuanterWithAbsMaxObserver(moving_rate=_MOVING_RATE),
    )
    return QAT(config).quantize(net, inplace=True)

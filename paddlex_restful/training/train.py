"""The job ``train``."""

from __future__ import annotations

import shutil
from typing import Any

import paddle

from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training import weights
from paddlex_restful.training.adapters import adapter
from paddlex_restful.training.loop import Loop, seed_everything
from paddlex_restful.training.reporter import log


def run(context: JobContext) -> dict[str, Any]:
    """Train, from the start or from a saved epoch on.

    Args:
        context: its ``args`` are ``type``, ``params``, ``dataset``, ``output``, ``resume_epoch`` (None: from the start,
            which replaces an earlier output), ``weights`` (a path in place of ``pretrain_weights``, or None) and
            ``weights_url`` (in place of scheme and host of published weights, or empty).

    Returns:
        ``best_epoch``, ``best_result``, ``epochs`` (results by saved epoch) and ``epoch``, the last one.

    Raises:
        JobFailed: see ``messages.training``.
        JobStopped: the job was asked to stop; the saved epochs are kept.
    """
    args = context.args
    params = args["params"]
    context.progress(stage="preparing", eval_done=False)
    use_device(context)
    output = context.path(args["output"])
    resume_epoch = args.get("resume_epoch")

    def notify(done: int, total: int) -> None:
        context.check_stop()
        context.progress(prepare_percent=round(100 * done / total, 1))

    seed = int(params.get("seed") or 0)
    # Names of parameters, by which the optimiser's state is kept, count from 0 for each training.
    with paddle.utils.unique_name.guard():
        seed_everything(seed, 0)
        training = adapter(args["type"]).training(params, context.path(args["dataset"]), seed, notify)
        log(
            f"Training {training.info['model']} on {training.samples} images, {training.steps} steps an epoch, "
            f"on {paddle.device.get_device()}"
        )
        loop = Loop(training, params, output, context.progress, context.check_stop, seed)
        if resume_epoch is None:
            weights.initialise(training, context)
            # Only now, when nothing stands in the way of the first step, does the earlier model go.
            if output.exists():
                shutil.rmtree(output)
            output.mkdir(parents=True)
        else:
            loop.resume(int(resume_epoch))
        state = loop.run()
    return {
        "epoch": state.epoch,
        "epochs": state.results,
        "best_epoch": state.best_epoch,
        "best_result": state.best_result,
    }


def use_device(context: JobContext) -> None:
    """Make paddle use the job's GPU, or the processor.

    Raises:
        JobFailed: the job has several GPUs, or paddle has no CUDA.
    """
    if len(context.gpus) > 1:
        raise JobFailed("gpu", messages.SEVERAL_GPUS, count=len(context.gpus))
    if context.gpus and not paddle.is_compiled_with_cuda():
        raise JobFailed("gpu", messages.NO_GPU_BUILD)
    paddle.set_device("gpu:0" if context.gpus else "cpu")

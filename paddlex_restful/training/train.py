"""The job ``train``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import paddle

from paddlex_restful.checkpoints import epoch_folder
from paddlex_restful.diskspace import Disk
from paddlex_restful.jobs import launcher
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training import batchsize, checkpoint, weights
from paddlex_restful.training.adapters import Training, adapter
from paddlex_restful.training.batchsize import GpuMemory
from paddlex_restful.training.loop import Loop, seed_everything
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision
from paddlex_restful.training.pruning import pruned
from paddlex_restful.training.reporter import log


def run(context: JobContext) -> dict[str, Any] | None:
    """Train, from the start or from a saved epoch on.

    Args:
        context: its ``args`` are ``type``, ``params``, ``dataset``, ``output``, ``resume_epoch`` (None: from the start,
            which replaces an earlier output), ``weights`` (a path in place of ``pretrain_weights``, or None),
            ``weights_url`` (in place of scheme and host of published weights, or empty), ``processes`` (how many
            train together, each on one of the job's GPUs or all on the processor; 1 unless given) and, for a net that
            is pruned first, ``pruning`` (see ``pruned.prune``).

    Returns:
        ``best_epoch``, ``best_result``, ``epochs`` (results by saved epoch), ``epoch``, the last one, and, of a
        pruned net, ``pruning`` (``flops`` and ``parameters``, each ``before`` and ``after``).

    Raises:
        JobFailed: see ``messages.training``.
        JobStopped: the job was asked to stop; the saved epochs are kept.
    """
    processes = int(context.args.get("processes", 1))
    if processes > 1:
        context.progress(stage="preparing", eval_done=False)
        return launcher.run(context, f"{__name__}:{run_rank.__name__}", processes)
    use_device(context)
    return _train(context, World())


def run_rank(context: JobContext) -> dict[str, Any]:
    """Be one of the processes of ``run``; the first one's result is the job's."""
    use_device(context)
    return _train(context, World.join(int(context.args["processes"]), context.check_stop))


def _train(context: JobContext, world: World) -> dict[str, Any]:
    args = context.args
    params = args["params"]
    context.progress(stage="preparing", eval_done=False)
    precision = Precision(bool(params.get("amp")))
    memory = GpuMemory() if params.get("auto_batch_size") else None
    output = context.path(args["output"])
    resume_epoch = args.get("resume_epoch")

    def notify(done: int, total: int) -> None:
        context.check_stop()
        context.progress(prepare_percent=round(100 * done / total, 1))

    seed = int(params.get("seed") or 0)
    # Names of parameters, by which the optimiser's state is kept, count from 0 for each training.
    with paddle.utils.unique_name.guard():
        seed_everything(seed, 0)
        training = adapter(args["type"]).training(params, context.path(args["dataset"]), seed, notify, world)
        pruning = _pruning(training, context)
        if memory is not None:
            if resume_epoch is None:
                factor = batchsize.choose(training, memory, precision, world, context.check_stop)
            else:
                factor = int(checkpoint.read_info(epoch_folder(output, int(resume_epoch))).get("batch_factor", 1))
                training.batch_size *= factor
            params = batchsize.scaled(params, factor)
            training.info = {**training.info, "batch_factor": factor}
            log(f"Batches of {params['batch_size']} images, with a learning rate of {params['learning_rate']:g}")
        log(
            f"Training {training.info['model']} on {training.samples} images, {training.steps} steps an epoch, "
            f"on {paddle.device.get_device()}{f', rank {world.rank} of {world.size}' if world.size > 1 else ''}"
        )
        reports = output if world.is_first else context.folder
        loop = Loop(
            training,
            params,
            output,
            context.progress,
            context.check_stop,
            seed,
            world,
            reports,
            precision,
            Disk(output, args.get("min_free", 0)),
        )
        if resume_epoch is not None:
            loop.resume(int(resume_epoch))
        elif world.is_first:
            if pruning is None:
                weights.initialise(training, context)
            # Only now, when nothing stands in the way of the first step, does the earlier model go.
            if output.exists():
                shutil.rmtree(output)
            output.mkdir(parents=True)
        world.meet()
        world.copy_first(training.net)
        state = loop.run()
    return {
        "epoch": state.epoch,
        "epochs": state.results,
        "best_epoch": state.best_epoch,
        "best_result": state.best_result,
        **({} if pruning is None else {"pruning": _figures(pruning)}),
    }


def _pruning(training: Training, context: JobContext) -> dict[str, Any] | None:
    """Prune the net, if that is asked for and was not done by the training that is resumed."""
    if context.args.get("pruning") is None:
        return None
    resume_epoch = context.args.get("resume_epoch")
    if resume_epoch is None:
        pruning = pruned.prune(training, context)
    else:
        folder = epoch_folder(context.path(context.args["output"]), int(resume_epoch))
        pruning = checkpoint.read_info(folder)["pruning"]
    training.info = {**training.info, "pruning": pruning}
    context.progress(pruning=_figures(pruning))
    return pruning


def _figures(pruning: dict[str, Any]) -> dict[str, Any]:
    return {name: pruning[name] for name in ("flops", "parameters")}


def use_device(context: JobContext) -> None:
    """Make paddle use the first of the job's GPUs, or the processor.

    Raises:
        JobFailed: paddle has no CUDA.
    """
    use_gpus(context.gpus)


def use_gpus(gpus: Sequence[int]) -> None:
    """Make paddle use the first of the GPUs of this process, or the processor.

    Raises:
        JobFailed: paddle has no CUDA.
    """
    if gpus and not paddle.is_compiled_with_cuda():
        raise JobFailed("gpu", messages.NO_GPU_BUILD)
    paddle.set_device("gpu:0" if gpus else "cpu")

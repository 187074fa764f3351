"""The one training loop, for all project types."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddlex_restful.checkpoints import BEST_MODEL, epoch_folder, epoch_folders, is_complete
from paddlex_restful.diskspace import Disk
from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages
from paddlex_restful.training import checkpoint
from paddlex_restful.training.adapters import Training
from paddlex_restful.training.eta import Eta
from paddlex_restful.training.parallel import World
from paddlex_restful.training.precision import Precision
from paddlex_restful.training.reporter import Progress, Reporter, log
from paddlex_restful.training.saving import Saving
from paddlex_restful.training.schedules import schedule

_REPORTS_AN_EPOCH = 10


@dataclass
class State:
    """The place in a training, at the end of an epoch; kept in the checkpoint.

    Attributes:
        epoch: the last one that is through; 0 before the first.
        best_epoch: the saved epoch with the best result; None before the first.
        best_result: its result; None also where there are no validation images.
        results: results by saved epoch.
        precision: what mixed precision has found out; None in float32.
    """

    epoch: int = 0
    best_epoch: int | None = None
    best_result: float | None = None
    results: dict[int, float] = field(default_factory=dict)
    precision: dict[str, float] | None = None

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> State:
        """Read what a checkpoint holds; JSON made text of the epochs' numbers."""
        known = {name: values[name] for name in ("epoch", "best_epoch", "best_result")}
        results = {int(epoch): float(result) for epoch, result in values["results"].items()}
        return cls(**known, results=results, precision=values.get("precision"))


def seed_everything(seed: int, epoch: int, rank: int = 0) -> None:
    """Set paddle's random state (dropout, fresh weights) to that of an epoch; epoch 0 is before the first.

    Args:
        seed: of the training.
        epoch: its number.
        rank: of the process, so that those that train together drop other values.
    """
    paddle.seed(int(np.random.SeedSequence([seed, epoch, rank]).generate_state(1)[0]))


class Loop:
    """Trains a net for some epochs, and saves and evaluates it at intervals.

    After each ``save_interval_epochs`` epochs and after the last, the net is evaluated and ``epoch_N`` is saved; the
    best so far is also kept as ``best_model``. Without validation images the latest is the best. With ``early_stop``
    the training ends when ``early_stop_patience`` epochs have passed since the best one.

    Of several processes that train together the first one evaluates and saves, and the others wait for it.

    Args:
        training: what is trained.
        params: the training parameters.
        output: folder for checkpoints; it exists.
        progress: where progress goes.
        check_stop: called between steps; what it raises ends the training.
        seed: where all randomness starts; the same when a training is resumed.
        world: the processes that train together.
        reports: folder for metrics; ``output`` unless given. It exists.
        precision: of the training steps; float32 unless given. Evaluations are always in float32.
        disk: where ``output`` lies; before each checkpoint the training waits until there is room on it.
    """

    def __init__(
        self,
        training: Training,
        params: Mapping[str, Any],
        output: Path,
        progress: Progress,
        check_stop: Callable[[], None],
        seed: int,
        world: World | None = None,
        reports: Path | None = None,
        precision: Precision | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._training = training
        self._params = params
        self._output = output
        self._progress = progress
        self._check_stop = check_stop
        self._rate = schedule(params, training.steps)
        self._epochs = int(params["num_epochs"])
        self._interval = int(params["save_interval_epochs"])
        self._patience = int(params.get("early_stop_patience") or 5) if params.get("early_stop") else None
        self._seed = seed
        self._world = world or World()
        self._reports = reports or output
        self._precision = precision or Precision()
        self._disk = disk or Disk(output)
        self._state = State()

    def resume(self, epoch: int) -> None:
        """Go back to the end of a saved epoch; what came later is removed.

        Raises:
            JobFailed: the checkpoint is missing or damaged, or it is of another model or other classes.
        """
        folder = epoch_folder(self._output, epoch)
        info = checkpoint.read_info(folder)
        if any(info[name] != self._training.info[name] for name in ("type", "model", "labels")):
            raise JobFailed("checkpoint", messages.CHECKPOINT_OTHER_MODEL, epoch=epoch)
        checkpoint.load_net(folder, self._training.net)
        self._state = State.of_json(checkpoint.load_training(folder, self._training.optimizer))
        self._precision.resume(self._state.precision)
        if self._world.is_first:
            self._remove_after(epoch)
        log(f"Resumed from the end of epoch {epoch}")

    def _remove_after(self, epoch: int) -> None:
        for later, its_folder in epoch_folders(self._output).items():
            if later > epoch:
                shutil.rmtree(its_folder)
        best = self._state.best_epoch
        if best is not None and not self._is_best(best):
            source = epoch_folder(self._output, best)
            resumed = epoch_folder(self._output, epoch)
            checkpoint.copy(source if is_complete(source) else resumed, self._output / BEST_MODEL)

    def _is_best(self, epoch: int) -> bool:
        best = self._output / BEST_MODEL
        return is_complete(best) and checkpoint.read_info(best).get("epoch") == epoch

    def run(self) -> State:
        """Train to the end.

        Returns:
            The place in the training at its end.

        Raises:
            JobFailed: the loss is no longer a number.
            JobStopped: raised by ``check_stop``.
        """
        eta = Eta(
            epochs=self._epochs,
            steps=self._training.steps,
            interval=self._interval,
            samples=self._training.samples,
            val_samples=self._training.val_samples,
        )
        reporter = Reporter(
            self._reports,
            self._progress,
            eta,
            epochs=self._epochs,
            steps=self._training.steps,
            key=self._training.metric,
            keep=self._state.epoch,
        )
        with closing(reporter):
            _tell_results(reporter, self._state)
            with Saving() as saving:
                self._train_all(reporter, saving)
            reporter.complete()
        return self._state

    def _train_all(self, reporter: Reporter, saving: Saving) -> None:
        for epoch in range(self._state.epoch + 1, self._epochs + 1):
            reporter.stage("training")
            self._train(epoch, reporter, saving)
            if epoch % self._interval == 0 or epoch == self._epochs:
                if self._world.is_first:
                    self._save(epoch, reporter, saving)
                if self._world.meet(self._is_out_of_patience(epoch)):
                    log(f"No better result since epoch {self._state.best_epoch}: stopped early")
                    break

    def _train(self, epoch: int, reporter: Reporter, saving: Saving) -> None:
        training, optimizer, world, precision = self._training, self._training.optimizer, self._world, self._precision
        parameters, steps = training.net.parameters(), training.steps
        seed_everything(self._seed, epoch, world.rank)
        training.net.train()
        interval = max(1, min(10, steps // _REPORTS_AN_EPOCH))
        # Losses stay on the device until they are reported: reading each would make it wait for us.
        losses: list[paddle.Tensor] = []
        done: list[bool] = []
        trained = 0
        for step, (batch, weight) in enumerate(training.batches(epoch), 1):
            self._check_stop()
            saving.look()
            rate = self._rate((epoch - 1) * steps + step - 1)
            optimizer.set_lr(rate)
            with precision.forward():
                loss, outputs = training.loss(batch)
            loss = loss.astype("float32") * weight
            precision.backward(loss)
            world.average_gradients(parameters)
            done.append(precision.step(optimizer))
            # Given back, not filled with zeros: a zero would let weight decay and momentum change what the next batch
            # does not reach, and filling takes a fiftieth of a detector's step.
            optimizer.clear_grad(set_to_zero=False)
            losses.append(loss.detach())
            if step in (1, steps) or step % interval == 0:
                values = world.mean(paddle.stack(losses)).numpy()
                finite = np.isfinite(values)
                if not finite[done].all():
                    raise JobFailed("nan_loss", messages.NAN_LOSS, epoch=epoch, step=step)
                images = round(step * training.samples / steps) - trained
                trained += images
                more = world.mean_figures(training.figures(outputs), weight)
                loss = float(values[finite].mean()) if finite.any() else math.nan
                figures = {"loss": loss, "lr": rate, **more}
                reporter.step(epoch, step, images, figures)
                losses.clear()
                done.clear()
        self._state.epoch = epoch
        self._state.precision = precision.state()

    def _save(self, epoch: int, reporter: Reporter, saving: Saving) -> None:
        """Evaluate, and begin to write a checkpoint. Nobody is told of it as saved before it is."""
        state, training = self._state, self._training

        def notify(done: int, total: int) -> None:
            self._check_stop()
            reporter.evaluation_progress(done, total)

        reporter.stage("evaluating")
        figures = training.evaluate(notify)
        result = figures.get(training.metric)
        if result is not None:
            state.results[epoch] = result
        is_best = result is None or state.best_result is None or result > state.best_result
        if is_best:
            state.best_epoch, state.best_result = epoch, result
        if figures:
            reporter.evaluation(epoch, figures)
        # Before the disk is looked at, what is being written must be on it.
        saving.finish()
        self._disk.wait(checkpoint.size(training.net, training.optimizer), reporter.waiting, self._check_stop)
        reporter.stage("saving")
        folder = epoch_folder(self._output, epoch)
        then = deepcopy(state)
        info = {**training.info, "epoch": epoch, "metrics": figures}
        content = checkpoint.hold(training.net, info, optimizer=training.optimizer, state=asdict(then))

        def write() -> None:
            checkpoint.write(folder, content)
            if is_best:
                checkpoint.copy(folder, self._output / BEST_MODEL)
            # By this thread, so that nobody finds the folder and is not told for as long as a step takes.
            _tell_results(reporter, then)

        saving.begin(write)

    def _is_out_of_patience(self, epoch: int) -> bool:
        best = self._state.best_epoch
        return self._patience is not None and best is not None and epoch - best >= self._patience


def _tell_results(reporter: Reporter, state: State) -> None:
    reporter.results(state.epoch or None, state.results, state.best_epoch, state.best_result)

"""Trainings in two real processes, which speak to one another through gloo."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from paddlex_restful import datasets
from paddlex_restful.jobs import kinds, launcher
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.executor import Executor
from paddlex_restful.jobs.files import JOB_FILE, write_atomically
from paddlex_restful.jobs.job import Job
from paddlex_restful.training import checkpoint, train
from paddlex_restful.training.classification import nets
from paddlex_restful.training.parallel import World
from tests.images import scramble
from tests.jobs.conftest import LONG, Jobs, until
from tests.training import rank_toys
from tests.training.conftest import Run, metrics_of, progress_of

# Seven images a process: batch normalisation over two makes a net of such small images diverge.
BATCH = {"batch_size": 14, "save_interval_epochs": 1, "learning_rate": 0.002}
SHORT = {**BATCH, "num_epochs": 2}
ENDLESS = {**BATCH, "num_epochs": 100_000}


def trained(context: JobContext) -> dict[str, Any]:
    """Train with the plain net in this process or in ranks; gives the weights at the end."""
    write_atomically(context.folder / JOB_FILE, {**vars(context), "engine": True}, durable=False)
    result = rank_toys.run(context)
    assert result is not None
    return weights_of(context, result["epoch"])


def weights_of(context: JobContext, epoch: int) -> dict[str, Any]:
    return checkpoint.load_weights(context.path(context.args["output"]) / f"epoch_{epoch}" / "model.pdparams")


@pytest.fixture
def plain(make_context: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Makes contexts whose 28 images come in batches of 23 and 5: none splits evenly among two processes."""
    monkeypatch.setattr(nets, "build_net", nets.build_net)

    def make(processes: int, epochs: int, resume_epoch: int | None = None) -> JobContext:
        changes = {"batch_size": 23, "num_epochs": epochs, "save_interval_epochs": 1}
        context = make_context(changes, processes=processes, resume_epoch=resume_epoch)
        count = len(datasets.samples(context.path("datasets/D0001"), "classification", "train"))
        assert count == 28
        return context

    return make


def test_two_processes_train_as_one_with_the_same_batch(plain: Run) -> None:
    context = plain(1, 3)
    expected, steps, evaluations = trained(context), metrics_of(context), metrics_of(context, "eval")
    assert [line["Step"] for line in steps] == [1, 2] * 3
    found = trained(plain(2, 3))
    assert metrics_of(context)[0].keys() == steps[0].keys()
    for step, line in zip(steps, metrics_of(context), strict=True):
        assert line.pop("kind") == step.pop("kind")
        assert line == pytest.approx(step, rel=1e-4, abs=1e-5)
    assert metrics_of(context, "eval") == evaluations
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("first", "second"), [(2, 1), (1, 2)])
def test_a_training_is_resumed_by_another_number_of_processes(plain: Run, first: int, second: int) -> None:
    context = plain(1, 3)
    expected = trained(context)
    unbroken = metrics_of(context)
    trained(plain(first, 1))
    found = trained(plain(second, 3, resume_epoch=1))
    assert [line["step"] for line in metrics_of(context)] == [line["step"] for line in unbroken]
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.fixture
def jobs(workspace: Path) -> Iterator[Jobs]:
    """A manager with the real kinds of jobs."""
    made = Jobs(workspace, executor=Executor(), kinds=kinds.KINDS)
    yield made
    made.end()


def submit(jobs: Jobs, context: JobContext) -> Job:
    return jobs.manager.submit("train", "T0001", context.folder, context.args)


def ended(jobs: Jobs, job: Job) -> Job:
    """The job at its end; nothing of it may be left."""
    job = jobs.manager.wait(job, LONG)
    assert not job.active
    assert job.identity is not None
    assert job.identity.group() == []
    return job


def training(jobs: Jobs, job: Job) -> Job:
    """The job once it has saved an epoch."""
    until(lambda: jobs.manager.progress(job).get("saved_epoch") or not jobs.now(job).active)
    return jobs.now(job)


def ranks_of(job: Job) -> dict[int, psutil.Process]:
    children = psutil.Process(job.pid).children()
    return {int(process.environ()["PADDLE_TRAINER_ID"]): process for process in children}


def test_a_training_in_two_processes_is_complete_and_can_be_evaluated(jobs: Jobs, make_context: Run) -> None:
    context = make_context({**SHORT, "model": "ResNet18"}, processes=2)
    job = ended(jobs, submit(jobs, context))
    assert job.state == "done", job.message
    assert job.result is not None
    assert sorted(job.result["epochs"]) == ["1", "2"]
    output = context.path(context.args["output"])
    assert sorted(path.name for path in output.iterdir()) == [
        "best_model",
        "epoch_1",
        "epoch_2",
        "metrics.jsonl",
        "vdl",
    ]
    progress = jobs.manager.progress(job)
    assert (progress["stage"], progress["step"], progress["eta"]) == ("complete", progress["total_steps"], 0)
    assert context.log_file.read_text().count("[EVAL]") == 2

    args = {"type": "classification", "dataset": "datasets/D0001", "model": f"{context.args['output']}/best_model"}
    args |= {"epoch": None, "topk": 5, "score_thresh": 0.5, "overlap_thresh": 0.5, "output": "evaluate"}
    evaluation = jobs.manager.submit("evaluate", "T0001", jobs.folder("evaluate"), args)
    assert jobs.manager.wait(evaluation, LONG).state == "done"


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_is_named_and_the_other_ends(jobs: Jobs, make_context: Run, rank: int) -> None:
    job = training(jobs, submit(jobs, make_context(ENDLESS, processes=2)))
    ranks_of(job)[rank].kill()
    job = ended(jobs, job)
    assert (job.state, job.reason) == ("failed", "signal")
    assert job.message.startswith(f"Rank {rank} of 2 processes failed: The process was killed by signal 9 (SIGKILL)")


def test_without_its_launcher_no_process_trains_on(jobs: Jobs, make_context: Run) -> None:
    job = training(jobs, submit(jobs, make_context(ENDLESS, processes=2)))
    ranks = ranks_of(job)
    assert job.pid is not None
    jobs.manager.close()
    os.kill(job.pid, signal.SIGKILL)
    assert not psutil.wait_procs(ranks.values(), LONG)[1]
    jobs.restart()
    assert ended(jobs, job).state == "failed"


def test_a_stopped_training_has_no_process_left_and_can_be_resumed(jobs: Jobs, make_context: Run) -> None:
    job = training(jobs, submit(jobs, make_context(ENDLESS, processes=2)))
    assert jobs.manager.stop(job).message == "Stopped on request."
    assert ended(jobs, job).state == "stopped"
    context = make_context(SHORT, processes=2, resume_epoch=1)
    job = ended(jobs, submit(jobs, context))
    assert job.state == "done", job.message
    assert {line["Epoch"] for line in metrics_of(context)} == {1, 2}


def test_an_image_that_one_process_cannot_read_is_named(jobs: Jobs, make_context: Run, workspace: Path) -> None:
    # Only the first process reads the validation split.
    sample = datasets.samples(workspace / "datasets/D0001", "classification", "val")[0]
    scramble(sample.image)
    job = ended(jobs, submit(jobs, make_context(ENDLESS, processes=2)))
    assert job.state == "failed"
    assert re.match(rf"Rank 0 of 2 processes failed: The image .*{sample.image.name}", job.message)


def test_a_loss_that_is_no_number_fails_in_all_processes(jobs: Jobs, make_context: Run) -> None:
    job = ended(jobs, submit(jobs, make_context({"learning_rate": 1e38, "lr_policy": "Linear"}, processes=2)))
    assert (job.state, job.reason) == ("failed", "nan_loss")
    assert "lower learning_rate" in job.message


def test_a_port_that_was_taken_meanwhile_is_replaced(plain: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    free = launcher._free_endpoints
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        taken = [f"127.0.0.1:{foreign.getsockname()[1]}"]
        monkeypatch.setattr(launcher, "_free_endpoints", lambda size: (taken and [taken.pop(), *free(1)]) or free(size))
        context = plain(2, 1)
        trained(context)
    assert not taken
    assert "Bind network" in context.log_file.read_text()
    assert [line["Epoch"] for line in metrics_of(context, "eval")] == [1]


def test_a_world_of_another_size_is_refused() -> None:
    alone = (
        "from paddlex_restful.jobs.context import JobFailed\n"
        "from paddlex_restful.training.parallel import World\n"
        "try:\n    World.join(2, lambda: None)\n"
        "except JobFailed as error:\n    print(error.reason, error)\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PADDLE_")}
    done = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, timeout=LONG, env=environment)
    assert "world_size 1 processes train together in place of the 2" in done.stdout, done.stderr


def in_two(context: JobContext, function: str) -> Any:
    write_atomically(context.folder / JOB_FILE, {**vars(context), "engine": True}, durable=False)
    return launcher.run(context, f"{rank_toys.__name__}:{function}", 2)


def test_gradients_are_averaged_also_where_a_process_has_none(make_context: Run) -> None:
    assert in_two(make_context(), "average") == [[1.5, 1.5], [4.0, 4.0], None, None]


def test_what_the_first_process_says_is_heard_by_all(make_context: Run) -> None:
    assert in_two(make_context(), "first_says") == [True, False, True]


def test_the_end_of_one_that_is_waited_for_is_the_cause(make_context: Run) -> None:
    with pytest.raises(JobFailed, match="Rank 0 of 2 processes failed: The process was killed by signal 9"):
        in_two(make_context(), "leave_the_other_waiting")


@pytest.mark.parametrize(
    ("size", "count", "batch_size", "sizes"),
    [
        (1, 8, 4, [[4, 4]]),
        (1, 9, 4, [[3, 3, 3]]),
        (1, 7, 4, [[3, 4]]),
        (1, 17, 8, [[5, 6, 6]]),
        (1, 3, 4, [[3]]),
        (1, 2, 1, [[1, 1]]),
        (1, 5, 2, [[2, 3]]),
        (1, 1, 4, [[1]]),
        (2, 20, 8, [[3, 4, 4], [3, 3, 3]]),
        (2, 19, 8, [[3, 3, 4], [3, 3, 3]]),
        (2, 21, 8, [[4, 4, 4], [3, 3, 3]]),
        (3, 10, 6, [[4], [3], [3]]),
        (2, 5, 2, [[1, 2], [1, 1]]),
    ],
)
def test_batches_are_nearly_equal_and_no_process_has_a_single_image(
    size: int, count: int, batch_size: int, sizes: list[list[int]]
) -> None:
    order = np.random.default_rng(0).permutation(count)
    worlds = [World(rank, size) for rank in range(size)]
    shares = [list(world.shares(order, batch_size)) for world in worlds]
    assert [[len(indices) for indices, _ in each] for each in shares] == sizes
    assert {world.steps(count, batch_size) for world in worlds} == {len(sizes[0])}
    for batch in zip(*shares, strict=True):
        assert sum(weight for _, weight in batch) == pytest.approx(size)
        whole = sum(len(indices) for indices, _ in batch)
        assert [weight for _, weight in batch] == pytest.approx([len(indices) * size / whole for indices, _ in batch])
    assert sorted(np.concatenate([indices for each in shares for indices, _ in each])) == list(range(count))


def test_too_few_images_for_the_processes_are_told(make_context: Run) -> None:
    context = make_context()
    count = len(datasets.samples(context.path("datasets/D0001"), "classification", "train"))
    with pytest.raises(JobFailed, match=f"holds {count} image.* at least 40"):
        train._train(context, World(0, 20))
    assert progress_of(context)["stage"] == "preparing"

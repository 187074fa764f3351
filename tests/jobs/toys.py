"""Small kinds of jobs that the tests run in real processes."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from paddlex_restful.durable import write_durably
from paddlex_restful.jobs import launcher
from paddlex_restful.jobs.context import JobContext, JobFailed
from paddlex_restful.jobs.files import OUTCOME_FILE
from paddlex_restful.jobs.kinds import Kind
from paddlex_restful.jobs.rank import rank_folder


def add(context: JobContext) -> dict[str, Any]:
    context.progress(stage="adding", percent=50)
    context.progress(percent=100)
    print("加 added")
    return {"sum": sum(context.args["numbers"])}


def patient(context: JobContext) -> None:
    """Runs until it is asked to stop."""
    steps = 0
    while True:
        context.check_stop()
        steps += 1
        context.progress(stage="training", step=steps)
        time.sleep(0.01)


def _work_for_ever(folder: str) -> None:
    Path(folder, f"worker-{os.getpid()}").touch()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def with_workers(context: JobContext) -> None:
    """Like a trainer with the workers of a data loader."""
    _start_workers(context)
    patient(context)


def _start_workers(context: JobContext) -> None:
    for _ in range(2):
        multiprocessing.Process(target=_work_for_ever, args=(str(context.folder),), daemon=True).start()


def stubborn_with_workers(context: JobContext) -> None:
    _start_workers(context)
    stubborn(context)


def stubborn(context: JobContext) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    context.progress(stage="deaf", flush=True)
    while True:
        time.sleep(1)


def fail(context: JobContext) -> None:
    raise JobFailed("check", "The file {name} is wrong.", name="a b.png")


def note(context: JobContext) -> None:
    """Leaves a file that tells when it began and when it ended, on the clock of the whole machine."""
    began = time.monotonic_ns()
    time.sleep(context.args["seconds"])
    write_durably(context.root / "notes" / context.subject, f"{began} {time.monotonic_ns()}".encode())


def claim(context: JobContext) -> dict[str, int]:
    """Tells by files whether it ran more than once, or beside another on a GPU; works for a while, or until stopped."""
    evidence = context.root / "evidence"
    try:
        with (evidence / context.subject).open("x") as file:
            file.write(str(time.monotonic_ns()))
    except FileExistsError:
        (evidence / f"{context.subject}.twice").touch()
    # The system gives the locks back when the last process of the job is gone.
    locks = [(evidence / f"gpu-{gpu}.lock").open("a") for gpu in context.gpus]
    try:
        for lock in locks:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        (evidence / f"{context.subject}.beside").touch()
    if context.args["worker"]:
        multiprocessing.Process(target=_work_for_ever, args=(str(context.folder),), daemon=True).start()
    end = time.monotonic() + context.args["seconds"]
    while time.monotonic() < end:
        context.check_stop()
        time.sleep(0.005)
    return {"number": context.args["number"]}


def crash(context: JobContext) -> None:
    raise ValueError("a surprise")


def exit_early(context: JobContext) -> None:
    sys.exit(7)


def vanish(context: JobContext) -> None:
    os._exit(5)


def lack_package(context: JobContext) -> None:
    import paddle_of_tomorrow  # noqa: F401


def hoard(context: JobContext) -> None:
    """Asks for more memory than the process may have."""
    _limit_memory()
    np.ones(2**31)


def hoard_in_paddle(context: JobContext) -> None:
    import paddle

    paddle.zeros([1])
    _limit_memory()
    paddle.ones([2**31])


def _limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, resource.RLIM_INFINITY))


def misfit(context: JobContext) -> None:
    """Shows a net images of a shape that it was not made for."""
    import paddle

    paddle.nn.Sequential(paddle.nn.Conv2D(3, 8, 3), paddle.nn.Flatten(), paddle.nn.Linear(8, 2))(
        paddle.rand([2, 3, 16, 16])
    )


def fill_disk(context: JobContext) -> None:
    """Saves weights where there is no room."""
    import paddle

    full = context.folder / "model.pdparams"
    full.symlink_to("/dev/full")
    paddle.save(paddle.nn.Linear(512, 512).state_dict(), str(full))


def segfault(context: JobContext) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def look(context: JobContext) -> dict[str, Any]:
    """What a job's process looks like from inside."""
    descriptors = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            descriptors[link.name] = str(link.readlink())
        except FileNotFoundError:
            continue
    return {
        "modules": sorted(sys.modules),
        "descriptors": descriptors,
        "session": os.getsid(0),
        "group": os.getpgid(0),
        "pid": os.getpid(),
        "visible": os.environ["CUDA_VISIBLE_DEVICES"],
        "threads": os.environ["OMP_NUM_THREADS"],
        "kernels": os.environ.get("MKL_DEBUG_CPU_TYPE"),
        "start_method": multiprocessing.get_start_method(),
        "root": str(context.root),
        "log": str(context.log_file),
    }


def count_threads(context: JobContext) -> dict[str, int]:
    """How many threads paddle computes with."""
    import paddle
    import threadpoolctl

    paddle.nn.Conv2D(3, 8, 3)(paddle.rand([2, 3, 32, 32]))
    return {pool["prefix"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}


def train_net(context: JobContext) -> None:
    """A tiny training with a data loader's workers, until it is asked to stop."""
    import paddle
    from paddle.io import DataLoader, Dataset

    class Noise(Dataset):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            return [float(index)] * 8

        def __len__(self) -> int:
            return 64

    net = paddle.nn.Linear(8, 2)
    optimizer = paddle.optimizer.SGD(0.01, parameters=net.parameters())
    step = 0
    while True:
        for batch in DataLoader(Noise(), batch_size=8, num_workers=2):
            context.check_stop()
            loss = net(paddle.stack(batch, axis=1).astype("float32")).mean()
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            step += 1
            context.progress(step=step, loss=float(loss))


def in_ranks(context: JobContext) -> dict[str, Any] | None:
    """Runs ``function`` in two or more processes; waits as long as it takes for the cause of a lost connection."""
    launcher._CAUSE = 300.0
    return launcher.run(context, f"{__name__}:{context.args['function']}", context.args.get("size", 2))


def rank_of(context: JobContext) -> int:
    return int(os.environ["PADDLE_TRAINER_ID"])


def tell(context: JobContext) -> dict[str, Any]:
    """What a rank sees."""
    names = ("CUDA_VISIBLE_DEVICES", "FLAGS_selected_gpus", "OMP_NUM_THREADS", "PADDLE_TRAINERS_NUM", "MASTER_PORT")
    names += ("PADDLE_TRAINER_ENDPOINTS", "PADDLE_CURRENT_ENDPOINT", "PADDLE_DISTRI_BACKEND")
    context.progress(rank=rank_of(context), group=os.getpgid(0), gpus=context.gpus, flush=True)
    print("told", flush=True)
    return {name: os.environ.get(name) for name in names}


def failing_ranks(context: JobContext) -> None:
    """The ranks in ``how`` end in their ways, the others are patient."""
    how = context.args["how"].get(str(rank_of(context)))
    if how == "raise":
        raise JobFailed("check", "The file {name} is wrong.", name="a b.png")
    if how == "exit":
        os._exit(5)
    if how == "vanish":
        os._exit(0)
    if how == "lost":
        raise JobFailed(launcher.CONNECTION, "The connection broke.")
    if how == "after the first":
        first = rank_folder(context.folder.parent, 0) / OUTCOME_FILE
        while not first.exists():
            time.sleep(0.01)
        raise JobFailed("check", "The file {name} is wrong.", name="a b.png")
    if how == "lonely":
        raise JobFailed(launcher.RENDEZVOUS, "Nobody is there.")
    if how == "late":
        until_asked = Path(context.folder, "go")
        while not until_asked.exists():
            time.sleep(0.01)
        return
    stubborn(context)


def _kind(name: str, **needs: bool) -> Kind:
    return Kind(f"tests.jobs.toys:{name}", **{"engine": False, **needs})


KINDS = {
    "train": _kind("patient", heavy=True),
    "small": _kind("add"),
    "patient": _kind("patient"),
    "with_workers": _kind("with_workers"),
    "stubborn": _kind("stubborn"),
    "stubborn_with_workers": _kind("stubborn_with_workers"),
    "fail": _kind("fail"),
    "note": _kind("note"),
    "heavy_note": _kind("note", heavy=True),
    "claim": _kind("claim"),
    "heavy_claim": _kind("claim", heavy=True),
    "crash": _kind("crash"),
    "exit_early": _kind("exit_early"),
    "vanish": _kind("vanish"),
    "lack_package": _kind("lack_package"),
    "hoard": _kind("hoard"),
    "segfault": _kind("segfault"),
    "hoard_in_paddle": _kind("hoard_in_paddle", engine=True),
    "misfit": _kind("misfit", engine=True),
    "fill_disk": _kind("fill_disk", engine=True),
    "look": _kind("look"),
    "in_ranks": _kind("in_ranks"),
    "train_net": _kind("train_net", engine=True),
    "count_threads": _kind("count_threads", engine=True),
}

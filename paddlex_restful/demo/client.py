"""From a folder of pictures to an exported model, through HTTP alone: an example of a client.

It needs nothing of the server's package but its sentences; ``requests`` makes the calls, ``tqdm`` draws the bar.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

from paddlex_restful.demo.plans import Plan
from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

POLL_SECONDS = 0.2
CALL_SECONDS = 60
STAGE_SECONDS = 300
TRAINING_SECONDS = 1800

# The status numbers of the interface that are waited for: done, and failed.
IMPORTED, SPLIT, IMPORT_FAILED = 4, 6, {2, 5}
TRAINED, TRAINING_FAILED = {4}, {8, 9, 10}
EVALUATED, EVALUATION_FAILED = {5}, {12}
PREDICTED, PREDICTION_FAILED = {1}, {2}
EXPORTED, EXPORT_FAILED = {7}, {13}


class Client:
    """Makes the calls of a server.

    Args:
        url: address of the server, such as ``http://127.0.0.1:8080``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(self, method: str, path: str, /, **arguments: Any) -> dict[str, Any]:
        """Make one call.

        Args:
            method: GET, POST, PUT or DELETE.
            path: such as ``/dataset``.
            arguments: of the call, sent as a JSON object.

        Returns:
            The answer.

        Raises:
            UserError: the server does not answer, or refuses; then with its own sentence.
        """
        answer: dict[str, Any] = self._request(method, path, arguments)
        return answer

    def document(self, path: Path) -> Any:
        """The content of a JSON file of the server, which ``GET /file`` answers as it is.

        Raises:
            UserError: as ``call``.
        """
        return self._request("GET", "/file", {"path": str(path)})

    def _request(self, method: str, path: str, arguments: Mapping[str, Any]) -> Any:
        try:
            answer = self._session.request(method, self.url + path, json=arguments, timeout=CALL_SECONDS).json()
        except requests.RequestException:
            raise UserError(messages.NO_ANSWER, method=method, path=path, url=self.url) from None
        if isinstance(answer, dict) and answer.get("status", 1) != 1:
            raise UserError(messages.REFUSED, method=method, path=path, message=answer["message"])
        return answer

    def wait(
        self,
        stage: str,
        path: str,
        key: str,
        done: Collection[int],
        failed: Collection[int],
        seconds: float = STAGE_SECONDS,
        watch: Callable[[], None] = lambda: None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Ask for a status until it says that something is done.

        Args:
            stage: name of what is waited for.
            path: the call with GET that tells the status.
            key: the field of its answer that holds the status.
            done: statuses that end the waiting.
            failed: statuses that end it with an error.
            seconds: how long to wait at most.
            watch: called after each question.
            arguments: of the call.

        Returns:
            The last answer.

        Raises:
            UserError: it failed, or took too long.
        """
        deadline = time.monotonic() + seconds
        while True:
            answer = self.call("GET", path, **arguments)
            watch()
            if answer[key] in done:
                return answer
            if answer[key] in failed:
                raise UserError(messages.STAGE_FAILED, stage=stage, message=answer["message"])
            if time.monotonic() > deadline:
                raise UserError(messages.TOO_LONG, stage=stage, seconds=seconds)
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


@dataclass
class Outcome:
    """What the demo came to.

    Attributes:
        figure: how good the model is on the test pictures, from 0 to 1.
        test_images: number of the test pictures.
        shown: what was said of a test picture.
        files: what was made, by name.
        seconds: how long each stage took, by name, in order.
    """

    figure: float = 0.0
    test_images: int = 0
    shown: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a stage."""
        print(f"· {name}", flush=True)
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def run_demo(client: Client, plan: Plan, pictures: Path, export_dir: Path) -> Outcome:
    """Train, evaluate, try and export a model.

    Args:
        client: of a server that can read the folders.
        plan: what to do.
        pictures: a folder with a dataset of the plan's project type.
        export_dir: a new folder for the exported model.

    Returns:
        What it came to.

    Raises:
        UserError: a call was refused, or a stage failed.
    """
    outcome = Outcome()
    dataset = import_pictures(client, plan, pictures, outcome)
    outcome.test_images = len(dataset.test)

    with outcome.stage("create"):
        pid = make_project(client, plan, dataset)
        tid, params = make_task(client, plan, pid)

    with outcome.stage("train"):
        train(client, tid, params, dataset)
    task = client.call("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]
    outcome.files["best model"] = Path(task["path"], "output", "best_model")

    with outcome.stage("evaluate"):
        client.call("POST", "/project/task/evaluate", tid=tid, **plan.evaluation)
        path = "/project/task/evaluate"
        answer = client.wait("evaluation", path, "evaluate_status", EVALUATED, EVALUATION_FAILED, tid=tid)
        outcome.figure = answer["result"][plan.figure.key] or 0.0
    with outcome.stage("report"):
        outcome.files["Excel report"] = Path(client.call("GET", "/project/task/evaluate/file", tid=tid)["path"])

    with outcome.stage("predict"):
        picture = dataset.test[0]
        image_data = client.call("GET", "/file", path=str(dataset.folder / picture))["img_data"]
        drawn = Path(client.call("POST", "/project/task/predict", tid=tid, image_data=image_data)["path"])
        path = "/project/task/predict"
        client.wait("prediction", path, "predict_status", PREDICTED, PREDICTION_FAILED, tid=tid)
        outcome.files["prediction"] = drawn
        [prediction] = client.document(drawn.with_name("result.json"))
        outcome.shown = f"{picture}: {plan.describe(prediction)}"

    with outcome.stage("export"):
        export(client, tid, export_dir, type="infer")
        outcome.files["inference model"] = export_dir
    return outcome


@dataclass(frozen=True)
class Dataset:
    """A dataset that is imported and split.

    Attributes:
        did: its id.
        folder: where it lies on the server.
        train: names of the pictures to learn from.
        test: names of those that the model is judged by.
    """

    did: str
    folder: Path
    train: list[str]
    test: list[str]


def import_pictures(client: Client, plan: Plan, pictures: Path, outcome: Outcome) -> Dataset:
    """Make a dataset of a folder of pictures, split."""
    with outcome.stage("import"):
        named = {"name": plan.subject, "desc": "", "dataset_type": plan.project_type}
        did = client.call("POST", "/dataset", **named)["did"]
        client.call("PUT", "/dataset", did=did, path=str(pictures))
        imported = ("/dataset", "dataset_status", {IMPORTED, SPLIT}, IMPORT_FAILED)
        answer = client.wait("import", *imported, did=did)
    with outcome.stage("split"):
        if answer["dataset_status"] != SPLIT:
            client.call("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.2)
        details = client.call("GET", "/dataset/details", did=did)["details"]
    return Dataset(did, Path(answer["attr"]["path"]), details["train_files"], details["test_files"])


def make_project(client: Client, plan: Plan, dataset: Dataset) -> str:
    """Make a project on a dataset, and give its id."""
    pid: str = client.call("POST", "/project", name=plan.subject, desc="", project_type=plan.project_type)["pid"]
    client.call("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": dataset.did})
    return pid


def make_task(client: Client, plan: Plan, pid: str) -> tuple[str, dict[str, Any]]:
    """Make a task of a plan, and give its id and its training parameters."""
    defaults = client.call("GET", "/project/task/params", pid=pid, model_type=plan.params["model"])["train"]
    params = {**defaults, **plan.params}
    return client.call("POST", "/project/task", pid=pid, train=params, desc="")["tid"], params


def train(client: Client, tid: str, params: Mapping[str, Any], dataset: Dataset, **goal: float) -> None:
    """Train a task to its end and show how far it is.

    Args:
        client: of the server.
        tid: the task.
        params: its training parameters.
        dataset: what it learns from.
        goal: further arguments of the call.

    Raises:
        UserError: it is refused, fails or takes too long.
    """
    client.call("POST", "/project/task/train", tid=tid, **goal)
    with _Bar(client, tid, params, len(dataset.train)) as bar:
        statuses = ("/project/task", "task_status", TRAINED, TRAINING_FAILED, TRAINING_SECONDS)
        client.wait("training", *statuses, watch=bar.update, tid=tid)


def export(client: Client, tid: str, save_dir: Path, **wish: Any) -> dict[str, Any]:
    """Export the model of a task.

    Args:
        client: of the server.
        tid: the task.
        save_dir: a new folder.
        wish: further arguments of the call.

    Returns:
        What is known of the export.

    Raises:
        UserError: it is refused, fails or takes too long.
    """
    client.call("POST", "/project/task/export", tid=tid, save_dir=str(save_dir), **wish)
    return client.wait("export", "/project/task/export", "export_status", EXPORTED, EXPORT_FAILED, tid=tid)


class _Bar:
    """The progress of a training: a bar in a terminal, a line an epoch where the output goes to a file.

    Args:
        client: of the server.
        tid: the task.
        train: its training parameters.
        images: how many it trains on.
    """

    def __init__(self, client: Client, tid: str, train: Mapping[str, Any], images: int) -> None:
        self._client = client
        self._tid = tid
        self._steps = -(-images // train["batch_size"])
        self._epochs = train["num_epochs"]
        self._epoch = 0
        self._bar = tqdm(
            total=self._epochs * self._steps,
            desc="starting",
            bar_format="  {percentage:3.0f}% |{bar}| {desc}",
            dynamic_ncols=True,
            disable=not sys.stderr.isatty(),
        )

    def update(self) -> None:
        """Ask how far the training is and show it, if it is news."""
        log = self._client.call("GET", "/project/task/metrics", tid=self._tid, type="train")["train_log"]
        metrics = log["train_metrics"]
        epoch = 0
        if metrics is None:
            text = log["train_stage"] or "starting"
        else:
            epoch = metrics["Epoch"]
            text = f"epoch {epoch}/{self._epochs}, step {metrics['Step']}/{self._steps}, loss {metrics['loss']:.3f}"
            if log["eta"] is not None:
                text += f", {tqdm.format_interval(log['eta'])} left"
            self._bar.n = min(self._bar.total, (epoch - 1) * self._steps + metrics["Step"])
        if not self._bar.disable and text != self._bar.desc:
            self._bar.set_description_str(text)
        elif self._bar.disable and epoch != self._epoch:
            print(f"  {text}", flush=True)
        self._epoch = epoch

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.close()

"""From a folder of pictures to an exported classifier, through HTTP alone: an example of a client.

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

from paddlex_restful.errors import UserError
from paddlex_restful.messages import demo as messages

POLL_SECONDS = 0.2
CALL_SECONDS = 60
STAGE_SECONDS = 300
TRAINING_SECONDS = 1800

DIGIT_PARAMS: Mapping[str, Any] = {
    "model": "ResNet18",
    "image_shape": [32, 32],
    "num_epochs": 5,
    "batch_size": 32,
    "learning_rate": 0.02,
    "lr_policy": "Cosine",
    "warmup_steps": 30,
    "save_interval_epochs": 3,
    # Nothing is downloaded.
    "pretrain_weights": None,
    # A digit in a mirror or upside down is another digit or none, and scanned ink has one colour.
    "horizontal_flip": False,
    "vertical_flip": False,
    "rotate_range": 10,
    "brightness": False,
    "contrast": False,
}
"""What the digits need otherwise than the model's defaults say: 0.98 and more within two minutes on two cores."""

# The status numbers of the interface that are waited for: done, and failed.
IMPORTED, IMPORT_FAILED = {4, 6}, {2, 5}
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
        accuracy: share of the test pictures that are recognised.
        test_images: number of the test pictures.
        shown: the test picture that was predicted, and the class it was taken for.
        files: what was made, by name.
        seconds: how long each stage took, by name, in order.
    """

    accuracy: float = 0.0
    test_images: int = 0
    shown: tuple[str, str] = ("", "")
    files: dict[str, Path] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Take the time of a stage."""
        print(f"· {name}", flush=True)
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def run_demo(client: Client, pictures: Path, export_dir: Path, params: Mapping[str, Any] = DIGIT_PARAMS) -> Outcome:
    """Train, evaluate, try and export a classifier.

    Args:
        client: of a server that can read the folders.
        pictures: a folder with a folder of pictures a class.
        export_dir: a new folder for the exported model.
        params: the model, and changes to its default parameters.

    Returns:
        What it came to.

    Raises:
        UserError: a call was refused, or a stage failed.
    """
    outcome = Outcome()
    with outcome.stage("import"):
        did = client.call("POST", "/dataset", name="digits", desc="", dataset_type="classification")["did"]
        client.call("PUT", "/dataset", did=did, path=str(pictures))
        client.wait("import", "/dataset", "dataset_status", IMPORTED, IMPORT_FAILED, did=did)
    with outcome.stage("split"):
        client.call("PUT", "/dataset/split", did=did, val_split=0.2, test_split=0.2)
        details = client.call("GET", "/dataset/details", did=did)["details"]
        dataset = Path(client.call("GET", "/dataset", did=did)["attr"]["path"])
        outcome.test_images = len(details["test_files"])

    with outcome.stage("create"):
        project = {"name": "digits", "desc": "", "project_type": "classification"}
        pid = client.call("POST", "/project", **project)["pid"]
        client.call("PUT", "/workspace", struct="project", id=pid, attr_dict={"did": did})
        defaults = client.call("GET", "/project/task/params", pid=pid, model_type=params["model"])["train"]
        train = {**defaults, **params}
        tid = client.call("POST", "/project/task", pid=pid, train=train, desc="")["tid"]

    with outcome.stage("train"):
        client.call("POST", "/project/task/train", tid=tid)
        with _Bar(client, tid, train, len(details["train_files"])) as bar:
            statuses = ("/project/task", "task_status", TRAINED, TRAINING_FAILED, TRAINING_SECONDS)
            client.wait("training", *statuses, watch=bar.update, tid=tid)
    task = client.call("GET", "/workspace", struct="task", id=tid, attr_list=["path"])["attr"]
    outcome.files["best model"] = Path(task["path"], "output", "best_model")

    with outcome.stage("evaluate"):
        client.call("POST", "/project/task/evaluate", tid=tid, topk=2)
        path = "/project/task/evaluate"
        answer = client.wait("evaluation", path, "evaluate_status", EVALUATED, EVALUATION_FAILED, tid=tid)
        outcome.accuracy = answer["result"]["Acc1"]
    with outcome.stage("report"):
        outcome.files["Excel report"] = Path(client.call("GET", "/project/task/evaluate/file", tid=tid)["path"])

    with outcome.stage("predict"):
        picture = dataset / details["test_files"][0]
        image_data = client.call("GET", "/file", path=str(picture))["img_data"]
        drawn = Path(client.call("POST", "/project/task/predict", tid=tid, image_data=image_data)["path"])
        path = "/project/task/predict"
        client.wait("prediction", path, "predict_status", PREDICTED, PREDICTION_FAILED, tid=tid)
        outcome.files["prediction"] = drawn
        [prediction] = client.document(drawn.with_name("result.json"))
        outcome.shown = (picture.parent.name, prediction["category"])

    with outcome.stage("export"):
        client.call("POST", "/project/task/export", tid=tid, type="infer", save_dir=str(export_dir))
        client.wait("export", "/project/task/export", "export_status", EXPORTED, EXPORT_FAILED, tid=tid)
        outcome.files["inference model"] = export_dir
    return outcome


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

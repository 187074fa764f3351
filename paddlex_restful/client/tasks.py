"""Tasks: training, and what is done with a trained model."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

from paddlex_restful.client.entries import Entry
from paddlex_restful.client.errors import ClientError, JobFailed
from paddlex_restful.client.events import Event, follow
from paddlex_restful.client.predicting import Prediction, predict_now
from paddlex_restful.client.transport import Transport
from paddlex_restful.client.waiting import Bar, training_text, wait_until
from paddlex_restful.enums import PredictStatus, PruneStatus, TaskStatus
from paddlex_restful.messages import client as sentences

_TRAINS = {TaskStatus.XINIT, TaskStatus.XDOWNLOADING, TaskStatus.XTRAINING, TaskStatus.XPRUNETRAIN}
_NOT_TRAINED = {TaskStatus.XTRAINEXIT, TaskStatus.XDOWNLOADFAIL, TaskStatus.XTRAINFAIL}
_PAGE = 1000


class Task(Entry):
    """A task on the server.

    Attributes:
        id: such as ``T0001``.
    """

    _struct = "task"

    def _call(self, method: str, path: str, /, **arguments: Any) -> Any:
        return self._transport.call(method, path, {"tid": self.id, **arguments})

    def info(self) -> dict[str, Any]:
        """``task_status``, ``message``, ``type``, ``resumable`` and ``max_saved_epochs``."""
        found: dict[str, Any] = self._call("GET", "/project/task", resume=True)
        return found

    def attributes(self) -> dict[str, Any]:
        """Its name, description, folder on the server and the like."""
        found: dict[str, Any] = self._transport.call("GET", "/workspace", {"struct": "task", "id": self.id})["attr"]
        return found

    @property
    def status(self) -> TaskStatus:
        """How it stands."""
        return TaskStatus(self._call("GET", "/project/task")["task_status"])

    def params(self) -> dict[str, Any]:
        """Its training parameters."""
        found: dict[str, Any] = self._call("GET", "/project/task/params")["train"]
        return found

    def set_params(self, **changes: Any) -> None:
        """Change training parameters before it is trained."""
        self._call("POST", "/project/task/params", train={**self.params(), **changes})

    def delete(self) -> None:
        """Delete it and its models; nothing of it may run."""
        self._call("DELETE", "/project/task")

    def train(self, *, pruned_flops: float | None = None, eval_metric_loss: float | None = None) -> None:
        """Start the training from its first epoch; ``wait`` for its end.

        Args:
            pruned_flops: for a task with a parent: the share of its FLOPs to remove.
            eval_metric_loss: for a task with a parent: the loss of the metric, as a share of it, that each layer may
                cost.
        """
        self._call("POST", "/project/task/train", pruned_flops=pruned_flops, eval_metric_loss=eval_metric_loss)

    def stop(self) -> None:
        """Stop the training; saved epochs stay."""
        self._call("PUT", "/project/task/train", act="stop")

    def resume(self, epoch: int | None = None) -> None:
        """Have a stopped or failed training go on.

        Args:
            epoch: the saved epoch to go on from; the last one if None.
        """
        self._call("PUT", "/project/task/train", act="resume", epoch=epoch)

    def train_log(self) -> dict[str, Any]:
        """How the training stands: ``train_stage``, ``train_metrics``, ``eta`` (seconds) and more."""
        found: dict[str, Any] = self._call("GET", "/project/task/metrics", type="train")["train_log"]
        return found

    def metrics(self) -> dict[str, Any]:
        """The metric of each epoch that was evaluated while it trained, and the best of them."""
        found: dict[str, Any] = self._call("GET", "/project/task/metrics", type="eval_all")
        return found

    def events(self) -> Iterator[Event]:
        """What happens in the task, from the first line of its training on, without an end."""
        return follow(self._transport, self.id)

    def wait(
        self, timeout: float | None = None, *, bar: bool = True, watch: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """Wait for the end of the training.

        Args:
            timeout: seconds to wait at most; None waits as long as it takes.
            bar: show a bar, if on a terminal.
            watch: is given ``train_log`` at each look.

        Returns:
            The same as ``info``.

        Raises:
            JobFailed: it failed or was stopped.
            TookTooLong: it still runs.
        """
        epochs = int(self.params()["num_epochs"])
        with Bar(epochs, "epoch", "starting", bar) as shown:

            def look() -> dict[str, Any]:
                seen = self.info()
                log = self.train_log()
                if log["train_stage"] is None and seen["task_status"] in _TRAINS:
                    raise ClientError(sentences.NOT_STARTED, what="The training")
                if log["train_metrics"] is not None:
                    through = int(log["train_metrics"]["Epoch"]) - (log["train_stage"] != "complete")
                    shown.show(through, training_text(log, epochs))
                if watch is not None:
                    watch(log)
                return seen

            answer = wait_until("training", look, lambda seen: seen["task_status"] not in _TRAINS, timeout)
        if answer["task_status"] in _NOT_TRAINED:
            raise JobFailed("training", answer["message"], self.train_log()["log_tail"])
        return answer

    def evaluate(
        self,
        *,
        epoch: int | None = None,
        topk: int = 5,
        score_thresh: float = 0.5,
        overlap_thresh: float = 0.3,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Measure the model on images that it did not learn from, and wait for the result.

        Args:
            epoch: a saved epoch; the best one if None.
            topk: how many guesses count for the top-k accuracy.
            score_thresh: lowest score of an object.
            overlap_thresh: lowest IoU with the true object.
            timeout: seconds to wait at most.

        Raises:
            JobFailed: it failed.
            TookTooLong: it still runs.
        """
        thresholds = {"score_thresh": score_thresh, "overlap_thresh": overlap_thresh}
        self._call("POST", "/project/task/evaluate", epoch=epoch, topk=topk, **thresholds)
        answer = self._ended("evaluation", "/project/task/evaluate", "evaluate_status", TaskStatus.XEVALUATING, timeout)
        if answer["evaluate_status"] != TaskStatus.XEVALUATED:
            raise JobFailed("evaluation", answer["message"], answer["log_tail"])
        result: dict[str, Any] = answer["result"]
        return result

    def report(self) -> str:
        """Write the result of the evaluation as an Excel file; gives its path on the server."""
        return str(self._call("GET", "/project/task/evaluate/file")["path"])

    def errors(self, offset: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """The images that the evaluated model was wrong about, worst first."""
        found: list[dict[str, Any]] = self._call("GET", "/project/task/evaluate/errors", offset=offset, limit=limit)[
            "errors"
        ]
        return found

    def error_picture(self, image: str) -> bytes:
        """An evaluated image with its labels beside the answer of the model, as PNG.

        Args:
            image: path relative to the dataset, as ``errors`` tells it.
        """
        return base64.b64decode(self._call("GET", "/project/task/evaluate/errors/picture", image=image)["img_data"])

    def predict(
        self,
        picture: str | PurePath | bytes,
        *,
        score_thresh: float = 0.5,
        epoch: int | None = None,
        timeout: float | None = None,
    ) -> Prediction:
        """What the model says of one picture.

        Args:
            picture: a file of this machine, or its bytes.
            score_thresh: lowest score of an object.
            epoch: a saved epoch; the best one if None.
            timeout: seconds to wait at most.

        Raises:
            JobFailed: it failed.
            TookTooLong: it still runs.
        """
        data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        [found] = self._predict(score_thresh, epoch, timeout, image_data=base64.b64encode(data).decode("ascii"))
        return found

    def predict_now(
        self,
        picture: str | PurePath | bytes,
        *,
        score_thresh: float = 0.5,
        epoch: int | None = None,
        drawn: bool = False,
    ) -> Prediction:
        """What the model says of one picture, in one call that keeps nothing of it; many threads may ask at once.

        Args:
            picture: a file of this machine, or its bytes.
            score_thresh: lowest score of an object.
            epoch: a saved epoch; the best one if None.
            drawn: whether the drawn picture is wanted.

        Raises:
            ApiError: it cannot be predicted.
        """
        arguments = {"tid": self.id, "score_thresh": score_thresh, "epoch": epoch}
        return predict_now(self._transport, picture, picture=drawn, **arguments)

    def predict_on_server(
        self,
        pictures: Sequence[str | PurePath] | None = None,
        *,
        score_thresh: float = 0.5,
        epoch: int | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """What the model says of pictures that lie on the server.

        Args:
            pictures: absolute paths there; the test images of the dataset if None.
            score_thresh: lowest score of an object.
            epoch: a saved epoch; the best one if None.
            timeout: seconds to wait at most.

        Returns:
            For each its answer, with ``image`` and the path of a drawn ``picture``, or an ``error``.
        """
        arguments = {} if pictures is None else {"img_list": [str(picture) for picture in pictures]}
        self._start_prediction(score_thresh, epoch, timeout, **arguments)
        return self._predictions()

    def _predict(self, score_thresh: float, epoch: int | None, timeout: float | None, **what: Any) -> list[Prediction]:
        self._start_prediction(score_thresh, epoch, timeout, **what)
        return [Prediction(result, self._drawn(result)) for result in self._predictions()]

    def _start_prediction(self, score_thresh: float, epoch: int | None, timeout: float | None, **what: Any) -> None:
        path = "/project/task/predict"
        self._call("POST", path, score_thresh=score_thresh, epoch=epoch, **what)
        answer = self._ended("prediction", path, "predict_status", PredictStatus.XPRESTART, timeout)
        if answer["predict_status"] != PredictStatus.XPREDONE:
            raise JobFailed("prediction", answer["message"], answer["log_tail"])

    def _predictions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._call("GET", "/project/task/predict/result", offset=len(found), limit=_PAGE)
            found += page["predictions"]
            if len(found) >= page["total"] or not page["predictions"]:
                return found

    def _drawn(self, result: dict[str, Any]) -> bytes | None:
        if "picture" not in result:
            return None
        answer = self._transport.call("GET", "/file", {"path": result["picture"]})
        return base64.b64decode(answer["img_data"])

    def export(
        self,
        save_dir: str | PurePath,
        format: str = "infer",
        *,
        quantised: bool = False,
        epoch: int | None = None,
        timeout: float | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Export the model, and wait until it is there.

        Args:
            save_dir: a new folder of the server, absolute.
            format: infer, onnx or lite.
            quantised: with weights and products of 8 bits.
            epoch: a saved epoch; the best one if None.
            timeout: seconds to wait at most.
            more: further arguments of the call, such as ``opset=13``.

        Returns:
            What is known of the export: ``size``, ``metric``, ``latency_ms`` and more.

        Raises:
            JobFailed: it failed.
            TookTooLong: it still runs.
        """
        arguments = {"save_dir": str(save_dir), "type": format, "quant": quantised, "epoch": epoch, **more}
        self._call("POST", "/project/task/export", **arguments)
        answer = self._ended("export", "/project/task/export", "export_status", TaskStatus.XEXPORTING, timeout)
        if answer["export_status"] != TaskStatus.XEXPORTED:
            raise JobFailed("export", answer["message"], answer["log_tail"])
        return answer

    def prune(self, timeout: float | None = None, *, bar: bool = True) -> dict[str, Any]:
        """Measure what the pruning of each layer costs, and wait for the result.

        Args:
            timeout: seconds to wait at most.
            bar: show a bar, if on a terminal.

        Returns:
            The sensitivities: which share of the FLOPs goes for which loss of the metric.

        Raises:
            JobFailed: it failed or was stopped.
            TookTooLong: it still runs.
        """
        path = "/project/task/prune"
        self._call("POST", path)
        with Bar(100, "%", "pruning analysis", bar) as shown:

            def look() -> dict[str, Any]:
                log = self._call("GET", "/project/task/metrics", type="prune")["prune_log"]
                shown.show(int((log or {}).get("progress") or 0))
                found: dict[str, Any] = self._call("GET", path)
                return found

            working = {PruneStatus.XSPRUNESTART, PruneStatus.XSPRUNEING}
            answer = wait_until("analysis", look, lambda seen: seen["prune_status"] not in working, timeout)
        if answer["prune_status"] != PruneStatus.XSPRUNEDONE:
            raise JobFailed("analysis", answer["message"])
        found: dict[str, Any] = self._call("GET", "/project/task/metrics", type="sensitivities")
        return found

    def stop_other(self, kind: str) -> None:
        """Stop an analysis (``prune``), a prediction (``predict``) or an export (``export``)."""
        self._call("PUT", f"/project/task/{kind}")

    def log(self, path: str) -> list[str]:
        """The last lines of a log of the server, such as ``log_file`` of an answer."""
        found: list[str] = self._transport.call("GET", "/project/task/train/file", {"path": path})["log"]
        return found

    def visualdl(self) -> str:
        """Start the VisualDL page of its training; gives host and port."""
        return str(self._call("GET", "/project/task/vdl")["url"])

    def _ended(self, what: str, path: str, field: str, working: int, timeout: float | None) -> dict[str, Any]:
        def look() -> dict[str, Any]:
            found: dict[str, Any] = self._call("GET", path)
            return found

        return wait_until(what, look, lambda seen: seen[field] != working, timeout)


class Tasks:
    """The tasks of all projects."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Sequence[dict[str, Any]]:
        """What is told of each, the oldest first."""
        found: list[dict[str, Any]] = self._transport.call("GET", "/project/task", {})["tasks"]
        return found

    def get(self, tid: str) -> Task:
        """The task of an id.

        Raises:
            ApiError: there is none.
        """
        found = Task(self._transport, tid)
        found.info()
        return found

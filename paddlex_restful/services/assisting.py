"""Predictions of one picture, done by a model that stays loaded in the place of a process of their own.

It does what goes well; everything else (a picture that cannot be read, a process that ends) is left to the job's own
process, so that it fails as it always did, with a reason and a log. Should the server be killed meanwhile, the job is
queued again by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddlex_restful.jobs import states
from paddlex_restful.jobs.context import LOG_FILE, PROGRESS_FILE
from paddlex_restful.jobs.files import write_atomically
from paddlex_restful.jobs.job import Job
from paddlex_restful.jobs.scheduler import Conclude
from paddlex_restful.messages import inference as sentences
from paddlex_restful.paths import unmoved
from paddlex_restful.results import MASKS_FOLDER, RESULT_FILE, SINGLE_PICTURE
from paddlex_restful.services import Services
from paddlex_restful.serving import Answer, Model, Request


class WarmPredictions:
    """See ``jobs.scheduler.Assistant``.

    Args:
        services: of the server.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def takes(self, job: Job) -> bool:
        """Predictions of one picture."""
        return job.kind == "predict" and bool(job.args.get("single"))

    def do(self, job: Job, conclude: Conclude) -> bool:
        """Predict the picture, and leave the files that the job would leave."""
        args = job.args
        model = Model.of(args["type"], unmoved(job.root / args["model"]), job.gpus)
        (source,) = args["images"]
        data = unmoved(Path(source)).read_bytes()
        request = Request(data, "image_data", float(args["score_thresh"]), picture=True, mask=True)
        [answer] = self._services.predictors.predict(model, [request], leased=True)
        if answer.error:
            return False
        # Whoever starts another prediction of this task empties the folder, and holds the gate meanwhile.
        with self._services.gate:
            now = self._services.jobs.latest(job.subject, job.kind)
            if now is not None and now.id == job.id and now.state == states.STARTING:
                _write(job, answer)
                conclude({"predicted": 1, "failed": 0})
        return True

    def give_back(self, gpus: Sequence[int]) -> None:
        """End the processes on GPUs that a job has been given."""
        self._services.predictors.give_back(gpus)


def _write(job: Job, answer: Answer) -> None:
    output = unmoved(job.root / job.args["output"])
    (output / SINGLE_PICTURE).write_bytes(answer.files["picture"])
    told = {"image": "image_data", "picture": SINGLE_PICTURE, **answer.told}
    if "mask" in answer.files:
        (output / MASKS_FOLDER).mkdir(exist_ok=True)
        (output / MASKS_FOLDER / SINGLE_PICTURE).write_bytes(answer.files["mask"])
        told["mask"] = f"{MASKS_FOLDER}/{SINGLE_PICTURE}"
    write_atomically(output / RESULT_FILE, [told], durable=True)
    progress = {"stage": "complete", "predict_num": 1, "total_num": 1}
    write_atomically(job.folder / PROGRESS_FILE, progress, durable=False)
    (job.folder / LOG_FILE).write_text(sentences.PREDICTED_WARM + "\n", encoding="utf-8")

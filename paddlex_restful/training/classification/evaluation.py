"""The evaluation of a classifier, whose result is the contract's."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics.classification import Scores, evaluation_result
from paddlex_restful.metrics.curves import classification_counts
from paddlex_restful.training import evaluate
from paddlex_restful.training.classification.prediction import Classifier
from paddlex_restful.training.reporter import log


def run(context: JobContext) -> dict[str, Any]:
    """Evaluates a checkpoint on the test split, or on the validation split where there is no test split.

    Writes into ``output`` the result in the contract's shape with ``epoch`` (as asked, None for the best),
    ``checkpoint_epoch`` (of the weights) and ``split`` (``test`` or ``val``), and what was answered for each image.

    Args:
        context: args ``type``, ``dataset``, ``model``, ``epoch``, ``topk``, ``output``.

    Returns:
        ``split``, ``images`` and ``Acc1``.

    Raises:
        JobFailed: there is no image, an image cannot be read, or the dataset's classes are not the model's.
        JobStopped: the job was asked to stop.
    """
    args = context.args
    context.progress(stage="loading", percent=0)
    dataset = context.path(args["dataset"])
    split, samples = evaluate.evaluation_split(dataset, args["type"])
    classifier = Classifier(context.path(args["model"]))
    evaluate.check_labels(dataset, classifier.labels)

    log(f"Evaluating {classifier.info['model']} on {len(samples)} images of the {split} split")
    context.progress(stage="evaluating")
    parts: list[Scores] = []
    done = 0
    for batch in classifier.scores_of([sample.image for sample in samples]):
        context.check_stop()
        parts.append(batch)
        done += len(batch)
        context.progress(percent=100 * done // len(samples))
    scores = np.concatenate(parts)
    truth = np.array([sample.label for sample in samples], np.int64)

    context.progress(stage="measuring")
    result = evaluation_result(scores, truth, classifier.labels, args["topk"])
    result |= {"epoch": args.get("epoch"), "checkpoint_epoch": classifier.epoch, "split": split}
    predicted = scores.argmax(axis=1)
    predictions = [
        {
            "image": sample.image.relative_to(dataset).as_posix(),
            "label": classifier.labels[true],
            "predicted": classifier.labels[guess],
            "score": float(score),
        }
        for sample, true, guess, score in zip(samples, truth, predicted, scores.max(axis=1), strict=True)
    ]
    curves = {"images": classification_counts(scores, truth, classifier.labels)}
    evaluate.write_evaluation(context.path(args["output"]), result, predictions, curves)
    log(f"acc1={result['Acc1']:.6g}, acc{result['topk']}={result['Acck']:.6g}")
    context.progress(stage="complete", percent=100, flush=True)
    return {"split": split, "images": len(samples), "Acc1": result["Acc1"]}

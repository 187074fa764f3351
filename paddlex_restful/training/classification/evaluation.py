"""How good a classifier is: the figures of the evaluation during training and the evaluation result of the contract."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from paddlex_restful.jobs.context import JobContext
from paddlex_restful.metrics.curves import classification_counts
from paddlex_restful.training import evaluate
from paddlex_restful.training.classification.prediction import Classifier
from paddlex_restful.training.reporter import log

Scores = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


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


def accuracy(scores: Scores, truth: Classes, k: int) -> float:
    """Share of the images whose true class is among the ``k`` with the highest scores.

    Of equal scores the class with the lower index counts as higher, so that a net that answers the same for every
    class is not right by accident. An answer with NaN in it is not right.

    Args:
        scores: shape [images, classes], at least one image.
        truth: shape [images], the index of the true class.
        k: from 1 to the number of classes.
    """
    of_truth = np.take_along_axis(scores, truth[:, None], axis=1)
    lower_index = np.arange(scores.shape[1])[None, :] < truth[:, None]
    rank = (scores > of_truth).sum(axis=1) + ((scores == of_truth) & lower_index).sum(axis=1)
    return float(((rank < k) & ~np.isnan(scores).any(axis=1)).mean())


def evaluation_result(scores: Scores, truth: Classes, labels: Sequence[str], topk: int) -> dict[str, Any]:
    """The evaluation result of a classifier in the contract's shape.

    Precision, recall and F1 are scikit-learn's a class; ``over_all`` is their mean weighted by the images of the
    classes, as in the original. AUC is the area under the ROC curve of the class against all others.

    Args:
        scores: shape [images, classes], probabilities of at least one image.
        truth: shape [images], the index of the true class.
        labels: names of the classes, one for each column of ``scores``.
        topk: how many of the highest scores ``Acck`` allows; more than there are classes counts as all.

    Returns:
        ``Confusion_Matrix`` (rows: truth, columns: prediction), ``PRF1``, ``PRF1_average``, ``Acc1``, ``Acck``,
        ``topk`` and ``label_list``. A figure that cannot be computed is None: the precision of a class that was never
        predicted, recall and AUC of a class without images, AUC where all images are of one class, and a mean that
        needs such a figure.
    """
    # Costs a second to import, which a training that only needs the accuracy is spared.
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    indices = np.arange(len(labels))
    predicted = scores.argmax(axis=1)
    topk = max(1, min(topk, len(labels)))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=indices, zero_division=np.nan
    )
    return {
        "Confusion_Matrix": confusion_matrix(truth, predicted, labels=indices).tolist(),
        "PRF1": {
            label: {
                "precision": _figure(precision[i]),
                "recall": _figure(recall[i]),
                "F1": _figure(f1[i]),
                "auc": _auc(scores[:, i], truth == i),
            }
            for i, label in enumerate(labels)
        },
        "PRF1_average": {
            "over_all": {
                "precision": _weighted_mean(precision, support),
                "recall": _weighted_mean(recall, support),
                "F1": _weighted_mean(f1, support),
            }
        },
        "Acc1": accuracy(scores, truth, 1),
        "Acck": accuracy(scores, truth, topk),
        "topk": topk,
        "label_list": list(labels),
    }


def _auc(scores: Scores, positive: npt.NDArray[np.bool_]) -> float | None:
    from sklearn.metrics import roc_auc_score

    if not positive.any() or positive.all():
        return None
    return float(roc_auc_score(positive, scores))


def _weighted_mean(figures: npt.NDArray[Any], weights: npt.NDArray[Any]) -> float | None:
    counted = weights > 0
    return _figure(np.average(figures[counted], weights=weights[counted]))


def _figure(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

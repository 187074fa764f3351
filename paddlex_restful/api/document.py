"""The calls in words: for ``GET /``, and as ``docs/api.md`` (``python -m paddlex_restful.api.document`` prints it)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import cache
from itertools import groupby
from typing import Any

from paddlex_restful import enums
from paddlex_restful.api.answers import encode
from paddlex_restful.api.calls import CALLS, Arguments, Call

NOTHING = "nothing more"

ANSWERS: Mapping[str, str] = {
    "GET /workspace": "`dirname`; with `struct` and `id`: `attr{…}`, the attributes that were asked for",
    "PUT /workspace": NOTHING,
    "POST /dataset": "`did`",
    "GET /dataset": "with `did`: `id`, `dataset_status`, `message` (an object while images are copied, "
    "`{pid, percent}`), `attr{type, id, name, path, desc, create_time, pids[]}`; without: "
    "`datasets[{id, attr{…}}]`, oldest first, where `attr` has `dataset_status` and `message` in the place of `pids`",
    "PUT /dataset": f"{NOTHING}; `dataset_status` goes from 1 to 3 to 4, or to 6 where the folder brings its own split",
    "DELETE /dataset": NOTHING,
    "PUT /dataset/split": NOTHING,
    "GET /dataset/details": "`details{fields, file_info, label_info, labels, train_files, val_files, test_files, "
    "class_train_file_list, class_val_file_list, class_test_file_list}`; paths are relative to the dataset",
    "GET /dataset/preview": "`samples[{image, img_data}]`, `image` relative to the dataset and `img_data` base64 of a "
    "PNG (in a size that can be looked at); `seed`, which gives the same answer again",
    "GET /dataset/image": "`img_data`, base64",
    "GET /dataset/file": "the bytes",
    "GET /dataset/npy": "`gt_bbox`, `gt_class`, `gt_poly`, `h`, `w`",
    "GET /file": "of a picture: `img_data`, base64; of xml, npy and json: the bytes; of a log: `log[lines]`, or text "
    "where it was asked for with a query string",
    "GET /model/file": "the bytes",
    "GET /project/task/train/file": "`log[lines]`",
    "POST /project": "`pid`",
    "GET /project": "with `id`: `attr{id, name, desc, type, did, path, create_time, tasks{tid: {status}}}`; without: "
    "`projects[{id, attr}]`, whose `attr` has no `tasks`",
    "DELETE /project": NOTHING,
    "POST /project/task": "`tid`",
    "GET /project/task": "with `tid`: `task_status`, `message`, `type`, and with `resume` also `resumable` and "
    "`max_saved_epochs` (-1 for none); without: `tasks[{id, name, desc, pid, path, create_time, status, type}]`",
    "DELETE /project/task": NOTHING,
    "GET /project/task/events": "server-sent events `state`, `progress`, `metrics` and `log`, see [http.md](http.md)",
    "GET /project/task/params": "`train{…}`",
    "POST /project/task/params": NOTHING,
    "GET /project/task/vdl": "`url`, a host and a port",
    "POST /project/task/train": NOTHING,
    "PUT /project/task/train": NOTHING,
    "GET /project/task/metrics": "`train`: `train_log{eta (seconds), train_metrics{Epoch, Step, loss, lr, …}, "
    "eval_metrics, download_status, eval_done, train_error, train_stage, running_duration, log_file, "
    "log_tail[], images_per_second, pruning}`, where `pruning` tells `flops` and `parameters` of a pruned net, each "
    "`before` and `after` (else null), and `log_tail` has the last lines of the log of a training that failed; "
    "`eval`: `eval_metric` and `eval_metrics`, the same object; "
    "`eval_all`: `key`, `epoch_result_dict`, `best_epoch`, `best_result`; "
    "`prune`: `prune_log{eta (seconds), iters, current, progress (percent), log_file}`, null before the first; "
    "`sensitivities`: `sensitivities_loss_img{loss: share}`, the share of the FLOPs that goes when each layer alone "
    "may cost that loss of the metric (as a share of it), `metric` and `baseline`, its value before, "
    "`layers{name: {share of its channels: loss}}` and `channels{name: number}`",
    "POST /project/task/prune": NOTHING,
    "GET /project/task/prune": "`prune_status`, `message`",
    "PUT /project/task/prune": NOTHING,
    "POST /project/task/evaluate": NOTHING,
    "GET /project/task/evaluate": "`evaluate_status` (the status of the task), `message`, `log_file`, `log_tail[]` "
    "(the last lines of the log of an evaluation that failed), `path`, and `result`, null "
    "until it is there; of a classifier: `epoch`, `checkpoint_epoch`, `split`, `label_list`, `Confusion_Matrix`, "
    "`PRF1{label: {precision, recall, F1, auc}}`, `PRF1_average`, `Acc1`, `Acck`, `topk`",
    "GET /project/task/evaluate/file": "`path`, `message`",
    "GET /project/task/evaluate/errors": "`errors[{image, path, picture, error, false_positives, misses, confusions, "
    "items[]}]`, `total` and `images` (how many have errors, and how many were evaluated). `image` is relative to the "
    "dataset, `path` the file, `picture` the address of the call that draws it; `error` goes from 0 to 1, larger is "
    "worse; the three counts are of objects, in segmentation of pixels. An item has `kind` (`false_positive`, `miss`, "
    "`confusion`), `category` (what is there, or null), `predicted` (what was answered, or null) and, where they "
    "exist, `score`, `iou`, `bbox` (x, y, width, height in pixels) and `pixels`",
    "GET /project/task/evaluate/errors/picture": "`img_data`, base64 of a PNG",
    "POST /project/task/predict": "with `image_data`: `path`, where the result picture will be; otherwise it is null",
    "GET /project/task/predict": "`predict_status` (null before the first), `message`, `predict_num`, `total_num`, "
    "`log_file`, `log_tail[]` (the last lines of the log of a prediction that failed)",
    "PUT /project/task/predict": "as GET",
    "GET /project/task/predict/result": "`predictions[]`, in the order of the images, and `total`. Each has `image`, "
    "and `error`, or `picture` (path of the drawn picture) with the answer; of a classifier: `category`, "
    "`category_id`, `score` and `topk[]`, the best of these; of detection and instance segmentation: `size` (width and "
    "height of the image in pixels) and `predictions[{category, category_id, score, bbox, segmentation}]` with `bbox` "
    "as x, y, width and height in pixels, and `segmentation`, of masks alone, as a compressed RLE of COCO; of "
    "segmentation: `size`, `mask` (path of a PNG with the class ids) and `classes[{category, category_id, share, "
    "segmentation}]`. Images of the test split also have the truth, drawn on the left half of the picture: of a "
    "classifier `label`; of the others `truth[]`, objects as those of `predictions` with `crowd` (regions that count "
    "for nothing) in the place of `score`, or classes as those of `classes`",
    "POST /project/task/export": "`save_dir`; with `type` lite also `message`",
    "GET /project/task/export": "`export_status` (the status of the task), `message`, and once it is done (null "
    "before) `save_dir`, `model_name` (for `paddlex.create_model`; null where PaddleX 3 does not load it), `format` "
    "(infer, onnx or lite), `quantised`, `pruned`, `size` (bytes of the folder), `metric{name: value}`, `latency_ms` "
    "(one image on one core of the processor, in the median), `difference` (how far it answers from what it was made "
    "of); `log_file`, `log_tail[]` (the last lines of the log of an export that failed); with `quant`: "
    "`quant_log{stage, running_duration, log_file}`, null where the newest export is not quantised, or "
    "`quant_result{before, after, remarks[]}`: `before` and `after` with `metric{name: value}` on validation images, "
    "`size` (bytes of graph and weights) and `latency_ms`, `remarks` what did not become better, in sentences; empty "
    "where nothing was quantised",
    "PUT /project/task/export": "as GET",
    "POST /model": "`pmid`, or `emid` of an exported model",
    "GET /model": "with `type`: `pretrained_models[]` or `exported_models[]`, each `{id, name, model, type, pid, tid, "
    "create_time, path}`; an exported one also `exported_type` and what its files told when it was listed, null where "
    "they do not: `format` (infer, onnx or lite), `quantised`, `pruned`, `size` in bytes, `metric{name: figure}` and "
    "`latency_ms`, milliseconds for one image; with `mid`: `dataset_attr{name, desc, "
    "labels, train_num, val_num, test_num}`, `task_params` and `eval_result`, both JSON text",
    "DELETE /model": NOTHING,
    "GET /model/download": "the bytes of the archive, see [http.md](http.md)",
    "GET /models/zoo": "`models[{type, model, default, image_shape, variants[]}]`, of each type the default first; "
    "`image_shape` is the parameter's default. `variants[{backbone, default, parameters, gflops, weights[]}]` has each "
    "backbone, the default first (one variant, whose `backbone` is null, where there is no choice): `parameters` in "
    "millions; `gflops`, milliards of multiplications (with their additions) that an image of that shape takes; and "
    "the values of `pretrain_weights` for which weights were published",
    "GET /system": "`info{message, cpu_num, gpu_num, sysstr, driver_version, gpu_free_mem}`, or "
    "`gpu_mem_infos[{free, used, total}]` in MiB",
    "DELETE /system": NOTHING,
    "POST /demo": "of `load`: `did`, `pid`",
    "GET /demo": "`attr{status, progress, message}`; `status` is null before the first download, `progress` in percent",
    "PUT /demo": NOTHING,
}
"""What each call answers beside ``status``, by verb and address."""

STATUSES: tuple[tuple[str, type[IntEnum], tuple[str, ...]], ...] = (
    (
        "`dataset_status`",
        enums.DatasetStatus,
        (
            "holds nothing yet",
            "is being checked",
            "the check failed",
            "is being copied",
            "is imported, not split",
            "the copy failed",
            "is split, ready for training",
        ),
    ),
    (
        "`task_status`, `evaluate_status`, `export_status`",
        enums.TaskStatus,
        (
            "has no parameters yet",
            "is ready to be trained, or waits in the queue",
            "its pretrained weights are being downloaded",
            "is being trained",
            "the training is complete",
            "the evaluation is complete",
            "is being exported",
            "the export is complete",
            "the training was stopped",
            "the download of weights failed",
            "the training failed",
            "is being evaluated",
            "the evaluation failed",
            "the export failed",
            "its sensitivities are being analysed",
            "is being trained after pruning",
        ),
    ),
    ("`predict_status`", enums.PredictStatus, ("waits or goes on", "complete", "failed or stopped")),
    (
        "`status` of a demo",
        enums.DownloadStatus,
        ("is being downloaded", "the download failed or was stopped", "is being unpacked", "ready to be loaded"),
    ),
    (
        "`prune_status`",
        enums.PruneStatus,
        ("begins", "goes on", "complete", "failed", "stopped"),
    ),
    (
        "`exported_type`",
        enums.ExportedModelType,
        (
            "quantised, for mobile devices (lite); as the first clients sent it: an inference model",
            "pruned, for mobile devices; as the first clients sent it: a lite model",
            "as trained, for mobile devices",
            "quantised, for servers (infer, onnx)",
            "pruned, for servers",
            "as trained, for servers",
        ),
    ),
)
"""The numbers that stand for states and kinds: the fields that hold them, and what each means."""

_HEAD = """# The calls

Made from the code by `make docs`; `GET /` answers the same. The rules that all calls keep, and how a call answers
what is wrong, are in [http.md](http.md). A call that succeeded answers `"status": 1` beside what is named here.
"""


def describe(call: Call) -> dict[str, Any]:
    """A call as ``GET /`` tells it.

    Returns:
        ``method``, ``path``, ``summary``, ``answer`` and ``arguments``; of each of those ``name``, ``type`` in words,
        ``required``, ``default`` and ``description``.
    """
    return {
        "method": call.method,
        "path": call.path,
        "summary": call.summary,
        "arguments": _arguments(call.arguments),
        "answer": ANSWERS[f"{call.method} {call.path}"],
    }


def document() -> str:
    """All calls and the numbers of their statuses, in Markdown."""
    return "\n".join(_lines()) + "\n"


@cache
def _arguments(model: type[Arguments]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "type": _in_words(field),
            "required": name in required,
            "default": field.get("default"),
            "description": field["description"],
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _in_words(field: Mapping[str, Any]) -> str:
    """The type of a field of a JSON schema, as people call it."""
    if "anyOf" in field:
        return " or ".join(_in_words(choice) for choice in field["anyOf"] if choice != {"type": "null"})
    if "enum" in field:
        return " or ".join(field["enum"])
    if field.get("type") == "array":
        return f"list of {_in_words(field['items'])}"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "object",
    }.get(field.get("type", ""), "anything")
    limits = {"minimum": "at least {}", "maximum": "at most {}", "maxLength": "at most {} characters"}
    return ", ".join([words, *(limit.format(field[key]) for key, limit in limits.items() if key in field)])


def _lines() -> Iterator[str]:
    yield _HEAD
    for path, calls in groupby(sorted(CALLS, key=lambda call: call.path), lambda call: call.path):
        yield f"## {path}\n"
        for call in calls:
            told = describe(call)
            yield f"### {call.method} {path}\n\n{call.summary}\n"
            if told["arguments"]:
                yield "| argument | type | default | what |\n|---|---|---|---|"
                for each in told["arguments"]:
                    default = "required" if each["required"] else _shown(each["default"])
                    yield f"| `{each['name']}` | {each['type']} | {default} | {each['description']} |"
                yield ""
            yield f"Answer: {told['answer']}.\n"
    yield "## Statuses"
    for fields, kind, meanings in STATUSES:
        yield f"\n### {fields}\n\n| number | name | what |\n|---|---|---|"
        for member, meaning in zip(kind, meanings, strict=True):
            yield f"| {member.value} | {member.name} | {meaning} |"


def _shown(default: object) -> str:
    return "–" if default is None else f"`{encode(default).decode()}`"


if __name__ == "__main__":
    sys.stdout.write(document())

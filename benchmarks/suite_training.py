"""The trainings of the suites that our nets are from, an epoch at a time: PaddleDetection's and PaddleSeg's own."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from benchmarks.turns import Turns

EPOCHS = 1000
WORKERS = 2
"""Processes that read images: PaddleDetection's default, and what PaddleSeg's documentation starts trainings with."""

_MEAN, _STD = "[0.485, 0.456, 0.406]", "[0.229, 0.224, 0.225]"

# YOLOv3 on MobileNetV1 in PaddleDetection's settings, with the random changes that both sides are given: flips alone.
_YOLOV3 = """
use_gpu: false
use_xpu: false
use_mlu: false
use_npu: false
log_iter: 10
save_dir: {output}
snapshot_epoch: {epochs}
print_flops: false
print_params: false
metric: VOC
map_type: 11point
num_classes: {classes}
epoch: {epochs}
worker_num: {workers}
pretrain_weights: null
find_unused_parameters: false
TrainDataset: !VOCDataSet
  dataset_dir: {dataset}
  anno_path: train_list.txt
  label_list: labels.txt
  data_fields: [image, gt_bbox, gt_class, difficult]
LearningRate:
  base_lr: {rate}
  schedulers:
  - !PiecewiseDecay {{gamma: 0.1, milestones: [{epochs}]}}
  - !LinearWarmup {{start_factor: 0.1, steps: 150}}
OptimizerBuilder:
  clip_grad_by_norm: 35.
  optimizer: {{momentum: 0.9, type: Momentum}}
  regularizer: {{factor: 0.0005, type: L2}}
architecture: YOLOv3
norm_type: bn
YOLOv3: {{backbone: MobileNet, neck: YOLOv3FPN, yolo_head: YOLOv3Head, post_process: BBoxPostProcess}}
MobileNet: {{scale: 1, feature_maps: [4, 6, 13], with_extra_blocks: false}}
YOLOv3Head: {{anchors: {anchors}, anchor_masks: {levels}, loss: YOLOv3Loss}}
YOLOv3Loss: {{ignore_thresh: 0.7, downsample: [32, 16, 8], label_smooth: false}}
BBoxPostProcess:
  decode: {{name: YOLOBox, conf_thresh: 0.005, downsample_ratio: 32, clip_bbox: true}}
  nms: {{name: MultiClassNMS, keep_top_k: 100, score_threshold: 0.01, nms_threshold: 0.45, nms_top_k: 1000}}
TrainReader:
  sample_transforms:
  - Decode: {{}}
  - RandomFlip: {{}}
  - Resize: {{interp: 1, target_size: [{side}, {side}], keep_ratio: False}}
  batch_transforms:
  - NormalizeBox: {{}}
  - PadBox: {{num_max_boxes: 50}}
  - BboxXYXY2XYWH: {{}}
  - NormalizeImage: {{is_scale: true, mean: {mean}, std: {std}}}
  - Permute: {{}}
  - Gt2YoloTarget:
      {{anchor_masks: {levels}, anchors: {anchors}, downsample_ratios: [32, 16, 8], num_classes: {classes}}}
  batch_size: {batch}
  shuffle: true
  drop_last: true
"""
_ANCHORS = "[[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119], [116, 90], [156, 198], [373, 326]]"
_LEVELS = "[[6, 7, 8], [3, 4, 5], [0, 1, 2]]"


def detection(turns: Turns, dataset: Path, output: Path, *, classes: int, side: int, batch: int, rate: float) -> None:
    """Train YOLOv3 on MobileNetV1 with ``ppdet.engine.Trainer``.

    Args:
        turns: of this training.
        dataset: a dataset's folder in Pascal VOC, split.
        output: a folder for its files; made.
        classes: their number.
        side: of the net's input in pixels.
        batch: images of a step.
        rate: the learning rate.
    """
    output.mkdir()
    settings = {"classes": classes, "side": side, "batch": batch, "rate": rate, "anchors": _ANCHORS, "levels": _LEVELS}
    places = {"dataset": dataset, "output": output, "epochs": EPOCHS, "workers": WORKERS}
    file = output / "yolov3.yml"
    file.write_text(_YOLOV3.format(mean=_MEAN, std=_STD, **settings, **places))
    workspace, engine = (importlib.import_module(f"ppdet.{name}") for name in ("core.workspace", "engine"))
    callbacks = importlib.import_module("ppdet.engine.callbacks")

    class TakesTurns(callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_begin(self, status: dict[str, Any]) -> None:
            turns.begin()

        def on_step_end(self, status: dict[str, Any]) -> None:
            turns.step()

        def on_epoch_end(self, status: dict[str, Any]) -> None:
            turns.end()

    trainer = engine.Trainer(workspace.load_config(str(file)), mode="train")
    trainer.register_callbacks([TakesTurns(trainer)])
    trainer.train()


def segmentation(
    turns: Turns, dataset: Path, output: Path, *, classes: int, side: int, batch: int, rate: float
) -> None:
    """Train Fast-SCNN with ``paddleseg.core.train``; the arguments are those of ``detection``."""
    import paddle

    models, transforms, datasets, core, losses = (
        importlib.import_module(f"paddleseg.{name}")
        for name in ("models", "transforms", "datasets", "core", "models.losses")
    )
    data = datasets.Dataset(
        transforms=[
            transforms.Resize(target_size=(side, side)),
            transforms.RandomHorizontalFlip(),
            transforms.Normalize(),
        ],
        dataset_root=str(dataset),
        num_classes=classes,
        mode="train",
        train_path=str(dataset / "train_list.txt"),
    )
    steps = len(data) // batch
    turns.begin()

    class TakesTurns(paddle.optimizer.lr.PolynomialDecay):  # type: ignore[misc]
        """Is told of each step; between two epochs no process reads."""

        def step(self, epoch: int | None = None) -> None:
            super().step(epoch)
            if self.last_epoch:
                turns.step()
                if self.last_epoch % steps == 0:
                    turns.end()
                    turns.begin()

    class CrossEntropy(losses.CrossEntropyLoss):  # type: ignore[misc, name-defined]
        """paddleseg 2.8.0 multiplies class ids, which are whole numbers, with losses; paddle 3 refuses that."""

        def _post_process_loss(self, logits: Any, truth: Any, weights: Any, loss: Any) -> Any:
            return super()._post_process_loss(logits, truth.astype("float32"), weights, loss)

    net = models.FastSCNN(classes)
    optimizer = paddle.optimizer.Momentum(
        TakesTurns(rate, EPOCHS * steps, power=0.9), momentum=0.9, weight_decay=1e-4, parameters=net.parameters()
    )
    loss = CrossEntropy()
    # It reports nothing, because paddleseg 2.8.0 fails when it reports losses of paddle 3, which have no axes.
    core.train(
        net,
        data,
        optimizer=optimizer,
        save_dir=str(output),
        iters=EPOCHS * steps,
        batch_size=batch,
        save_interval=EPOCHS * steps,
        log_iters=EPOCHS * steps + 1,
        num_workers=WORKERS,
        losses={"types": [loss, loss], "coef": [1.0, 0.4]},
    )

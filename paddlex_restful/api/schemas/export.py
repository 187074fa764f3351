"""Answers of /project/task/export and /model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from paddlex_restful.api.schemas.base import Answer, Entry, Figure, Logged, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import ExportedModelType, TaskStatus

Format = Literal["infer", "onnx", "lite"]


class StartedExport(Answer):
    """The export has been started."""

    save_dir: str = Field(description="the folder on the server that takes it")


class StartedLiteExport(StartedExport):
    """With `type` lite."""

    message: Sentence = Field(description="a sentence")


class Exported(Part):
    """What is known of an exported model; null is what is not."""

    format: Format | None = Field(description="infer, onnx or lite")
    quantised: bool | None = Field(description="whether it computes in 8 bits")
    pruned: bool | None = Field(description="whether its net was pruned")
    size: int | None = Field(description="bytes of its files")
    metric: dict[str, Figure] | None = Field(description="how good it is, by name of the figure")
    latency_ms: float | None = Field(description="milliseconds for one image on one core of the processor")


class ExportState(Answer, Logged, Exported):
    """How the export stands; what is known of it is null before it is done."""

    export_status: TaskStatus = Field(description="the status of the task")
    message: Sentence = Field(description="a sentence")
    save_dir: str | None = Field(description="its folder on the server")
    model_name: str | None = Field(description="for `paddlex.create_model`; null where PaddleX 3 does not load it")
    difference: float | None = Field(description="how far it answers from what it was made of")


class Quantisation(Part):
    """How a quantisation goes; null where the newest export is not quantised."""

    stage: str | None = Field(description="what it is doing")
    running_duration: str | None = Field(description="such as 0小时1分5秒")
    log_file: str = Field(description="path of its log on the server")


class QuantisationLog(Answer):
    """With `quant` log."""

    quant_log: Quantisation = Field(description="the quantisation")


class Figures(Part):
    """Figures of a model."""

    metric: dict[str, Figure] = Field(description="on validation images")
    size: int = Field(description="bytes of graph and weights")
    latency_ms: float = Field(description="milliseconds for one image on one core of the processor")


class Quantised(TypedDict, total=False):
    """What the quantisation did; empty where nothing was quantised. `remarks` say what did not become better."""

    before: Figures
    after: Figures
    remarks: list[Sentence]


class QuantisationResult(Answer):
    """With `quant` result."""

    quant_result: Quantised = Field(description="figures before and after")


class SavedModel(Answer):
    """With `type` pretrained."""

    pmid: str = Field(description="id of the saved model")


class ListedModel(Answer):
    """With `type` exported."""

    emid: str = Field(description="id of the exported model")


class ModelEntry(Entry):
    """A model."""

    model: str = Field(description="name of its net")
    pid: str = Field(description="id of its project")
    tid: str = Field(description="id of the task that trained it")


class ExportedEntry(ModelEntry, Exported):
    """An exported model, and what its files told when it was listed."""

    exported_type: ExportedModelType | int = Field(description="what kind it is, kept as it was sent")


class PretrainedModels(Answer):
    """With `type` pretrained."""

    pretrained_models: list[ModelEntry] = Field(description="oldest first")


class PartOfPretrainedModels(PretrainedModels):
    """The same with `offset`, `limit` or `sort`."""

    total: int = Field(description="how many there are in all")


class ExportedModels(Answer):
    """With `type` exported."""

    exported_models: list[ExportedEntry] = Field(description="oldest first")


class PartOfExportedModels(ExportedModels):
    """The same with `offset`, `limit` or `sort`."""

    total: int = Field(description="how many there are in all")


class ModelDataset(Part):
    """The dataset that a model learned from."""

    name: str = Field(description="its name")
    desc: str = Field(description="its description")
    labels: list[str] = Field(description="names of its classes")
    train_num: int = Field(description="images to learn from")
    val_num: int = Field(description="images for validation")
    test_num: int = Field(description="images of the test split")


class ModelDetails(Answer):
    """With `mid`."""

    dataset_attr: ModelDataset | None = Field(description="null where the dataset is gone")
    task_params: str = Field(description="training parameters, JSON text")
    eval_result: str = Field(description="result of the evaluation, JSON text")


class ZooVariant(Part):
    """A model on one backbone."""

    backbone: str | None = Field(description="null where there is no choice")
    default: bool = Field(description="whether it is taken unless another is named")
    parameters: float = Field(description="millions of numbers that are learned")
    gflops: float = Field(description="milliards of multiplications, with their additions, for one image")
    weights: list[str] = Field(description="values of `pretrain_weights` for which weights were published")


class ZooModel(Part):
    """A model that tasks can name."""

    type: str = Field(description="its project type")
    model: str = Field(description="its name")
    default: bool = Field(description="whether it is the default of its type")
    image_shape: list[int] = Field(description="the default of the parameter")
    variants: list[ZooVariant] = Field(description="one for each backbone, the default first")


class Zoo(Answer):
    """The models that tasks can name."""

    models: list[ZooModel] = Field(description="of each type the default first")

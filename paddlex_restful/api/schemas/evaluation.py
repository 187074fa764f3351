"""Answers of /project/task/evaluate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import NotRequired, TypedDict

from paddlex_restful.api.schemas.base import Answer, Base64, Figure, Logged, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import TaskStatus


class Evaluated(Part):
    """What was evaluated."""

    epoch: int | None = Field(description="the saved epoch that was asked for, null for the best one")
    checkpoint_epoch: int | None = Field(description="the epoch of the model that was evaluated")
    split: Literal["val", "test"] = Field(description="the images: the test split where there is one")
    label_list: list[str] = Field(description="names of the classes; in detection, the background last")


class PrecisionRecall(Part):
    """How often what is said is true, and how much of what is true is said."""

    precision: Figure = Field(description="from 0 to 1")
    recall: Figure = Field(description="from 0 to 1")


class F1Scores(PrecisionRecall):
    """Precision, recall and their harmonic mean."""

    F1: Figure = Field(description="from 0 to 1")


class ClassScores(F1Scores):
    """Figures of a class of a classifier."""

    auc: Figure = Field(description="area under the ROC curve against all others")


class OverAll(Part):
    """Means over the classes."""

    over_all: F1Scores = Field(description="weighted by the images of the classes")


class ClassificationResult(Evaluated):
    """Of a classifier."""

    Confusion_Matrix: list[list[int]] = Field(description="images; rows: truth, columns: prediction")
    PRF1: dict[str, ClassScores] = Field(description="by class")
    PRF1_average: OverAll = Field(description="of all classes")
    Acc1: Figure = Field(description="share of the images whose surest class is right")
    Acck: Figure = Field(description="share of the images with the right one among the `topk` surest classes")
    topk: int = Field(description="how many count")


class ClassAP(PrecisionRecall):
    """Figures of a class of a detector."""

    AP: Figure = Field(description="average precision")


class DetectionResult(Evaluated):
    """Of a detector."""

    Confusion_Matrix: list[list[float]] = Field(description="objects; rows: truth, columns: prediction")
    PRAP: dict[str, ClassAP] = Field(description="by class")
    mAP: Figure = Field(description="mean of the AP of the classes, at the IoU of the call")
    COCO_mAP: Figure = Field(description="as COCO has it: mean over the IoUs from 0.5 to 0.95")
    COCO_mAP50: Figure = Field(description="the same at an IoU of 0.5")
    COCO_mAP75: Figure = Field(description="the same at an IoU of 0.75")
    COCO_AP: dict[str, Figure] = Field(description="by class, over the IoUs from 0.5 to 0.95")


class InstanceSegmentationResult(Evaluated):
    """Of an instance segmenter: boxes and masks each as a detector's."""

    BBox_Confusion_Matrix: list[list[float]] = Field(description="objects by their boxes")
    BBox_PRAP: dict[str, ClassAP] = Field(description="by class")
    BBox_mAP: Figure = Field(description="mean of the AP of the classes")
    BBox_COCO_mAP: Figure = Field(description="as COCO has it: mean over the IoUs from 0.5 to 0.95")
    BBox_COCO_mAP50: Figure = Field(description="the same at an IoU of 0.5")
    BBox_COCO_mAP75: Figure = Field(description="the same at an IoU of 0.75")
    BBox_COCO_AP: dict[str, Figure] = Field(description="by class, over the IoUs from 0.5 to 0.95")
    Mask_Confusion_Matrix: list[list[float]] = Field(description="objects by their masks")
    Mask_PRAP: dict[str, ClassAP] = Field(description="by class")
    Mask_mAP: Figure = Field(description="mean of the AP of the classes")
    Mask_COCO_mAP: Figure = Field(description="as COCO has it: mean over the IoUs from 0.5 to 0.95")
    Mask_COCO_mAP50: Figure = Field(description="the same at an IoU of 0.5")
    Mask_COCO_mAP75: Figure = Field(description="the same at an IoU of 0.75")
    Mask_COCO_AP: dict[str, Figure] = Field(description="by class, over the IoUs from 0.5 to 0.95")


class ClassIoU(PrecisionRecall):
    """Figures of a class of a segmenter."""

    iou: Figure = Field(description="intersection over union of its pixels")


class SegmentationResult(Evaluated):
    """Of a segmenter."""

    Confusion_Matrix: list[list[int]] = Field(description="pixels; rows: truth, columns: prediction")
    PRIoU: dict[str, ClassIoU] = Field(description="by class")
    Mean_IoU: Figure = Field(description="mean of the IoU of the classes")
    Mean_Acc: Figure = Field(description="share of the pixels that are right")
    kappa: Figure = Field(description="Cohen's kappa of the pixels")


class EvaluationState(Answer, Logged):
    """How the evaluation stands, and its result."""

    evaluate_status: TaskStatus = Field(description="the status of the task")
    message: Sentence = Field(description="a sentence")
    path: str = Field(description="where the result lies on the server")
    result: ClassificationResult | DetectionResult | SegmentationResult | InstanceSegmentationResult | None = Field(
        description="null until it is there"
    )


class Report(Answer):
    """The Excel file."""

    path: str = Field(description="of the .xlsx on the server")
    message: Sentence = Field(description="a sentence")


class Error(TypedDict):
    """One error in an image."""

    kind: Literal["false_positive", "miss", "confusion"]
    category: str | None
    predicted: str | None
    score: NotRequired[float]
    iou: NotRequired[float]
    bbox: NotRequired[list[float]]
    pixels: NotRequired[int]


class ImageWithErrors(Part):
    """An image that the model was wrong about."""

    image: str = Field(description="path relative to the dataset")
    path: str = Field(description="of the file on the server")
    picture: str = Field(description="address of the call that draws it")
    error: float = Field(description="from 0 to 1, larger is worse")
    false_positives: int = Field(description="found and not there: objects; in segmentation, pixels")
    misses: int = Field(description="there and not found")
    confusions: int = Field(description="found as another class")
    items: list[Error] = Field(
        description="the errors: `category` is what is there and `predicted` what was answered, null for nothing; "
        "`bbox` is x, y, width and height in pixels"
    )
    right: list[str] = Field(description="classes of which something was found as what it is")


class Errors(Answer):
    """The images that the model was wrong about."""

    errors: list[ImageWithErrors] = Field(description="worst first")
    total: int = Field(description="how many images have errors")
    images: int = Field(description="how many were evaluated")


class ErrorPicture(Answer):
    """The image with its labels, beside it with what was answered."""

    img_data: Base64 = Field(description="base64 of a PNG")

"""Answers of /project/task/predict."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import NotRequired, TypedDict

from paddlex_restful.api.schemas.base import Answer, Logged
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import PredictStatus


class StartedPrediction(Answer):
    """The prediction has been started."""

    path: str | None = Field(description="with `image_data`: where the result picture will lie on the server")


class PredictionState(Answer, Logged):
    """How the prediction stands."""

    predict_status: PredictStatus | None = Field(description="null before the first")
    message: Sentence = Field(description="a sentence")
    predict_num: int = Field(description="pictures that are done")
    total_num: int = Field(description="pictures that there are")


class Guess(TypedDict):
    """A class that an image may be of."""

    category: str
    category_id: int
    score: float


class RLE(TypedDict):
    """A mask as COCO's compressed run-length encoding."""

    size: list[int]
    counts: str


class FoundObject(TypedDict):
    """An object that was found; `bbox` is x, y, width and height in pixels."""

    category: str
    category_id: int
    score: float
    bbox: list[float]
    segmentation: NotRequired[RLE]


class TrueObject(TypedDict):
    """An object that is there; `crowd` ones count for nothing."""

    category: str
    category_id: int
    crowd: bool
    bbox: list[float]
    segmentation: NotRequired[RLE]


class FoundClass(TypedDict):
    """A class of pixels; `share` is of all pixels of the image."""

    category: str
    category_id: int
    share: float
    segmentation: RLE


class ImagePrediction(TypedDict):
    """What was predicted of an image.

    All have `image`, its name. One that cannot be read has `error`, a sentence; the others `picture`, path of the drawn
    picture on the server. Of a classifier: `category`, `category_id` and `score` of the surest class, `topk`, the best
    of all, and `label`, the true one in the test split. Of the others: `size`, width and height of the image in pixels,
    and `truth` in the test split; of detection and instance segmentation `predictions`; of segmentation `classes` and
    `mask`, path of a PNG with the class ids.
    """

    image: str
    error: NotRequired[Sentence]
    picture: NotRequired[str]
    category: NotRequired[str]
    category_id: NotRequired[int]
    score: NotRequired[float]
    topk: NotRequired[list[Guess]]
    label: NotRequired[str]
    size: NotRequired[list[int]]
    predictions: NotRequired[list[FoundObject]]
    mask: NotRequired[str]
    classes: NotRequired[list[FoundClass]]
    truth: NotRequired[list[TrueObject] | list[FoundClass]]


class Predictions(Answer):
    """What was predicted."""

    predictions: list[ImagePrediction] = Field(description="in the order of the images")
    total: int = Field(description="how many images there are")


class DirectPrediction(TypedDict):
    """What a model says of a picture.

    All have `image`, the name of its file or of its argument. One of several that could not be predicted has `error`, a
    sentence. Else as in `GET /project/task/predict/result`: of a classifier `category`, `category_id`, `score` and
    `topk`; of the others `size`, and of detection and instance segmentation `predictions`, of segmentation `classes`.
    `img_data` is the drawn picture, PNG in base64, where it is wanted.
    """

    image: str
    error: NotRequired[str]
    img_data: NotRequired[str]
    category: NotRequired[str]
    category_id: NotRequired[int]
    score: NotRequired[float]
    topk: NotRequired[list[Guess]]
    size: NotRequired[list[int]]
    predictions: NotRequired[list[FoundObject]]
    classes: NotRequired[list[FoundClass]]


class DirectPredictions(Answer):
    """What the model says."""

    predictions: list[DirectPrediction] = Field(description="in the order of the pictures, `image_data` first")

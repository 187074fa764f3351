"""Answers of /dataset and /file."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paddlex_restful.api.schemas.base import Answer, Base64, Entry, Part
from paddlex_restful.api.schemas.sentences import Sentence
from paddlex_restful.enums import DatasetStatus


class CreatedDataset(Answer):
    """The new dataset."""

    did: str = Field(description="its id")


class DatasetEntry(Entry):
    """A dataset."""

    desc: str = Field(description="its description")


class DatasetAttributes(DatasetEntry):
    """A dataset and what uses it."""

    pids: list[str] = Field(description="ids of the projects that are bound to it")


class Copying(Part):
    """How far the copying of images is."""

    pid: int | None = Field(description="of the process that copies")
    percent: float = Field(description="from 0 to 100")


class OneDataset(Answer):
    """With `did`."""

    id: str = Field(description="its id")
    dataset_status: DatasetStatus = Field(description="its status")
    message: Sentence | Copying = Field(description="a sentence; an object while images are copied")
    attr: DatasetAttributes = Field(description="the dataset")


class ListedAttributes(DatasetEntry):
    """A dataset in a list."""

    dataset_status: DatasetStatus = Field(description="its status")
    message: Sentence = Field(description="a sentence")


class ListedDataset(Part):
    """A dataset in a list."""

    id: str = Field(description="its id")
    attr: ListedAttributes = Field(description="the dataset")


class AllDatasets(Answer):
    """Without `did`."""

    datasets: list[ListedDataset] = Field(description="oldest first")


class PartOfDatasets(AllDatasets):
    """The same with `offset`, `limit` or `sort`."""

    total: int = Field(description="how many there are in all")


class Details(Part):
    """What a dataset holds; paths are relative to it."""

    fields: list[str] = Field(description="names of the other fields")
    file_info: dict[str, str] = Field(description="by image: its annotation file; in classification, its class")
    label_info: dict[str, list[str]] = Field(description="by class: the images that have it")
    labels: list[str] = Field(description="names of the classes, in the order of their indices")
    train_files: list[str] = Field(description="images to learn from")
    val_files: list[str] = Field(description="images that are looked at while it learns")
    test_files: list[str] = Field(description="images kept for the end")
    class_train_file_list: dict[str, list[str]] = Field(description="by class: images to learn from")
    class_val_file_list: dict[str, list[str]] = Field(description="by class: images for validation")
    class_test_file_list: dict[str, list[str]] = Field(description="by class: images of the test split")


class DatasetDetails(Answer):
    """What the dataset holds."""

    details: Details | None = Field(description="null before the import")


class Sample(Part):
    """A training image as the net would see it."""

    image: str = Field(description="path relative to the dataset")
    img_data: Base64 = Field(description="base64 of a PNG, in a size that can be looked at")


class Preview(Answer):
    """Augmented training images with their labels."""

    samples: list[Sample] = Field(description="the images")
    seed: int = Field(description="gives the same answer again")


class Picture(Answer):
    """A picture."""

    img_data: Base64 = Field(description="its bytes in base64")


class LogLines(Answer):
    """A log."""

    log: list[str] = Field(description="its lines")


class InstanceAnnotation(Answer):
    """The objects of an image."""

    gt_bbox: list[list[float]] = Field(description="of each object x1, y1, x2, y2 in pixels")
    gt_class: list[list[int]] = Field(description="of each object the index of its class")
    gt_poly: list[Any] = Field(description="of each object its polygons, lists of x, y in pixels; or its RLE")
    h: int = Field(description="height of the image in pixels")
    w: int = Field(description="width of the image in pixels")

"""Sentences on saved and exported models."""

from __future__ import annotations

NEEDS_SOMETHING = "Name a model with mid, or a kind of models with type (pretrained or exported)."
MISSING = "{field} is missing: it is needed for this type of model."
NOT_A_CHECKPOINT = "source_path {path} holds no trained model: give a folder such as output/best_model of the task."
NOT_AN_EXPORT = "path {path} is not a folder on the server: export the model first with POST /project/task/export."
TASK_OF_OTHER_PROJECT = "Task {tid} belongs to project {other}, not to {pid}."
EXPORTED_TYPE = "exported_type {value} is not known: take a number from 0 to 5."
NO_DETAILS = "Nothing is known of model {mid} besides its entry: its details are lost, and task {tid} is deleted."
COPY_FAILED = (
    "The model in {path} could not be copied into the workspace ({reason}): make sure that there is room and that the "
    "server may read and write there, then try again."
)

ONE_ID = "Name the model to download: either emid, of an exported one, or pmid, of a saved one."
NOTHING_TO_DOWNLOAD = (
    "There is nothing to download of {mid}: {path} is gone or holds no model. Export the model again with POST "
    "/project/task/export, and list it again with POST /model."
)
BEING_WRITTEN = "The files of {mid} are being written just now; try again when that is done."
TOO_MANY_FILES = "{path} is no folder of a model: it holds more than {most} files and folders."
TOO_MANY_DOWNLOADS = "The server sends {most} models already; try again when one of these downloads is done."
CHANGED_WHILE_SENT = "A download was cut, because a file changed while it was sent: %s"

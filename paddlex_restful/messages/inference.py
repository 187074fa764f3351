"""Sentences on asking for evaluations, predictions and exports."""

from __future__ import annotations

NOT_EVALUATED = "Task {tid} has not been evaluated yet: start it with POST /project/task/evaluate."
NO_REPORT = "There is no evaluation of task {tid} to report. {problem}"
REPORT_WRITTEN = "The report is written."
NO_ERRORS = "There is no list of errors for task {tid}. {problem}"
NO_RECORDS = "The evaluation has kept no answers image by image: start it again with POST /project/task/evaluate."
DATASET_GONE = (
    "The dataset on which task {tid} was evaluated has been deleted: evaluate it again on the dataset of its project."
)
DATASET_CHANGED = (
    "Dataset {did} has been imported anew since task {tid} was evaluated: evaluate it again with "
    "POST /project/task/evaluate."
)
NOT_EVALUATED_IMAGE = (
    "image {image!r} is not one that task {tid} was evaluated on: name one as the list of errors does."
)
NO_MASK = (
    "The predicted classes of {image} can no longer be read: start the evaluation again with "
    "POST /project/task/evaluate."
)
HEADINGS = ("truth", "prediction")
"""Above an image with its labels, and above it with what a model answers."""
NO_PREDICTIONS = "There are no predictions of task {tid}. {problem}"
PREDICTIONS_OF_OLD_MODEL = (
    "Task {tid} has been trained anew since its last prediction: start another with POST /project/task/predict."
)
NO_SUCH_PREDICTION = "The last prediction of task {tid} has no picture {index}: look at its list again."
PREDICTIONS_GONE = "The files of the last prediction are gone: start another with POST /project/task/predict."
NOT_PREDICTED = "Nothing has been predicted with task {tid} yet."
PREDICTING = "The prediction is running."
PREDICTED = "The prediction is complete."
PREDICTED_WARM = "Predicted 1 image with a model that was loaded already."
BAD_IMAGE_DATA = "image_data is not a base64 picture: send the bytes of a JPEG, PNG or BMP file, encoded as base64."
NOT_A_PICTURE = "image {name!r} is not a picture: send the bytes of a JPEG, PNG or BMP file."
UNUSABLE_PICTURE = "{name} cannot be used: {reason}."
ONE_MODEL = "Name one model: tid for the model of a task, or mid for a saved model such as PM0001."
EXPORTED_NOT_SERVED = (
    "{mid} is an exported model, which answers elsewhere (example.py in its folder shows how): name the task that it "
    "was exported from as tid, or a saved model such as PM0001 as mid."
)
EPOCH_OF_TASK = "epoch is for the model of a task: leave it out for the saved model {mid}, which has one."
NOT_A_MODEL = (
    "The files of the saved model {mid} are not those of this server's models: save the model of a task again."
)
NO_PICTURE = "Send a picture: files named image in a form, or one as base64 in image_data."
TOO_MANY_PICTURES = "{count} pictures are more than the {most} of one call: send them in several."
NO_SUCH_IMAGE = "img_list names {path!r}, which is not a file on the server."
RELATIVE_IMAGE = "img_list names {path!r}: give absolute paths on the server."
NO_PICTURES = "No picture was sent: choose at least one file."
EMPTY_IMG_LIST = "img_list is empty: name at least one picture, or leave it out to predict the test split."
NO_TEST_SPLIT = "Dataset {did} has no test images: split it with a test_split above 0, or send image_data or img_list."
UNKNOWN_EXPORT = "type {type!r} is not known: take infer, onnx or lite."
REFUSAL = "{refusal}"
BAD_OPSET = "opset {opset} cannot be had: name one from {least} to {most}, or leave it out."
QUANT_OF_INFER_ONLY = "quant is for type infer: leave it out, or export with type infer instead of {type}."
MODEL_PATH_OF_LITE_ONLY = "model_path is for type lite: leave it out to export the trained model with type {type}."
BAD_QUANT_EPOCHS = "quant_epochs {epochs} cannot be: give 0 or more."
BAD_PLACES = "valid_places {places!r} is not known: take one of {known}."
NOT_AN_INFERENCE_MODEL = (
    "model_path {path!r} is no folder that an export with type infer wrote: give the absolute path of one, or leave it "
    "out to convert the trained model."
)
QUANTISED_ON_X86 = (
    "Paddle-Lite has no quantised models for x86: take arm or arm_opencl as valid_places, or a model_path that is not "
    "quantised."
)
NO_PADDLELITE = (
    "Paddle-Lite models need an interpreter with paddlelite, which is for CPython 3.8 and 3.10 only: run `make lite`, "
    "or name one in the environment variable PADDLELITE_PYTHON and start the server again."
)
NOT_AN_INTERPRETER = (
    "PADDLELITE_PYTHON names {path}, which is no Python interpreter: give the absolute path of one that has "
    "paddlelite, and start the server again."
)
PADDLELITE_NOT_INSTALLED = (
    '{path} has no paddlelite: install it with `{path} -m pip install paddlelite==2.13rc0 "numpy<2"` under CPython 3.8 '
    "or 3.10."
)
LITE_STARTED = "The Paddle-Lite model of task {tid} is being made: GET /project/task/export tells how it goes."
NOT_EXPORTED = "Nothing has been exported from task {tid} yet."
SAVE_DIR_RELATIVE = "save_dir {path!r} must be an absolute path on the server."
SAVE_DIR_NOT_EMPTY = "save_dir {path} already holds files: name a new or an empty folder."
SAVE_DIR_NOT_FOLDER = "save_dir {path} is a file: name a new or an empty folder."
SAVE_DIR_UNWRITABLE = "save_dir {path} cannot be written: name a folder that the server may write."
SAVE_DIR_TOO_DEEP = "save_dir lies more than {levels} folders deep: name a folder nearer to the root."
SAVE_DIR_IN_USE = "save_dir {path} is being written by the export of task {tid}: name another folder."
SAVE_DIR_TAKEN = (
    "save_dir {path} lies where the workspace keeps its own files: name a folder outside of it, or below {exports}."
)

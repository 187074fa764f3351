"""Sentences on exporting a trained model."""

NOT_EMPTY = "save_dir {folder} already holds files; name a new or an empty folder."
UNWRITABLE = (
    "save_dir {folder} cannot be written ({problem}); name a folder that does not exist yet, "
    "in a folder that can be written."
)
UNKNOWN_FORMAT = "The format {format} is not known: export with type infer, onnx or lite."
MISMATCH = (
    "The exported {model} does not answer like the trained one: scores differ by {difference:.2g}, at most "
    "{allowed:.2g} is right. Nothing was written; export again with another paddle version or choose another model."
)
NO_IMAGES = "The dataset has no images to compare the exported model on: split it with a val_split above 0."
ONNX_FAILED = (
    "paddle2onnx could not convert {model}: {problem}. Nothing was written; try another opset, or export with type "
    "infer."
)
ONNX_NOT_RUN = (
    "onnxruntime cannot run the converted {model}: {problem}. Nothing was written; try another opset, or export with "
    "type infer."
)

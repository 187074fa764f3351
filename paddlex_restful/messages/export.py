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
QUANTISATION_FAILED = (
    "{model} could not be quantised: {problem}. Nothing was written; export it without quant, or choose another model."
)
NOT_MUCH_SMALLER = (
    "The quantised model is {times:.1f} times smaller, less than {least}: only the weights of convolutions and linear "
    "layers take 8 bits, and this model consists of its graph and of other figures to a large part."
)
NOT_FASTER = (
    "The quantised model is not faster on this processor: {after:.2f} ms for an image after {before:.2f} ms. Take it "
    "for its size, or measure it where it will run."
)
NOT_RESTORED = (
    "model_path {folder} holds no inference model that this version exported: name the folder of an export with type "
    "infer, or leave model_path out to convert the trained model."
)
LITE_FAILED = (
    "Paddle-Lite could not convert or run {model}: {problem}. Nothing was written; try other valid_places, or choose "
    "another model."
)

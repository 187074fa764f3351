"""Sentences on which models can be exported in which format."""

MATRIX_NMS = "the operator matrix_nms, by which it chooses among what it found"
PROPOSALS = "the operator generate_proposals, by which it chooses where to look"
BMM = "the operator bmm, by which pixels look at classes"
CHANNELS_IN_A_VECTOR = "paddle looks for channels in the vector by which it makes distances of probabilities"

NOT_ONNX = "{model} cannot be exported as ONNX: paddle2onnx does not know {lacking}. Export it with type infer."
TOO_SMALL_FOR_ONNX = (
    "{model} can be exported as ONNX only if both sides of its image_shape have at least {least} pixels: train it with "
    "a larger one, or export it with type infer."
)
NOT_QUANTISED = "{model} cannot be quantised: {reason}. Export it without quant."
NOT_LITE = (
    "{model} cannot be exported for Paddle-Lite, which does not know {lacking}. Export it with type infer, or train "
    "another model."
)

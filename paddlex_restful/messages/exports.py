"""Sentences on which models can be exported in which format."""

NOT_ONNX = "{model} cannot be exported as ONNX: paddle2onnx does not know {lacking}. Export it with type infer."
TOO_SMALL_FOR_ONNX = (
    "{model} can be exported as ONNX only if both sides of its image_shape have at least {least} pixels: train it with "
    "a larger one, or export it with type infer."
)

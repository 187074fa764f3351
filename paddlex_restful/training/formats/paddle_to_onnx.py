"""Converts to ONNX, as a program of its own: paddle2onnx ends or aborts its process where it fails."""

from __future__ import annotations

import sys
from pathlib import Path

from paddlex_restful.training.formats.children import die_with_parent


def main(graph: str, weights: str, target: str, opset: str) -> None:
    """Convert an inference model.

    Args:
        graph: ``inference.json``.
        weights: ``inference.pdiparams``.
        target: the ONNX file to write.
        opset: version of the set of operators; where the net needs a later one, that is taken.
    """
    import onnx
    import paddle2onnx

    paddle2onnx.export(graph, weights, target, opset_version=int(opset), enable_onnx_checker=True)
    model = onnx.load(target)
    # paddle2onnx 2.1.0 notes wrong shapes between the operators that make YOLO's boxes, and onnxruntime plans its
    # memory by them; without any it finds the right ones out.
    del model.graph.value_info[:]
    onnx.save(model, Path(target))


if __name__ == "__main__":
    die_with_parent()
    main(*sys.argv[1:])

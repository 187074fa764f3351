"""Nets as they are exported: with all that comes after them, and inputs as PaddleX 3 and PaddleDetection give them."""

from __future__ import annotations

import paddle

from paddlex_restful.training.detection.nets.base import DetectionNet

_SURE = 0.5


class Exported(paddle.nn.Layer):  # type: ignore[misc]
    """A net for ``paddle.jit.save``.

    Its inputs, by name: ``im_shape`` [N, 2], height and width of the resized image (only where the net uses it),
    ``image`` [N, 3, H, W], normalised, and ``scale_factor`` [N, 2], the resized height and width divided by the
    original's. Its outputs: boxes of all images one after another, [k, 6] class, score, x0, y0, x1, y1 in pixels of
    the original image; how many each image has, [N] int32; and from nets that outline masks, [k, height, width] int32
    of the original image.

    Args:
        net: in evaluation mode.
    """

    def __init__(self, net: DetectionNet) -> None:
        super().__init__()
        self.net = net.deployable()

    def forward(self, inputs: dict[str, paddle.Tensor]) -> tuple[paddle.Tensor, ...]:
        """See above."""
        found: tuple[paddle.Tensor, ...] = self._found(inputs)
        return found

    # No branch in a net depends on the values of tensors, so that it is traced as it is, without the rewriting of
    # Python code that paddle does else, and that fails at ``zip(strict=True)`` (3.1.1).
    @paddle.jit.not_to_static  # type: ignore[untyped-decorator]
    def _found(self, inputs: dict[str, paddle.Tensor]) -> tuple[paddle.Tensor, ...]:
        found: tuple[paddle.Tensor, ...] = self.net(inputs["image"], inputs.get("im_shape"), inputs["scale_factor"])
        if not self.net.meta.masks:
            return found
        rows, counts, masks = found
        original = paddle.round(inputs["im_shape"] / inputs["scale_factor"]).cast("int32")
        return rows, counts, pasted(masks, rows[:, 2:], original[0, 0], original[0, 1])


def specs(net: DetectionNet, height: int, width: int) -> list[dict[str, paddle.static.InputSpec]]:
    """The inputs of an export, as ``paddle.jit.to_static`` takes them.

    Args:
        net: what is exported.
        height: of the net's input, in pixels; nets whose ``sizes_vary`` take any multiples of 32, one image at a time.
        width: alike.
    """
    number, sides = (1, [-1, -1]) if net.sizes_vary else (-1, [height, width])
    shapes = {"im_shape": [number, 2], "image": [number, 3, *sides], "scale_factor": [number, 2]}
    if not net.takes_im_shape:
        del shapes["im_shape"]
    return [{name: paddle.static.InputSpec(shape, "float32", name) for name, shape in shapes.items()}]


def pasted(masks: paddle.Tensor, boxes: paddle.Tensor, height: paddle.Tensor, width: paddle.Tensor) -> paddle.Tensor:
    """``masks.paste`` as operators: [k, height, width] int32, from [k, s, s] and [k, 4]."""
    left, top, right, bottom = (side.unsqueeze(1) for side in paddle.unbind(boxes, axis=1))
    down = _spread(height, top, bottom, masks.shape[1])
    across = _spread(width, left, right, masks.shape[2])
    whole = paddle.matmul(paddle.matmul(down, masks), across, transpose_y=True)
    return (whole >= _SURE).cast("int32")


def _spread(length: paddle.Tensor, start: paddle.Tensor, end: paddle.Tensor, cells: int) -> paddle.Tensor:
    """How much of each cell each pixel of an axis has, by bilinear interpolation: [k, length, cells]."""
    pixels = (paddle.arange(length, dtype="int32").cast("float32") + 0.5).unsqueeze(0)
    places = (pixels - start) / (end - start).clip(min=1e-6) * cells - 0.5
    distances = (places.unsqueeze(2) - paddle.arange(cells).cast("float32")).abs()
    return (1.0 - distances).clip(min=0.0)

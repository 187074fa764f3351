"""How the model suites are imported.

The suites are used for their architectures only. Each is imported in the narrowest way that works, and everything that
it needs for that is in this module, with the reason and the version.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from paddlex_restful.jobs.context import JobFailed
from paddlex_restful.messages import training as messages

# paddleclas 2.6.0: these packages import all 374 architectures, sklearn, faiss and a command line when they start, 5 s
# where one architecture takes 0.1 s.
_PADDLECLAS_HEAVY = (
    "paddleclas",
    "paddleclas.ppcls",
    "paddleclas.ppcls.utils",
    "paddleclas.ppcls.arch",
    "paddleclas.ppcls.arch.backbone",
    "paddleclas.ppcls.arch.backbone.legendary_models",
)

# ppdet 2.6.0: these packages import all architectures and trackers, scipy, pandas and matplotlib when they start, and
# print of what is missing for tracking: 1.1 s where the parts of all our nets take 0.05 s.
_PPDET_HEAVY = (
    "ppdet",
    "ppdet.data",
    "ppdet.data.transform",
    "ppdet.modeling",
    "ppdet.modeling.architectures",
    "ppdet.modeling.assigners",
    "ppdet.modeling.backbones",
    "ppdet.modeling.heads",
    "ppdet.modeling.losses",
    "ppdet.modeling.necks",
    "ppdet.modeling.proposal_generator",
    "ppdet.utils",
)

# ppdet 2.6.0: heads take these from the package of losses instead of from its module.
_PPDET_LOSSES = ("GIoULoss", "IouLoss")

# paddleseg 2.8.0: these packages import scikit-learn, pandas and the command line's configuration when they start, and
# register every net, 1 s where one net takes 0.05 s.
_PADDLESEG_HEAVY = (
    "paddleseg",
    "paddleseg.cvlibs",
    "paddleseg.models",
    "paddleseg.models.backbones",
    "paddleseg.utils",
)


def paddleclas_backbone(module: str) -> ModuleType:
    """Import one module of architectures of paddleclas, without what its packages import when they start.

    Args:
        module: name below ``paddleclas.ppcls.arch.backbone``, such as ``model_zoo.alexnet``.

    Raises:
        JobFailed: paddleclas is not installed.
    """
    if "paddleclas" not in sys.modules:
        _stand_in_for_paddleclas()
    return importlib.import_module(f"paddleclas.ppcls.arch.backbone.{module}")


def ppdet_modeling(module: str) -> ModuleType:
    """Import one module of the parts of nets of ppdet, without what its packages import when they start.

    Args:
        module: name below ``ppdet.modeling``, such as ``backbones.resnet``.

    Raises:
        JobFailed: ppdet is not installed.
    """
    if "ppdet" not in sys.modules:
        _stand_in_for_ppdet()
    return importlib.import_module(f"ppdet.modeling.{module}")


def paddleseg_models(module: str) -> ModuleType:
    """Import one module of nets of paddleseg, without what its packages import when they start.

    Args:
        module: name below ``paddleseg.models``, such as ``unet`` or ``backbones.hrnet``.

    Raises:
        JobFailed: paddleseg is not installed.
    """
    if "paddleseg" not in sys.modules:
        _stand_in_for_paddleseg()
    return importlib.import_module(f"paddleseg.models.{module}")


def _stand_in(suite: str, packages: Sequence[str]) -> None:
    """Put packages that only know where their modules lie in the place of those of a suite."""
    spec = importlib.util.find_spec(suite)
    if spec is None or not spec.submodule_search_locations:
        raise JobFailed("missing_package", messages.SUITE_MISSING, package=suite)
    folder = Path(spec.submodule_search_locations[0])
    for name in packages:
        package = ModuleType(name, "Stands in for a package whose own start is not wanted.")
        package.__path__ = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, package)


def _stand_in_for_paddleclas() -> None:
    _stand_in("paddleclas", _PADDLECLAS_HEAVY)
    # paddleclas 2.6.0: its logger is None until its own engine has started, and some nets warn through it.
    logger = importlib.import_module("paddleclas.ppcls.utils.logger")
    quiet = logging.getLogger("paddleclas")
    quiet.setLevel(logging.ERROR)
    vars(logger)["_logger"] = quiet


def _stand_in_for_ppdet() -> None:
    _stand_in("ppdet", _PPDET_HEAVY)
    losses = importlib.import_module("ppdet.modeling.losses.iou_loss")
    vars(sys.modules["ppdet.modeling.losses"]).update({name: vars(losses)[name] for name in _PPDET_LOSSES})
    _let_drop_block_pass_small_maps(importlib.import_module("ppdet.modeling.layers").DropBlock)
    _let_blocks_not_ask_their_share(importlib.import_module("ppdet.modeling.backbones.cspresnet").RepVggBlock)


def _let_drop_block_pass_small_maps(drop_block: Any) -> None:
    """ppdet 2.6.0: on a map smaller than its blocks, as PP-YOLO has below 96 pixels, ``DropBlock`` divides by zero."""
    drop = drop_block.forward

    def forward(self: Any, x: Any) -> Any:
        return drop(self, x) if min(x.shape[2:]) >= self.block_size else x

    drop_block.forward = forward


def _let_blocks_not_ask_their_share(block: Any) -> None:
    """ppdet 2.6.0: the blocks of PP-YOLOE+ ask at each step whether the weight of their second branch is zero.

    That makes a GPU wait for the processor at every block, and cannot be traced.
    """

    def forward(self: Any, x: Any) -> Any:
        if hasattr(self, "conv"):
            return self.act(self.conv(x))
        second = self.conv2(x)
        return self.act(self.conv1(x) + (second if self.alpha is None else self.alpha * second))

    block.forward = forward


def _stand_in_for_paddleseg() -> None:
    _stand_in("paddleseg", _PADDLESEG_HEAVY)
    # paddleseg 2.8.0: every net asks this module for weights when it is made, also where it is to have none. The module
    # itself imports a downloader and a console; weights are filled in by our own.
    without_weights = ModuleType("paddleseg.utils.utils", "Stands in for the loading of weights.")
    vars(without_weights).update(load_pretrained_model=_no_weights, load_entire_model=_no_weights)
    sys.modules["paddleseg.utils.utils"] = without_weights
    vars(sys.modules["paddleseg.utils"])["utils"] = without_weights
    _let_channels_be_reduced_fast(importlib.import_module("paddleseg.models.layers.tensor_fusion_helper"))


def _let_channels_be_reduced_fast(helper: Any) -> None:
    """paddle 3.1.1: on the processor the gradient of ``max`` along an axis takes 40 % of a training step of PP-LiteSeg.

    ``maxout`` over all channels is the same figure with the same gradient and takes a hundredth of that; paddle2onnx
    knows only ``max``, so nets that are exported keep it.
    """
    import paddle

    def reduce(x: Any, use_concat: bool = True) -> Any:
        if paddle.in_dynamic_mode() and not x.stop_gradient:
            largest = paddle.nn.functional.maxout(x, groups=x.shape[1], axis=1)
        else:
            largest = x.max(axis=1, keepdim=True)
        parts = [x.mean(axis=1, keepdim=True), largest]
        return paddle.concat(parts, axis=1) if use_concat else parts

    helper.avg_max_reduce_channel_helper = reduce


def _no_weights(net: object, source: str | None) -> None:
    assert source is None

"""What pruning takes away against what it costs, and what is refused beforehand."""

from __future__ import annotations

import pytest

from paddlex_restful.params import default_params
from paddlex_restful.services import Services, exporting, projects, pruning, tasks
from paddlex_restful.services.exporting import Wish
from paddlex_restful.services.pruning import Tradeoff

FOUND = Tradeoff("acc1", 0.9, ((0.0, 0.0), (0.2, 0.01), (0.6, 0.05), (0.7, 0.5)))


@pytest.mark.parametrize(
    ("share", "loss"), [(0.0, 0.0), (0.1, 0.005), (0.2, 0.01), (0.4, 0.03), (0.65, 0.275), (0.7, 0.5), (0.9, 0.5)]
)
def test_the_loss_lies_on_straight_lines_between_the_points(share: float, loss: float) -> None:
    assert FOUND.loss(share) == pytest.approx(loss)


@pytest.mark.parametrize(("loss", "share"), [(0.0, 0.0), (0.02, 0.2), (0.05, 0.6), (1.0, 0.7)])
def test_the_share_is_the_largest_that_a_loss_allows(loss: float, share: float) -> None:
    assert FOUND.share(loss) == share


def test_a_net_of_which_nothing_can_be_removed() -> None:
    nothing = Tradeoff("acc1", 0.9, ((0.0, 0.0),))
    assert (nothing.most, nothing.loss(0.3), nothing.share(0.05)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("project_type", "model", "refused"),
    [("detection", "FasterRCNN", True), ("segmentation", "SegFormer-B0", True), ("detection", "PicoDet", False)],
)
def test_what_cannot_be_pruned_is_known_before_the_training(
    toy_services: Services, project_type: str, model: str, refused: bool
) -> None:
    pid = projects.create(toy_services, "p", "", project_type)
    assert pruning.refusal(toy_services, tasks.create(toy_services, pid, None, "", None)) is None
    tid = tasks.create(toy_services, pid, default_params(project_type, model), "", None)
    refusal = pruning.refusal(toy_services, tid)
    assert (refusal is not None) == refused
    if refusal is not None:
        assert str(refusal).startswith(f"{model} cannot be pruned")


@pytest.mark.parametrize(
    ("model", "wish", "words"),
    [
        ("FasterRCNN", Wish("onnx", ""), "cannot be exported as ONNX"),
        ("PicoDet", Wish("infer", "", quant=True), "cannot be quantised"),
        ("FasterRCNN", Wish("infer", ""), None),
        ("PicoDet", Wish("onnx", ""), "has no dataset"),
    ],
)
def test_what_cannot_be_exported_is_known_beforehand(
    toy_services: Services, model: str, wish: Wish, words: str | None
) -> None:
    pid = projects.create(toy_services, "p", "", "detection")
    tid = tasks.create(toy_services, pid, default_params("detection", model), "", None)
    refusal = exporting.refusal(toy_services, tid, wish)
    assert (refusal is None) if words is None else (words in str(refusal))

"""Losses against other implementations, and what is left out of them."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from scipy.special import log_softmax

from paddlex_restful.training.segmentation.losses import chosen_loss, cross_entropy, dice
from paddlex_restful.training.suites import paddleseg_models


@pytest.fixture
def answer() -> tuple[paddle.Tensor, paddle.Tensor]:
    """Logits of two images, and a truth with ignored pixels."""
    paddle.seed(0)
    truth = paddle.randint(0, 4, [2, 9, 7])
    truth[:, :3] = 255
    return paddle.randn([2, 4, 9, 7]) * 3, truth


def test_cross_entropy_is_the_mean_over_the_pixels_that_count(answer: tuple[paddle.Tensor, paddle.Tensor]) -> None:
    logits, truth = (tensor.numpy() for tensor in answer)
    counted = truth != 255
    of_pixels = log_softmax(logits.transpose(0, 2, 3, 1)[counted].astype(np.float64), axis=1)
    expected = -of_pixels[np.arange(counted.sum()), truth[counted]].mean()
    assert float(cross_entropy(*answer)) == pytest.approx(expected, rel=1e-5)


def test_dice_equals_that_of_paddleseg(answer: tuple[paddle.Tensor, paddle.Tensor]) -> None:
    logits, truth = answer
    theirs = paddleseg_models("losses.dice_loss").DiceLoss()
    # Theirs writes into the truth, which the losses of further heads then see.
    assert float(dice(logits, truth)) == pytest.approx(float(theirs(logits, truth.clone())), rel=1e-5)


@pytest.mark.parametrize("loss", [cross_entropy, dice])
def test_ignored_pixels_do_not_count(loss: object, answer: tuple[paddle.Tensor, paddle.Tensor]) -> None:
    assert callable(loss)
    logits, truth = answer
    before = float(loss(logits, truth))
    logits[:, :, :3] = 100 * paddle.randn([2, 4, 3, 7])
    assert float(loss(logits, truth)) == pytest.approx(before)
    logits.stop_gradient = False
    loss(logits, truth).backward()
    assert float(logits.grad[:, :, :3].abs().max()) == 0
    assert float(logits.grad[:, :, 3:].abs().max()) > 0


@pytest.mark.parametrize("loss", [cross_entropy, dice])
def test_an_image_of_ignored_pixels_alone_costs_nothing(loss: object) -> None:
    assert callable(loss)
    assert float(loss(paddle.randn([1, 3, 4, 4]), paddle.full([1, 4, 4], 255, "int64"))) == pytest.approx(0, abs=1e-6)


def test_loss_type_switches_dice_and_cross_entropy(answer: tuple[paddle.Tensor, paddle.Tensor]) -> None:
    both = float(cross_entropy(*answer)) + float(dice(*answer))
    expected = {(False, False): cross_entropy, (False, True): cross_entropy, (True, False): dice}
    for switches, loss in expected.items():
        assert float(chosen_loss(switches)(*answer)) == float(loss(*answer))
    assert float(chosen_loss([True, True])(*answer)) == pytest.approx(both)

"""The fields of forms."""

from __future__ import annotations

import pytest

from paddlex_restful.params import check_params, default_params, models
from paddlex_restful.params.fields import defaults, fields
from paddlex_restful.params.schema import PARAMS_MODELS

ELSEWHERE = {
    "model",
    "backbone",
    "cpu_num",
    "cuda_visible_devices",
    "eval_metric_loss",
    "pruned_flops",
    "resume_checkpoint",
    "sensitivities_path",
    "train_num",
}
"""What forms do not set."""


@pytest.mark.parametrize("project_type", PARAMS_MODELS)
def test_every_parameter_is_in_a_form_or_set_elsewhere(project_type: str) -> None:
    known = {field.name for model in models(project_type) for field in fields(project_type, model)}
    # Only the R-CNN models outline objects, and they know none of the YOLO family's changes.
    others = {field.name for model in models("detection") for field in fields("detection", model)} - {
        field.name for field in fields("detection", "FasterRCNN")
    }
    missing = PARAMS_MODELS[project_type].model_fields.keys() - known - ELSEWHERE
    assert missing <= (others if project_type == "instance_segmentation" else set())


@pytest.mark.parametrize("project_type", PARAMS_MODELS)
def test_each_field_tells_what_it_is_and_what_it_may_be(project_type: str) -> None:
    for model in models(project_type):
        told = fields(project_type, model)
        values = defaults(project_type, default_params(project_type, model))
        assert told[0].group == "essential"
        for field in told:
            assert field.title and field.help.endswith(".") and field.expected
            value = values[field.name]
            parts = value if field.parts else [value]
            assert len(parts) == (len(field.parts) or 1)
            if field.kind in ("whole", "number"):
                assert field.least is not None and field.most is not None
                assert all(field.least <= part <= field.most for part in parts)
            if field.kind == "choice":
                assert value in field.choices
        assert check_params(project_type, values)


def test_a_form_has_what_its_model_knows_and_no_more() -> None:
    rcnn = {field.name for field in fields("detection", "FasterRCNN")}
    yolo = {field.name for field in fields("detection", "YOLOv3")}
    assert yolo - rcnn == {
        "crop_image",
        "expand_image",
        "expand_prob",
        "mixup_alpha",
        "mixup_beta",
        "random_shape",
        "random_shape_sizes",
        "use_mixup",
    }
    assert "pretrain_weights" in {field.name for field in fields("segmentation", "BiSeNetV2")}

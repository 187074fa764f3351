from __future__ import annotations

import pytest

from paddlex_restful.reports.figures import figures
from tests.reports import results


def test_figures_that_could_not_be_computed_are_none_in_every_spelling() -> None:
    null = figures(results.CLASSIFICATION, "classification").tables[0].rows[0][1][0]
    minus_one = figures(results.DETECTION, "detection").tables[0].rows[1][1][0]
    nan = figures(results.SEGMENTATION, "segmentation").tables[0].rows[1][1][0]
    assert (null, minus_one, nan) == (None, None, None)


def test_instance_segmentation_has_boxes_and_masks_apart() -> None:
    shown = figures(results.INSTANCE_SEGMENTATION, "instance_segmentation")
    assert [table.heading for table in shown.tables] == ["Boxes", "Masks"]
    assert [matrix.counts[0][0] for matrix in shown.matrices] == [3.0, 2.0]
    assert shown.overall == (("mAP of boxes", 0.2), ("mAP of masks", None))


def test_confusions_come_most_frequent_first_with_their_share() -> None:
    (matrix,) = figures(results.CLASSIFICATION, "classification").matrices
    assert matrix.confusions(10) == [("square", "triangle", 4.0, 1.0), ("circle", "triangle", 1.0, 1.0)]
    assert len(matrix.confusions(1)) == 1


def test_a_label_list_without_background_gets_its_name() -> None:
    result = {**results.DETECTION, "label_list": ["circle", "square"]}
    assert figures(result, "detection").matrices[0].labels == ("circle", "square", "back_ground")


def test_an_unknown_project_type_is_refused() -> None:
    with pytest.raises(ValueError, match="speech"):
        figures(results.DETECTION, "speech")

"""The images of a dataset by class, part and name; searches for datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlex_restful import datasets as formats
from paddlex_restful.errors import UserError
from paddlex_restful.jobs.files import job_folder
from paddlex_restful.services import Services, datasets, imports
from paddlex_restful.services.gallery import gallery
from paddlex_restful.services.listing import Selection
from tests.images import make_dataset, make_detection, make_segmentation
from tests.services.conftest import OpenServices


def placed(services: Services, type: str, source: Path) -> str:
    """A dataset that lies in its place."""
    did = datasets.create(services, "images", "", type)
    folder = services.workspace.folder(services.workspace.dataset(did))
    source.rename(folder / "source")
    for entry in (folder / "source").iterdir():
        entry.rename(folder / entry.name)
    (folder / "source").rmdir()
    formats.rebuild(folder, type)
    services.jobs.record("import", did, job_folder(folder, "import"), "done")
    return did


def test_images_are_chosen_by_class_part_and_name(open_services: OpenServices, tmp_path: Path) -> None:
    services = open_services()
    did = placed(services, "detection", make_detection(tmp_path / "made", count=10, backgrounds=3))
    datasets.split(services, did, 0.3, 0.2)
    details = datasets.details(services, did)
    assert details is not None
    found = gallery(services, did)
    assert [one.image for one in found.images] == list(details["file_info"])
    for label, members in details["label_info"].items():
        assert [one.image for one in found.select(label)] == sorted(members)
        assert found.counts[label] == len(members)
    assert len(found.select("")) == found.counts[""] == 3
    for part in ("train", "val", "test"):
        assert {one.image for one in found.select(split=part)} == set(details[f"{part}_files"])
        assert found.splits[part] == len(details[f"{part}_files"])
    assert [one.image for one in found.select(text=" 0007.J")] == ["JPEGImages/0007.jpg"]
    assert len(found.select()) == 10


def test_the_background_is_no_class_of_a_gallery(open_services: OpenServices, tmp_path: Path) -> None:
    services = open_services()
    did = placed(services, "segmentation", make_segmentation(tmp_path / "made", count=6, backgrounds=2))
    found = gallery(services, did)
    assert found.labels == formats.labels(services.workspace.folder(services.workspace.dataset(did)))[1:]
    assert len(found.select("")) == 2


def test_a_gallery_is_another_after_a_split(open_services: OpenServices, tmp_path: Path) -> None:
    services = open_services()
    did = placed(services, "classification", make_dataset(tmp_path / "made", "classification"))
    before = gallery(services, did)
    assert gallery(services, did) is before
    datasets.split(services, did, 0.3, 0)
    after = gallery(services, did)
    assert after.version != before.version
    assert not before.splits
    assert after.splits


def test_a_dataset_without_images_has_no_gallery(open_services: OpenServices) -> None:
    services = open_services()
    did = datasets.create(services, "empty", "", "detection")
    with pytest.raises(UserError, match="cannot be used yet"):
        gallery(services, did)
    assert datasets.image_count(services, did) == 0
    assert imports.latest(services, did) is None
    assert imports.bad_files(services, did) is None
    with pytest.raises(UserError, match="nothing to stop"):
        imports.stop(services, did)


def test_datasets_are_found_by_text_and_type(open_services: OpenServices) -> None:
    services = open_services()
    for name, desc, type in (("Äpfel", "", "detection"), ("pears", "no äpfel", "detection"), ("x", "", "segmentation")):
        datasets.create(services, name, desc, type)

    def names(text: str, type: str | None, selection: Selection = Selection()) -> list[str]:  # noqa: B008
        return [entry["attr"]["name"] for entry in datasets.search(services, text, type, selection).items]

    assert names("", None) == ["Äpfel", "pears", "x"]
    assert names("ÄPFEL ", None) == ["Äpfel", "pears"]
    assert names("d0003", None) == ["x"]
    assert names("", "detection", Selection(limit=1, sort="-id")) == ["pears"]
    assert datasets.search(services, "", "detection", Selection(limit=1)).total == 2

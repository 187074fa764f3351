"""Images of ``JPEGImages`` and their annotations of the same name in ``Annotations``."""

from __future__ import annotations

from pathlib import PurePosixPath

from paddlex_restful.datasets.source import Source
from paddlex_restful.messages import dataset as messages

IMAGES = "JPEGImages"
ANNOTATIONS = "Annotations"


def images(source: Source) -> list[str]:
    """The images of ``JPEGImages``; a missing or empty folder is reported."""
    if not source.has_folder(IMAGES):
        source.why_not(IMAGES, messages.NO_FOLDER)
        return []
    found = source.images(IMAGES)
    if not found:
        source.report.add(IMAGES, messages.NO_IMAGES)
    return found


def pairs(source: Source, suffix: str) -> dict[str, str]:
    """image → annotation, for the images that have one; the others are reported.

    Args:
        source: the folder.
        suffix: ending of annotations, in lower case; upper case is found too.
    """
    if not source.has_folder(ANNOTATIONS):
        source.why_not(ANNOTATIONS, messages.NO_FOLDER)
        return {}
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for image in images(source):
        stem = PurePosixPath(image).stem
        owner = owners.setdefault(stem, image)
        annotation = f"{ANNOTATIONS}/{stem}{suffix}"
        if owner != image:
            source.report.add(image, messages.SAME_STEM, other=owner)
        elif source.has(annotation):
            found[image] = annotation
        elif source.has(f"{ANNOTATIONS}/{stem}{suffix.upper()}"):
            found[image] = f"{ANNOTATIONS}/{stem}{suffix.upper()}"
        elif f"{stem}{suffix}" in source.listing(ANNOTATIONS).unusable:
            source.why_not(annotation, messages.NO_FOLDER)
        else:
            source.report.add(image, messages.MISSING_ANNOTATION, annotation=annotation)
    return found

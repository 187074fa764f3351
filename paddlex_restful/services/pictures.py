"""The images of datasets as small files: what lists and galleries show."""

from __future__ import annotations

from dataclasses import dataclass

from paddlex_restful.datasets import pictures
from paddlex_restful.datasets.pictures import Labels
from paddlex_restful.recent import Recent
from paddlex_restful.services import Services, datasets

_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class Pictured:
    """An image that can be had as a picture.

    Attributes:
        did: its dataset.
        image: its path, relative to the dataset.
        tag: changes whenever the picture may.
    """

    did: str
    image: str
    tag: str


class Pictures:
    """Makes pictures, and keeps those that were asked for last, in so many bytes of memory.

    Args:
        services: of the server.
        most: bytes.
    """

    def __init__(self, services: Services, most: int = _MOST_BYTES) -> None:
        self._services = services
        self._kept: Recent[tuple[Pictured, int, Labels], bytes] = Recent(most, len)

    def find(self, did: str, image: str | None = None) -> Pictured | None:
        """The image of a dataset, or the one that stands for it.

        Args:
            did: the dataset.
            image: path relative to the dataset; None takes the first.

        Returns:
            None where the dataset has no images yet, and none was named.

        Raises:
            UserError: there is no such dataset or image.
        """
        dataset = self._services.workspace.dataset(did)
        if image is None and not datasets.has_images(self._services, dataset):
            return None
        datasets.require_imported(self._services, dataset)
        folder = self._services.workspace.folder(dataset)
        image = image or pictures.first_image(folder)
        return Pictured(did, image, pictures.tag(folder, image))

    def picture(self, found: Pictured, side: int, labels: Labels) -> bytes:
        """An image as a file of the type ``datasets.pictures.MEDIA``.

        Args:
            found: the image.
            side: pixels of the longer side, at most.
            labels: what is drawn of its labels.

        Raises:
            UserError: the image can no longer be read.
        """
        key = (found, side, labels)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        dataset = self._services.workspace.dataset(found.did)
        made = pictures.picture(self._services.workspace.folder(dataset), dataset.type, found.image, side, labels)
        self._kept.put(key, made)
        return made

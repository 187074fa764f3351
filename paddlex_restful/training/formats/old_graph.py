"""Writes a net in paddle's older form of graphs, which Paddle-Lite knows, as a program of its own.

``python -m … MODULE:CLASS CHECKPOINT FOLDER``, in the environment ``quantise.OLD_GRAPHS``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from paddlex_restful.training.formats.children import die_with_parent
from paddlex_restful.training.formats.model import load_named


def main(load: str, checkpoint: str, folder: str) -> None:
    """Write ``inference.pdmodel`` and ``inference.pdiparams`` for one image at a time.

    Args:
        load: ``module:class`` of the model.
        checkpoint: its folder.
        folder: to write into; it exists.
    """
    load_named(load, Path(checkpoint)).save(Path(folder), single=True)


if __name__ == "__main__":
    die_with_parent()
    main(*sys.argv[1:])

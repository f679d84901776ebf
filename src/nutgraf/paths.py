"""Where the kit's own files lie, and where the learner's do."""

from __future__ import annotations

import os
from pathlib import Path

MARKER = ".nutgraf"
"""Folder that makes a folder a learner's: the kit's records and language data lie in it."""


def kit_dir(name: str) -> Path:
    """The kit's folder `name`: "notebooks", "seeds" or "exercises".

    An installed wheel carries them inside the package; a checkout has them at its top.
    """
    packed = Path(__file__).parent / "kit" / name
    return packed if packed.is_dir() else Path(__file__).parents[2] / name


def learner_folder(start: Path | None = None) -> Path | None:
    """The learner's folder that `start` (default: the working folder) lies in, or None."""
    here = (start or Path(os.getcwd())).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / MARKER).is_dir()), None)

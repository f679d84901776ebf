"""The learner's folder: the lessons copied in with outputs cleared, the learner's work left alone.

The kit remembers a fingerprint of every version of a file that it ever wrote. A file with one of
these is the kit's own and may be replaced by a newer version; any other is the learner's.
A fingerprint is written down before its file is, and a file appears in one step, so that being
stopped at any point leaves nothing that the next run would misread.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import MARKER, kit_dir

MANIFEST = "manifest.json"
"""In the folder's `.nutgraf`: {"files": {path: [fingerprint of each version of the kit's]}}."""

LINKS = (("](../exercises/", "](exercises/"), ("](../notebooks/", "](../"))
"""Links between lessons and exercises, in the kit and in the learner's folder: there, the
exercises lie in the lessons' own folder, not beside it."""

LITTER = {".ds_store", ".directory", "desktop.ini", "thumbs.db"}
"""Files that systems drop into folders on their own: a folder with these alone is empty."""


@dataclass(frozen=True)
class Report:
    """What `prepare` did, as paths in the folder, sorted.

    `kept` are files that the learner changed; `newer` are those among them of which the kit has a
    version that the folder never had.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()


def learner_edition(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the notebook without what running it left: outputs, counts, times, widget states.

    The answer must not stand under the question. Links follow the files to their places in a
    learner's folder. Everything else is kept.
    """
    edition = copy.deepcopy(dict(notebook))
    edition["metadata"] = dict(edition.get("metadata", {}))
    edition["metadata"].pop("widgets", None)
    for cell in edition.get("cells", []):
        if cell.get("cell_type") == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell.get("metadata", {}).pop("execution", None)
        elif cell.get("cell_type") == "markdown":
            source = cell["source"]
            lines = [source] if isinstance(source, str) else source
            moved = [_moved(line) for line in lines]
            cell["source"] = moved[0] if isinstance(source, str) else moved
    return edition


def _moved(line: str) -> str:
    """A line of Markdown with its links as they are in the learner's folder."""
    for here, there in LINKS:
        line = line.replace(here, there)
    return line


def as_bytes(notebook: Mapping[str, Any]) -> bytes:
    """The notebook as a file, laid out as Jupyter does it; the same for the same content."""
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def editions() -> dict[str, bytes]:
    """All that a learner gets: the path in the learner's folder, and the file's content.

    Raises NutgrafError if the kit's notebooks are missing or one of them cannot be read.
    """
    exercises = kit_dir("exercises")
    sources = {path.name: path for path in kit_dir("notebooks").glob("*.ipynb")}
    if not sources:
        raise NutgrafError(f"{kit_dir('notebooks')} holds no lessons. Install Nutgraf again.")
    sources |= {f"exercises/{path.name}": path for path in exercises.glob("*.ipynb")}
    if (exercises / "README.md").is_file():
        sources["exercises/README.md"] = exercises / "README.md"
    files = {}
    for name, path in sorted(sources.items()):
        files[name] = path.read_bytes()
        if path.suffix == ".ipynb":
            try:
                files[name] = as_bytes(learner_edition(json.loads(files[name])))
            except (ValueError, TypeError, AttributeError) as error:
                raise NutgrafError(
                    f"{path} is not a notebook that can be read ({error}). Install Nutgraf again."
                ) from error
    return files


def prepare(folder: Path) -> Report:
    """Make `folder` a learner's folder, or bring the one it is up to date.

    Adds what is missing, updates what the learner did not touch, keeps what the learner changed.
    Raises NutgrafError, before anything is written, for a folder with somebody else's files in
    it, and for a folder that cannot be written.
    """
    folder = Path(folder)
    files = editions()
    try:
        _claim(folder)
        return _copy(folder, files)
    except OSError as error:
        raise NutgrafError(_explain(error, folder)) from error


def others_in(folder: Path) -> list[str]:
    """Names of what lies in a folder, but for what systems drop there on their own."""
    return sorted(path.name for path in folder.iterdir() if path.name.lower() not in LITTER)


def _claim(folder: Path) -> None:
    """Make the folder and its `.nutgraf`, unless the folder is somebody else's."""
    if folder.exists() and not folder.is_dir():
        raise NutgrafError(f"{folder} is a file. Name a folder, or rename the file.")
    if folder.is_dir() and not (folder / MARKER).exists():
        others = others_in(folder)
        if others:
            raise NutgrafError(
                f"{folder} has other files in it ({', '.join(others[:3])}), and Nutgraf keeps "
                f"away from them. Name a new or empty folder."
            )
    (folder / MARKER).mkdir(parents=True, exist_ok=True)


def _copy(folder: Path, files: dict[str, bytes]) -> Report:
    manifest = _read_manifest(folder)
    hashes = {name: fingerprint(content) for name, content in files.items()}
    done: dict[str, list[str]] = {field: [] for field in Report.__dataclass_fields__}
    for name in files:
        now = _fingerprint_of(folder / name)
        ours = manifest.get(name, [])
        if now is None:
            done["added"].append(name)
        elif now == hashes[name]:
            done["unchanged"].append(name)
        elif now in ours:
            done["updated"].append(name)
        else:
            done["kept"].append(name)
            if hashes[name] not in ours:
                done["newer"].append(name)
    to_write = [*done["added"], *done["updated"]]
    known = {name: list(ours) for name, ours in manifest.items()}
    for name in (*to_write, *done["unchanged"]):
        if hashes[name] not in known.setdefault(name, []):
            known[name].append(hashes[name])
    if known != manifest:
        text = json.dumps({"files": known}, indent=1, sort_keys=True)
        _write(folder / MARKER / MANIFEST, text.encode(), folder)
    for name in to_write:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        # Looked at again: an editor may have saved the file since.
        if _fingerprint_of(target) in (None, *known[name]):
            _write(target, files[name], folder)
    _sweep(folder)
    return Report(**{field: tuple(sorted(names)) for field, names in done.items()})


def _read_manifest(folder: Path) -> dict[str, list[str]]:
    """The fingerprints of the kit's own versions of each file.

    A manifest that cannot be read counts as empty, which is the careful way: then every file that
    differs from the kit's is taken for the learner's, and kept.
    """
    try:
        files = json.loads((folder / MARKER / MANIFEST).read_bytes())["files"]
        return {str(name): [str(one) for one in ours] for name, ours in files.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(target: Path, content: bytes, folder: Path) -> None:
    """Put a file in place in one step, once all of it is on the disk."""
    new = folder / MARKER / f"new-{os.getpid()}.tmp"
    with open(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, target)


def _sweep(folder: Path) -> None:
    """Remove what copying left behind when it was stopped; fresh files may be another run's."""
    for path in (folder / MARKER).glob("new-*.tmp"):
        if time.time() - path.stat().st_mtime > 3600:
            path.unlink(missing_ok=True)


def fingerprint(content: bytes) -> str:
    """The sha256 of a file's content; two notebooks that differ in nothing of anybody's share it.

    JupyterLab notes the kernel's version in a notebook that is opened, and saves that by itself:
    it is left out of account.
    """
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
        notebook = json.loads(content)
        metadata = dict(notebook["metadata"])
        metadata.pop("language_info", None)
        metadata["kernelspec"] = metadata.get("kernelspec", {}).get("name")
        content = as_bytes({**notebook, "metadata": metadata})
    return hashlib.sha256(content).hexdigest()


def _fingerprint_of(path: Path) -> str | None:
    """The fingerprint of a file, None if there is none. A folder in its place raises OSError."""
    try:
        return fingerprint(path.read_bytes())
    except FileNotFoundError:
        return None


def _explain(error: OSError, folder: Path) -> str:
    """The error in plain words, with the way out."""
    place = error.filename2 or error.filename or folder
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        if Path(place).is_dir() and Path(place) not in (folder, folder / MARKER, *folder.parents):
            return f"{place} is a folder, where a file of the lessons belongs. Rename it."
        return (
            f"{place} may not be written ({error.strerror}). Close programs that have it open, "
            f"or name a folder that is yours."
        )
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return (
            f"{place} cannot be written: the disk is full. Make room, then run the same command "
            f"again; it goes on from here."
        )
    if error.errno == errno.EISDIR:
        return f"{place} is a folder, where a file of the lessons belongs. Rename it."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{place}: a file stands where a folder belongs. Rename it."
    return f"{place} cannot be written ({error.strerror or error}). Name another folder."

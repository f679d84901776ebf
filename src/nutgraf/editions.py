"""Whole kits to hand on: the one for self-study, and the one for a class, without its answers.

The kit is for self-study as it is: solutions lie in it on purpose. A class edition has none, nor
hidden tests in any file, nor what only tests and teachers need; its lessons have no outputs, and
its quizzes are sealed (`nutgraf.sealing`). It unpacks anywhere and opens with start.py.

What belongs to a kit is listed in `KIT`, pattern by pattern. A file that no pattern names stays
out, whatever it is: answers, notes, copies and caches lie about in any folder that is worked in.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.folder import as_bytes, learner_edition

KIT = (
    (True, r"\.gitattributes|\.gitignore|CHANGELOG\.md|LICENSE|README\.md|environment\.yml"),
    (True, r"postBuild|pyproject\.toml|requirements\.lock|start\.py"),
    (True, r"src/nutgraf/([a-z_]+/)*\w[\w.-]*\.(py|json|js|css|yml)"),
    (True, r"notebooks/([0-9]{2}(-[a-z0-9]+)+|index|glossary|workshop)\.ipynb"),
    (True, r"notebooks/quizzes/[a-z0-9-]+\.yml"),
    (True, r"exercises/README\.md"),
    (True, r"seeds/[\w-]+/(article\.txt|[\w-]+\.(yml|json))"),
    (False, r"exercises/solutions/E[0-9]{2}(-[a-z0-9]+)+\.ipynb"),
    (False, r"notebooks/facts/[a-z0-9-]+\.yml"),
    (False, r"CONTRIBUTING\.md|requirements-test\.lock|\.ci/run"),
    (False, r"guide/[\w-]+\.(md|png|svg)"),
    (False, r"tools/\w+\.py"),
    (False, r"tests(/[^./][^/]*)+"),
)
"""What belongs to a kit, as patterns of paths in it; True: to a class edition too.

The learner's editions of the exercises belong to both and are made anew from `exercises/solutions`.
"""

FOLDERS = (".ci", "exercises", "guide", "notebooks", "seeds", "src", "tests", "tools")
"""The folders that a kit's files lie in, besides its top."""

LEFTOVERS = re.compile(
    r"__pycache__|\.ipynb_checkpoints|\.hypothesis|\.pytest_cache|\.ruff_cache|.+\.egg-info"
    r"|.+\.py[co]|my-nutgraf|my-answers\.jsonl|my-marks-.*\.jsonl|\.DS_Store|.*~|\.nutgraf"
)
"""Names of files and folders that work leaves behind: they are nowhere a part of the kit."""

RUN = ("postBuild", ".ci/run")
"""Files that have to be executable."""

MARKER = "src/nutgraf/edition.txt"
"""The file by which a class edition knows what it is; its word is `CLASS`."""

CLASS, SELF_STUDY = "class", "self-study"

README = """\
# Nutgraf, class edition

Nutgraf takes one real news article apart, in short notebooks with questions that explain every
answer: read it as an editor does, tokenize it, count it, hear who speaks, summarize it, annotate
it, check it. This is the edition for a class: what your teacher needs is not in it.

## Open it

You need Python 3.11 or newer with its pip, about 400 MB of disk, and the network once (about
90 MB). Unpack the whole folder first. On Windows write `py` where it says `python3`.

```sh
python3 start.py
```

This sets up everything in the folder `.venv` beside `start.py`, makes the folder `my-nutgraf`, puts
your copies of the lessons there, and opens JupyterLab on lesson 00. The same command opens it again
later, without the network. To stop, press Ctrl+C in the window where you started it. If something
does not work, `python3 start.py check` looks at every part and says how to mend it.

What you write stays yours: it is kept in `my-nutgraf`, on your machine, and never overwritten.

## What is not in it, and what that is worth

Solutions of the exercises and hidden tests are in no file of this edition. Nor are the kit's own
tests and the guide for teachers. All of that is in the full kit, for whoever has it.

The answers to the questions had to stay, since each question answers at once and without a
network. They are sealed: searching the files, or looking into them, shows no answer and no
feedback. This is a lid, not a lock. The kit opens it each time you answer, and so can anybody who
runs or reads the kit's code. Some of the package's own functions also do what an exercise asks for.

So these are questions for practice. For an exam, ask new ones.

## Rights

Code: BSD 3-Clause. Lesson text: CC BY 4.0. The article belongs to its publisher and is under
neither; see [LICENSE](LICENSE) and `seeds/sadr-protests/article.yml`.
"""


@dataclass(frozen=True)
class Release:
    """What `release` made: the folder, the zip with the same files in it, and how many they are.

    edition: "self-study" or "class"; left_out: files in the kit's folders that are no part of a
    kit, as paths in it, sorted.
    """

    folder: Path
    archive: Path
    files: int
    edition: str
    left_out: tuple[str, ...] = ()


def edition() -> str:
    """Which edition of the kit this is: "self-study" or "class"."""
    marker = Path(__file__).parent / Path(MARKER).name
    return CLASS if marker.is_file() else SELF_STUDY


def need_full_kit(what: str) -> None:
    """Raise NutgrafError in a class edition; `what` begins the sentence: "The answer key"."""
    if edition() == CLASS:
        raise NutgrafError(
            f"{what} is not in a class edition. Use the full kit that this one was made from."
        )


def release(out: Path | str, *, solutions: bool, kit: Path | None = None) -> Release:
    """Make a whole kit: the folder `out`, and `out` with .zip, both ready for start.py.

    solutions: True for the kit as it is, for self-study; False for a class edition.
    kit: the checkout to make it from (default: the one that this package runs from).
    The same kit gives the same files, and a zip that is the same byte by byte.

    Raises NutgrafError, with nothing left behind, when `out` or its zip is there already (an
    empty folder is welcome), when it cannot be written, when there is no checkout, and when one
    of the kit's files cannot be read.
    """
    out = Path(os.path.abspath(Path(out).expanduser()))
    kit = _checkout(kit or Path(__file__).parents[2]).resolve()
    archive = out.with_name(f"{out.name}.zip")
    _is_free(out, archive, kit)
    files = contents(kit, solutions=solutions)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(files, out, archive)
    except OSError as error:
        raise NutgrafError(
            f"{error.filename2 or error.filename or out} cannot be written "
            f"({error.strerror or error}). Name another folder, or make room; nothing was left."
        ) from error
    which = SELF_STUDY if solutions else CLASS
    return Release(out, archive, len(files), which, tuple(left_out(kit)))


def describe(made: Release) -> str:
    """What was made, for the teacher to read."""
    size = made.archive.stat().st_size / 1e6
    lines = [f"{made.folder}: {made.files} files", f"{made.archive}: the same, {size:.1f} MB"]
    if made.edition == CLASS:
        lines += [
            "This is a class edition: it has no solutions and no hidden tests, and its questions "
            "are sealed.",
            "Sealing is a lid, not a lock; its README says what that is worth.",
        ]
    else:
        lines.append("This is the kit for self-study, with all solutions.")
    if made.left_out:
        shown = ", ".join(made.left_out[:5])
        more = f" and {len(made.left_out) - 5} more" if len(made.left_out) > 5 else ""
        lines.append(f"Left out, as they are no part of the kit: {shown}{more}")
    lines.append("To open it, unpack it and run there: python3 start.py")
    return "\n".join(lines)


def contents(kit: Path, *, solutions: bool) -> dict[str, bytes]:
    """The files of an edition: their paths in it, sorted, and what they hold.

    Raises NutgrafError naming a file that cannot be read.
    """
    files = {}
    for name in sorted(_walk(kit)):
        place = next((for_class for for_class, pattern in KIT if re.fullmatch(pattern, name)), None)
        if place or (solutions and place is False):
            files[name] = _read(kit / name)
    for path in sorted((kit / "exercises/solutions").glob("*.ipynb")):
        if _belongs(f"exercises/solutions/{path.name}"):
            files[f"exercises/{path.name}"] = _learners_exercise(path)
    if not solutions:
        files = _for_a_class(kit, files)
    return dict(sorted(files.items()))


def left_out(kit: Path) -> list[str]:
    """Files in the kit's folders that are no part of it, but for what work leaves behind."""
    return sorted(name for name in _walk(kit) if not _belongs(name))


# --- what belongs ------------------------------------------------------------------------------


def _checkout(kit: Path) -> Path:
    """The folder, if it is a whole kit with everything for a teacher in it."""
    if not all((kit / name).is_file() for name in ("start.py", "pyproject.toml")):
        raise NutgrafError(
            "An edition is made from the kit's whole folder, and this is an installed package "
            "without one. Get that folder (the one with start.py), and run this there: "
            "python3 start.py release"
        )
    if not any((kit / "exercises/solutions").glob("*.ipynb")):
        raise NutgrafError(
            f"{kit} is a class edition, or has lost its exercises/solutions. Make editions from "
            "the full kit."
        )
    return kit


def _walk(kit: Path) -> Iterator[str]:
    """Paths of the files at the kit's top that belong, and of all in its folders; no links."""
    yield from (name.name for name in kit.iterdir() if _is_plain(name) and _belongs(name.name))
    for folder in FOLDERS:
        for place, folders, names in os.walk(kit / folder):
            here = Path(place)
            folders[:] = sorted(name for name in folders if not LEFTOVERS.fullmatch(name))
            for name in names:
                if _is_plain(here / name) and not LEFTOVERS.fullmatch(name):
                    yield (here / name).relative_to(kit).as_posix()


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _belongs(name: str) -> bool:
    """Whether a path names a part of the kit; editions of exercises are made, and do too."""
    return any(re.fullmatch(pattern, name) for _, pattern in KIT) or bool(
        re.fullmatch(r"exercises/E[0-9]{2}(-[a-z0-9]+)+\.ipynb", name)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NutgrafError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _notebook(path: Path) -> dict[str, Any]:
    try:
        page = json.loads(_read(path))
        page["cells"] = list(page["cells"])
    except (ValueError, TypeError, KeyError) as error:
        raise NutgrafError(f"{path}: is no notebook ({error}). Save it again.") from error
    return page


def _learners_exercise(source: Path) -> bytes:
    from nutgraf import exercises

    return as_bytes(exercises.release(_notebook(source), source.name))


# --- for a class -------------------------------------------------------------------------------


def _for_a_class(kit: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a class edition: answers cleared, sealed or left out."""
    from nutgraf import quizzes, sealing

    made = {}
    for name, content in files.items():
        if name.startswith("notebooks/quizzes/"):
            items = quizzes.load_quiz(kit / name)
            made[name.removesuffix(".yml") + sealing.SUFFIX] = sealing.seal(items)
        elif name.startswith("notebooks/"):
            made[name] = _cleared(_notebook(kit / name))
        elif re.fullmatch(r"seeds/[\w-]+/summaries\.yml", name):
            made[name] = _without_key(kit / name, content)
        else:
            made[name] = content
    return made | {"README.md": README.encode(), MARKER: f"{CLASS}\n".encode()}


def _cleared(page: dict[str, Any]) -> bytes:
    """A lesson without outputs, and with its links as they are in the kit."""
    cleared = learner_edition(page)
    for cell, before in zip(cleared["cells"], page["cells"], strict=True):
        cell["source"] = before["source"]
    return as_bytes(cleared)


def _without_key(path: Path, content: bytes) -> bytes:
    """Summaries without what was altered in them: how many spots there are is all that stays.

    Left out too: which way a summary leans, and the one with nothing wrong in it.
    """
    from nutgraf.article import read_yaml

    summaries = read_yaml(path)
    distorted = summaries.get("distorted")
    if not distorted and "control" not in summaries:
        return content
    summaries.pop("control", None)
    for one in distorted or ():
        one.pop("leans", None)
        if "altered" in one:
            one["altered"] = [{"id": spot["id"]} for spot in one["altered"]]

    import yaml

    text = yaml.safe_dump(summaries, sort_keys=False, allow_unicode=True, width=96)
    return f"# Summaries of the article, without the key: this is a class edition.\n{text}".encode()


# --- files -------------------------------------------------------------------------------------


def _is_free(out: Path, archive: Path, kit: Path) -> None:
    """Raise NutgrafError unless an edition may be put there."""
    if os.path.lexists(archive):
        raise NutgrafError(f"{archive} is there already, and is not overwritten. Name another one.")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise NutgrafError(f"{out} is a file or a link. Name a new or empty folder.")
    if out.is_dir() and (others := sorted(path.name for path in out.iterdir())):
        raise NutgrafError(
            f"{out} has files in it ({', '.join(others[:3])}), and nothing is overwritten. Name a "
            "new or empty folder."
        )
    place = out.resolve()
    if any(place.is_relative_to(kit / folder) for folder in FOLDERS):
        raise NutgrafError(f"{out} lies within the kit's own files. Name a folder elsewhere.")


def _write(files: dict[str, bytes], out: Path, archive: Path) -> None:
    """Write folder and zip beside their places, then move each there in one step."""
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}-", suffix=".new", dir=out.parent))
    try:
        new = building / "kit"
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if name in RUN:
                path.chmod(path.stat().st_mode | 0o111)
        _zip(files, building / "zip", out.name)
        _put(building / "zip", archive)
        try:
            if out.is_dir():
                out.rmdir()  # it is empty, or this fails
            os.rename(new, out)
        except BaseException:
            archive.unlink()
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _put(new: Path, place: Path) -> None:
    """Move a file to a place where none is; raises FileExistsError if there is one by now."""
    try:
        os.link(new, place)
    except FileExistsError:
        raise
    except OSError as error:  # not every disk knows links
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, "it is there already", str(place)) from error
        os.rename(new, place)


def _zip(files: dict[str, bytes], path: Path, top: str) -> None:
    """A zip whose bytes depend on the files alone: no times, fixed permissions, given order."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{top}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is made: permissions are read from it
            entry.external_attr = (0o100755 if name in RUN else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)

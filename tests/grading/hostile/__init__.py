"""Notebooks that mean harm, made by code: what each does, and the verdict that it must get.

Every attack is a way of doing exercise E03. `CODE` holds those that lie in the learner's code: a
function from `Targets` to the code of the solution's cell. It sets `won` when it got what it was
after, and then gives right answers: an attack that gets through is seen by its points. `FILES`
holds those that lie in the file. `HONEST` are odd ways of doing it right.

    from tests.grading import hostile

    targets = hostile.lay_out(folder)
    for attack in hostile.attacks():
        notebook = attack.notebook(edition, targets)   # bytes, to be handed in as E03
        ...                                            # attack.outcomes, attack.points
    assert targets.fingerprint() == before       # as it was when they were laid out
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXERCISE = "E03"
SOLUTION = "E03-words"
TESTS = ("E03-small", "E03-article")

RIGHT = r"""
def words(text):
    number = r"\d+(?:,\d+)*"
    letters = r"\w+(?:[-’']\w+)*"
    return re.findall(f"{number}|{letters}", text)
"""
"""A right solution, which leans on the notebook's own import of re."""


@dataclass(frozen=True)
class Targets:
    """What attacks are after: files of a teacher's, another learner's work, doors of a computer.

    port: where somebody listens on this computer, by TCP and UDP.
    """

    folder: Path
    port: int = 9

    @property
    def secret(self) -> Path:
        """A file in the teacher's home."""
        return self.folder / "home" / "diary.txt"

    @property
    def other(self) -> Path:
        """What another learner handed in."""
        return self.folder / "handed-in" / "bo" / "E03.ipynb"

    @property
    def gradebook(self) -> Path:
        return self.folder / "grades" / "grades.csv"

    @property
    def door(self) -> Path:
        """Where a socket may stand."""
        return self.folder / "home" / "door"

    @property
    def solution(self) -> Path:
        """The teacher's notebook, as it lies in a checkout."""
        top = Path(__file__).parents[3]
        return next((top / "exercises" / "solutions").glob("E03-*.ipynb"))

    def fingerprint(self) -> dict[str, Any]:
        """What can change of the files in the folder: content, rights, kind."""
        found: dict[str, Any] = {}
        for path in sorted(self.folder.rglob("*")):
            state = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
            digest = hashlib.sha256(content).hexdigest()
            name = str(path.relative_to(self.folder))
            found[name] = (state.st_mode, state.st_mtime_ns, state.st_nlink, digest)
        return found


def lay_out(folder: Path, port: int = 9) -> Targets:
    """Make the targets in a folder."""
    targets = Targets(folder, port)
    for path, text in (
        (targets.secret, "the teacher's own"),
        (targets.other, '{"cells": []}'),
        (targets.gradebook, "learner,points\nann,0\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return targets


@dataclass(frozen=True)
class Attack:
    """One attack. outcomes: for each of the two test cells those that are right verdicts; points:
    what it must get; needs: layers without which it is not to be tried; slow: runs into a limit.
    """

    name: str
    make: Callable[[Targets], Any]
    outcomes: tuple[frozenset[str], frozenset[str]]
    points: float = 0
    needs: frozenset[str] = frozenset()
    slow: bool = False

    def notebook(self, edition: dict[str, Any], targets: Targets) -> bytes:
        """The file to be handed in, made from the learner's edition of E03."""
        return _as_file(self.make(targets), edition)


def _as_file(made: Any, edition: dict[str, Any]) -> bytes:
    if isinstance(made, bytes):
        return made
    page = copy.deepcopy(edition)
    if isinstance(made, str):
        cell_named(page, SOLUTION)["source"] = made
    else:
        made = made(page)
        if isinstance(made, bytes):
            return made
    return json.dumps(page).encode()


def cell_named(page: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in page["cells"] if cell.get("id") == name)


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**blank, "source": source, **more}


CODE: list[Attack] = []
FILES: list[Attack] = []
HONEST: list[Attack] = []


def attack(
    *outcomes: str,
    second: tuple[str, ...] = (),
    points: float = 0,
    kind: list | None = None,
    needs: tuple[str, ...] = (),
    slow: bool = False,
) -> Callable[[Callable], Callable]:
    """Note down a function that makes an attack. outcomes: right for the first test cell; second:
    for the second, if they are others."""

    def note(make: Callable) -> Callable:
        allowed = frozenset(outcomes), frozenset(second or outcomes)
        (CODE if kind is None else kind).append(
            Attack(make.__name__, make, allowed, points, frozenset(needs), slow)
        )
        return make

    return note


def attacks() -> Iterator[Attack]:
    """All of them, those in code and those in files."""
    yield from CODE
    yield from FILES


def tries(steps: str, before: str = "import os, re, sys") -> str:
    """Code that does `steps`, which set `won`, and is right if they did; any error is swallowed."""
    inside = "\n".join(f"    {line}" for line in steps.strip().splitlines())
    return f"""{before}

won = False
try:
{inside}
except Exception:
    pass

def words(text):
    if not won:
        return ["nothing won"]
    return re.findall(r"\\d+(?:,\\d+)*|\\w+(?:[-’']\\w+)*", text)
"""


def beside(source: str) -> str | None:
    """The same code with a right function, whatever was won; None if it is of another kind."""
    return source.replace("if not won:", "if False:") if "if not won:" in source else None


def reads(path: os.PathLike | str) -> str:
    return tries(f"won = bool(open({os.fspath(path)!r}, 'rb').read(1))")


def gives(expression: str, before: str = "") -> str:
    """Code whose function gives back the value of an expression, whatever it is asked."""
    return f"import re\n{before}\n\ndef words(text):\n    return {expression}\n"


def inside(steps: str, before: str = "") -> str:
    """Code whose function does `steps`."""
    lines = "\n".join(f"    {line}" for line in steps.strip().splitlines())
    return f"import os, re, sys\n{before}\n\ndef words(text):\n{lines}\n"


from tests.grading.hostile import code, files, honest  # noqa: E402, F401

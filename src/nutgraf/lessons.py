"""The table of the lessons, and the navigation that is made from it.

A lesson says what it is in its own notebook: the title in the `#` heading of its first cell, and
minutes, act and idea in the notebook's metadata under "nutgraf". Number and slug are the file's
name. Nothing is written down twice, and a lesson that is not there yet is not listed.

Notebooks are plain dictionaries here (nbformat 4), so that a kernel can read the table without
loading a notebook library.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import kit_dir

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ACTS = {
    "start": ("Start", "Meet the kit and read the article."),
    "tokenize": (
        "Act 1: Tokenize",
        "Cut the article into characters, words and sentences, and see what each cut decides.",
    ),
    "summarize": (
        "Act 2: Summarize",
        "Hear who speaks, make the article shorter, and check that it is still true.",
    ),
    "annotate": (
        "Act 3: Annotate",
        "Mark words, compare your marks with other people's, and check claims beyond the page.",
    ),
}
"""The acts in their order: key -> (heading, what a learner does there)."""

NAVIGATION = "navigation"
"""Tag of the cells that are generated; whoever edits them by hand loses the edit."""

_FILE = re.compile(r"(\d\d)-[a-z0-9]+(?:-[a-z0-9]+)*\.ipynb")


@dataclass(frozen=True)
class Lesson:
    """One lesson: number "03", slug "03-words", title without the number, and what it takes."""

    number: str
    slug: str
    title: str
    minutes: int
    act: str
    idea: str

    @property
    def file(self) -> str:
        """The notebook's file name."""
        return f"{self.slug}.ipynb"


def lessons(folder: Path | None = None) -> tuple[Lesson, ...]:
    """The lessons in `folder` (default: the kit's notebooks), in their order.

    Raises NutgrafError naming the notebook and the field when one does not say what it is.
    """
    folder = folder or kit_dir("notebooks")
    paths = sorted(path for path in folder.glob("*.ipynb") if _FILE.fullmatch(path.name))
    return tuple(read_lesson(path) for path in paths)


def read_lesson(path: Path) -> Lesson:
    """The lesson in one notebook file.

    Raises NutgrafError when the file is no notebook, or title, minutes, act or idea is missing.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first, said = notebook["cells"][0], notebook["metadata"].get("nutgraf", {})
        source = "".join(first["source"])
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise NutgrafError(
            f"{path.name}: is not a notebook with a first cell and metadata ({problem!r}); "
            "restore it, or open and save it in JupyterLab."
        ) from problem
    number = path.name[:2]
    heading = re.match(rf"# {number} (\S.*)", source)
    if heading is None:
        raise NutgrafError(
            f"{path.name}: the first cell must begin with the title, `# {number} ...`."
        )
    return Lesson(number, path.stem, heading[1].strip(), **_metadata(said, path.name))


def _metadata(said: Any, name: str) -> dict[str, Any]:
    rules = {
        "minutes": (lambda v: isinstance(v, int) and not isinstance(v, bool) and v > 0, "45"),
        "act": (lambda v: isinstance(v, str) and v in ACTS, " or ".join(map(repr, ACTS))),
        "idea": (lambda v: isinstance(v, str) and v.strip() == v != "", '"one line"'),
    }
    for field, (holds, example) in rules.items():
        if not isinstance(said, dict) or not holds(said.get(field)):
            raise NutgrafError(
                f'{name}: metadata "nutgraf": "{field}" must be {example}; '
                "set it in JupyterLab under Property Inspector, Notebook Metadata."
            )
    return {field: said[field] for field in rules}


def find(name: str, table: Sequence[Lesson] | None = None) -> Lesson:
    """The lesson called `name`: its number ("03"), its slug ("03-words") or its file.

    Raises NutgrafError listing those there are.
    """
    table = lessons() if table is None else table
    for lesson in table:
        if name in (lesson.number, lesson.slug, lesson.file):
            return lesson
    there = ", ".join(lesson.slug for lesson in table) or "none yet"
    raise NutgrafError(f"There is no lesson {name!r}. There are: {there}.")


# --- navigation ----------------------------------------------------------------------------


def with_navigation(notebook: dict, lesson: Lesson, table: Sequence[Lesson]) -> dict:
    """The lesson's notebook with fresh navigation: under the title, and at the end."""
    kept = [cell for cell in notebook["cells"] if not is_navigation(cell)]
    place = [each.slug for each in table].index(lesson.slug)
    heading = ACTS[lesson.act][0]
    card = f"**Lesson {place + 1} of {len(table)}** · {heading} · about {lesson.minutes} minutes"
    steps = _steps(table, place)
    top = _cell(f"{lesson.number}-navigation-top", f"{card}\n\n{steps}")
    end = _cell(f"{lesson.number}-navigation-end", f"---\n\n{steps}")
    return {**notebook, "cells": [*kept[:1], top, *kept[1:], end]}


def with_contents(notebook: dict, table: Sequence[Lesson]) -> dict:
    """The index notebook with a fresh table of the lessons, where the old one stood (or last)."""
    old = [place for place, cell in enumerate(notebook["cells"]) if is_navigation(cell)]
    place = old[0] if old else len(notebook["cells"])
    kept = [cell for cell in notebook["cells"] if not is_navigation(cell)]
    fresh = _cell("index-contents", contents(table))
    return {**notebook, "cells": [*kept[:place], fresh, *kept[place:]]}


def contents(table: Sequence[Lesson]) -> str:
    """The lessons act by act, with minutes and idea, as Markdown."""
    parts = []
    for act, (heading, what) in ACTS.items():
        rows = [
            f"| {_link(lesson)} | {lesson.minutes} | {_plain(lesson.idea)} |"
            for lesson in table
            if lesson.act == act
        ]
        if rows:
            head = ["| lesson | minutes | the idea |", "| --- | ---: | --- |"]
            parts.append("\n".join([f"### {heading}", "", what, "", *head, *rows]))
    total = sum(lesson.minutes for lesson in table)
    parts.append(f"{len(table)} lessons, about {total} minutes in all.")
    return "\n\n".join(parts)


def is_navigation(cell: dict) -> bool:
    """Whether a cell is one of the generated ones."""
    return NAVIGATION in cell.get("metadata", {}).get("tags", ())


def _steps(table: Sequence[Lesson], place: int) -> str:
    steps = ["[Contents](index.ipynb)"]
    if place > 0:
        steps.insert(0, f"Previous: {_link(table[place - 1])}")
    if place + 1 < len(table):
        steps.append(f"Next: {_link(table[place + 1])}")
    return " · ".join(steps)


def _link(lesson: Lesson) -> str:
    return f"[{lesson.number} {_plain(lesson.title)}]({lesson.file})"


def _plain(words: str) -> str:
    """Words that a Markdown link or table cell shows as they are; code spans stay code."""
    parts = re.split(r"(`[^`]*`)", words.replace("|", r"\|"))
    return "".join(p if p[:1] == "`" else re.sub(r"([\[\]])", r"\\\1", p) for p in parts)


def _cell(name: str, source: str) -> dict:
    return {
        "cell_type": "markdown",
        "id": name,
        "metadata": {"tags": [NAVIGATION]},
        "source": source,
    }

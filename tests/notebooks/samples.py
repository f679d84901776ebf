"""A small lesson that keeps every rule, to be broken one rule at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import refresh
from checks import SETUP
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

METADATA = {"minutes": 45, "act": "tokenize", "idea": "Cut `a|b` and [look]"}
QUIZ = 'lesson: "03-words"\nitems:\n' + "".join(
    f"""\
  - id: {name}
    kind: number
    prompt: How many?
    answer: {answer}
    says: Yes.
    otherwise: Run the cell and look.
    check: answer == {answer}
"""
    for name, answer in (("T1", 0), ("T2", 5), ("T3", 7))
)
CARD = """\
# 03 What is a word?

After this lesson you can:

- predict what a cut returns
- choose a rule

You need: nothing but this page."""
FILLER = (
    "Look at the text. Make a guess, and then run the cell. Was your guess right? If it was not, "
    "ask what it did. "
)


def markdown(name: str, source: str, **metadata: object) -> NotebookNode:
    """A Markdown cell with an id."""
    return new_markdown_cell(source, id=name, metadata=metadata)


def code(name: str, source: str, *tags: str, **metadata: object) -> NotebookNode:
    """A code cell with an id and tags."""
    tagged = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, id=name, metadata={**tagged, **metadata})


def question(name: str, call: str, *tags: str) -> NotebookNode:
    """A code cell that asks, as authors write it."""
    source = f"# Question: press Shift+Enter\n{call}"
    return code(name, source, "quiz", *tags, jupyter={"source_hidden": True})


def page(*cells: NotebookNode, **metadata: object) -> NotebookNode:
    """A notebook of these cells."""
    return new_notebook(cells=list(cells), metadata=metadata)


def lesson() -> NotebookNode:
    """A lesson notebook that passes every check, never run but counted as if."""
    cells = [
        markdown("03-title", CARD),
        code("03-setup", SETUP, "setup"),
        markdown(
            "03-cut", "## Cut\n\nA [token](glossary.ipynb#cell-id=glossary-token) is a piece."
        ),
        question("03-guess", 'predict("T1")'),
        code("03-count", 'text.split().count("homeland")'),
    ]
    for step in range(10):
        cells.append(markdown(f"03-look-{step}", f"### Look {step}\n\n{FILLER * 3}"))
        cells.append(code(f"03-try-{step}", f"pieces = text.split()\npieces[{step}]"))
    cells += [
        markdown("03-recap", "## Recap\n\nNow you can cut a text, and say what the cut decided."),
        question("03-exit", 'quiz("T2", "T3")', "exit-ticket"),
    ]
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = count
    return page(*cells, nutgraf=METADATA)


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with this id."""
    return next(each for each in notebook.cells if each.id == name)


def write_kit(folder: Path, fault: Callable[[NotebookNode], object] | None = None) -> Path:
    """A notebooks folder with one lesson, its quiz, glossary and index; the lesson's path.

    fault: what to do to the lesson before it is written.
    """
    (folder / "quizzes").mkdir(parents=True)
    (folder / "quizzes" / "03-words.yml").write_text(QUIZ, encoding="utf-8")
    glossary = page(
        markdown("glossary-title", "# Glossary"), markdown("glossary-token", "## Token")
    )
    refresh.write(folder / "glossary.ipynb", glossary)
    refresh.write(folder / "index.ipynb", page(markdown("index-title", "# Contents")))
    broken = lesson()
    if fault is not None:
        fault(broken)
    # Written as it is: nbformat would repair ids that stand twice.
    (folder / "03-words.ipynb").write_text(json.dumps(broken), encoding="utf-8")
    return folder / "03-words.ipynb"

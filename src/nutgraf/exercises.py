"""Exercises: the learner's edition cut from its source, and the verdict on an attempt.

The source of an exercise is a notebook with its solution and all its tests, marked up as nbgrader
does it: cell metadata under `nbgrader`, and lines that open and close a region. `release` cuts the
learner's edition from it. A test cell of either edition holds plain asserts inside `attempt`.
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.offline import use_offline_nltk

# --------------------------------------------------------------------------------------
# An attempt


class NotAttempted(NutgrafError):
    """The function of an exercise is still the stub, or has not been run."""


class NotYet(NutgrafError, AssertionError):
    """A test does not hold. The message ends in a question that points at the next step."""


@contextmanager
def attempt(name: str) -> Iterator[None]:
    """Turn what asserts find out about an attempt at exercise `name` into one of three verdicts.

    >>> with attempt("E03"):
    ...     assert "5,000 troops".split()[0] == "5,000", "What becomes of a comma in a number?"
    E03: correct.

    Correct prints a line. A failed assert raises `NotYet` with its message; a stub that raises
    NotImplementedError, or a function that was not run, raises `NotAttempted`. Jupyter shows these
    two as a line of plain text, and the cell still counts as failed, for nbgrader too. An error
    inside the learner's function passes through, since its traceback shows where it is. NLTK's own
    splitters work inside: a solution may use them, though it loads nothing of the kit.
    """
    with suppress(NutgrafError):  # without a folder to write to, NLTK says itself what it lacks
        use_offline_nltk()
    try:
        yield
    except NotImplementedError as stub:
        _show_calmly()
        raise NotAttempted(
            f"{name}: not attempted yet.\nWrite your code into the function above, in place of "
            "its last two lines.\nRun its cell, then run this one again."
        ) from stub
    except NutgrafError as error:
        _show_calmly()
        raise NotYet(f"{name}: not yet.\n{error}") from error
    except Exception as error:
        if not _raised_by_the_test(error):
            raise
        _show_calmly()
        if isinstance(error, NameError):
            raise NotAttempted(
                f"{name}: not attempted yet.\nPython does not know {error.name} so far. Run the "
                "cells above, from the top,\nthen run this one again."
            ) from error
        question = str(error)
        if not isinstance(error, AssertionError):
            question = (
                "What your function gives back could not be tested. Is it of the kind promised?\n"
                f"({type(error).__name__}: {error})"
            )
        raise NotYet(f"{name}: not yet.\n{question}") from error
    if not _quiet:
        print(f"{name}: correct.")


_quiet: list[bool] = []


@contextmanager
def quietly() -> Iterator[None]:
    """Let attempts that hold print nothing: whoever runs several says the last word once."""
    _quiet.append(True)
    try:
        yield
    finally:
        _quiet.pop()


_COMPREHENSIONS = {"<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"}


def _raised_by_the_test(error: BaseException) -> bool:
    """Whether the test cell itself raised the error, and no function that it called."""
    place = error.__traceback__ and error.__traceback__.tb_next  # past `attempt`'s own frame
    if place is None:
        return False
    file = place.tb_frame.f_code.co_filename
    while place := place.tb_next:
        code = place.tb_frame.f_code
        if code.co_name not in _COMPREHENSIONS or code.co_filename != file:
            return False
    return True


def _show_calmly() -> None:
    """Have Jupyter print the two verdicts instead of drawing a traceback in red."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    verdicts = (NotAttempted, NotYet)
    # A handler that somebody else has set stays; then the verdict has a traceback above it.
    if shell is not None and shell.custom_exceptions in ((), verdicts):
        shell.set_custom_exc(verdicts, lambda shell, kind, error, *rest, **more: print(error))


# --------------------------------------------------------------------------------------
# The learner's edition

STUB = (
    "# Your code goes here, in place of this line and the next.",
    "raise NotImplementedError",
)
"""What stands in the place of a solution."""

# The two regions, and what nbgrader calls the cells that may hold them.
_REGIONS = {"SOLUTION": "solution", "HIDDEN TESTS": "grade"}
_MARKERS = {
    f"### {edge} {region}": (edge, region) for edge in ("BEGIN", "END") for region in _REGIONS
}
# A marker with a slip in it would leave the solution in: whatever looks like one has to be one.
_LIKE_A_MARKER = re.compile(r"\b(?:BEGIN|END)\W*(?:SOLUTION|HIDDEN\W*TEST)", re.IGNORECASE)
_LIKE_A_MARKER_IN_CODE = re.compile(r"\s*###|.*\b(?:SOLUTION|HIDDEN)\b")

_CELL_METADATA = ("deletable", "editable", "jupyter", "nbgrader", "tags")
_PAGE_METADATA = ("kernelspec", "language_info", "nutgraf")


def release(notebook: Mapping[str, Any], name: str = "This notebook") -> dict[str, Any]:
    """The learner's edition of an exercise's source; the same for the same source.

    Cut: every solution, which leaves `STUB` in its place; hidden tests; outputs, counts, and all
    metadata but what a learner's notebook needs (nbgrader's among it).

    Raises NutgrafError, naming the notebook (`name`) and the cell, for a marker that is unknown,
    nested, alone or in a cell of another kind, and for a solution cell without a solution.
    """
    edition = copy.deepcopy(dict(notebook))
    metadata = edition.get("metadata", {})
    edition["metadata"] = {key: metadata[key] for key in _PAGE_METADATA if key in metadata}
    for place, cell in enumerate(edition["cells"], start=1):
        where = f"{name}, cell {cell.get('id', place)}"
        metadata = cell.get("metadata", {})
        cell["metadata"] = {key: metadata[key] for key in _CELL_METADATA if key in metadata}
        cell["source"] = _cut(cell, where)
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    return edition


def _cut(cell: Mapping[str, Any], where: str) -> str | list[str]:
    """The cell's source without its regions, as text or as lines, whichever it was."""
    is_code = cell["cell_type"] == "code"
    nbgrader = cell["metadata"].get("nbgrader", {})
    allowed = {region for region, kind in _REGIONS.items() if is_code and nbgrader.get(kind)}
    kept: list[str] = []
    found: set[str] = set()
    opened = ""
    for number, line in enumerate("".join(cell["source"]).splitlines(keepends=True), start=1):
        edge, region = _MARKERS.get(line.strip(), ("", ""))
        if problem := _problem(line, opened, allowed, is_code):
            raise NutgrafError(f"{where}, line {number}: {line.strip()!r} {problem}")
        if not edge and not opened:
            kept.append(line)
        elif edge:
            opened = region if edge == "BEGIN" else ""
            found.add(region)
            if (edge, region) == ("BEGIN", "SOLUTION"):
                indent = line[: line.index("#")]
                kept += [f"{indent}{stub}\n" for stub in STUB]
    if opened:
        raise NutgrafError(
            f"{where}: ### BEGIN {opened} is never closed. "
            f"Write ### END {opened} after its last line."
        )
    if nbgrader.get("solution") and "SOLUTION" not in found:
        raise NutgrafError(
            f"{where}: a solution cell, and no solution is marked in it. Put ### BEGIN SOLUTION "
            "and ### END SOLUTION around what the learner is to write."
        )
    if found:
        kept = "".join(kept).rstrip("\n").splitlines(keepends=True)
    return kept if isinstance(cell["source"], list) else "".join(kept)


def _problem(line: str, opened: str, allowed: set[str], is_code: bool) -> str:
    """What is wrong with a line, given the region that is open above it; "" if nothing is."""
    if line.strip() not in _MARKERS:
        if _LIKE_A_MARKER.search(line) or (is_code and _LIKE_A_MARKER_IN_CODE.match(line)):
            known = ", ".join(_MARKERS)
            return f"is no marker. Write {known} alone on a line, other comments with one #."
        return ""
    edge, region = _MARKERS[line.strip()]
    if region not in allowed:
        return f'belongs in a code cell whose nbgrader metadata say "{_REGIONS[region]}": true.'
    if edge == "BEGIN" and opened:
        return f"stands inside a region. Close that one first, with ### END {opened}."
    if edge == "END" and opened != region:
        return f"closes nothing. Open the region with ### BEGIN {region}, or take this line out."
    return ""

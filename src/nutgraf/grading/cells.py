"""A learner's file read as a notebook, whatever it is: the code to run, and what was odd about it.

Everything here expects the worst of a file. Editors drop the names of cells, learners split cells,
copy them and turn them into text, and some files were never notebooks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nutgraf.grading.wire import safe

MOST_CELLS = 2_000
MOST_CODE = 300_000
"""The longest code of a notebook, in characters: with signs of any kind it fits a message."""


class Unreadable(Exception):
    """A file that is no notebook. The text says why, and what to do."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: its place, from 1; its kind; its names, "" if it has none."""

    place: int
    kind: str
    source: str
    id: str = ""
    grade_id: str = ""

    @property
    def name(self) -> str:
        return self.grade_id or self.id


def read(data: bytes, most_mb: float) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook in their order, and notes on what was odd.

    Raises Unreadable for a file of more than `most_mb` megabytes, and for one that is no notebook.
    """
    if len(data) > most_mb * 2**20:
        raise Unreadable(f"The file is larger than {most_mb:g} MB. Clear its outputs and save it.")
    if not data.strip():
        raise Unreadable("The file is empty.")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The file is no text in UTF-8, so it is no notebook.") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("The file is damaged: it is no JSON, as notebooks are.") from None
    if not isinstance(notebook, dict):
        raise Unreadable("The file is JSON, but no notebook.")
    notes = []
    rows = notebook.get("cells")
    if rows is None and isinstance(notebook.get("worksheets"), list):
        notes.append("The file has the notebook format 3, which is old; its cells were read.")
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        several = [sheet.get("cells") for sheet in sheets]
        rows = [row for some in several if isinstance(some, list) for row in some]
    if not isinstance(rows, list):
        raise Unreadable("The file is JSON, but no notebook: it has no cells.")
    if len(rows) > MOST_CELLS:
        notes.append(f"The file has {len(rows):,} cells; the first {MOST_CELLS:,} were read.")
    language = _language(notebook)
    if language and language.lower() not in ("python", "python3", "ipython"):
        shown = safe(language, 40)
        notes.append(f"The file says that it is written in {shown}; it was run as Python.")
    cells = [_cell(place, row) for place, row in enumerate(rows[:MOST_CELLS], start=1)]
    if sum(len(cell.source) for cell in cells if cell and cell.kind == "code") > MOST_CODE:
        raise Unreadable(f"The file has more than {MOST_CODE:,} characters of code.")
    return [cell for cell in cells if cell is not None], notes


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = _dict(notebook.get("metadata"))
    kernel = _dict(metadata.get("kernelspec"))
    return _text(_dict(metadata.get("language_info")).get("name")) or _text(kernel.get("language"))


def _cell(place: int, row: Any) -> Cell | None:
    row = _dict(row)
    kind = _text(row.get("cell_type"))
    source = row.get("source", row.get("input"))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    metadata = _dict(row.get("metadata"))
    grade_id = _text(_dict(metadata.get("nbgrader")).get("grade_id"))
    return Cell(place, kind, source, _text(row.get("id")), grade_id)


def choose(
    cells: Iterable[Cell], tests: Mapping[str, Iterable[str]], solutions: Iterable[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """The code to run, as pairs of a name and a source, and notes on what became of cells.

    tests: for each test cell of the teacher's, its sources as they may stand in a learner's file;
    solutions: the names of the cells that hold the learner's work.

    All code is run in its order but the test cells, which are the teacher's affair. A cell that
    has the name of a test cell and other code in it is run, too.
    """
    cells = list(cells)
    known = {source.strip() for sources in tests.values() for source in sources}
    counts = Counter(cell.name for cell in cells if cell.name)
    run, notes, unchanged = [], [], set()
    for cell in cells:
        if cell.kind != "code":
            if cell.name in solutions:
                notes.append(f"The cell {cell.name} is no code cell in this file; it was not run.")
            continue
        if cell.source.strip() in known:
            unchanged.update(
                name
                for name, sources in tests.items()
                if cell.source.strip() in {each.strip() for each in sources}
            )
            continue
        if cell.name in tests and "attempt(" in cell.source:
            continue
        run.append((safe(cell.name or str(cell.place), 60), cell.source))
    for name in tests:
        if name not in unchanged and name in counts:
            notes.append(f"The test cell {name} was changed in the file; the teacher's was used.")
        elif name not in unchanged:
            notes.append(f"The test cell {name} is not in the file; the teacher's was used.")
    for name in (*tests, *solutions):
        if counts[name] > 1:
            notes.append(f"The cell {name} is {counts[name]} times in the file.")
    for name in solutions:
        if name not in counts:
            notes.append(f"No cell of the file has the name {name}; all its code was run.")
    return run, notes

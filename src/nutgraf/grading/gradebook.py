"""The gradebook: what every learner gets, as tables that people and learning platforms read.

The same results give the same bytes: rows are sorted, and no time and no name of a machine stands
in them. Each file appears in one step.

Who has to be looked at: a result behind which a right answer might be (`results.BY_HAND`) is marked
in `grades.csv`, and has no grade in the platforms' files, since a nought would tell a learner
something that nobody knows yet. Who handed in nothing has a nought: platforms do not count a blank
(Canvas even takes away the grade that is there), so that a blank would be worth more than trying.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nutgraf.errors import NutgrafError
from nutgraf.formats import plain
from nutgraf.grading.results import BY_HAND, CellResult, Result, Sheet
from nutgraf.grading.submissions import Collected, Learner, order

NOT_HANDED_IN = "not handed in"
NO_RESULT = "no result"
"""Outcomes of a test cell beside those of `results.OUTCOMES`: there is no file; there is a file
that has not been graded."""

NOT_TAKEN = "Your file could not be taken in. Ask your teacher about it."
"""What a learner reads whose file was refused; the reason is for the teacher."""

COLUMNS = (
    *("learner", "name", "exercise", "cell", "points", "out_of"),
    *("outcome", "message", "look_at_it"),
)
"""Of grades.csv. look_at_it: "yes" where a person has to decide, else "no"."""

Row = tuple[str, ...]


# --- what everybody got --------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """What one learner has for one exercise, handed in or not."""

    learner: Learner
    sheet: Sheet
    cells: tuple[CellResult, ...]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return math.fsum(cell.points for cell in self.cells)

    @property
    def handed_in(self) -> bool:
        return all(cell.outcome != NOT_HANDED_IN for cell in self.cells)

    @property
    def look(self) -> bool:
        """Whether a person has to look at it."""
        return any(cell.outcome in (*BY_HAND, NO_RESULT) for cell in self.cells)

    @property
    def outcome(self) -> str:
        """Of the first test cell that is not correct; "correct" if all are."""
        return next((c.outcome for c in self.cells if c.outcome != "correct"), "correct")


def asked(collected: Collected, sheets: Sequence[Sheet]) -> list[Sheet]:
    """The exercises that somebody handed in, in order: nobody gets a nought for the others.

    All of them if nobody handed in anything.
    """
    handed_in = {one.exercise for one in (*collected.submissions, *collected.refused)}
    some = [sheet for sheet in sheets if sheet.exercise in handed_in]
    return sorted(some or sheets, key=lambda sheet: sheet.exercise)


def marks(
    results: Sequence[Result], collected: Collected, sheets: Sequence[Sheet]
) -> list[list[Mark]]:
    """For each learner, in the order of their keys, a mark for each exercise that was asked for.

    Raises NutgrafError for a result of a learner or exercise that is not there, and for two
    results of one learner and exercise.
    """
    by_place: dict[tuple[str, str], Result] = {}
    known = {learner.key for learner in collected.learners}
    exercises = {sheet.exercise for sheet in sheets}
    for result in results:
        place = (result.learner, result.exercise)
        if result.learner not in known or result.exercise not in exercises or place in by_place:
            raise NutgrafError(
                f"The result of {result.learner!r} for {result.exercise!r} is there twice, or "
                "belongs to nobody in this collection. Grade it again into a new folder."
            )
        by_place[place] = result
    handed_in = {(one.learner, one.exercise): "" for one in collected.submissions}
    handed_in |= {(one.learner, one.exercise): one.why for one in collected.refused}
    return [
        [
            _mark(
                learner,
                sheet,
                by_place.get((learner.key, sheet.exercise)),
                handed_in.get((learner.key, sheet.exercise)),
            )
            for sheet in asked(collected, sheets)
        ]
        for learner in sorted(collected.learners, key=lambda one: order(one.key))
    ]


def _mark(learner: Learner, sheet: Sheet, result: Result | None, why: str | None) -> Mark:
    """The mark of a learner for an exercise, with a cell for each that the sheet has.

    why: what the file was refused for, "" if it was not, None if there is no file.
    """
    found = {cell.grade_id: cell for cell in result.cells} if result else {}
    outcome, message = NOT_HANDED_IN if why is None else NO_RESULT, ""
    if result:
        outcome = NO_RESULT
    elif why:
        outcome, message = "unreadable", NOT_TAKEN
    cells = tuple(
        found.get(name) or CellResult(name, 0.0, out_of, outcome, message)
        for name, out_of in sheet.cells
    )
    notes = result.notes if result else (why,) if why else ()
    return Mark(learner, sheet, cells, notes)


# --- files ---------------------------------------------------------------------------------------


def write(
    results: Sequence[Result],
    collected: Collected,
    sheets: Sequence[Sheet],
    out: Path,
    isolation: str,
) -> list[Path]:
    """Write the gradebook into the folder `out`, in place of an older one; returns the files.

    grades.csv: one row a learner, exercise and test cell, for people, Excel and pandas.
    gradebook-canvas.csv: as Canvas imports it. gradebook-moodle.csv: as Moodle's gradebook imports
    it. moodle-worksheet.csv: a grading worksheet of one assignment of Moodle, where the numbers of
    participants are known. isolation: what protected the grader, of which tables say nothing.

    Raises NutgrafError when a file cannot be written, and for results that do not belong together.
    """
    del isolation  # for the pages
    everybody = marks(results, collected, sheets)
    columns = asked(collected, sheets)
    files = {
        "grades.csv": _csv(_tidy(everybody), bom=True),
        "gradebook-canvas.csv": _csv(_canvas(everybody, columns)),
        "gradebook-moodle.csv": _csv(_moodle(everybody, columns)),
    }
    worksheet = _worksheet(everybody, columns)
    if len(worksheet) > 1:
        files["moodle-worksheet.csv"] = _csv(worksheet)
    else:
        (Path(out) / "moodle-worksheet.csv").unlink(missing_ok=True)
    return [put(Path(out) / name, content) for name, content in files.items()]


def put(path: Path, content: bytes, *, wait: bool = True) -> Path:
    """Write a file in one step, in place of what it was before; returns its path.

    wait: until it is on the disk. Raises NutgrafError when it cannot be written.
    """
    new = path.with_name(f".{path.name[:40]}-{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            if wait:
                os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        raise NutgrafError(
            f"{path} could not be written ({error.strerror or error}). Close it where it is open, "
            "or name another folder; what is graded is not lost."
        ) from error
    finally:
        new.unlink(missing_ok=True)
    return path


def _csv(rows: Iterable[Row], *, bom: bool = False) -> bytes:
    """Rows as RFC 4180 has it. bom: Excel takes a table without it for one in an old code page."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8", "replace")


_FORMULA = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def one_line(text: str) -> str:
    """Text without what could break or turn a line."""
    return plain(" ".join(text.split()))


def defused(text: str) -> str:
    """Text on one line, with an apostrophe in front if a spreadsheet would take it for a formula.

    So it is for =, +, -, @ and their wide forms, with which no name begins; what begins with
    apostrophes and one of them gets one more, so that `undefused` gives the text back.
    """
    line = one_line(text)
    return f"'{line}" if _FORMULA.match(line) else line


def undefused(text: str) -> str:
    """What `defused` made safe."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def number(points: float) -> str:
    """Points as people write them: 2, 1.5."""
    return f"{points:.4f}".rstrip("0").rstrip(".")


def _tidy(everybody: Sequence[Sequence[Mark]]) -> list[Row]:
    head = [
        "learner",
        "name",
        "exercise",
        "cell",
        "points",
        "out_of",
        "outcome",
        "message",
        "look_at_it",
    ]
    rows: list[Row] = [tuple(head)]
    for mark in (mark for row in everybody for mark in row):
        for cell in mark.cells:
            look = "yes" if cell.outcome in (*BY_HAND, NO_RESULT) else "no"
            rows.append(
                (
                    defused(mark.learner.key),
                    defused(mark.learner.name),
                    defused(mark.sheet.exercise),
                    defused(cell.grade_id),
                    number(cell.points),
                    number(cell.out_of),
                    cell.outcome,
                    defused(cell.message),
                    look,
                )
            )
    return rows


def _grade(mark: Mark) -> str:
    """The points for a platform: none as long as a person has to look."""
    return "" if mark.look else number(mark.points)


def _canvas(everybody: Sequence[Sequence[Mark]], columns: Sequence[Sheet]) -> list[Row]:
    """As Canvas exports and imports it.

    Canvas looks a learner up by ID, and by name where there is none, and asks about those it does
    not find. A column is an assignment by its title, and Canvas asks about new ones. It takes the
    second row for points by the words in its first cell.
    """
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    rows: list[Row] = [
        (*head, *(defused(sheet.title) for sheet in columns)),
        ("    Points Possible", "", "", "", "", *(number(sheet.out_of) for sheet in columns)),
    ]
    for row, learner in _rows(everybody):
        rows.append(
            (defused(learner.name), learner.canvas_id, "", "", "", *(_grade(one) for one in row))
        )
    return rows


def _moodle(everybody: Sequence[Sequence[Mark]], columns: Sequence[Sheet]) -> list[Row]:
    """As "Import, CSV file" of Moodle's gradebook takes it.

    There the teacher says which column is which. Moodle finds a user by username, e-mail address
    or ID number, and a row that lacks it would go to the user of the row before: so the first
    column is never empty, and whoever is not found ends the import before a grade is changed.
    """
    titles = [title for sheet in columns for title in (sheet.title, f"{sheet.title} (feedback)")]
    rows: list[Row] = [("Learner", *(defused(title) for title in titles))]
    for row, learner in _rows(everybody):
        cells = [cell for one in row for cell in (_grade(one), defused(_said(one)))]
        rows.append((defused(learner.name) or learner.key, *cells))
    return rows


def _worksheet(everybody: Sequence[Sequence[Mark]], columns: Sequence[Sheet]) -> list[Row]:
    """As "Upload grading worksheet" of an assignment of Moodle takes it, with all points in one.

    Moodle reads Identifier, Grade, Last modified (grade) and Feedback comments, by these names; no
    date means that a grade which is in Moodle already stays, unless the teacher asks otherwise.
    Feedback is HTML. An empty grade changes nothing.
    """
    total = number(math.fsum(sheet.out_of for sheet in columns))
    head = ("Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)")
    rows: list[Row] = [(*head, "Feedback comments")]
    for row, learner in _rows(everybody):
        if not learner.moodle_id:
            continue
        grade = "" if any(one.look for one in row) else number(math.fsum(m.points for m in row))
        said = "<br>".join(
            escape(f"{plain(one.sheet.title)}: {_said(one)}", quote=False) for one in row
        )
        name = f"Participant {learner.moodle_id}"
        rows.append((name, defused(learner.name), grade, total, "-", defused(said)))
    return rows


def _rows(everybody: Sequence[Sequence[Mark]]) -> Iterable[tuple[Sequence[Mark], Learner]]:
    return ((row, row[0].learner) for row in everybody if row)


def _said(mark: Mark) -> str:
    """What a platform shows a learner about an exercise, in a line."""
    if not mark.handed_in:
        return NOT_HANDED_IN
    if mark.look:
        return "your teacher looks at it"
    points = f"{number(mark.points)} of {number(mark.sheet.out_of)}"
    message = next((c.message for c in mark.cells if c.outcome != "correct" and c.message), "")
    outcome = "" if mark.outcome == "correct" else f", {mark.outcome}"
    return f"{points}{outcome}. {one_line(message)}".strip()

"""What grading found out: one `Result` for each exercise that a learner handed in.

A result is the same for the same submission, tests and limits, whatever was graded before it or
beside it; so it holds no times, no paths and no names of machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nutgraf.errors import NutgrafError

OUTCOMES = {
    "correct": "every test holds",
    "not yet": "a test does not hold",
    "not attempted": "the function is still as it was handed out, or is not there",
    "error": "the learner's function stopped with an error",
    "time": "it ran for longer than allowed",
    "memory": "it asked for more memory than allowed",
    "output": "it sent back more than can be taken in",
    "ended": "the process ended before it had answered",
    "not testable": "what came back is of a kind that cannot be tested: look at it yourself",
    "unreadable": "the file is no notebook that can be read: look at it yourself",
}
"""Every way in which a test cell can end, with its meaning for the teacher."""

BY_HAND = ("not testable", "unreadable")
"""Outcomes that a person has to look at, since a right answer might be behind them."""


@dataclass(frozen=True)
class CellResult:
    """One test cell: `points` of `out_of` (all or none), how it ended, and what the learner reads.

    message: for "not yet" the question of the first test that does not hold, else the reason;
    "" if there is nothing to say. Plain text, at most 2,000 characters, safe to show to learners:
    no test code, no path.
    """

    grade_id: str
    points: float
    out_of: float
    outcome: str
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What one learner gets for one exercise.

    learner: the key of the learner in the collection; exercise: "E03"; cells: in the order of the
    teacher's notebook; notes: for the teacher, on what was odd about the file (a test cell deleted,
    an id twice, ...), one plain sentence each; key: fingerprint of submission, tests and limits.
    """

    learner: str
    exercise: str
    cells: tuple[CellResult, ...]
    notes: tuple[str, ...] = ()
    key: str = ""

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def out_of(self) -> float:
        return sum(cell.out_of for cell in self.cells)

    @property
    def outcome(self) -> str:
        """The outcome of the first cell that is not correct; "correct" if all are."""
        return next((c.outcome for c in self.cells if c.outcome != "correct"), "correct")

    @property
    def by_hand(self) -> bool:
        """Whether a person has to look at it."""
        return any(cell.outcome in BY_HAND for cell in self.cells)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote. Raises NutgrafError for anything else."""
        try:
            cells = tuple(CellResult(**cell) for cell in data["cells"])
            notes, key = tuple(data["notes"]), data["key"]
            return cls(data["learner"], data["exercise"], cells, notes, key)
        except (TypeError, KeyError) as problem:
            raise NutgrafError(f"No result of grading: {problem!r} is wrong with it.") from problem


@dataclass(frozen=True)
class Sheet:
    """What an exercise can earn: its title, and each test cell with its points, in their order."""

    exercise: str
    title: str
    cells: tuple[tuple[str, float], ...]

    @property
    def out_of(self) -> float:
        return sum(points for _, points in self.cells)


def sheet(exercise: str, notebook: Mapping[str, Any]) -> Sheet:
    """The sheet of a teacher's notebook, from its first heading and nbgrader's metadata.

    Raises NutgrafError for a notebook without a test cell.
    """
    title, cells = exercise, []
    for cell in reversed(notebook["cells"]):
        nbgrader = cell.get("metadata", {}).get("nbgrader", {})
        if nbgrader.get("grade"):
            cells.append((str(nbgrader["grade_id"]), float(nbgrader["points"])))
        first, *_ = "".join(cell["source"]).splitlines() or [""]
        if cell["cell_type"] == "markdown" and first.startswith("# "):
            title = first[2:].strip()
    if not cells:
        raise NutgrafError(
            f"{exercise}: this notebook has no test cell. Take the one in exercises/solutions."
        )
    return Sheet(exercise, title, tuple(reversed(cells)))

"""A judge that only pretends, quick and with every fault that a worker can have; and its class.

A learner's notebook is `{"says": ...}` here: "right", "wrong", or what the worker is to suffer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nutgraf import NutgrafError
from nutgraf.grading.results import CellResult, Result, sheet

if TYPE_CHECKING:
    from nutgraf.grading.run import Summary


@dataclass(frozen=True)
class Limits:
    wall_seconds: float = 20
    isolated: bool = True
    refuses_to_start: bool = False


@dataclass(frozen=True)
class Isolation:
    complete: bool
    words: str


class Grader:
    def __init__(self, tests, limits=None, *, require_isolation=False):
        limits = limits or Limits()
        if limits.refuses_to_start:
            sys.exit("a module is missing")
        isolated = limits.isolated and "PRETEND_OPEN" not in os.environ
        if require_isolation and not isolated:
            raise NutgrafError("Learners' code cannot be shut in here: the network is open.")
        words = "All is shut in." if isolated else "The network is open."
        self.tests, self.isolation = tests, Isolation(isolated, words)

    def grade(self, learner, exercise, notebook):
        says = json.loads(notebook)["says"]
        print("a stray line")
        if says == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if says == "leaves":
            print("no memory left", file=sys.stderr, flush=True)
            os._exit(3)
        if says == "breaks":
            raise ZeroDivisionError("a mistake in the judge")
        if says.startswith("dies once "):
            mark = says.removeprefix("dies once ")
            if not os.path.exists(mark):
                with open(mark, "w"):
                    os.kill(os.getpid(), signal.SIGKILL)
        if says.startswith("slow"):
            time.sleep(0.2)
        if says == "hangs":
            time.sleep(1000)
        if says == "reads what is for the worker":
            says = "right" if sys.stdin.read() == "" else "wrong"
        good = "wrong" not in says
        message = "" if good else "What became of the … comma?"
        cells = tuple(
            CellResult(name, points * good, points, "correct" if good else "not yet", message)
            for name, points in sheet(exercise, self.tests[exercise]).cells
        )
        return Result(learner, exercise, cells)

    def close(self):
        pass


def source(exercise: str) -> dict:
    """A teacher's notebook with two test cells."""
    cells = [{"cell_type": "markdown", "source": f"# {exercise} Count", "metadata": {}}]
    for name, points in (("small", 2), ("article", 1)):
        given = {"grade": True, "grade_id": f"{exercise}-{name}", "points": points}
        cells.append(
            {"cell_type": "code", "source": "assert count()", "metadata": {"nbgrader": given}}
        )
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# --- a class of that kind --------------------------------------------------------------------

TESTS = {name: source(name) for name in ("E03", "E05")}


def hand_in(folder: Path, handed: dict[str, dict[str, str]]) -> Path:
    """A class: {"ana": {"E03": what the notebook says}}."""
    for learner, notebooks in handed.items():
        for exercise, says in notebooks.items():
            path = folder / learner / f"{exercise}-count.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"says": says, "nbformat": 4, "cells": []}))
    return folder


HANDED = {
    "ana": {"E03": "right", "E05": "wrong"},
    "ben": {"E03": "wrong", "E05": "right, and of ben"},
    "cy": {"E03": "right, and of cy"},
    "dee": {"E03": "right", "E05": "slow and right"},
    "emil": {"E05": "wrong, and of emil"},
}


def quiet(_: str) -> None:
    pass


def graded(source: Path, out: Path, **more) -> Summary:
    """The class graded by the judge that pretends, with one worker unless asked otherwise."""
    from nutgraf.grading.run import grade

    return grade(
        source, out, **{"tests": TESTS, "say": quiet, "limits": Limits(), "workers": 1} | more
    )


def outcomes(summary: Summary) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for one in summary.results:
        assert one.exercise not in found.setdefault(one.learner, {}), "graded twice"
        found[one.learner][one.exercise] = one.outcome
    return found


def points(summary: Summary) -> dict[tuple[str, str], dict[str, float]]:
    """The points in each test cell, for each learner and exercise."""
    return {
        (one.learner, one.exercise): {cell.grade_id: cell.points for cell in one.cells}
        for one in summary.results
    }


def deserved_points(deserved) -> dict[tuple[str, str], dict[str, float]]:
    """The same, of what `make_class` says."""
    return {
        (who, name): dict(one.points)
        for who, some in deserved.items()
        for name, one in some.items()
    }


RIGHT = {
    learner: {e: "not yet" if "wrong" in says else "correct" for e, says in some.items()}
    for learner, some in HANDED.items()
}


def gradebook(out: Path) -> dict[str, bytes]:
    """All that is written for the teacher and the learners."""
    own = {"results.jsonl", "grading.lock"}
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in own and "collected" not in path.parts
    }


def lines(out: Path) -> list[dict]:
    found = [json.loads(line) for line in (out / "results.jsonl").read_bytes().splitlines()]
    return [line for line in found if "cells" in line]

"""nbgrader on the kit's own sources: what it hands out, and that its scores are the grader's.

nbgrader runs as a teacher runs it, in a course folder of its own with a home of its own. A kernel
for each of twelve notebooks and each way of doing them would take minutes, so most are put into one
notebook, one exercise after the other; one learner hands in some as they are.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from nutgraf.exercises import STUB
from nutgraf.folder import as_bytes
from nutgraf.grading.judge import Grader
from tests.grading.classes import (
    EXERCISES,
    FAIR,
    NUMBERS,
    cells_of,
    deserved,
    file_name,
    lines_of,
    notebook,
    source_of,
)

pytestmark = pytest.mark.slow

TWELVE, ONE = "exercises", "all-in-one"
THEIR_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
MIXED = "mixed"
HANDED_IN = dict(zip(NUMBERS[1::2], FAIR, strict=True))
"""What the one learner with a file for each exercise hands in, and in which way it is done."""


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def together(notebooks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One notebook of all the cells."""
    first, *others = map(copy.deepcopy, notebooks)
    first["cells"] += [cell for other in others for cell in other["cells"]]
    return first


class Course:
    """A course folder of nbgrader."""

    def __init__(self, folder: Path):
        self.folder, home = folder / "course", folder / "home"
        for made in (self.folder, home):
            made.mkdir(parents=True)
        python = Path(sys.executable)
        self.environment = {k: v for k, v in os.environ.items() if "JUPYTER" not in k}
        self.environment |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
        # It calls a tool of another package by name.
        self.environment["PATH"] = os.pathsep.join([str(python.parent), os.environ["PATH"]])
        for part in ("CONFIG", "DATA", "RUNTIME"):
            self.environment[f"JUPYTER_{part}_DIR"] = str(home / part.lower())
        lines = [f"c.CourseDirectory.root = {str(self.folder)!r}"]
        if sys.platform != "win32":
            lines += ["c.KernelManager.transport = 'ipc'"]
            lines += [f"c.KernelManager.ip = {str(home / 'kernel')!r}"]
        text = "\n".join(["c = get_config()", *lines, ""])
        (self.folder / "nbgrader_config.py").write_text(text, encoding="utf-8")

    def write(self, place: str, content: bytes) -> Path:
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, *command: str, code: int = 0) -> str:
        """What nbgrader prints, if it ends with this exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == code, done.stderr[-4000:]
        return done.stdout + done.stderr

    def scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """The score of each test cell for each learner; None if a person has to look at it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from nbgrader.api import Gradebook

            with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
                return {
                    submission.student.id: {
                        grade.cell.name: None if grade.needs_manual_grade else grade.auto_score
                        for page in submission.notebooks
                        for grade in page.grades
                    }
                    for submission in book.assignment_submissions(assignment)
                }


# --------------------------------------------------------------------------------------
# Notebooks that are odd, and honest but for a few. `theirs` and `ours` are the points that nbgrader
# and the kit's grader give for the small texts and for the article; None means that nbgrader
# leaves the cell to a person.


def solution_cell(page: dict[str, Any]) -> dict[str, Any]:
    (cell,) = [c for c in page["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    return cell


def first_test(page: dict[str, Any]) -> dict[str, Any]:
    """The first test cell: the small texts."""
    return next(c for c in page["cells"] if c["metadata"].get("nbgrader", {}).get("grade"))


def begins_with(line: str) -> Callable[[dict], None]:
    """The function does this first."""

    def change(page: dict[str, Any]) -> None:
        cell = solution_cell(page)
        who = re.search("    # Written by .*\n", source(cell))[0]
        cell["source"] = source(cell).replace(who, f"{who}    {line}\n")

    return change


def one_more_cell(text: str, before: str = "") -> Callable[[dict], None]:
    """A cell of the learner's own, before the cell of that id or at the end."""

    def change(page: dict[str, Any]) -> None:
        ids = [cell["id"] for cell in page["cells"]]
        made = {"cell_type": "code", "id": f"own-{ids[0]}", "metadata": {}, "source": text}
        made |= {"outputs": [], "execution_count": None}
        page["cells"].insert(ids.index(before) if before else len(ids), made)

    return change


def other_text(cell_id: str, text: str) -> Callable[[dict], None]:
    def change(page: dict[str, Any]) -> None:
        (cell,) = [cell for cell in page["cells"] if cell["id"] == cell_id]
        cell["source"] = text

    return change


def without_the_first_test(page: dict[str, Any]) -> None:
    page["cells"].remove(first_test(page))


def worth_a_hundred(page: dict[str, Any]) -> None:
    first_test(page)["metadata"]["nbgrader"]["points"] = 100


def as_text(page: dict[str, Any]) -> None:
    cell = first_test(page)
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def the_function_twice(page: dict[str, Any]) -> None:
    copied = copy.deepcopy(solution_cell(page))
    copied["id"] += "-copy"
    page["cells"].insert(page["cells"].index(solution_cell(page)), copied)


def without_metadata(page: dict[str, Any]) -> None:
    """As editors save it that know nothing of nbgrader."""
    for cell in page["cells"]:
        cell["metadata"] = {}


@dataclass(frozen=True)
class Odd:
    number: str
    what: str
    change: Callable[[dict], None]
    theirs: tuple[float | None, float | None]
    ours: tuple[float, float]
    kind: str = "solution"


GLOBAL = "def quotations(given):\n    return [m.span() for m in re.finditer('“[^“”]*”', text)]"
BELOW = """
def paragraphs(text):
    import re
    return [match.span() for match in re.finditer(r"\\S(?:[^\\n]*\\S)?", text)]
"""
NO_TRY = "def result(a, b):\n    return round(float(kappa(list(a), list(b))), 6)"
MAGIC = "%matplotlib inline\n!echo hello\n%time sum(range(9))\nlen?"

ODD = [
    # Whatever is written to stderr costs all points of the cell there, and nothing here.
    Odd(
        "E03",
        "writes to stderr",
        begins_with("__import__('sys').stderr.write('hm')"),
        (0, 0),
        (2, 1),
    ),
    # The tests call a copy here: what a function does to its argument stays with it.
    Odd(
        "E10",
        "empties its argument",
        begins_with("sentences, _ = sentences[:], sentences.clear()"),
        (0, 0),
        (2, 1),
    ),
    # Names of the tests are out of a function's sight here.
    Odd("E07", "reads a name of the tests", one_more_cell(GLOBAL, "E07-tests"), (0, 1), (0, 0)),
    # What is given in the notebook is the teacher's here.
    Odd("E12", "changes what is given", other_text("E12-result", NO_TRY), (0, 1), (2, 1)),
    # All cells are run before the tests here: a function may stand below them.
    Odd("E05", "is written below", one_more_cell(BELOW), (0, 0), (2, 1), "untouched"),
    # The name of a function stands for it, whatever is put under it afterwards.
    Odd(
        "E01",
        "uses the name again",
        one_more_cell("char_report = char_report('a')"),
        (2, 1),
        (2, 1),
    ),
    # A test that is not there has to be looked at there.
    Odd("E02", "deletes a test", without_the_first_test, (None, 1), (2, 1)),
    Odd("E03", "loses the metadata", without_metadata, (None, None), (2, 1)),
    # In these, both are of one mind.
    Odd(
        "E04",
        "writes its own tests",
        other_text("E04-small", "print('correct')"),
        (0, 0),
        (0, 0),
        "wrong",
    ),
    Odd("E05", "makes a test text", as_text, (2, 1), (2, 1)),
    Odd("E06", "uses magic and a shell", one_more_cell(MAGIC, "E06-sentences"), (2, 2), (2, 2)),
    Odd("E09", "changes the points", worth_a_hundred, (2, 1), (2, 1)),
    Odd("E11", "leaves the function by exit", begins_with("raise SystemExit"), (0, 0), (0, 0)),
    Odd("E02", "asks the reader", begins_with("input('Which one?')"), (0, 0), (0, 0)),
    Odd(
        "E01", "reads a file that is not there", begins_with("open('no-such.txt')"), (0, 0), (0, 0)
    ),
    Odd("E09", "does not run", one_more_cell("def half(:", "E09-given"), (2, 1), (2, 1)),
    Odd("E12", "stops with an error below", one_more_cell("1 / 0"), (2, 1), (2, 1)),
]
"""Odd notebooks. Two of one exercise are handed in by two learners."""


def odd_notebook(odd: Odd) -> dict[str, Any]:
    page = json.loads(notebook(odd.number, odd.kind, "odd"))
    odd.change(page)
    return page


def odd_learners() -> dict[str, dict[str, Odd]]:
    """Who hands in which of them: `{"odd-1": {"E03": Odd}}`."""
    found: dict[str, dict[str, Odd]] = {}
    for odd in ODD:
        place = 1 + sum(odd.number in each for each in found.values())
        found.setdefault(f"odd-{place}", {})[odd.number] = odd
    return found


# --------------------------------------------------------------------------------------
# What nbgrader makes of it all, once


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """The sources handed out by nbgrader: as twelve notebooks, and all in one."""
    made = Course(tmp_path_factory.mktemp("nbgrader"))
    pages = {number: read(source_of(number)) for number in NUMBERS}
    for number, page in pages.items():
        made.write(f"source/{TWELVE}/{file_name(number)}", as_bytes(page))
    one = together(pages.values())
    one["metadata"]["nutgraf"] = {"hints": ["Where is it?", "What is it?"]}
    one["cells"][0]["metadata"]["nutgraf"] = {"ours": [1, {"two": None}]}
    made.write(f"source/{ONE}/{ONE}.ipynb", as_bytes(one))
    for assignment in (TWELVE, ONE):
        made.run("generate_assignment", assignment)
    return made


@pytest.fixture(scope="module")
def scored(course) -> dict[str, dict[str, dict[str, float | None]]]:
    """nbgrader's scores, by assignment, learner and test cell."""
    for number, kind in HANDED_IN.items():
        page = notebook_of_release(course, number, kind)
        course.write(f"submitted/{MIXED}/{TWELVE}/{file_name(number)}", page)
    for kind in FAIR:
        page = together(json.loads(notebook(number, kind)) for number in NUMBERS)
        course.write(f"submitted/{student(kind)}/{ONE}/{ONE}.ipynb", as_bytes(page))
    for learner, odd in odd_learners().items():
        pages = [
            odd_notebook(odd[n]) if n in odd else json.loads(notebook(n, "untouched"))
            for n in NUMBERS
        ]
        course.write(f"submitted/{learner}/{ONE}/{ONE}.ipynb", as_bytes(together(pages)))
    for assignment in (TWELVE, ONE):
        course.run("autograde", assignment)
    return {assignment: course.scores(assignment) for assignment in (TWELVE, ONE)}


def student(kind: str) -> str:
    return kind.replace(" ", "-")


def notebook_of_release(course: Course, number: str, kind: str) -> bytes:
    """The edition that nbgrader made, filled in."""
    page = read(course.folder / "release" / TWELVE / file_name(number))
    if kind != "untouched":
        cell = solution_cell(page)
        stub = indent("\n".join(THEIR_STUB), "    ")
        assert stub in source(cell)
        cell["source"] = source(cell).replace(stub, indent(lines_of(number, kind), "    "))
    return as_bytes(page)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader({number: read(source_of(number)) for number in NUMBERS}) as made:
        yield made


def graded(grader: Grader, number: str, page: bytes) -> dict[str, float]:
    return {c.grade_id: c.points for c in grader.grade("ana", number, page).cells}


# --------------------------------------------------------------------------------------
# What it hands out


@pytest.mark.parametrize("number", NUMBERS)
def test_nbgrader_hands_out_our_edition_but_for_the_words_of_the_stub(number, course):
    theirs = read(course.folder / "release" / TWELVE / file_name(number))
    ours = read(EXERCISES / file_name(number))

    assert [c["id"] for c in theirs["cells"]] == [c["id"] for c in ours["cells"]]
    assert [c["cell_type"] for c in theirs["cells"]] == [c["cell_type"] for c in ours["cells"]]
    for our, their in zip(ours["cells"], theirs["cells"], strict=True):
        text = source(their)
        for one, other in zip(THEIR_STUB, STUB, strict=True):
            text = text.replace(one, other)
        assert text == source(our), our["id"]
        assert their.get("outputs", []) == our.get("outputs", []), our["id"]


@pytest.mark.parametrize("number", NUMBERS)
def test_nbgrader_adds_locks_and_checksums_to_the_metadata_and_nothing_else(number, course):
    theirs = read(course.folder / "release" / TWELVE / file_name(number))
    ours = read(EXERCISES / file_name(number))

    for our, their in zip(ours["cells"], theirs["cells"], strict=True):
        metadata = {
            k: v for k, v in their["metadata"].items() if k not in ("deletable", "editable")
        }
        known = metadata.get("nbgrader", {})
        for added in ("checksum", "cell_type"):
            known.pop(added, None)
        assert metadata == our["metadata"], our["id"]
    kept = ("kernelspec", "language_info", "nutgraf")
    assert [theirs["metadata"].get(k) for k in kept] == [ours["metadata"].get(k) for k in kept]


def test_our_own_metadata_come_through_handing_out_and_grading(course, scored):
    for place in (f"release/{ONE}", f"autograded/{student('solution')}/{ONE}"):
        page = read(course.folder / place / f"{ONE}.ipynb")
        if place.startswith("release"):
            assert page["metadata"]["nutgraf"] == {"hints": ["Where is it?", "What is it?"]}
            assert page["cells"][0]["metadata"]["nutgraf"] == {"ours": [1, {"two": None}]}
        assert set(cells_of("E03")) <= {
            cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in page["cells"]
        }


def test_nbgrader_finds_the_solutions_valid_and_the_stubs_not(course):
    cells = sum(len(cells_of(number)) for number in NUMBERS)

    said = course.run("validate", f"source/{ONE}/{ONE}.ipynb")
    assert "Success! Your notebook passes all the tests." in said
    said = course.run("validate", f"release/{ONE}/{ONE}.ipynb")
    assert f"VALIDATION FAILED ON {cells} CELL(S)!" in " ".join(said.split())


# --------------------------------------------------------------------------------------
# What it gives


@pytest.mark.parametrize("number", HANDED_IN)
def test_a_file_made_from_nbgraders_edition_gets_the_same_points(number, course, scored, grader):
    theirs = {cell: scored[TWELVE][MIXED][cell] for cell in cells_of(number)}
    page = (course.folder / "submitted" / MIXED / TWELVE / file_name(number)).read_bytes()

    assert theirs == deserved(number, HANDED_IN[number])
    assert graded(grader, number, page) == theirs


def test_what_was_not_handed_in_gets_nothing(scored):
    missing = [cell for n in NUMBERS if n not in HANDED_IN for cell in cells_of(n)]

    assert {scored[TWELVE][MIXED][cell] for cell in missing} == {0}


@pytest.mark.parametrize("kind", FAIR)
@pytest.mark.parametrize("number", NUMBERS)
def test_every_test_cell_gets_the_points_that_nbgrader_gives(number, kind, scored, grader):
    theirs = {cell: scored[ONE][student(kind)][cell] for cell in cells_of(number)}

    assert theirs == deserved(number, kind)
    assert graded(grader, number, notebook(number, kind)) == theirs


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.number}-{odd.what}")
def test_where_the_two_differ_it_is_known_how(odd, scored, grader):
    learner = next(who for who, all_of in odd_learners().items() if odd in all_of.values())
    cells = list(cells_of(odd.number))

    assert tuple(scored[ONE][learner][cell] for cell in cells) == odd.theirs
    ours = graded(grader, odd.number, as_bytes(odd_notebook(odd)))
    assert tuple(ours[cell] for cell in cells) == odd.ours


def test_a_copied_function_stops_nbgrader_and_not_the_grader(course, grader):
    page = json.loads(notebook("E08", "solution"))
    the_function_twice(page)
    course.write(f"submitted/copied/{TWELVE}/{file_name('E08')}", as_bytes(page))

    said = course.run("autograde", TWELVE, "--student=copied", code=1)
    assert "use an old version" in " ".join(said.split())
    assert graded(grader, "E08", as_bytes(page)) == deserved("E08", "solution")


def test_nothing_is_written_outside_the_course_and_its_home(course, scored):
    written = {path.name for path in course.folder.parent.iterdir()}

    assert written == {"course", "home"}
    assert {path.name for path in course.folder.iterdir()} <= {
        *("autograded", "gradebook.db", "nbgrader_config.py", "release", "source", "submitted"),
        ".nbgrader.log",
    }

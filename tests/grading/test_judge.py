"""The judge: the right verdict on every exercise, whatever the learner's function does."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nutgraf import NutgrafError
from nutgraf.grading import judge, process, runner, wire
from nutgraf.grading.judge import Grader, Limits
from nutgraf.grading.results import Result
from nutgraf.paths import kit_dir
from tests import test_exercises as attempts

SOURCES = {path.name[:3]: path for path in sorted((kit_dir("exercises") / "solutions").glob("E*"))}
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    tests = {name: read(path) for name, path in SOURCES.items()}
    with Grader({**tests, "T": TEACHERS}, Limits(cpu_seconds=5)) as grader:
        yield grader


def code(source: str, name: str = "", points: float | None = None) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if name:
        graded = points is not None
        about = {"nbgrader": {"grade_id": name, "grade": graded, "solution": not graded}}
        about["nbgrader"] |= {"points": points} if graded else {}
    return {"cell_type": "code", "id": name, "metadata": about, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# T"}
    return {"cells": [title, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def as_file(*cells: dict[str, Any]) -> bytes:
    return json.dumps(notebook(*cells)).encode()


SOLUTION = """\
import math
limit = 3
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
"""
TEACHERS = notebook(
    code("%magics are no harm here"),
    code("1 / 0"),
    code("check('T')\ngiven = [1, 2]\n"),
    code(SOLUTION, "T-double"),
    code("def twice(x):\n    return double(double(x))"),
    code(
        "from nutgraf.exercises import attempt\n"
        "with attempt('T, small'):\n"
        "    assert double(2) == 4, 'What is 2 and 2?'\n"
        "    ### BEGIN HIDDEN TESTS\n"
        "    assert double('a') == 'aa', 'What is a and a?'\n"
        "    ### END HIDDEN TESTS\n"
        "print('done')",
        "T-small",
        2,
    ),
    code("assert limit == 3, 'Which limit?'\nassert math.floor(0.5) == 0", "T-limit", 1),
    code("assert twice(1) == 4 and given == [1, 2], 'Which?'", "T-given", 0.5),
)
RIGHT = "limit = 3\ndef double(x):\n    return x + x"


def graded(grader: Grader, source: str, *more: dict[str, Any]) -> Result:
    return grader.grade("ann", "T", as_file(*more, code(source, "T-double")))


def outcomes(result: Result) -> list[str]:
    return [cell.outcome for cell in result.cells]


# --- the twelve exercises ------------------------------------------------------------------


@forks
@pytest.mark.parametrize("name", SOURCES)
def test_the_teachers_own_solution_gets_full_marks(name, grader):
    result = grader.grade("ann", name, SOURCES[name].read_bytes())

    assert outcomes(result) == ["correct", "correct"]
    assert result.points == result.out_of > 0
    assert result.notes == ()
    assert [cell.message for cell in result.cells] == ["", ""]


@forks
@pytest.mark.parametrize("name", SOURCES)
def test_an_untouched_exercise_is_not_attempted(name, grader):
    edition = next(kit_dir("exercises").glob(f"{name}-*.ipynb"))
    result = grader.grade("ann", name, edition.read_bytes())

    assert outcomes(result) == ["not attempted", "not attempted"]
    assert result.points == 0
    assert result.notes == ()
    assert result.cells[0].message == "The function is still as it was handed out."


@contextlib.contextmanager
def learners_end(names: dict[str, Any]) -> Iterator[wire.Line]:
    """A line to a learner's functions that live in this very process, in a thread."""
    mine, other = socket.socketpair()
    page = runner.Page()
    page.names.update(names)
    theirs = wire.Line(other)

    def serve() -> None:
        with contextlib.suppress(EOFError, OSError):
            theirs.receive()
            theirs.send({"defined": dict.fromkeys(names, "call"), "stopped": []})
            while True:
                request = theirs.receive()
                theirs.send({"number": request["number"], **runner.answer(page, request)})

    thread = threading.Thread(target=serve)
    thread.start()
    with mine:
        yield wire.Line(mine, 60)
    thread.join()
    other.close()


@functools.cache
def plan_of(name: str) -> judge._Plan:
    return judge._plan(name, read(SOURCES[name]))


def judged(name: str, function: Callable) -> list[tuple[str, str]]:
    """How the judge finds a function, without a process of its own for it."""
    plan = plan_of(name)
    with learners_end({plan.functions[0]: function}) as line:
        run = judge._Run(line, plan, Limits(), judge._places())
        return [(cell.outcome, cell.message) for cell in run.grade([])]


@pytest.mark.parametrize(
    ("name", "function"),
    [(name, function) for name, functions in attempts.RIGHT.items() for function in functions],
)
def test_another_right_solution_gets_full_marks(name, function):
    assert judged(name, function) == [("correct", ""), ("correct", "")]


@pytest.mark.parametrize(("name", "function", "says"), attempts.WRONG)
def test_a_known_wrong_solution_meets_its_question(name, function, says):
    found = judged(name, function)

    assert ("not yet", True) in [(outcome, says in message) for outcome, message in found]


# --- outcomes and what is said ---------------------------------------------------------------


@forks
def test_a_right_function_gets_all_points_for_each_cell(grader):
    result = graded(grader, RIGHT)

    assert outcomes(result) == ["correct", "correct", "correct"]
    assert [cell.points for cell in result.cells] == [2, 1, 0.5]
    assert [cell.grade_id for cell in result.cells] == ["T-small", "T-limit", "T-given"]


@forks
def test_points_are_all_or_none_for_each_cell(grader):
    result = graded(grader, "limit = 3\ndef double(x):\n    return 4")

    assert outcomes(result) == ["not yet", "correct", "correct"]
    assert [cell.points for cell in result.cells] == [0, 1, 0.5]
    assert result.cells[0].message == "What is a and a?"


@forks
@pytest.mark.parametrize(
    ("source", "outcome", "says"),
    [
        ("def double(x):\n    raise NotImplementedError", "not attempted", "as it was handed out"),
        ("x = 1", "not attempted", "There is no double in the file."),
        (
            "def double(x):\n    return [1][x]",
            "error",
            "IndexError in line 2 of your function doub",
        ),
        ("def double(x)\n    return x", "error", "Its cell stopped before double was made. Syntax"),
        (
            "import nothing\ndef double(x): return x",
            "error",
            "ModuleNotFoundError in line 1 of you",
        ),
        (
            "def double(x):\n    return nowhere",
            "error",
            "NameError in line 2 of your function doub",
        ),
        (
            "def double(x):\n    return len(x)",
            "error",
            "TypeError in line 2 of your function double",
        ),
        (
            "def double(x):\n    return double(x)",
            "error",
            "RecursionError in line 2 of your functi",
        ),
        ("def double():\n    return 1", "error", "TypeError: double() takes 0 positional"),
        ("def double(x):\n    assert 0, 'mine'", "error", "AssertionError in line 2 of your funct"),
        (
            "class E(Exception): pass\ndef double(x):\n    raise E('a')",
            "error",
            "E in line 2 of yo",
        ),
        (
            "def double(x):\n    raise SystemExit(3)",
            "error",
            "SystemExit in line 2 of your functio",
        ),
        (
            "def double(x):\n    raise KeyboardInterrupt",
            "error",
            "KeyboardInterrupt in line 2 of y",
        ),
        ("def double(x):\n    return None", "not yet", "What is 2 and 2?"),
        ("def double(x):\n    return (i for i in [x])", "not yet", "What is 2 and 2?"),
        ("def double(x):\n    return print", "not yet", "What is 2 and 2?"),
        ("double = 4", "not yet", "of the kind promised?"),
        ("class K: pass\ndef double(x):\n    return K()", "not testable", "double gives back a va"),
        (
            "def double(x):\n    return bytearray(10**8)",
            "output",
            "double gives back too much: mor",
        ),
        ("def double(x):\n    return [0] * 10**11", "memory", "1,024 MB of memory"),
        ("import os\nos._exit(0)", "ended", "ended before it had answered"),
    ],
)
def test_what_a_function_does_wrong_is_named(source, outcome, says, grader):
    result = graded(grader, source)

    assert result.cells[0].outcome == outcome
    assert says in result.cells[0].message
    assert result.cells[0].points == 0


@forks
def test_a_stub_is_not_attempted_in_tests_of_any_form(grader):
    result = graded(grader, "limit = 3\ndef double(x):\n    raise NotImplementedError")

    assert outcomes(result) == ["not attempted", "correct", "not attempted"]


@pytest.mark.parametrize("after", ["double = double(2)", "del double", "double = None"])
def test_a_name_that_was_a_function_is_the_last_function_that_it_was(after, grader):
    source = "def double(x):\n    return x * 3\n"
    cells = [code(f"{source}{RIGHT}", "T-double"), code(after)]
    assert outcomes(grader.grade("ann", "T", as_file(*cells))) == ["correct"] * 3


@forks
def test_an_error_in_a_helper_is_placed_in_the_helper(grader):
    helper = "\n\ndef helper(x):\n    '''Text.'''\n    return [y + 1 for y in x]"
    result = graded(grader, f"{helper}\ndef double(x):\n    return helper(['a'])")

    assert "TypeError in line 3 of your function helper" in result.cells[0].message


@forks
def test_an_error_that_the_test_expects_is_one_of_the_same_kind(grader):
    source = read(SOURCES["E12"])
    for cell in source["cells"]:
        if cell["id"] == "E12-kappa":
            text = "".join(cell["source"])
            cell["source"] = text.replace("raise ValueError(", "raise Refused(")
            cell["source"] += "\nclass Refused(ValueError):\n    pass\n"
    result = grader.grade("ann", "E12", json.dumps(source).encode())

    assert outcomes(result) == ["correct", "correct"]


@forks
@pytest.mark.parametrize(
    ("value", "outcome"),
    [("3", "correct"), ("3.0", "correct"), ("4", "not yet"), ("object", "not yet")],
)
def test_a_plain_variable_is_fetched(value, outcome, grader):
    result = graded(grader, f"limit = {value}\ndef double(x):\n    return x + x")

    assert result.cells[1].outcome == outcome


@forks
def test_a_variable_that_is_not_there_is_not_attempted_or_plain_wrong(grader):
    result = graded(grader, "def double(x):\n    return x + x")

    assert outcomes(result) == ["correct", "not attempted", "correct"]


@forks
def test_a_variable_of_an_odd_kind_stops_only_the_cells_that_use_it(grader):
    source = "class Same:\n    def __eq__(self, other):\n        return True\n"
    result = graded(grader, f"{source}limit = Same()\ndef double(x):\n    return x + x")

    assert outcomes(result) == ["correct", "not testable", "correct"]
    assert result.by_hand


@forks
def test_learners_cannot_change_what_the_teacher_gives(grader):
    spoiled = code("given = []\ntwice = None\ndef attempt(name): ...")
    result = graded(grader, RIGHT, spoiled, code("import math\nmath.floor = None"))

    assert result.points == 3.5


@forks
def test_messages_name_no_place_and_no_address(grader):
    for broken in ("open('/no/where')", "open('notes.txt')", "raise ValueError(object())"):
        message = graded(grader, f"def double(x):\n    {broken}").cells[0].message
        assert "0x" not in message
        assert "/box" not in message
        assert "nutgraf-grading" not in message
    home = os.path.expanduser("~")
    message = graded(grader, f"def double(x):\n    open({home + '/secret'!r})").cells[0].message
    assert home not in message


@forks
def test_a_long_message_is_cut(grader):
    result = graded(grader, "def double(x):\n    raise ValueError('x' * 10**6)")

    assert len(result.cells[0].message) <= 2000


@forks
def test_notes_tell_what_was_odd_about_the_file(grader):
    result = grader.grade("ann", "T", as_file(code(RIGHT, "T-double"), code("0", "T-small", 9)))

    assert result.points == 3.5
    assert result.notes == (
        "The test cell T-small was changed in the file; the teacher's was used.",
        "The test cell T-limit is not in the file; the teacher's was used.",
        "The test cell T-given is not in the file; the teacher's was used.",
    )


@forks
@pytest.mark.parametrize("data", [b"", b"\0" * 99, b"{}", b"x" * (11 * 2**20)])
def test_a_file_that_is_no_notebook_is_unreadable_for_every_test(data, grader):
    result = grader.grade("ann", "T", data)

    assert outcomes(result) == ["unreadable"] * 3
    assert result.points == 0
    assert result.by_hand


def test_an_exercise_without_tests_is_named(grader):
    with pytest.raises(NutgrafError, match=r"no tests for E99.*E01"):
        grader.grade("ann", "E99", b"")


# --- the same for everybody ------------------------------------------------------------------


@forks
def test_the_same_file_gets_the_same_result_before_and_after_others(grader):
    one = as_file(code(RIGHT, "T-double"))
    wild = as_file(
        code(
            "import builtins, random, re\nrandom.seed(9)\nbuiltins.len = None\nre.sub = None\n"
            "open('left', 'w').write('x')\nfrom nutgraf import load\nload().info.clear()\n"
            "def double(x):\n    return random.random()",
            "T-double",
        )
    )
    by_chance = as_file(
        code(
            "import random, os\ndef double(x):\n    raise ValueError(random.random(), {*'abcdef'}, "
            "hash('a'), os.listdir('.'))",
            "T-double",
        )
    )
    before = [grader.grade("ann", "T", each) for each in (one, by_chance)]
    grader.grade("bo", "T", wild)
    with Grader({"T": TEACHERS}, grader.limits) as another:
        elsewhere = [another.grade("ann", "T", each) for each in (by_chance, one)][::-1]
    after = [grader.grade("ann", "T", each) for each in (one, by_chance)]

    assert before == after == elsewhere
    assert before[0].points == 3.5
    assert "[])" in before[1].cells[0].message  # nothing of anybody's lies in the box


@forks
def test_graders_beside_each_other_do_not_meet(grader):
    with Grader({"T": TEACHERS}) as other:
        for each in (grader, other, grader):
            assert graded(each, RIGHT).points == 3.5
    assert graded(grader, RIGHT).points == 3.5


@forks
def test_a_grader_works_in_a_thread_and_with_streams_that_are_closed(monkeypatch):
    found = []

    def work() -> None:
        with Grader({"T": TEACHERS}) as grader:
            found.append(graded(grader, RIGHT))

    monkeypatch.setattr("sys.stdin", None)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert found[0].points == 3.5


# --- when the other side goes ------------------------------------------------------------------


def others(grader: Grader) -> list[psutil.Process]:
    first = psutil.Process(grader._keeper._process.pid)
    return [first, *first.children(recursive=True)]


@forks
def test_when_the_other_side_is_killed_between_two_notebooks_it_is_started_again():
    with Grader({"T": TEACHERS}) as grader:
        assert graded(grader, RIGHT).points == 3.5
        for one in others(grader):
            one.kill()
        assert graded(grader, RIGHT).points == 3.5
        assert grader.isolation.holds


@forks
def test_when_the_other_side_is_killed_in_the_middle_the_notebook_is_run_again():
    with Grader({"T": TEACHERS}) as grader:
        first = others(grader)
        killer = threading.Timer(0.7, lambda: [one.kill() for one in first])
        killer.start()
        slow = "import time\ntime.sleep(1.5)\n" + RIGHT
        result = graded(grader, slow)
        killer.join()

    assert result.points == 3.5


@forks
def test_a_notebook_at_which_it_is_killed_twice_has_ended(monkeypatch):
    with Grader({"T": TEACHERS}) as grader:

        def gone(seconds):
            raise process.Gone("killed")

        monkeypatch.setattr(grader._keeper, "open", gone)
        result = graded(grader, RIGHT)
        monkeypatch.undo()

        assert outcomes(result) == ["ended"] * 3
        assert graded(grader, RIGHT).points == 3.5


@forks
def test_nothing_is_left_when_a_grader_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Grader({"T": TEACHERS}) as grader:
        graded(grader, "import os\nos.makedirs('a/b/c')\n" + RIGHT)
        there = others(grader)
        assert len(list(tmp_path.iterdir())) == 1

    assert list(tmp_path.iterdir()) == []
    assert [one for one in there if one.is_running() and one.status() != "zombie"] == []


@forks
def test_learners_processes_end_when_the_judge_is_killed(tmp_path):
    ready, ended = os.pipe()
    judge_pid = os.fork()
    if judge_pid == 0:  # a judge of its own, in the middle of an endless loop
        try:
            grader = Grader({"T": TEACHERS})
            os.write(ended, b" ".join(str(one.pid).encode() for one in others(grader)))
            graded(grader, "while True:\n    pass")
        finally:
            os._exit(0)
    pids = [int(pid) for pid in os.read(ready, 999).split()]
    wait_for(lambda: len(family(pids)) > len(pids))
    there = family(pids)
    os.kill(judge_pid, signal.SIGKILL)
    os.waitpid(judge_pid, 0)
    wait_for(lambda: not any(alive(one) for one in there))

    assert [one for one in there if alive(one)] == []


def family(pids: list[int]) -> list[psutil.Process]:
    first = psutil.Process(pids[0])
    return [first, *first.children(recursive=True)]


def alive(one: psutil.Process) -> bool:
    return one.is_running() and one.status() != "zombie"


def wait_for(true: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(200):
        if true():
            return
        done.wait(0.05)


# --- isolation ---------------------------------------------------------------------------------


@forks
def test_isolation_that_is_required_and_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    without = functools.partial(process.Keeper, without=["namespaces", "landlock", "seccomp"])
    monkeypatch.setattr(process, "Keeper", without)
    with pytest.raises(NutgrafError, match=r"(?s)keeping other files from being read.*Linux 5\.13"):
        Grader({"T": TEACHERS}, require_isolation=True)
    assert list(tmp_path.iterdir()) == []

    with Grader({"T": TEACHERS}) as grader:
        assert not grader.isolation.complete
        assert "keeping other files from being read" in grader.isolation.words
        assert graded(grader, RIGHT).points == 3.5


# --- teachers' notebooks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([code("x = 1")], "no test cell"),
        ([code("assert (", "T-a", 1)], "T, cell T-a, line 1"),
        ([code("%time f()", "T-a", 1)], "cannot use magics"),
        (
            [
                code("### BEGIN SOLUTION\nclass A: pass\n### END SOLUTION", "T-s"),
                code("1", "T-a", 1),
            ],
            "A is a class",
        ),
        (
            [code("### BEGIN SOLUTION\nasync def a(): 1\n### END SOLUTION", "T-s")],
            "a is a class or an async function",
        ),
    ],
)
def test_a_teachers_notebook_that_cannot_be_graded_with_is_named(cells, says):
    with pytest.raises(NutgrafError, match=says):
        Grader({"T": notebook(*cells)})

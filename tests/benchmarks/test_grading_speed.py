"""A class graded beside nbgrader: the same twenty notebooks, and a class with twelve exercises.

python -m pytest tests/benchmarks/test_grading_speed.py --benchmark-only

The class has 50 learners; NUTGRAF_CLASS=1000 makes it as large as you like.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from nutgraf.grading.run import Summary, grade
from tests.grading.classes import FAIR, HOSTILE, file_name, make_class, notebook, source_of
from tests.grading.test_nbgrader import Course

TWENTY = [f"learner-{number:02}" for number in range(20)]
EXERCISE = "E03"
LEARNERS = int(os.environ.get("NUTGRAF_CLASS", "50"))


QUIETLY = {"say": lambda _: None, "progress": False}


class Memory:
    """The most memory that this process and all that it started had at once, in MB (Linux)."""

    def __enter__(self) -> Memory:
        self.most, self.most_shared = 0.0, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._end.wait(0.5):
            own = counted = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    memory = process.memory_full_info()
                except psutil.Error:
                    continue
                own += getattr(memory, "pss", memory.rss)
                counted += memory.rss
            self.most = max(self.most, own / 1e6)
            self.most_shared = max(self.most_shared, counted / 1e6)


class Processor:
    """How long processors worked, here and in all that was started and has ended (POSIX).

    On a busy machine this tells more than the clock on the wall.
    """

    def __init__(self, benchmark: Any, rounds: int = 1) -> None:
        self._info, self._rounds = benchmark.extra_info, rounds

    def __enter__(self) -> None:
        self._began = sum(os.times()[:4])

    def __exit__(self, *_: object) -> None:
        took = (sum(os.times()[:4]) - self._began) / self._rounds
        self._info["processor, in s"] = round(took, 2)


def way(number: int) -> str:
    """How a learner did it: all the ways of `FAIR` in turn."""
    return FAIR[number % len(FAIR)]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory) -> Path:
    """The same exercise of twenty learners, no two files the same but for untouched ones."""
    place = tmp_path_factory.mktemp("twenty")
    for number, learner in enumerate(TWENTY):
        (place / learner).mkdir()
        content = notebook(EXERCISE, way(number), learner)
        (place / learner / file_name(EXERCISE)).write_bytes(content)
    return place


@pytest.mark.benchmark(group="twenty notebooks")
@pytest.mark.parametrize("workers", [1, 2])
def test_twenty_notebooks(benchmark, handed_in, tmp_path_factory, workers):
    """From the folder to the gradebook, the start of the workers included."""

    def run() -> Summary:
        out = tmp_path_factory.mktemp("out") / "grades"
        return grade(handed_in, out, workers=workers, **QUIETLY)

    with Processor(benchmark, rounds=3):
        summary = benchmark.pedantic(run, rounds=3)
    benchmark.extra_info["each, in ms"] = round(benchmark.stats["mean"] * 1000 / len(TWENTY))
    assert len(summary.results) == len(TWENTY)


@pytest.mark.benchmark(group="twenty notebooks")
def test_twenty_notebooks_with_nbgrader(benchmark, handed_in, tmp_path):
    course = Course(tmp_path)
    course.write(f"source/{EXERCISE}/{file_name(EXERCISE)}", source_of(EXERCISE).read_bytes())
    course.run("generate_assignment", EXERCISE)
    for learner in TWENTY:
        target = course.folder / "submitted" / learner / EXERCISE
        shutil.copytree(handed_in / learner, target)
    with Processor(benchmark):
        benchmark.pedantic(course.run, ("autograde", EXERCISE), rounds=1)
    benchmark.extra_info["each, in ms"] = round(benchmark.stats["mean"] * 1000 / len(TWENTY))
    scores = course.scores(EXERCISE)
    out = tmp_path / "grades"
    ours = grade(handed_in, out, **QUIETLY).results
    assert {one.learner: one.points for one in ours} == {
        learner: sum(scores[learner].values()) for learner in TWENTY
    }


@pytest.fixture(scope="module")
def a_class(tmp_path_factory):
    """Twelve exercises of each learner; a few learners do harm with one of them.

    Where they lie, what they deserve, and the folder to grade into.
    """
    top = tmp_path_factory.mktemp("class")
    deserved = make_class(top / "handed-in", LEARNERS, hostile=max(4, LEARNERS // 50))
    return top / "handed-in", deserved, top / "grades"


@pytest.mark.benchmark(group="a class with twelve exercises")
def test_a_class_with_twelve_exercises(benchmark, a_class):
    place, deserved, out = a_class
    with Memory() as memory, Processor(benchmark):
        summary = benchmark.pedantic(grade, (place, out), QUIETLY, rounds=1)
    wanted = {
        (learner, exercise): one
        for learner, some in deserved.items()
        for exercise, one in some.items()
    }
    found = {(one.learner, one.exercise): one for one in summary.results}
    assert found.keys() == wanted.keys()
    for place, one in found.items():
        assert {cell.grade_id: cell.points for cell in one.cells} == wanted[place].points, one
        if wanted[place].kind in HOSTILE:
            assert one.outcome not in ("correct", "not yet")
    benchmark.extra_info |= {
        "results": len(found),
        "each, in ms": round(benchmark.stats["mean"] * 1000 / len(found)),
        "most memory, in MB (PSS)": round(memory.most),
        "most memory, in MB (RSS)": round(memory.most_shared),
    }


@pytest.mark.benchmark(group="a class with twelve exercises")
def test_the_same_class_again(benchmark, a_class):
    """Nothing is new: what it takes to read, compare and write the gradebook."""
    place, _, out = a_class
    first = grade(place, out, **QUIETLY)
    again = benchmark.pedantic(grade, (place, out), QUIETLY, rounds=1)
    assert again.newly == 0
    assert again.results == first.results

"""A class graded: nothing lost, nothing twice, and the same gradebook whoever did what and when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import NutgrafError
from nutgraf.grading import ledger as ledgers
from nutgraf.grading import run, workers
from nutgraf.grading.ledger import LOCK, Ledger, only_one
from nutgraf.grading.results import CellResult, Result, sheet
from nutgraf.grading.run import RESULTS, teachers_tests
from nutgraf.grading.workers import Done, Isolation, Job, Setup, Unreadable, read_file, run_locally
from tests.grading.classes import make_class
from tests.grading.pretend import (
    HANDED,
    RIGHT,
    TESTS,
    Limits,
    deserved_points,
    gradebook,
    graded,
    hand_in,
    lines,
    outcomes,
    points,
    source,
)

REAL = workers.JUDGE

SHEETS = [sheet(name, notebook) for name, notebook in TESTS.items()]

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and links of POSIX")


@pytest.fixture(autouse=True)
def _pretend(monkeypatch, root):
    """Workers take the judge that only pretends, which they find in the checkout."""
    monkeypatch.setattr(workers, "JUDGE", "tests.grading.pretend")
    monkeypatch.setattr(workers, "HESITATION_SECONDS", 0.0)
    monkeypatch.setenv("PYTHONPATH", str(root))


# --- a class ---------------------------------------------------------------------------------


def test_every_notebook_of_a_class_gets_its_result(tmp_path):
    summary = graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out")
    assert outcomes(summary) == RIGHT
    assert summary.newly == len(summary.results) == 8
    assert [one.learner for one in summary.results] == sorted(
        one.learner for one in summary.results
    )
    assert summary.isolated
    assert summary.isolation == "All is shut in."
    assert {path.name for path in summary.files} >= {"grades.csv", "class.html", "ana.html"}
    assert {one["learner"] for one in lines(tmp_path / "out")} == set(HANDED)


def test_nothing_is_written_where_the_class_handed_in(tmp_path):
    place = hand_in(tmp_path / "in", HANDED)
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    graded(place, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_a_collection_is_graded_as_it_is(tmp_path):
    from nutgraf.grading.submissions import collect

    collect(hand_in(tmp_path / "in", HANDED), tmp_path / "collection", TESTS)
    summary = graded(tmp_path / "collection", tmp_path / "out")
    assert outcomes(summary) == RIGHT
    assert not (tmp_path / "out" / "collected").exists()


@pytest.mark.parametrize("number", [2, 3])
def test_any_number_of_workers_writes_the_same_files(tmp_path, number):
    place = hand_in(tmp_path / "in", HANDED)
    graded(place, tmp_path / "one")
    graded(place, tmp_path / "more", workers=number)
    assert gradebook(tmp_path / "one") == gradebook(tmp_path / "more")


def test_any_order_writes_the_same_files(tmp_path, monkeypatch):
    place = hand_in(tmp_path / "in", HANDED)
    graded(place, tmp_path / "one")
    monkeypatch.setattr(run._Run, "jobs", lambda self: list(reversed(self._waiting)))
    graded(place, tmp_path / "other")
    assert gradebook(tmp_path / "one") == gradebook(tmp_path / "other")


def test_the_judge_itself_gives_what_each_learner_deserves(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "JUDGE", REAL)
    place = tmp_path / "in"
    deserved = make_class(place, 5, seed=3, numbers=("E03", "E09"), hostile=1)
    options = {"tests": None, "limits": None}
    summary = graded(place, tmp_path / "one", workers=1, **options)
    assert points(summary) == deserved_points(deserved)
    graded(place, tmp_path / "two", workers=2, **options)
    assert gradebook(tmp_path / "one") == gradebook(tmp_path / "two")
    # Part of it is there already.
    kept = (tmp_path / "one" / RESULTS).read_bytes().splitlines(keepends=True)
    (tmp_path / "going on").mkdir()
    (tmp_path / "going on" / RESULTS).write_bytes(b"".join(kept[: len(kept) // 2]))
    again = graded(place, tmp_path / "going on", **options)
    assert 0 < again.newly < len(summary.results)
    assert gradebook(tmp_path / "going on") == gradebook(tmp_path / "one")


# --- going on --------------------------------------------------------------------------------


def test_a_second_run_grades_only_what_is_new_or_changed(tmp_path):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    graded(place, out)
    before = (out / RESULTS).read_bytes()
    again = graded(place, out)
    assert again.newly == 0
    assert outcomes(again) == RIGHT
    assert (out / RESULTS).read_bytes() == before
    hand_in(place, {"ana": {"E05": "right at last"}, "fay": {"E03": "wrong, and of fay"}})
    third = graded(place, out)
    assert third.newly == 2
    assert outcomes(third)["ana"]["E05"] == "correct"
    assert outcomes(third)["fay"]["E03"] == "not yet"
    assert (out / RESULTS).read_bytes().startswith(before)
    graded(place, tmp_path / "fresh")
    assert gradebook(out) == gradebook(tmp_path / "fresh")


def test_nothing_is_started_where_there_is_nothing_to_grade(tmp_path, monkeypatch):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    graded(place, out)
    monkeypatch.setattr(workers, "Worker", None)
    assert graded(place, out, require_isolation=True).isolation == "All is shut in."


@pytest.mark.parametrize(
    "change",
    [
        {"tests": TESTS | {"E03": source("E03") | {"metadata": {"changed": True}}}},
        {"limits": Limits(wall_seconds=21)},
    ],
    ids=["tests", "limits"],
)
def test_other_tests_or_limits_grade_anew(tmp_path, change):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    graded(place, out)
    assert graded(place, out, **change).newly == (4 if "tests" in change else 8)
    assert graded(place, out).newly == 0  # the old lines are still there


def test_another_version_of_the_kit_grades_anew(tmp_path, monkeypatch):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    graded(place, out)
    monkeypatch.setattr("nutgraf.__version__", "99")
    assert graded(place, out).newly == 8


def test_notebooks_with_the_same_bytes_are_graded_once(tmp_path, monkeypatch):
    handed = {f"learner {n}": {"E03": "right"} for n in range(5)} | {"other": {"E05": "right"}}
    jobs = []
    real = run.run_locally
    monkeypatch.setattr(run, "run_locally", lambda s, j, w: jobs.extend(j) or real(s, j, w))
    summary = graded(hand_in(tmp_path / "in", handed), tmp_path / "out")
    assert sorted(job.exercise for job in jobs) == ["E03", "E05"]
    assert summary.newly == 6
    assert {one["learner"] for one in lines(tmp_path / "out")} == set(handed)


def test_a_torn_line_costs_one_result(tmp_path):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    graded(place, out)
    whole = gradebook(out)
    torn = (out / RESULTS).read_bytes()[:-25]
    (out / RESULTS).write_bytes(torn)
    assert graded(place, out).newly == 1
    assert (out / RESULTS).read_bytes().startswith(torn + b"\n")
    assert gradebook(out) == whole
    assert graded(place, out).newly == 0


def test_what_was_graded_without_isolation_does_not_count_where_it_is_required(
    tmp_path, monkeypatch
):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    said: list[str] = []
    monkeypatch.setenv("PRETEND_OPEN", "1")
    assert not graded(place, out, say=said.append).isolated
    assert said[1].startswith("WARNING: learners' code cannot be shut in wholly where it runs.")
    assert "WARNING. The network is open." in said[-1]
    with pytest.raises(NutgrafError, match="the network is open"):
        graded(place, out, require_isolation=True)
    monkeypatch.delenv("PRETEND_OPEN")
    assert graded(place, out).newly == 0
    shut_in = graded(place, out, require_isolation=True)
    assert shut_in.newly == 8
    assert shut_in.isolated


def test_the_weakest_isolation_is_reported_also_later(tmp_path, monkeypatch):
    place, out = hand_in(tmp_path / "in", HANDED), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setenv("PRETEND_OPEN", "1")
        graded(place, out)
    hand_in(place, {"fay": {"E03": "right, and of fay"}})
    again = graded(place, out)
    assert again.newly == 1
    assert not again.isolated
    assert again.isolation == "The network is open."


# --- Ctrl+C, kill, and two at once -----------------------------------------------------------


SLOW = {f"learner {n:02}": {"E03": f"slow {n}"} for n in range(30)}


def test_ctrl_c_keeps_what_is_graded_and_says_how_to_go_on(tmp_path, monkeypatch):
    place, out, said = hand_in(tmp_path / "in", SLOW), tmp_path / "out", []
    real = run._Progress.step

    def step(self, more):
        real(self, more)
        if self._done == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run._Progress, "step", step)
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            graded(place, out, say=said.append)
        assert time.monotonic() - started < 5
    assert said[1:] == [
        f"Stopped. 3 results of this run are kept in {out / RESULTS}. "
        "Run the same command again; it goes on from here."
    ]
    assert len(lines(out)) == 3
    assert not (out / LOCK).exists()
    again = graded(place, out, workers=3)
    assert (again.newly, len(again.results)) == (27, 30)
    graded(place, tmp_path / "fresh", workers=3)
    assert gradebook(out) == gradebook(tmp_path / "fresh")


RUN = """
import sys
from pathlib import Path
from nutgraf.grading import workers
workers.JUDGE = "tests.grading.pretend"
from tests.grading.pretend import TESTS, Limits
from nutgraf.grading.run import grade
try:
    grade(Path("in"), Path("out"), tests=TESTS, limits=Limits(), workers=2)
except KeyboardInterrupt:
    sys.exit(130)
"""


def start(folder: Path) -> subprocess.Popen:
    """A run of its own, as from a terminal, that has graded something."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=folder, stdout=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "out" / RESULTS).is_file() and lines_so_far(folder / "out"):
            break
        time.sleep(0.02)
    return process


def lines_so_far(out: Path) -> list[bytes]:
    return [line for line in (out / RESULTS).read_bytes().splitlines() if b'"cells"' in line]


def workers_of(folder: Path) -> list[int]:
    """Processes that work in this folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes()
            if b"grading.workers" in command and os.readlink(place / "cwd") == str(folder):
                found.append(int(place.name))
        except OSError:
            continue
    return found


@posix
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_or_killed_goes_on(tmp_path, how):
    hand_in(tmp_path / "in", SLOW)
    process = start(tmp_path)
    os.killpg(process.pid, how)  # as a terminal does
    said, _ = process.communicate(timeout=20)
    assert process.returncode == (130 if how == signal.SIGINT else -how)
    assert (b"Stopped." in said) == (how == signal.SIGINT)
    kept = len(lines_so_far(tmp_path / "out"))
    assert 0 < kept < 30
    again = graded(tmp_path / "in", tmp_path / "out", workers=3)
    assert again.newly == 30 - kept
    assert len(again.results) == 30
    if sys.platform == "linux":
        deadline = time.monotonic() + 10
        while workers_of(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert workers_of(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_ends_leaves_no_process_and_no_file(tmp_path, monkeypatch, how):
    hand_in(tmp_path / "in", {"ana": {"E03": "right", "E05": "hangs"}})
    own = tmp_path / "for a while"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    process = start(tmp_path)
    assert workers_of(tmp_path)
    assert list(own.iterdir())
    os.killpg(process.pid, how)
    process.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while (workers_of(tmp_path) or list(own.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers_of(tmp_path) == []
    assert list(own.iterdir()) == []


def test_two_runs_do_not_grade_into_one_folder(tmp_path):
    hand_in(tmp_path / "in", SLOW)
    process = start(tmp_path)
    try:
        with pytest.raises(NutgrafError, match=rf"Another run .* \(process {process.pid} on"):
            graded(tmp_path / "in", tmp_path / "out")
    finally:
        process.kill()
        process.communicate()
    assert graded(tmp_path / "in", tmp_path / "out", workers=3).newly < 30  # the lock went with it


def test_a_lock_that_nobody_holds_does_not_stop_a_run(tmp_path):
    (tmp_path / LOCK).write_text("1 on another-machine")
    with only_one(tmp_path):
        assert (tmp_path / LOCK).read_text().startswith(str(os.getpid()))
        with pytest.raises(NutgrafError, match="Another run grades into"), only_one(tmp_path):
            pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize(("seconds", "started"), [(0.0, 3), (60.0, 1)])
def test_more_workers_are_started_where_there_is_work_for_them(
    tmp_path, monkeypatch, seconds, started
):
    monkeypatch.setattr(workers, "HESITATION_SECONDS", seconds)
    made, real = [], workers.Worker
    monkeypatch.setattr(workers, "Worker", lambda setup: made.append(setup) or real(setup))
    handed = {f"learner {n:02}": {"E03": f"slow {n}"} for n in range(12)}
    begun = time.monotonic()
    summary = graded(hand_in(tmp_path / "in", handed), tmp_path / "out", workers=3)
    assert len(made) == started
    assert len(summary.results) == 12
    assert time.monotonic() - begun < 30


# --- workers that are lost -------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("says", "note"),
    [
        ("dies", "it was ended by SIGKILL"),
        ("leaves", "it ended with status 3: no memory left"),
        ("breaks", "it stopped with ZeroDivisionError: a mistake in the judge"),
    ],
)
def test_a_worker_that_is_lost_twice_costs_one_result(tmp_path, says, note):
    place = hand_in(tmp_path / "in", HANDED | {"ben": {"E03": says}})
    summary = graded(place, tmp_path / "out", workers=2)
    found = outcomes(summary)
    assert found.pop("ben") == {"E03": "ended"}
    assert found == {name: some for name, some in RIGHT.items() if name != "ben"}
    (lost,) = summary.look_at
    assert (lost.points, lost.out_of) == (0, 3)
    assert lost.notes == (
        f"The grading process was lost over this file twice: {note}. Look at it yourself.",
    )
    assert any(
        f"ben, E03: The grading process was lost over this file twice: {note}" in problem
        for problem in summary.problems
    )
    assert f"  ben E03: ended. {lost.notes[0]}" in str(summary)
    # It is tried again the next time, when there may be more memory.
    hand_in(place, {"ben": {"E03": says}})
    assert graded(place, tmp_path / "out").newly == 1


@posix
def test_what_a_worker_was_lost_over_is_tried_again(tmp_path):
    says = f"dies once {tmp_path / 'mark'}"
    summary = graded(hand_in(tmp_path / "in", HANDED | {"ben": {"E03": says}}), tmp_path / "out")
    assert outcomes(summary)["ben"] == {"E03": "correct"}
    assert not summary.problems


def test_a_worker_that_hangs_is_ended(tmp_path, monkeypatch):
    place = hand_in(tmp_path / "in", {"ana": {"E03": "hangs"}, "ben": {"E03": "right"}})
    monkeypatch.setattr(workers, "EXTRA_SECONDS", 0.5)
    summary = graded(place, tmp_path / "out", limits=Limits(wall_seconds=0))
    assert outcomes(summary) == {"ana": {"E03": "ended"}, "ben": {"E03": "correct"}}
    assert "it said nothing for 0.5 s" in summary.problems[0]


def test_workers_that_cannot_start_are_an_error_with_its_reason(tmp_path):
    place = hand_in(tmp_path / "in", HANDED)
    with pytest.raises(NutgrafError, match=r"no worker could be started .* a module is missing"):
        graded(place, tmp_path / "out", limits=Limits(refuses_to_start=True), workers=2)


def test_a_worker_refuses_where_isolation_is_required_and_not_there(tmp_path):
    place = hand_in(tmp_path / "in", HANDED)
    with pytest.raises(NutgrafError, match="cannot be shut in here: the network is open"):
        graded(place, tmp_path / "out", limits=Limits(isolated=False), require_isolation=True)
    assert not lines(tmp_path / "out")


def test_what_is_started_from_a_worker_gets_none_of_its_pipes(tmp_path):
    handed = {"ana": {"E03": "reads what is for the worker"}}
    assert outcomes(graded(hand_in(tmp_path / "in", handed), tmp_path / "out")) == {
        "ana": {"E03": "correct"}
    }


def test_python_files_in_the_working_folder_are_not_run(tmp_path, monkeypatch):
    place = hand_in(tmp_path / "in", {"ana": {"E03": "right"}})
    (place / "json.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(place)
    assert outcomes(graded(place, tmp_path / "out")) == {"ana": {"E03": "correct"}}


# --- files that cannot be read ---------------------------------------------------------------


def collection(tmp_path: Path, handed: dict[str, dict[str, str]]) -> Path:
    from nutgraf.grading.submissions import collect

    return collect(hand_in(tmp_path / "in", handed), tmp_path / "collection", TESTS).folder


def broken(place: Path, how: str) -> None:
    place.unlink()
    if how == "a folder":
        place.mkdir()
    elif how == "a link":
        place.symlink_to(place.with_name("E05.ipynb"))
    elif how == "a pipe":
        os.mkfifo(place)
    elif how == "large":
        with place.open("wb") as file:
            file.truncate(10_000_001)


@posix
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("gone", "The file is gone."),
        ("a folder", "It is no plain file."),
        ("a link", "It is no plain file."),
        ("a pipe", "It is no plain file."),
        ("large", "It has more than 10 MB."),
    ],
)
def test_a_file_that_cannot_be_read_is_a_result_with_its_reason(tmp_path, how, why):
    handed = {"ana": {"E03": "right", "E05": "right"}, "ben": {"E03": "wrong"}}
    place = collection(tmp_path, handed)
    broken(place / "ana" / "E03.ipynb", how)
    with pytest.raises(Unreadable, match=why):
        read_file(place / "ana" / "E03.ipynb")
    if how == "gone":
        return  # such a file is no part of the collection any more
    summary = graded(place, tmp_path / "out")
    assert outcomes(summary) == {
        "ana": {"E03": "unreadable", "E05": "correct"},
        "ben": {"E03": "not yet"},
    }
    assert summary.problems == (f"ana, E03: {why}",)
    assert summary.look_at[0].notes == (f"The file was not read. {why}",)


def test_a_file_that_vanishes_in_mid_run_is_a_result(tmp_path, monkeypatch):
    place = collection(tmp_path, {"ana": {"E03": "right"}, "ben": {"E03": "wrong"}})
    real = run._Run.jobs

    def jobs(self):
        (place / "ana" / "E03.ipynb").unlink()
        (place / "ben" / "E03.ipynb").write_text('{"says": "right"}')
        return real(self)

    monkeypatch.setattr(run._Run, "jobs", jobs)
    summary = graded(place, tmp_path / "out")
    assert outcomes(summary) == {"ana": {"E03": "unreadable"}, "ben": {"E03": "unreadable"}}
    assert [problem.partition(": ")[2] for problem in summary.problems] == [
        "The file is gone.",
        "It changed while the class was graded. Grade again.",
    ]
    monkeypatch.undo()


def test_a_copy_with_the_same_bytes_serves_for_a_file_that_is_gone(tmp_path, monkeypatch):
    place = collection(tmp_path, {"ana": {"E03": "right"}, "ben": {"E03": "right"}})
    real = run._Run.jobs
    monkeypatch.setattr(
        run._Run, "jobs", lambda self: (place / "ana" / "E03.ipynb").unlink() or real(self)
    )
    summary = graded(place, tmp_path / "out")
    assert outcomes(summary) == {"ana": {"E03": "correct"}, "ben": {"E03": "correct"}}


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "", "C:\\x", "\\\\host\\x", "a\\..\\..\\x"]
)
def test_a_name_that_leads_out_of_the_collection_is_not_opened(tmp_path, name):
    with pytest.raises(Unreadable, match="leads out"):
        run._within(tmp_path, name)


def test_an_exercise_without_tests_is_listed(tmp_path):
    place = collection(tmp_path, HANDED)
    summary = graded(place, tmp_path / "out", tests={"E03": TESTS["E03"]})
    assert {one.exercise for one in summary.results} == {"E03"}
    assert "ana, E05: there are no tests for this exercise." in summary.problems


# --- places ----------------------------------------------------------------------------------


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "grades.csv").write_text("mine")
    with pytest.raises(NutgrafError, match=r"other files in it \(grades.csv\)"):
        graded(hand_in(tmp_path / "in", HANDED), out)
    assert [path.name for path in out.iterdir()] == ["grades.csv"]


@pytest.mark.parametrize("where", ["in", "in/out", "in/ana/out"])
def test_the_gradebook_does_not_go_where_the_class_handed_in(tmp_path, where):
    place = hand_in(tmp_path / "in", HANDED)
    with pytest.raises(NutgrafError, match="lies in the folder with what was handed in"):
        graded(place, tmp_path / where)


def test_a_source_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NutgrafError, match="nowhere is not there"):
        graded(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(NutgrafError, match="out is a file"):
        graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out")


def test_no_workers_is_refused(tmp_path):
    with pytest.raises(NutgrafError, match="0 workers cannot grade"):
        graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out", workers=0)


# --- the teacher's tests ---------------------------------------------------------------------


def test_the_tests_of_the_kit_are_the_teachers_notebooks():
    tests = teachers_tests()
    assert sorted(tests) == [f"E{number:02}" for number in range(1, 13)]
    assert "BEGIN SOLUTION" in json.dumps(tests["E03"])


def test_an_edition_without_solutions_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "kit_dir", lambda name: tmp_path / name)
    with pytest.raises(NutgrafError, match="This edition of the kit holds no solutions"):
        teachers_tests()


def test_tests_may_come_from_another_folder(tmp_path):
    (tmp_path / "E20-new.ipynb").write_text(json.dumps(source("E20")))
    assert list(teachers_tests(tmp_path)) == ["E20"]
    (tmp_path / "E20-other.ipynb").write_text(json.dumps(source("E20")))
    with pytest.raises(NutgrafError, match="holds E20 twice"):
        teachers_tests(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [("{", "not a notebook"), ("[]", "not a notebook"), ('{"cells": []}', "no test cell")],
)
def test_a_teachers_notebook_that_is_none_is_named(tmp_path, content, why):
    (tmp_path / "E20-new.ipynb").write_text(content)
    with pytest.raises(NutgrafError, match=why):
        teachers_tests(tmp_path)


def test_a_folder_without_notebooks_is_named(tmp_path):
    with pytest.raises(NutgrafError, match="holds no notebooks"):
        teachers_tests(tmp_path)


# --- what is kept ----------------------------------------------------------------------------


SHUT = Isolation(True, "All is shut in.")


def result(learner: str, key: str, message: str = "") -> Result:
    cells = tuple(CellResult(n, p, p, "correct", message) for n, p in SHEETS[0].cells)
    return Result(learner, "E03", cells, (), key)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(min_size=1, max_size=4)), max_size=6))
def test_what_was_written_down_is_found_again(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("kept") / RESULTS
    with Ledger(path, SHEETS) as kept:
        for message, key in pairs:
            kept.add(result("ana", key, message), SHUT)
    with Ledger(path, SHEETS) as kept:
        for message, key in dict(reversed(pair) for pair in pairs).items():
            assert kept.get(message, True) == (result("ana", message, key), SHUT)
            assert kept.has("ana", message)


@given(st.binary(max_size=200))
def test_any_file_of_results_can_be_read_and_added_to(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("junk") / RESULTS
    path.write_bytes(junk)
    for key in ("a", "b"):
        with Ledger(path, SHEETS) as kept:
            kept.add(result("ana", key), SHUT)
    with Ledger(path, SHEETS) as kept:
        assert kept.get("a", True) == (result("ana", "a"), SHUT)
        assert kept.get("b", True) == (result("ana", "b"), SHUT)
    assert path.read_bytes().startswith(junk)


@pytest.mark.parametrize(
    "change",
    [
        {"cells": []},
        {"cells": 3},
        {"key": ""},
        {"isolation": "unknown"},
        {"isolation": []},
        {"exercise": "E99"},
        {"notes": None},
    ],
)
def test_a_line_that_cannot_be_from_this_run_is_passed_over(tmp_path, change):
    path = tmp_path / RESULTS
    with Ledger(path, SHEETS) as kept:
        kept.add(result("ana", "a"), SHUT)
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps(json.loads(line) | change)}\n")
    with Ledger(path, SHEETS) as kept:
        assert kept.get("a", False) is None


@pytest.mark.parametrize("change", [{"points": 99}, {"points": "2"}, {"outcome": "splendid"}])
def test_a_cell_that_cannot_be_from_this_run_is_passed_over(tmp_path, change):
    path = tmp_path / RESULTS
    with Ledger(path, SHEETS) as kept:
        kept.add(result("ana", "a"), SHUT)
    head, line = path.read_text().splitlines()
    record = json.loads(line)
    record["cells"][0] |= change
    path.write_text(f"{head}\n{json.dumps(record)}\n")
    with Ledger(path, SHEETS) as kept:
        assert kept.get("a", False) is None


def test_a_result_is_in_the_file_when_it_was_added(tmp_path):
    with Ledger(tmp_path / RESULTS, SHEETS) as kept:
        kept.add(result("ana", "a"), SHUT)
        assert b'"learner": "ana"' in (tmp_path / RESULTS).read_bytes()


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Ledger(tmp_path / RESULTS, SHEETS) as kept:
        monkeypatch.setattr(ledgers.os, "fsync", full)
        kept._synced = -9
        with pytest.raises(NutgrafError, match="the disk is full"):
            kept.add(result("ana", "a"), SHUT)


# --- workers, without a class ----------------------------------------------------------------


def test_closing_the_iterator_ends_the_workers(tmp_path):
    (tmp_path / "a").write_text('{"says": "hangs"}')
    (tmp_path / "b").write_text('{"says": "right"}')
    jobs = [
        Job("E03", (file,), workers.sha256(file.read_bytes()).hexdigest())
        for file in (tmp_path / "b", tmp_path / "a")
    ]
    happening = run_locally(Setup(TESTS, {}, False, workers.JUDGE), jobs, 1)
    next(happening)
    first = next(happening)
    assert isinstance(first, Done)
    assert first.result is not None
    started = time.monotonic()
    happening.close()
    assert time.monotonic() - started < 5


def test_a_setup_comes_back_as_it_was_sent():
    setup = Setup(TESTS, {"wall_seconds": 3}, True)
    assert Setup.from_bytes(setup.as_bytes) == setup


# --- what is said ----------------------------------------------------------------------------


def test_the_summary_says_what_there_is_to_know(tmp_path):
    said: list[str] = []
    place = hand_in(tmp_path / "in", HANDED | {"ana": {"E03": "breaks", "E05": "right"}})
    graded(place, tmp_path / "out", say=said.append)
    first, summary = said
    assert first == "8 notebooks of 5 learners; 8 to grade."
    assert summary.startswith("8 exercises of 5 learners graded.\n5 correct, 2 not yet, 1 ended.\n")
    assert "Look at this one yourself:\n  ana E03: " in summary
    assert "1 problem, all listed in class.html:\n  ana, E03: " in summary
    assert "All is shut in.\nWritten into " in summary
    assert "grades.csv" in summary


def test_names_that_a_console_does_not_have_stop_nothing(tmp_path):
    said = []

    def console(text: str) -> None:
        said.append(text.encode("ascii").decode())

    place = hand_in(tmp_path / "in", {"Zoë Ωmega": {"E03": "breaks"}})
    graded(place, tmp_path / "out", say=console)
    assert "Zo? ?mega E03" in said[1]


def test_without_a_terminal_a_line_now_and_then(tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(run._Progress, "EVERY", 0.0)
    place = hand_in(tmp_path / "in", HANDED)
    graded(place, tmp_path / "out", say=said.append)
    assert "2 of 8 graded" in said  # the two that are the same
    assert "8 of 8 graded" in said
    said.clear()
    graded(place, tmp_path / "quiet", say=said.append, progress=False)
    assert len(said) == 2


@posix
def test_on_a_terminal_a_bar(tmp_path, monkeypatch):
    import io

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    graded(hand_in(tmp_path / "in", HANDED), tmp_path / "out")
    assert "8/8" in screen.getvalue()


def test_a_class_that_handed_in_nothing_gets_an_empty_gradebook(tmp_path):
    (tmp_path / "in").mkdir()
    summary = graded(tmp_path / "in", tmp_path / "out")
    assert summary.results == ()
    assert str(summary).startswith("0 exercises of 0 learners graded.\n")
    assert "no learner's code was run" in str(summary)

"""The answers file: nothing confirmed is lost, whatever happens to the process or the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import answers


def test_what_was_appended_is_read_back_in_order(learner):
    path = answers.answers_file()
    for number in range(3):
        answers.append(path, item="T1", answer=number)
    assert [record["answer"] for record in answers.read(path)] == [0, 1, 2]
    assert path == learner / "my-answers.jsonl"


def test_a_notebook_in_a_folder_below_keeps_its_answers_in_the_same_file(learner, monkeypatch):
    (learner / "exercises").mkdir()
    monkeypatch.chdir(learner / "exercises")
    assert answers.answers_file() == learner / "my-answers.jsonl"


@given(st.binary(max_size=60))
def test_a_damaged_tail_costs_no_earlier_and_no_later_answer(tmp_path_factory, torn):
    path = tmp_path_factory.mktemp("torn") / "my-answers.jsonl"
    answers.append(path, item="A1", answer=1)
    with path.open("ab") as file:
        file.write(torn)
    answers.append(path, item="A2", answer="ü…")
    kept = [record["item"] for record in answers.read(path) if "answer" in record]
    assert kept[0] == "A1"
    assert kept[-1] == "A2"
    assert torn in path.read_bytes()


@given(st.binary(max_size=300))
def test_any_file_can_be_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("junk") / "my-answers.jsonl"
    path.write_bytes(data)
    records = answers.read(path)
    assert all(isinstance(record, dict) for record in records)
    assert answers.confident_errors(records) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX; os.kill ends it there")
def test_an_answer_that_was_confirmed_survives_kill_minus_9(learner):
    code = """
        from nutgraf import answers
        path = answers.answers_file()
        for number in range(10_000):
            answers.append(path, item="T1", did="answered", answer=number)
            print(number, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    confirmed = [int(process.stdout.readline()) for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = [record["answer"] for record in answers.read(answers.answers_file())]
    assert kept[: len(confirmed)] == confirmed


def test_two_processes_can_answer_at_once(learner):
    code = """
        import sys
        from nutgraf import answers
        for number in range(200):
            answers.append(answers.answers_file(), who=sys.argv[1], answer=number)
    """
    both = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), who]) for who in ("a", "b")
    ]
    assert [process.wait() for process in both] == [0, 0]
    records = answers.read(answers.answers_file())
    for who in ("a", "b"):
        assert [r["answer"] for r in records if r["who"] == who] == list(range(200))


def test_a_learner_keeps_one_random_number_and_no_name(learner):
    path = answers.answers_file()
    first = answers.learner(path)
    assert answers.learner(path) == first
    (record,) = answers.read(path)
    assert set(record) == {"learner", "at"}
    answers.delete(path)
    assert answers.learner(path) != first


def test_outside_a_learners_folder_nothing_is_written_to_show_a_question(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert answers.learner(answers.answers_file()) == answers.READING_EDITION
    assert not list(tmp_path.iterdir())


def record(item: str, verdict: str, sure: str, mode: str = "quiz") -> dict:
    return {"item": item, "did": "answered", "mode": mode, "verdict": verdict, "sure": sure}


@pytest.mark.parametrize(
    ("records", "errors"),
    [
        ([record("T1", "not yet", "certain")], ["T1"]),
        ([record("T1", "not yet", "fairly")], []),
        ([record("T1", "right", "certain")], []),
        ([record("T1", "not yet", "certain"), record("T1", "right", "guess")], ["T1"]),
        ([record("T1", "not yet", "certain"), record("T1", "right", "guess", "recheck")], []),
        ([record("T2", "not yet", "certain"), record("T1", "not yet", "certain")], ["T2", "T1"]),
    ],
)
def test_a_confident_error_stays_due_until_a_re_check_puts_it_right(records, errors):
    assert answers.confident_errors(records) == errors


def test_standing_counts_first_tries_and_confident_errors(learner):
    path = answers.answers_file()
    for answer, sure in ((5, "certain"), (0, "guess")):
        answers.append(path, item="T1", did="answered", mode="quiz", answer=answer, sure=sure)
    answers.append(path, item="T2", did="answered", mode="predict", answer="glued", sure="guess")
    answers.append(path, item="W1", did="answered", mode="predict", answer="2", sure="certain")
    table = answers.standing(answers.read(path)).set_index("lesson")
    row = table.loc["03-words"]
    assert (row["right"], row["not_yet"], row["guessed"]) == (1, 0, 2)
    assert (row["first_try"], row["sure_but_wrong"]) == (0, 2)
    parts = table[["right", "not_yet", "guessed", "open"]]
    assert (parts.sum(axis=1) == table["questions"]).all()


def test_different_attempts_are_counted_once_and_by_verdict():
    tries = [("not yet", "a"), ("not yet", "b"), ("not yet", "a"), ("correct", "c")]
    records = [{"did": "checked", "verdict": verdict, "code": code} for verdict, code in tries]
    records += [{"did": "hint"}, {"did": "checked", "verdict": "not yet", "code": ["d"]}]
    assert answers.attempts(records) == ["a", "b", "c"]
    assert answers.attempts(records, "not yet") == ["a", "b"]
    assert answers.attempts(records, "correct") == ["c"]


def test_the_exercises_are_told_with_attempts_hints_and_solutions(learner):
    path = answers.answers_file()

    def add(item, did, **more):
        answers.append(path, item=item, mode="exercise", did=did, **more)

    for code, verdict in (("a", "not yet"), ("b", "correct"), ("c", "not yet")):
        add("E03", "checked", code=code, verdict=verdict)
    add("E03", "hint")
    add("E04", "checked", code="a", verdict="not yet")
    add("E04", "hint")
    add("E04", "hint")
    add("E04", "shown")
    answers.append(path, item="E05", mode="quiz", did="answered", answer=1)
    table = answers.exercises(answers.read(path)).set_index("exercise")
    assert len(table) == 12
    assert table.loc["E03-a-better-word-list"].tolist() == [3, "correct", 1, ""]
    assert table.loc["E04-top-words"].tolist() == [1, "not yet", 2, "seen"]
    assert table.loc["E05-paragraph-spans"].tolist() == [0, "open", 0, ""]


def test_attempts_at_exercises_change_nothing_about_the_questions(learner):
    path = answers.answers_file()
    before = answers.standing(answers.read(path))
    answers.append(path, item="E03", mode="exercise", did="checked", verdict="not yet", code="a")
    assert answers.standing(answers.read(path)).equals(before)
    assert answers.confident_errors(answers.read(path)) == []


def test_every_line_is_plain_json(learner):
    path = answers.answers_file()
    answers.append(path, item="T1", answer="“quoted”\n")
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["answer"] == "“quoted”\n"

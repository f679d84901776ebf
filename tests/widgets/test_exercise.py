"""The exercise's verdict, its hints and its solution: what is shown, when, and what is kept."""

from __future__ import annotations

import json
import sys

import pytest

from nutgraf import answers, checking
from nutgraf.widgets import exercise
from nutgraf.widgets.exercise import Desk, check, hint, solution, state_of


@pytest.fixture(autouse=True)
def notebook(monkeypatch):
    """The names of the learner's notebook; nothing is kept from the test before."""
    names: dict = {"__name__": "__main__"}
    for cell in checking.exercise("E03").before:
        exec(cell.source, names)
    monkeypatch.setattr(exercise, "_learners_names", lambda: names)
    monkeypatch.setattr(exercise, "_unsaved", [])
    return names


def write(names: dict, *lines: str) -> None:
    exec("\n".join(["def words(text):", *(f"    {line}" for line in lines)]), names)


def records() -> list[dict]:
    return [r for r in answers.read(answers.answers_file()) if r.get("mode") == "exercise"]


def widget(desk: Desk | None = None):
    desk = desk or Desk("E03")
    finding = checking.check("E03", exercise._learners_names())
    desk.record_attempt(finding)
    return exercise.widget_class()(desk, finding)


def ask(shown, what: str) -> dict:
    shown._asked(shown, {"do": what}, [])
    return shown.state


# --- attempts --------------------------------------------------------------------------------


def test_check_shows_the_verdict_as_text_too(learner, notebook, capsys):
    write(notebook, "return text.split()")
    check("E03")
    said = capsys.readouterr().out
    assert "<Exercise E03>" in said
    assert "✗ E03: Not yet.\nYou promised that this\n    >>> words(" in said
    assert "Without buttons: from nutgraf import hint, solution; hint('E03')" in said


def test_an_attempt_is_kept_without_a_line_of_its_code(learner, notebook):
    write(notebook, "return text.split('secret')")
    check("E03")
    (record,) = records()
    assert {key: record[key] for key in ("item", "mode", "did", "verdict")} == {
        "item": "E03", "mode": "exercise", "did": "checked", "verdict": "not yet"
    }  # fmt: skip
    assert len(record["code"]) == 16
    assert "secret" not in answers.answers_file().read_text(encoding="utf-8")


def test_the_same_attempt_again_is_not_kept_again(learner, notebook):
    write(notebook, "return text.split()")
    check("E03")
    check("E03")
    write(notebook, "return []")
    check("e03")
    write(notebook, "return text.split()  # as before")
    check("E03")
    assert [record["verdict"] for record in records()] == ["not yet"] * 3
    assert len({record["code"] for record in records()}) == 2


def test_what_is_not_attempted_is_not_kept(learner, notebook):
    check("E03")
    write(notebook, "raise NotImplementedError")
    check("E03")
    assert records() == []


def test_outside_a_learners_folder_nothing_is_written_and_yet_attempts_count(
    tmp_path, monkeypatch, notebook
):
    monkeypatch.chdir(tmp_path)
    for line in ("return []", "return [text]", "return text.split()"):
        write(notebook, line)
        check("E03")
    assert list(tmp_path.iterdir()) == []
    assert Desk("E03").tries == 3
    assert Desk("E03").is_free


def test_a_file_of_answers_that_is_there_is_used(tmp_path, monkeypatch, notebook):
    monkeypatch.chdir(tmp_path)
    answers.append(tmp_path / answers.FILE, item="T1", mode="quiz", did="answered", answer=0)
    write(notebook, "return []")
    check("E03")
    assert [record["did"] for record in records()] == ["checked"]


def test_a_file_that_cannot_be_written_is_told_of(learner, notebook, monkeypatch, capsys):
    def refuse(_path, **_record):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(answers, "append", refuse)
    write(notebook, "return []")
    check("E03")
    assert "Not saved: my-answers.jsonl cannot be written (Permission denied)." in (
        capsys.readouterr().out
    )


# --- hints -----------------------------------------------------------------------------------


def test_hints_come_one_at_a_time_and_are_there_again(learner, notebook):
    write(notebook, "return []")
    shown = widget()
    assert shown.state["hints"] == []
    every = list(checking.exercise("E03").hints)
    for number in (1, 2, 3, 3):
        assert ask(shown, "hint")["hints"] == every[: min(number, 3)]
    assert widget().state["hints"] == every
    assert [record["did"] for record in records()].count("hint") == 3


def test_hints_can_be_asked_for_in_words(learner, capsys):
    hint("E03")
    hint("e03")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Hint 1 of 3: ")
    assert [line[:13] for line in said[1:]] == ["Hint 1 of 3: ", "Hint 2 of 3: "]


def test_no_hint_and_no_solution_is_sent_before_it_is_asked_for(learner, notebook):
    write(notebook, "return text.split()")
    sent = json.dumps(widget().get_state(), default=str, ensure_ascii=False)
    for secret in (*checking.exercise("E03").hints, "number = r"):
        assert secret not in sent


# --- solutions -------------------------------------------------------------------------------


def test_a_solution_is_asked_for_twice_before_three_attempts(learner, notebook):
    write(notebook, "return []")
    shown = widget()
    state = ask(shown, "solution")
    assert state["question"] == "You have tried once. See it anyway?"
    assert state["solution"] == ""
    assert ask(shown, "no")["question"] == ""
    assert records()[-1]["did"] == "checked"
    ask(shown, "solution")
    state = ask(shown, "yes")
    assert state["solution"] == checking.solution("E03")
    assert state["question"] == ""
    assert records()[-1]["did"] == "shown"


def test_three_different_attempts_open_the_solution(learner, notebook):
    for line in ("return []", "return []  # again", "return [text]"):
        write(notebook, line)
        check("E03")
    shown = widget()
    assert ask(shown, "solution")["question"] == "You have tried 2 times. See it anyway?"
    write(notebook, "return text.split()")
    assert ask(widget(), "solution")["solution"] != ""


def test_a_right_attempt_opens_the_solution(learner, notebook):
    exec(checking.solution("E03"), notebook)
    assert ask(widget(), "solution")["solution"] != ""


def test_a_solution_once_seen_is_shown_again_without_asking(learner, notebook):
    write(notebook, "return []")
    ask(widget(), "yes")
    assert ask(widget(), "solution")["solution"] != ""
    assert [record["did"] for record in records()].count("shown") == 1


def test_a_solution_can_be_asked_for_in_words(learner, capsys):
    solution("E03")
    assert "You have not tried yet. See it anyway?\nIf so: solution('E03', anyway=True)" in (
        capsys.readouterr().out
    )
    solution("E03", anyway=True)
    assert "def words(text):\n    number = " in capsys.readouterr().out
    solution("E03")
    assert "def words(text):" in capsys.readouterr().out


def test_an_edition_without_solutions_says_so(learner, notebook, monkeypatch, capsys):
    monkeypatch.setattr(checking, "solution", lambda name: "")
    write(notebook, "return []")
    state = ask(widget(), "solution")
    assert (state["no_solution"], state["question"]) == (exercise.NO_SOLUTIONS, "")
    assert "shown" not in [record["did"] for record in records()]
    solution("E03")
    assert capsys.readouterr().out == f"{exercise.NO_SOLUTIONS}\n"


@pytest.mark.parametrize("message", [None, 3, [], {}, {"do": "dance"}, {"do": ["hint"]}])
def test_any_other_message_changes_nothing(learner, notebook, message):
    write(notebook, "return []")
    shown = widget()
    before = shown.state
    shown._asked(shown, message, [])
    assert shown.state == before


# --- on the page -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "title"),
    [
        ("correct", "✓ E03: Correct."),
        ("not yet", "✗ E03: Not yet."),
        ("not attempted", "– E03: Not attempted yet."),
        ("", "– E03: Could not be checked."),
    ],
)
def test_a_verdict_is_a_sign_and_words(verdict, title):
    assert exercise.title_of("E03", checking.Finding(verdict, ())) == title


def test_the_twin_takes_nothing_for_markup(learner, notebook):
    finding = checking.Finding("not yet", (("code", "<b>1</b>"), ("words", "`<i>` and <u>")))
    shown = exercise.twin("E03", finding, Desk("E03"))
    assert "    <b>1</b>" in repr(shown)
    assert "<pre>&lt;b&gt;1&lt;/b&gt;</pre>" in shown.html
    assert "<code>&lt;i&gt;</code> and &lt;u&gt;" in shown.html


def test_the_state_is_plain_json(learner, notebook):
    desk = Desk("E03")
    assert json.loads(json.dumps(state_of(desk))) == state_of(desk)


def test_the_names_of_the_notebook_are_those_of_ipython(monkeypatch):
    monkeypatch.undo()
    assert exercise._learners_names() is vars(sys.modules["__main__"])
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        assert exercise._learners_names() is shell.user_ns
    finally:
        InteractiveShell.clear_instance()


def test_the_kit_loads_check_when_it_is_first_used():
    import nutgraf

    assert nutgraf.check is check
    assert nutgraf.hint is hint
    assert nutgraf.solution is solution

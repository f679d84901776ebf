"""Where a learner stands: table, plot and the button that deletes it all."""

from __future__ import annotations

import pytest

from nutgraf import answers
from nutgraf.widgets import progress


@pytest.fixture
def answered(learner):
    path = answers.answers_file()
    answers.append(path, item="T1", did="answered", mode="quiz", answer=0, sure="guess")
    return path


def test_the_plot_says_in_words_what_it_shows(answered):
    table = answers.standing(answers.read(answered))
    shown = progress.plot(table)
    assert repr(shown) == progress.in_words(table)
    assert "answered 1 right" in repr(shown)
    assert f"Of {table['questions'].sum()} questions" in repr(shown)


def test_progress_shows_table_plot_and_button(answered, capsys):
    progress.progress()
    said = capsys.readouterr().out
    assert "03-words" in said
    assert "answered 1 right" in said
    assert "Delete all my answers" in said


def test_exercises_are_shown_once_one_was_begun(answered, capsys):
    progress.progress()
    assert "E03" not in capsys.readouterr().out
    answers.append(
        answered, item="E03", mode="exercise", did="checked", verdict="correct", code="a"
    )
    progress.progress()
    said = capsys.readouterr().out
    assert "E03-a-better-word-list" in said
    assert "Of 12 exercises you have solved 1; 0 you have begun, and 11 are open." in said


def press(box, words: str) -> None:
    (button,) = [b for b in box.children if getattr(b, "description", "").startswith(words)]
    button.click()


def test_the_button_asks_once_more_and_then_deletes(answered):
    box = progress.delete_button(answered)
    press(box, "Delete all my answers")
    assert answered.exists()
    press(box, "Yes")
    assert not answered.exists()


def test_no_keeps_every_answer(answered):
    before = answered.read_bytes()
    box = progress.delete_button(answered)
    press(box, "Delete all my answers")
    press(box, "No")
    assert answered.read_bytes() == before
    assert box.children[0].description.startswith("Delete all")


def test_a_file_that_cannot_be_deleted_is_named(answered, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(answers, "delete", refuse)
    box = progress.delete_button(answered)
    press(box, "Delete all my answers")
    press(box, "Yes")
    assert "could not be deleted (Permission denied)" in box.children[-1].value

"""What a learner sees of a quiz: state from kept records, the twin, and answers in code."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nutgraf import answers, quizzes
from nutgraf.errors import NutgrafError
from nutgraf.widgets import quiz as widget


@pytest.fixture
def samples(root, monkeypatch):
    """The items of the browser tests in place of the kit's."""
    monkeypatch.setattr(quizzes, "kit_dir", lambda name: root / "tests" / "browser" / "kit")
    quizzes.all_items.cache_clear()
    yield quizzes.all_items()
    quizzes.all_items.cache_clear()


@pytest.fixture
def desk(samples, learner):
    """Opens the items named, as a cell does that is run."""

    def opened(*names: str, mode: str = "quiz") -> widget.Desk:
        return widget.Desk(quizzes.pick(*names), mode)

    return opened


def give(desk: widget.Desk, name: str, answer, sure: str = "guess") -> dict:
    """Answer with part ids, as a click would with places."""
    item = desk.items[name]
    places = quizzes.to_places(item, desk.learner, answer)
    desk.act(item, {"do": "answer", "answer": places, "sure": sure})
    return desk.states[name]


def test_an_answer_is_shown_again_when_the_cell_is_run_again(desk):
    first = give(desk("Z1"), "Z1", "b", "certain")
    assert first["title"] == "Right."
    assert desk("Z1").states["Z1"] == first


def test_before_an_answer_nothing_is_told(desk):
    state = desk("Z1").states["Z1"]
    assert state == state | {"answer": None, "says": [], "parts": {}, "hints": [], "evidence": []}


def test_the_answer_is_offered_after_two_different_tries_and_shown_on_request(desk):
    table = desk("Z3")
    assert not give(table, "Z3", "3")["can_show"]
    assert not give(table, "Z3", "3", "certain")["can_show"]
    assert give(table, "Z3", "4")["can_show"]
    table.act(table.items["Z3"], {"do": "show"})
    assert "The answer: 2." in table.states["Z3"]["says"]
    assert desk("Z3").states["Z3"] == table.states["Z3"]


def test_hints_come_one_at_a_time(desk):
    table = desk("Z1")
    for expected in (["Say the alphabet."], ["Say the alphabet.", "It has a line and a belly."]):
        table.act(table.items["Z1"], {"do": "hint"})
        assert table.states["Z1"]["hints"] == expected


def test_a_guess_is_kept_without_a_verdict_until_it_is_compared(desk):
    table = desk("Z3", mode="predict")
    kept = give(table, "Z3", "3", "certain")
    assert kept["can_compare"]
    assert kept["outcome"] == "kept"
    assert "tricycle" not in json.dumps(kept)
    table.act(table.items["Z3"], {"do": "compare"})
    compared = table.states["Z3"]
    assert compared["title"] == "Not what you guessed."
    assert compared["says"] == ["That is a tricycle.", "The answer: 2."]
    assert desk("Z3", mode="predict").states["Z3"] == compared


def test_a_guess_and_a_quiz_answer_to_one_item_are_kept_apart(desk):
    give(desk("Z3", mode="predict"), "Z3", "3")
    assert desk("Z3").states["Z3"]["answer"] is None


def test_an_unfinished_answer_is_not_kept(desk):
    table = desk("Z6")
    state = give(table, "Z6", {"cow": "land"})
    assert state["says"] == ["Choose for every row first: 2 to go."]
    assert not [r for r in answers.read(table.path) if r.get("did")]


def test_a_question_that_changed_since_asks_for_a_new_answer(desk, learner):
    answers.append(
        learner / answers.FILE, item="Z1", did="answered", mode="quiz", answer="gone", sure="guess"
    )
    assert "has changed" in desk("Z1").states["Z1"]["note"]


def test_an_answer_that_cannot_be_saved_is_marked_and_the_learner_is_told(desk, monkeypatch):
    table = desk("Z1")

    def refuse(*_args, **_record):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(answers, "append", refuse)
    state = give(table, "Z1", "b")
    assert state["title"] == "Right."
    assert state["note"].startswith("Not saved: my-answers.jsonl cannot be written")


@pytest.mark.parametrize(
    "message",
    [{}, {"do": "explode"}, {"do": "answer"}, {"do": "answer", "answer": {"a": 1}}, {"do": None}],
)
def test_a_senseless_message_changes_nothing_on_disk(desk, message):
    table = desk("Z1")
    table.act(table.items["Z1"], message)
    assert not [r for r in answers.read(table.path) if r.get("did")]


def test_the_widget_sends_no_key_and_answers_a_click(desk):
    shown = widget.widget_class()(quizzes.pick("Z1"), "quiz")
    told = json.dumps([shown.items, shown.states])
    assert "It stands after a" not in told
    assert "right" not in told
    place = quizzes.to_places(quizzes.pick("Z1")[0], shown.desk.learner, "b")
    shown._asked(shown, {"item": "Z1", "do": "answer", "answer": place, "sure": "fairly"}, [])
    assert shown.states["Z1"]["parts"] == {str(place): ["right", "It stands after a."]}
    assert repr(shown) == "<Quiz Z1>"


def test_the_twin_is_readable_and_never_markup(desk):
    item = quizzes.pick("Z1")
    shown = widget.twin(item, "quiz", "learner")
    assert "the first <b>letter</b>" in repr(shown)
    assert "<b>" not in shown._repr_html_()
    assert "answer('Z1', \"a\")" in repr(shown)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("Z3", 2, "Right."),
        ("Z3", "3", "That is a tricycle."),
        ("Z4", "blue", "Right."),
        ("Z6", "1a 2b 3a", "Right."),
        ("Z6", "1a", "2 to go"),
    ],
)
def test_answer_works_without_the_widget(desk, capsys, name, given, said):
    widget.answer(name, given)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Z1", "Z2", "Z5"])
def test_letters_name_the_parts_in_the_order_the_learner_sees(desk, capsys, name):
    table = desk(name)
    item = table.items[name]
    seen = [part.id for part in quizzes.order_for(item, table.learner)]
    key = quizzes.key(item)
    letters = " ".join("abc"[seen.index(part)] for part in ([key] if isinstance(key, str) else key))
    widget.answer(name, letters)
    assert "Right." in capsys.readouterr().out


@pytest.mark.parametrize(("name", "given"), [("Z1", "x"), ("Z1", 0), ("Z6", "a1"), ("Z2", "")])
def test_letters_that_are_none_say_which_there_are(desk, name, given):
    with pytest.raises(NutgrafError, match=name):
        widget.answer(name, given)


def test_an_unknown_confidence_lists_the_three(desk):
    with pytest.raises(NutgrafError, match="guess"):
        widget.answer("Z3", 2, sure="very")


def error(item: str, lesson_mode: str = "quiz") -> dict:
    return {
        "item": item, "did": "answered", "mode": lesson_mode, "verdict": "not yet",
        "sure": "certain", "answer": None,
    }  # fmt: skip


def test_a_confident_error_comes_back_two_lessons_later_and_not_before():
    records = [error("T1")]
    assert [item.id for item in widget.due("04", records)] == []
    assert "T1" in [item.id for item in widget.due("05", records)]


def test_an_item_marked_again_comes_back_for_everyone():
    again = [item for item in quizzes.all_items().values() if item.again == "05"]
    assert again
    assert set(again_ids := [item.id for item in again]) <= {i.id for i in widget.due("05", [])}
    assert len(again_ids) == len(set(again_ids))


def test_at_most_two_confident_errors_come_back_at_once():
    records = [error(name) for name in ("W1", "W4", "T2", "W5")]
    own = [i.id for i in widget.due("09", records) if not i.again]
    assert own == ["W1", "W4"]


def test_with_nothing_to_ask_again_a_sentence_says_so(learner, capsys):
    widget.recheck("03")
    assert "Nothing to ask again" in capsys.readouterr().out


# --- words marked in a passage -----------------------------------------------------------------


def spans(*quotes: str) -> list[dict]:
    text = quizzes.pick("Z7")[0].passage
    return [{"start": (s := text.index(q)), "end": s + len(q), "quote": q} for q in quotes]


def test_marks_are_told_one_by_one_and_what_was_missed_only_on_request(desk):
    table = desk("Z7")
    state = give(table, "Z7", spans("old", "met"))
    assert [(one["verdict"], one["quote"]) for one in state["marks"]] == [
        ("right", "old"),
        ("not yet", "met"),
    ]
    assert state["says"] == ["Found: 1 of 3. Marked in error: 1. Score: 0."]
    assert "bark" not in json.dumps(state)
    assert give(table, "Z7", spans("old"))["can_show"]
    table.act(table.items["Z7"], {"do": "show"})
    told = [(one["verdict"], one["quote"]) for one in table.states["Z7"]["marks"]]
    assert told == [("missed", "cow"), ("right", "old"), ("missed", "A dog, a second dog")]
    assert "The answer: cow; the “old grey” cat; A dog, a second dog." in table.states["Z7"]["says"]
    assert desk("Z7").states["Z7"] == table.states["Z7"]


def test_that_there_was_nothing_to_mark_is_told_when_the_answer_is_shown(desk):
    table = desk("Z8")
    for place in ([2, 7], [8, 11]):
        table.act(table.items["Z8"], {"do": "answer", "answer": [place], "sure": "guess"})
    table.act(table.items["Z8"], {"do": "show"})
    assert "The answer: there is nothing to mark." in table.states["Z8"]["says"]


def test_nothing_to_mark_and_no_answer_are_two_things(desk):
    table = desk("Z8")
    table.act(table.items["Z8"], {"do": "answer", "answer": None, "sure": "guess"})
    assert table.states["Z8"]["says"] == ["Mark words first, or say that there is nothing to mark."]
    table.act(table.items["Z8"], {"do": "answer", "answer": [], "sure": "guess"})
    assert table.states["Z8"]["title"] == "Right."
    assert table.states["Z8"]["answer"] == []
    assert desk("Z8").states["Z8"] == table.states["Z8"]


def test_marks_of_a_guess_are_kept_without_a_verdict_until_they_are_compared(desk):
    table = desk("Z7", mode="predict")
    kept = give(table, "Z7", spans("met"))
    assert kept["marks"] == []
    assert kept["answer"] == [[spans("met")[0]["start"], spans("met")[0]["end"]]]
    table.act(table.items["Z7"], {"do": "compare"})
    verdicts = [one["verdict"] for one in table.states["Z7"]["marks"]]
    assert verdicts == ["missed", "missed", "not yet", "missed"]


def test_the_widget_does_not_tell_the_browser_where_to_mark(desk):
    shown = widget.widget_class()(quizzes.pick("Z7"), "quiz")
    told = json.dumps([shown.items, shown.states])
    assert not [secret for secret in ("moo", "meow", "bark", "wears", "run?") if secret in told]
    assert shown.ending == {}


def test_the_twin_shows_the_passage_and_how_to_answer(desk):
    shown = widget.twin(quizzes.pick("Z7"), "quiz", "learner")
    assert "  🐄 A cow 🐄🐄 and the “old grey” cat met.\n  A dog, a second" in repr(shown)
    assert 'answer(\'Z7\', "words you mark; more words"), or "nothing"' in repr(shown)
    assert "met.<br>A dog" in shown._repr_html_()


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("Z7", 'the "OLD grey" cat; a  dog, a second dog; A cow', "Right."),
        ("Z7", "met", "✗ met – To meet is no animal."),
        ("Z7", "old; ", "✓ old – It says meow."),
        ("Z8", "Nothing.", "Right."),
        ("Z7", "nothing", "Found: 0 of 3."),
    ],
)
def test_words_are_marked_without_the_widget(desk, capsys, name, given, said):
    widget.answer(name, given)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("cow", "'cow' stands in the passage 2 times"),
        ("old; horse", "'horse' is not in the passage"),
        ("seco", "'seco' is not in the passage"),
        ("", "name the words"),
        (" ; ", "name the words"),
        (3, "name the words"),
    ],
)
def test_words_that_cannot_be_marked_say_why(desk, given, problem):
    with pytest.raises(NutgrafError, match=f"Z7: {problem}"):
        widget.answer("Z7", given)


def test_the_label_of_a_distorted_text_is_no_part_to_mark(desk):
    with pytest.raises(NutgrafError, match="Z9: the label in brackets"):
        widget.answer("Z9", "DISTORTED")


def test_one_of_a_mirrored_pair_is_not_asked_alone(desk):
    with pytest.raises(NutgrafError, match="mirror image"):
        widget.quiz("Z9", "Z1")


def test_a_distorted_summary_does_not_come_back_on_a_recheck(monkeypatch, samples):
    early = {name: replace(item, lesson="01-x") for name, item in samples.items()}
    with monkeypatch.context() as patched:
        patched.setattr(quizzes, "all_items", lambda: early)
        due = widget.due("09", [error("Z9"), error("Z7")])
    assert [item.id for item in due] == ["Z7"]

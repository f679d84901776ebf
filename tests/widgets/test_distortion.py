"""Spot the distortion: a mirrored pair and a clean summary, and the faithful one at the end."""

from __future__ import annotations

import json

import pytest

from nutgraf import answers, quizzes
from nutgraf.errors import NutgrafError
from nutgraf.widgets import distortion
from nutgraf.widgets import quiz as widget

NAMES = ("Z9", "Z10", "Z11")


@pytest.fixture
def samples(root, monkeypatch):
    """The items of the browser tests in place of the kit's."""
    monkeypatch.setattr(quizzes, "kit_dir", lambda name: root / "tests" / "browser" / "kit")
    quizzes.all_items.cache_clear()
    yield quizzes.all_items()
    quizzes.all_items.cache_clear()


@pytest.fixture
def shown(samples, learner, monkeypatch):
    """What `spot` puts on the page: the widget, then its twin."""
    page: list = []
    monkeypatch.setattr(widget, "_display", page.append)

    def run(*names: str) -> list:
        page.clear()
        distortion.spot(*(names or NAMES))
        return page

    return run


@pytest.fixture
def faithful(article) -> str:
    (text,) = [one["text"] for one in article.summaries["faithful"] if one["words"] == 50]
    return text


def check(quiz, name: str, answer) -> None:
    places = quizzes.to_places(quiz.desk.items[name], "", answer)
    quiz._asked(quiz, {"item": name, "do": "answer", "answer": places, "sure": "guess"}, [])


def test_the_order_is_a_learners_own_and_stays(samples):
    items = quizzes.pick(*NAMES)
    assert distortion.in_order(items, "a") == distortion.in_order(items[::-1], "a")
    orders = {tuple(i.id for i in distortion.in_order(items, str(n))) for n in range(60)}
    assert len(orders) == 6


def test_before_all_are_checked_the_faithful_summary_waits(shown, faithful):
    quiz, _ = shown()
    for name in NAMES[:2]:
        check(quiz, name, quizzes.key(quiz.desk.items[name]))
        assert quiz.ending == {"says": [], "text": ""}
    assert faithful not in json.dumps([quiz.items, quiz.states], ensure_ascii=False)


def test_when_all_are_checked_hits_and_false_alarms_are_added_up(shown, faithful):
    quiz, _ = shown()
    pair = [quiz.desk.items[name] for name in NAMES[:2]]
    check(quiz, "Z9", quizzes.key(pair[0])[:5])
    check(quiz, "Z10", quizzes.key(pair[1]))
    clean = quiz.desk.items["Z11"].passage
    start = clean.index("Muqtada")
    check(quiz, "Z11", [{"start": start, "end": start + 15, "quote": "Muqtada al-Sadr"}])
    # Eight spots in A, seven in B (its eighth is something left out), none in the clean one.
    total = "All 3 passages together: found 12 of 15, marked in error 1. Score: 11."
    assert quiz.ending == {"says": [total, widget.FAITHFUL_SAYS], "text": faithful}


def test_a_cell_run_again_ends_as_before(shown):
    quiz, _ = shown()
    for name in NAMES:
        check(quiz, name, [])
    before = quiz.ending
    again, _ = shown()
    assert again.ending == before
    assert again.states == quiz.states


def test_who_has_seen_enough_gets_the_faithful_summary_and_no_score(shown, faithful):
    quiz, _ = shown()
    check(quiz, "Z9", [])
    quiz._asked(quiz, {"do": "enough"}, [])
    assert quiz.ending == {"says": [widget.FAITHFUL_SAYS], "text": faithful}
    check(quiz, "Z10", [])
    assert quiz.ending["text"] == faithful


def test_the_twin_shows_the_pair_with_its_labels_and_ends_on_the_faithful_summary(shown, faithful):
    _, twin = shown()
    for words in (repr(twin), twin._repr_html_()):
        assert words.count("[EXERCISE - MAY BE DISTORTED") == 3
    assert repr(twin).endswith(faithful)


def test_no_passage_says_by_its_form_that_it_is_the_clean_one(shown):
    quiz, _ = shown()
    told = [{name: value for name, value in view.items() if name not in ("id", "passage")}
            for view in quiz.items]  # fmt: skip
    assert told[0] == told[1] == told[2]


def test_answers_count_as_answers_to_the_questions(shown):
    quiz, _ = shown()
    check(quiz, "Z11", [])
    given = [r for r in answers.read(quiz.desk.path) if r.get("did") == "answered"]
    assert [(r["item"], r["mode"], r["answer"], r["verdict"]) for r in given] == [
        ("Z11", "quiz", [], "right")
    ]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["Z9", "Z11"], "mirror image"),
        (["Z11"], "the distorted ones among them"),
        (["Z9", "Z10", "Z1"], "Z1 is none"),
        (["Z9", "Z10", "Z8"], "Z8 is none"),
        ([], "Say which items"),
    ],
)
def test_spot_says_what_it_needs(shown, names, problem):
    with pytest.raises(NutgrafError, match=problem):
        distortion.spot(*names)

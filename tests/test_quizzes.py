"""Quiz items: reading, the view without a key, marking."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import quizzes
from nutgraf.errors import NutgrafError

EVERY_KIND = Path(__file__).parent / "browser" / "kit" / "quizzes" / "99-every-kind.yml"
SAMPLES = {item.id: item for item in quizzes.load_quiz(EVERY_KIND)}
KIT = quizzes.all_items()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def written(tmp_path: Path, change) -> Path:
    """The sample file with `change` made to its data."""
    data = yaml.safe_load(EVERY_KIND.read_text(encoding="utf-8"))
    change(data)
    path = tmp_path / "99-every-kind.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (
            lambda d: d["items"][0].pop("prompt"),
            r"99-every-kind.yml: item Z1: 'prompt' is a required",
        ),
        (lambda d: d["items"][0]["options"][1].pop("says"), r"item Z1: options\[1\]: 'says'"),
        (lambda d: d["items"][2].update(answer="two"), r"item Z3: answer: 'two' is not of type"),
        (lambda d: d["items"][1].pop("id"), r"item number 2: 'id' is a required"),
        (
            lambda d: d["items"][1].update(colour="red"),
            r"item Z2: Additional properties .*'colour'",
        ),
        (lambda d: d["items"][1].update(id="Z1"), r"item Z1: this id stands twice"),
        (lambda d: d["items"][0]["options"][0].update(right=True), r"Z1: options: exactly one"),
        (lambda d: d["items"][5]["rows"][0].update(goes="air"), r"Z6: rows cow: goes to 'air'"),
        (lambda d: d["items"][4].update(also=[["one", "two"]]), r"Z5: also: .* is not an order"),
        (lambda d: d["items"][2].update(says="word " * 41), r"Z3: says: has 41 words"),
        (lambda d: d["items"][0].update(kind="essay"), r"item Z1: kind: 'essay' is not one of"),
        (lambda d: d["items"][3].pop("accept"), r"item Z4: 'accept' is a required"),
    ],
)
def test_a_mistake_in_a_quiz_file_is_named_by_file_item_and_field(tmp_path, change, place):
    with pytest.raises(NutgrafError, match=place):
        quizzes.load_quiz(written(tmp_path, change))


def test_a_key_that_stands_twice_in_an_entry_is_an_error_not_a_silent_choice(tmp_path):
    path = tmp_path / "twice.yml"
    path.write_text("lesson: 01-x\nlesson: 02-y\nitems: []\n", encoding="utf-8")
    with pytest.raises(NutgrafError, match=r"twice.yml: .*line 2: 'lesson' stands twice"):
        quizzes.load_quiz(path)


def test_a_missing_quiz_file_is_named(tmp_path):
    with pytest.raises(NutgrafError, match=r"none.yml: cannot be read"):
        quizzes.load_quiz(tmp_path / "none.yml")


@given(st.binary(max_size=200) | anything.map(lambda data: json.dumps(data).encode()))
def test_any_bytes_are_read_or_refused_with_the_files_name(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("junk") / "junk.yml"
    path.write_bytes(data)
    with pytest.raises(NutgrafError, match=r"^junk\.yml"):
        quizzes.load_quiz(path)


def test_an_unknown_item_lists_those_there_are():
    with pytest.raises(NutgrafError, match=r"no quiz item 'T99'. There are: .*T1"):
        quizzes.pick("T99")


def test_a_lesson_number_picks_its_whole_set_once():
    picked = [item.id for item in quizzes.pick("03", "T1")]
    assert picked[0] == "T1"
    assert len(picked) == len(set(picked)) > 5
    assert {quizzes.all_items()[name].lesson for name in picked} == {"03-words"}


# --- the kit's own items -----------------------------------------------------------------------


@pytest.mark.parametrize("item", KIT.values(), ids=lambda item: item.id)
def test_every_key_is_what_the_article_says(item, article):
    names = quizzes.key_namespace(article) | {"answer": item.answer}
    wrong = [expression for expression in item.check if not eval(expression, names)]
    assert not wrong


@pytest.mark.parametrize("item", KIT.values(), ids=lambda item: item.id)
def test_every_evidence_span_is_a_slice_of_the_article(item, article):
    for span in item.evidence:
        assert article.text[span["start"] : span["end"]] == span["quote"]


@pytest.mark.parametrize("item", [*KIT.values(), *SAMPLES.values()], ids=lambda item: item.id)
def test_the_key_of_an_item_is_marked_right(item):
    assert quizzes.mark(item, quizzes.key(item)).verdict == "right"


@pytest.mark.parametrize("item", KIT.values(), ids=lambda item: item.id)
def test_a_listed_wrong_value_gets_its_own_feedback(item):
    for known in item.known:
        answer = known.get("value", known.get("text", known.get("order")))
        mark = quizzes.mark(item, answer)
        assert mark.verdict == "not yet"
        assert known["says"] in mark.says


def test_the_key_is_usually_not_the_longest_option():
    longest = [
        max(item.parts, key=lambda part: len(part.text)).right is True
        for item in KIT.values()
        if item.kind == "single"
    ]
    assert sum(longest) <= len(longest) / 2


@pytest.mark.parametrize("item", KIT.values(), ids=lambda item: item.id)
def test_feedback_does_not_repeat_the_verdict_that_stands_above_it(item):
    said = [item.says, item.otherwise, *(part.says for part in item.parts)]
    assert not [words for words in said if re.match(r"(Yes|Right|Correct|Wrong|No)[.:,!]", words)]


# --- what the browser is told ----------------------------------------------------------------


@pytest.mark.parametrize("item", [*KIT.values(), *SAMPLES.values()], ids=lambda item: item.id)
def test_the_public_view_holds_no_feedback_hint_id_or_key(item):
    view = quizzes.public(item, "learner")
    assert set(view) == {"id", "kind", "prompt", "code", "parts", "categories", "hints"}
    secrets = [item.says, item.otherwise, *item.hints, *(part.says for part in item.parts)]
    shown = json.dumps(view, ensure_ascii=False)
    assert not [words for words in secrets if words and json.dumps(words)[1:-1] in shown]
    assert view["hints"] == len(item.hints)
    assert not isinstance(view["parts"], dict)


@given(st.text())
def test_one_learner_always_sees_the_same_order(learner):
    item = SAMPLES["Z2"]
    assert quizzes.order_for(item, learner) == quizzes.order_for(item, learner)


def test_learners_see_different_orders():
    orders = {tuple(p.id for p in quizzes.order_for(SAMPLES["Z1"], str(n))) for n in range(60)}
    assert len(orders) == 6


@given(st.text())
def test_pieces_are_never_shown_in_a_right_order(learner):
    item = SAMPLES["Z5"]
    assert tuple(part.id for part in quizzes.order_for(item, learner)) not in item.orders


@pytest.mark.parametrize("item", SAMPLES.values(), ids=lambda item: item.id)
@given(learner=st.text())
def test_an_answer_survives_the_way_to_the_screen_and_back(item, learner):
    key = quizzes.key(item)
    places = quizzes.to_places(item, learner, key)
    assert quizzes.from_places(item, learner, places) == key


@pytest.mark.parametrize("item", SAMPLES.values(), ids=lambda item: item.id)
@given(answer=anything)
def test_whatever_a_front_end_sends_is_marked_or_not_attempted(item, answer):
    kept = quizzes.from_places(item, "learner", answer)
    mark = quizzes.mark(item, kept)
    assert mark.verdict in ("right", "defensible", "not yet", "not attempted")
    json.dumps(kept)


def test_an_answer_to_an_option_that_is_gone_is_not_shown():
    assert quizzes.to_places(SAMPLES["Z1"], "learner", "gone") is None
    assert quizzes.to_places(SAMPLES["Z2"], "learner", ["a", "gone"]) is None


# --- marking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answer", "verdict", "says"),
    [
        ("Z1", None, "not attempted", "Choose one"),
        ("Z1", "a", "not yet", "That is a."),
        ("Z1", "c", "defensible", "A reading one can defend."),
        ("Z2", [], "not attempted", "Mark at least one"),
        ("Z2", ["a", "e"], "right", "Found: 2 of 2. Marked in error: 0. Score: 2."),
        ("Z2", ["a"], "not yet", "Found: 1 of 2. Marked in error: 0. Score: 1."),
        ("Z2", ["a", "e", "k"], "not yet", "Found: 2 of 2. Marked in error: 1. Score: 1."),
        ("Z3", "", "not attempted", "Type one number"),
        ("Z3", "2", "right", "One before the other."),
        ("Z3", 3, "not yet", "That is a tricycle."),
        ("Z3", "4", "not yet", "Count them"),
        ("Z4", "  ", "not attempted", "Type your answer"),
        ("Z4", "BLUE.", "right", "Rayleigh"),
        ("Z4", "“azure”", "right", "Rayleigh"),
        ("Z4", "green", "not yet", "Look up."),
        ("Z5", ["one"], "not attempted", "Put all the pieces"),
        ("Z5", ["one", "two", "three"], "right", "It prints 1."),
        ("Z5", ["one", "three", "two"], "not yet", "The first one is in its place."),
        ("Z6", {"cow": "land"}, "not attempted", "2 to go"),
        ("Z6", {"cow": "land", "cod": "sea", "seal": "land"}, "right", "Two of them swim."),
        ("Z6", {"cow": "land", "cod": "sea", "seal": "sea"}, "right", "Two of them swim."),
        ("Z6", {"cow": "sea", "cod": "sea", "seal": "sea"}, "not yet", "2 of 3 are in their"),
    ],
)
def test_an_answer_is_marked_and_explained(name, answer, verdict, says):
    mark = quizzes.mark(SAMPLES[name], answer)
    assert mark.verdict == verdict
    assert says in " ".join([*mark.says, *(words for _, words in mark.parts.values())])


def test_marking_everything_scores_no_better_than_marking_well():
    every = quizzes.mark(SAMPLES["Z2"], ["a", "e", "k"])
    assert every.hits - every.false_alarms < 2
    assert not every.passed


def test_what_is_still_missing_is_not_given_away():
    assert set(quizzes.mark(SAMPLES["Z2"], ["a"]).parts) == {"a"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("430", 430), ("2,697", 2697), ("2 697", 2697), ("0,57", 0.57), ("0.57", 0.57), (".5", 0.5),
        ("about 430 tokens", 430), ("１２", 12), ("-3", -3), ("\u22123", -3), ("none", 0),
        ("Zero.", 0), (7, 7), (2.5, 2.5), ("1,000,000", 1_000_000), ("", None), ("many", None),
        ("3 or 4", None), ("nan", None), ("inf", None), (float("nan"), None), (True, None),
        ("9" * 400, None), (None, None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(typed, value):
    assert quizzes.read_number(typed) == value


@given(st.integers(min_value=0, max_value=10**9))
def test_a_whole_number_is_read_back_with_and_without_separators(number):
    assert quizzes.read_number(str(number)) == number
    assert quizzes.read_number(f"{number:,}") == number

"""Quiz items: reading, the view without a key, marking."""

from __future__ import annotations

import json
import re
from dataclasses import replace
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
        (lambda d: d["items"][6].pop("targets"), r"item Z7: 'targets' is a required"),
        (
            lambda d: d["items"][6].update(passage={"text": "…"}),
            r"Z7: targets\[0\]: 'cow' is not in",
        ),
        (lambda d: d["items"][7].update(passage={"text": "…"}), r"Z8: passage: there is no word"),
        (
            lambda d: d["items"][7].update(passage={"summary": "Z"}),
            r"Z8: passage: no summary 'Z'; ",
        ),
        (lambda d: d["items"][7].update(passage={"start": 9, "end": 9}), r"Z8: passage: 9 to 9 is"),
        (lambda d: d["items"][7].update(passage={}), r"item Z8: passage: "),
        (lambda d: d["items"][7].update(targets="altered"), r"Z8: targets: only a distorted"),
        (
            lambda d: d["items"][6]["targets"][0].pop("occurrence"),
            r"\[0\]: 'cow' stands 2 times; add",
        ),
        (
            lambda d: d["items"][6]["targets"][0].update(occurrence=3),
            r"'cow' stands 2 times in the",
        ),
        (lambda d: d["items"][6]["targets"][0].update(quote="🐄"), r"cow: '🐄' holds no word"),
        (
            lambda d: d["items"][6]["targets"][0].update(quote="grey” cat"),
            r"cow: shares words with cat",
        ),
        (lambda d: d["items"][6]["controls"][0].update(quote="second"), r"shares words with dogs"),
        (
            lambda d: d["items"][6]["targets"][2].update(quote="bell came"),
            r"dogs: shares words with bell",
        ),
        (
            lambda d: d["items"][6]["targets"][2].update(quote="came"),
            r"dogs: stands right beside bell",
        ),
        (lambda d: d["items"][8].update(again="09"), r"Z9: again: a distorted summary is not"),
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
    wanted = [part.text for part in item.parts if part.right is True]
    names = quizzes.key_namespace(article)
    names["answer"] = wanted if item.kind == "span" else item.answer
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
    fields = {"id", "kind", "prompt", "code", "parts", "categories", "hints"}
    assert set(view) == fields | ({"passage"} if item.kind == "span" else set())
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


@pytest.mark.parametrize(("answer", "tolerance"), [(0.57, 0.015), (0.1, 0.2), (12.0, 2)])
def test_a_number_at_the_very_edge_of_what_is_accepted_is_right(answer, tolerance):
    item = quizzes.Item("Z", "99", "number", "?", answer=answer, tolerance=tolerance)
    edges = [round(answer + tolerance, 6), round(answer - tolerance, 6)]
    assert [quizzes.mark(item, edge).verdict for edge in edges] == ["right", "right"]
    beyond = [edges[0] + 0.001, edges[1] - 0.001]
    assert [quizzes.mark(item, number).verdict for number in beyond] == ["not yet", "not yet"]


@given(st.integers(min_value=0, max_value=10**9))
def test_a_whole_number_is_read_back_with_and_without_separators(number):
    assert quizzes.read_number(str(number)) == number
    assert quizzes.read_number(f"{number:,}") == number


# --- marking words in a passage ----------------------------------------------------------------

SPANS = [item for item in SAMPLES.values() if item.kind == "span"]


def marks(item: quizzes.Item, *phrases: str) -> list[dict]:
    """An answer that marks the first place where each phrase stands."""
    starts = [item.passage.index(phrase) for phrase in phrases]
    spans = zip(starts, phrases, strict=True)
    return [{"start": s, "end": s + len(quote), "quote": quote} for s, quote in spans]


def lines(item: quizzes.Item, *phrases: str) -> list[tuple[str, str, str]]:
    """What the kit says of each mark: verdict, quote, sentence."""
    said = quizzes.mark(item, marks(item, *phrases)).spans
    return [(one["verdict"], one["quote"], one["says"]) for one in said]


@pytest.mark.parametrize(
    ("phrase", "verdict"),
    [
        ("have all turned their backs", "right"),
        ("all", "right"),
        ("turned their", "right"),
        ("Iraq have all turned their backs on", "right"),
        ("all turned their backs on him. Parliament", "right"),  # three of another sentence
        ("across Iraq have all turned their backs on him. Parliament has", "not yet"),  # six
        ("Iraq have all", "not yet"),  # two of five words, and one more
        ("backs on him", "not yet"),
        ("Protesters across Iraq", "not yet"),
        ("5,000 Americans are only there to fight ISIS", "right"),
        ("1920, although the 5,000 Americans are only there to fight ISIS", "right"),
        ("only", "right"),
    ],
)
def test_a_mark_that_points_at_a_spot_is_right_however_much_of_it_it_takes(phrase, verdict):
    ((told, _, _),) = lines(SAMPLES["Z9"], phrase)
    assert told == verdict


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        (["old"], [("right", "old", "It says meow.")]),
        (["old", "grey"], [("right", "old", "It says meow."), ("right", "grey", "another mark")]),
        (["bell"], [("defensible", "bell", "A cow wears it.")]),
        (["met"], [("not yet", "met", "To meet is no animal.")]),
        (["came"], [("not yet", "came", "Can it run?")]),
        (["grey” cat met"], [("right", "grey” cat met", "It says meow.")]),
    ],
)
def test_each_mark_gets_a_line_of_its_own(phrases, expected):
    for (verdict, quote, says), told in zip(expected, lines(SAMPLES["Z7"], *phrases), strict=True):
        assert told[:2] == (verdict, quote)
        assert says in told[2]


def test_two_marks_in_one_spot_count_once_and_neither_is_an_error():
    mark = quizzes.mark(SAMPLES["Z7"], marks(SAMPLES["Z7"], "old", "grey"))
    assert (mark.hits, mark.wanted, mark.false_alarms) == (1, 3, 0)


def test_a_mark_over_two_spots_leaves_the_one_that_another_mark_points_at():
    assert quizzes._pair_off([["cow", "cat"], ["cow"]]) == {0: "cat", 1: "cow"}
    assert quizzes._pair_off([["cow"], ["cow", "cat"]]) == {0: "cow", 1: "cat"}


def test_what_may_be_marked_is_neither_wanted_nor_an_error():
    without = quizzes.mark(SAMPLES["Z7"], quizzes.key(SAMPLES["Z7"]))
    bell = [*quizzes.key(SAMPLES["Z7"]), *marks(SAMPLES["Z7"], "cow bell")]
    mark = quizzes.mark(SAMPLES["Z7"], bell)
    assert mark.verdict == without.verdict == "right"
    assert (mark.hits, mark.false_alarms) == (without.hits, without.false_alarms) == (3, 0)


def test_marking_the_whole_passage_finds_nothing():
    item = SAMPLES["Z9"]
    mark = quizzes.mark(item, marks(item, item.passage))
    assert (mark.hits, mark.false_alarms) == (0, 1)


@pytest.mark.parametrize(
    ("name", "answer", "verdict", "says"),
    [
        ("Z7", None, "not attempted", "Mark words first"),
        ("Z7", [], "not yet", "Found: 0 of 3. Marked in error: 0. Score: 0."),
        ("Z8", [], "right", "No animal far and wide."),
        ("Z8", None, "not attempted", "say that there is nothing to mark"),
        ("Z8", [{"start": 2, "end": 7, "quote": "stone"}], "not yet", "error: 1. Score: -1."),
    ],
)
def test_nothing_to_mark_is_an_answer_and_no_mark_is_none(name, answer, verdict, says):
    mark = quizzes.mark(SAMPLES[name], answer)
    assert mark.verdict == verdict
    assert says in " ".join(mark.says)


def test_what_was_missed_is_not_told_with_the_marks():
    item = SAMPLES["Z7"]
    mark = quizzes.mark(item, marks(item, "cow", "met"))
    told = json.dumps([mark.says, mark.parts, mark.spans])
    assert "meow" not in told
    assert "bark" not in told
    assert [one["quote"] for one in quizzes.missed(item, mark)] == [
        "the “old grey” cat", "A dog, a second dog",
    ]  # fmt: skip


def test_a_passage_without_anything_to_find_does_not_say_so_to_who_marks_too_much():
    mark = quizzes.mark(SAMPLES["Z8"], marks(SAMPLES["Z8"], "stone"))
    assert "of 0" not in " ".join(mark.says)


@pytest.mark.parametrize("name", ["Z9", "Z10"])
def test_what_was_altered_in_a_summary_is_what_is_looked_for(name, article):
    item = SAMPLES[name]
    (summary,) = [s for s in article.summaries["distorted"] if s["id"] == item.summary]
    spots = [one["altered"]["quote"] for one in summary["altered"] if one["altered"]]
    assert [part.text for part in item.parts] == spots
    assert [item.passage[part.start : part.end] for part in item.parts] == spots
    repairs = [one["repair"] for one in summary["altered"] if one["altered"]]
    assert all(r in part.says for r, part in zip(repairs, item.parts, strict=True))


@pytest.mark.parametrize("name", ["Z9", "Z10"])
def test_a_watermark_is_shown_and_cannot_be_marked(name):
    item = SAMPLES[name]
    view = quizzes.public(item, "learner")["passage"]
    assert view["text"].startswith(item.watermark)
    assert "DISTORTED" in item.watermark
    words = [view["text"][start:end] for start, end in view["words"]]
    assert "DISTORTED" not in words
    assert len(words) >= 50
    assert quizzes.from_places(item, "learner", [[0, len(item.watermark)]]) is None


def test_the_public_view_of_a_passage_does_not_tell_where_anything_is():
    view = quizzes.public(SAMPLES["Z7"], "learner")
    assert view["parts"] == []
    assert set(view["passage"]) == {"text", "words"}


@pytest.mark.parametrize("name", ["cow", "cat"])
def test_a_mark_counts_code_points_across_emoji(name):
    item = SAMPLES["Z7"]
    (target,) = [part for part in item.parts if part.id == name]
    kept = quizzes.from_places(item, "learner", [[target.start, target.end]])
    assert quizzes.mark(item, kept).parts.keys() == {name}
    assert item.passage[kept[0]["start"] : kept[0]["end"]] == kept[0]["quote"]


def test_marks_are_kept_as_whole_words_and_those_that_overlap_as_one():
    item = SAMPLES["Z8"]  # A stone lay on the ground.
    assert quizzes.from_places(item, "learner", [[14, 22], [3, 6], [5, 10]]) == marks(
        item, "stone lay", "the ground"
    )


def test_a_mark_is_found_again_when_the_passage_was_reworded_around_it():
    moved = replace(SAMPLES["Z8"], passage="Once a stone lay on the ground.")
    old = marks(SAMPLES["Z8"], "stone", "ground")
    assert quizzes.to_places(moved, "learner", old) == [[7, 12], [24, 30]]


@pytest.mark.parametrize("passage", ["A rock lay there.", "A stone lay by a stone."])
def test_a_mark_that_cannot_be_found_again_is_dropped(passage):
    changed = replace(SAMPLES["Z8"], passage=passage)
    old = marks(SAMPLES["Z8"], "on the")
    assert quizzes.to_places(changed, "learner", old) is None
    assert quizzes.mark(changed, old).verdict == "not attempted"


def test_a_mark_whose_words_stand_there_twice_now_is_dropped_and_the_others_stay():
    changed = replace(SAMPLES["Z8"], passage="Now one stone lay on a stone on the ground.")
    old = marks(SAMPLES["Z8"], "stone", "ground")
    assert quizzes.to_places(changed, "learner", old) == [[36, 42]]


def test_that_there_is_nothing_to_mark_outlives_a_change_of_the_passage():
    changed = replace(SAMPLES["Z8"], passage="Nobody is here.")
    assert quizzes.to_places(changed, "learner", []) == []


@pytest.mark.parametrize("name", ["Z7", "Z9", "Z10"])
@given(data=st.data())
def test_the_exact_spots_are_right_in_any_order(name, data):
    key = quizzes.key(SAMPLES[name])
    assert quizzes.mark(SAMPLES[name], data.draw(st.permutations(key))).verdict == "right"


@pytest.mark.parametrize("name", ["Z7", "Z9", "Z10"])
@given(data=st.data())
def test_any_part_of_a_spot_is_a_hit(name, data):
    item = SAMPLES[name]
    part = data.draw(st.sampled_from([part for part in item.parts if part.right is True]))
    inside = [w for w in quizzes.passage_words(item) if part.start <= w[0] < part.end]
    one, other = sorted(data.draw(st.tuples(*[st.sampled_from(inside)] * 2)))
    mark = quizzes.mark(item, quizzes.from_places(item, "x", [[one[0], other[1]]]))
    assert (mark.hits, mark.false_alarms, set(mark.parts)) == (1, 0, {part.id})


stretches = st.lists(st.tuples(st.integers(-5, 400), st.integers(-5, 400)), max_size=12)


@pytest.mark.parametrize("item", SPANS, ids=lambda item: item.id)
@given(spans=stretches)
def test_the_counts_of_any_marks_add_up(item, spans):
    kept = quizzes.from_places(item, "learner", [list(span) for span in spans])
    mark = quizzes.mark(item, kept)
    verdicts = [one["verdict"] for one in mark.spans]
    assert mark.hits == len(mark.parts) <= min(mark.wanted, verdicts.count("right"))
    assert mark.false_alarms == verdicts.count("not yet")
    assert len(quizzes.missed(item, mark)) == mark.wanted - mark.hits or kept is None
    assert (
        kept is None
        or quizzes.from_places(item, "learner", quizzes.to_places(item, "learner", kept)) == kept
    )


@pytest.mark.parametrize("item", SPANS, ids=lambda item: item.id)
@given(
    answer=st.lists(
        st.fixed_dictionaries({"start": anything, "end": anything, "quote": anything})
        | st.sampled_from([word for item in SPANS for word in item.passage.split()]).map(
            lambda quote: {"start": 0, "end": 1, "quote": quote}
        ),
        max_size=4,
    )
)
def test_whatever_stands_in_the_file_of_answers_is_marked_or_not_attempted(item, answer):
    assert quizzes.mark(item, answer).verdict in ("right", "not yet", "not attempted")
    assert json.dumps(quizzes.to_places(item, "learner", answer))


@pytest.mark.parametrize(
    ("phrase", "loosely", "found"),
    [
        ("all", False, ["all"]),
        ("ALL", False, []),
        ("ALL", True, ["all"]),
        ("'so' called", False, []),
        ("'SO' called", True, ["“so” called"]),
        ("so", True, ["so"]),
        ("do do", True, ["do do", "do\ndo"]),
        ("", True, []),
        ("  ", False, []),
    ],
)
def test_a_phrase_is_found_as_whole_words(phrase, loosely, found):
    text = "Call all “so” called: do do\ndo."
    spans = quizzes.occurrences(text, phrase.replace("'", '"'), loosely=loosely)
    assert [text[start:end] for start, end in spans] == found


@given(st.text(), st.text())
def test_any_phrase_is_found_as_it_stands(text, phrase):
    for start, end in quizzes.occurrences(text, phrase):
        assert text[start:end] == phrase


def test_a_passage_from_the_article_without_the_article_says_what_is_missing(tmp_path, monkeypatch):
    def gone(*_name):
        raise NutgrafError("There is no seed 'sadr-protests'.")

    monkeypatch.setattr("nutgraf.article.load", gone)
    with pytest.raises(NutgrafError, match=r"99-every-kind.yml: item Z9: passage: .*no seed"):
        quizzes.load_quiz(EVERY_KIND)


def test_a_stretch_of_the_article_can_be_the_passage(tmp_path, article):
    path = written(tmp_path, lambda d: d["items"][7].update(passage={"start": 0, "end": 60}))
    (item,) = [item for item in quizzes.load_quiz(path) if item.id == "Z8"]
    assert item.passage == article.text[:60]


def test_one_of_a_mirrored_pair_is_not_shown_alone():
    with pytest.raises(NutgrafError, match=r"Z9 shows .*mirror image \(B\)"):
        quizzes.faithful([SAMPLES["Z9"], SAMPLES["Z11"]])


def test_the_faithful_summary_follows_the_pair_and_nothing_else(article):
    pair = [SAMPLES["Z9"], SAMPLES["Z10"]]
    texts = [one["text"] for one in article.summaries["faithful"] if one["words"] == 50]
    assert [quizzes.faithful(pair)] == texts
    assert quizzes.faithful([SAMPLES["Z1"], SAMPLES["Z8"], SAMPLES["Z11"]]) == ""

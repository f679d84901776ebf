"""Layers side by side, differences settled with reasons, and scores that punish no reading."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgraf import NutgrafError, load
from nutgraf.adjudicating import STATUSES, adjudicate, differences, score, side_by_side
from nutgraf.annotating import (
    Layer,
    Mark,
    Relation,
    controls,
    load_scheme,
    mark_at,
    reference_layer,
    text_sha256,
    validate_layer,
)
from nutgraf.article import Article

ARTICLE = load("sadr-protests")


def mark(quote: str, label: str, note: str = "", nth: int = 0, article=ARTICLE) -> Mark:
    start = -1
    for _ in range(nth + 1):
        start = article.text.index(quote, start + 1)
    number = f"{label}-{start}-{start + len(quote)}"
    return mark_at(article, start, start + len(quote), label, id=number, note=note)


def tag(number: int, label: str, note: str = "", article=ARTICLE) -> Mark:
    row = article.sentences.iloc[number]
    start, end = int(row["start"]), int(row["end"])
    return mark_at(article, start, end, label, id=f"tag-{number}", kind="tag", note=note)


def layer(*marks: Mark, who: str = "a1", article=ARTICLE, **fields) -> Layer:
    return Layer(
        annotator=who,
        article=article.name,
        sha256=text_sha256(article),
        scheme="newsmarks-7",
        marks=marks,
        **fields,
    )


# --- side by side ----------------------------------------------------------------------------


def test_tags_are_compared_sentence_by_sentence():
    ann = layer(tag(6, "CLAIM"), tag(8, "CLAIM"), tag(9, "CLAIM"))
    ben = layer(tag(6, "OPINION"), tag(8, "CLAIM"), who="b2")
    table = side_by_side([ann, ben], ARTICLE)
    assert table["group"].tolist() == ["S06", "S08", "S09"]
    assert table["a1"].tolist() == ["CLAIM", "CLAIM", "CLAIM"]
    assert table["b2"].tolist() == ["OPINION", "CLAIM", ""]
    assert table["agreed"].tolist() == [False, True, False]
    assert table["why"].tolist() == ["different tags", "", "one tag is missing"]
    assert table["sentence"].tolist() == [6, 8, 9]


def test_highlights_of_one_label_that_overlap_are_one_group():
    ann = layer(mark("Firebrand", "LOADED"), mark("has grown to be", "LOADED"))
    ben = layer(mark("Firebrand Shiite", "LOADED"), mark("be the unofficial leader", "LOADED"))
    table = side_by_side({"Ann": ann, "Ben": ben}, ARTICLE)
    assert table["group"].tolist() == ["LOADED@79", "LOADED@1500"]
    assert table["quote"].tolist() == ["Firebrand Shiite", "has grown to be the unofficial leader"]
    assert table["Ann"].tolist() == ["“Firebrand”", "“has grown to be”"]
    assert table["why"].tolist() == ["different words"] * 2


def test_labels_that_may_lie_on_the_same_words_are_groups_of_their_own():
    ann = layer(mark("“invaders”", "QUOTE"), mark("“invaders”", "LOADED"))
    ben = layer(mark("“invaders”", "QUOTE"), who="b2")
    table = side_by_side([ann, ben], ARTICLE)
    assert dict(zip(table["group"], table["agreed"], strict=True)) == {
        "LOADED@339": False,
        "QUOTE@339": True,
    }
    assert table["b2"].tolist() == ["", "“invaders”"]


def test_marks_that_only_touch_are_not_one_group():
    ann, ben = layer(mark("notorious", "LOADED")), layer(mark(" Iranian", "LOADED"), who="b2")
    assert len(side_by_side([ann, ben], ARTICLE)) == 2


def test_three_annotators_agree_when_all_three_do():
    layers = {name: layer(mark("Firebrand", "LOADED"), tag(1, "CLAIM")) for name in "xyz"}
    assert side_by_side(layers, ARTICLE)["agreed"].tolist() == [True, True]
    layers["z"] = layer(tag(1, "OPINION"))
    table = side_by_side(layers, ARTICLE).set_index("group")
    assert table["why"].to_dict() == {"S01": "different tags", "LOADED@79": "not marked by all"}


def test_other_notes_are_no_difference():
    ann, ben = (layer(mark("Firebrand", "LOADED", note)) for note in ("politician", "leader"))
    assert side_by_side({"Ann": ann, "Ben": ben}, ARTICLE)["agreed"].tolist() == [True]


def test_empty_layers_give_an_empty_table_with_all_columns():
    table = side_by_side({"Ann": layer(), "Ben": layer()}, ARTICLE)
    assert len(table) == 0
    assert {"group", "Ann", "Ben", "agreed", "why"} <= set(table.columns)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([layer()], "two annotators"),
        ([layer(), layer()], "same annotator|two annotators"),
        ([layer(), layer(who="b"), layer()], "same annotator"),
        ({"none": layer(), "b": layer()}, "'none' cannot be the name"),
        ({"agreed": layer(), "b": layer()}, "cannot be the name"),
        ([layer(), replace(layer(who="b"), scheme="small")], "one scheme"),
        ([layer(), replace(layer(who="b"), sha256="0")], "another version of the text"),
    ],
)
def test_layers_that_cannot_be_compared_are_refused(layers, says):
    with pytest.raises(NutgrafError, match=says):
        side_by_side(layers, ARTICLE)


# --- settling --------------------------------------------------------------------------------

ANN = layer(
    tag(6, "CLAIM"),
    tag(8, "CLAIM"),
    mark("Firebrand", "LOADED", "politician"),
    mark("notorious", "LOADED", "(leave out)"),
    mark("“invaders”", "QUOTE"),
)
BEN = layer(
    tag(6, "OPINION"),
    tag(8, "CLAIM"),
    mark("Firebrand Shiite cleric", "LOADED", "cleric"),
    mark("“invaders”", "QUOTE", "his word"),
    who="b2",
)
DECISIONS = {
    "S06": ("CLAIM", "The message could bear it out."),
    "LOADED@79": ("a1", "Rule 4: as few words as answer the question."),
    "LOADED@1364": ("none", "We found no plainer wording."),
}


def test_what_all_agree_on_is_taken_and_the_rest_as_decided():
    final = adjudicate([ANN, BEN], DECISIONS, ARTICLE)
    validate_layer(final, ARTICLE, load_scheme())
    assert final.annotator == "adjudicated"
    found = {(m.quote[:9], m.label): m for m in final.marks}
    assert set(found) == {
        ("Firebrand", "LOADED"),
        ("“invaders", "QUOTE"),
        ("Sadr’s me", "CLAIM"),
        ("The US ha", "CLAIM"),
    }
    assert found["Firebrand", "LOADED"].quote == "Firebrand"
    assert found["Firebrand", "LOADED"].attributes == {
        "decided": "a1",
        "reason": "Rule 4: as few words as answer the question.",
    }
    assert found["“invaders", "QUOTE"].attributes == {"decided": "agreed"}
    assert found["“invaders", "QUOTE"].note == "his word"


def test_notes_of_marks_that_agree_are_both_kept():
    ann, ben = (layer(mark("Firebrand", "LOADED", note)) for note in ("politician", "leader"))
    (one,) = adjudicate({"Ann": ann, "Ben": ben}, {}, ARTICLE).marks
    assert one.note == "politician / leader"


def test_a_sentence_may_get_a_third_tag():
    decisions = DECISIONS | {"S06": ("FORECAST", "Friday is still to come.")}
    final = adjudicate([ANN, BEN], decisions, ARTICLE)
    (found,) = [m for m in final.marks if m.start == 679]
    assert (found.label, found.kind) == ("FORECAST", "tag")


def test_what_is_not_decided_is_listed():
    with pytest.raises(NutgrafError, match="Not decided yet: LOADED@79, LOADED@1364"):
        adjudicate([ANN, BEN], {"S06": DECISIONS["S06"]}, ARTICLE)


@pytest.mark.parametrize(
    ("decisions", "says"),
    [
        (DECISIONS | {"S99": ("a1", "why not")}, "no group 'S99'"),
        (DECISIONS | {"S06": ("Carl", "because")}, "S06: there is no choice 'Carl'"),
        (DECISIONS | {"S06": ("LOADED", "because")}, "S06: there is no choice 'LOADED'"),
        (DECISIONS | {"LOADED@79": ("VAGUE", "because")}, "LOADED@79: there is no choice"),
        (DECISIONS | {"S06": ("CLAIM", " ")}, "a choice and a reason in words"),
        (DECISIONS | {"S06": "CLAIM"}, "a choice and a reason in words"),
        (DECISIONS | {"S06": ("CLAIM", 5)}, "a choice and a reason in words"),
    ],
)
def test_a_decision_that_makes_no_sense_is_named(decisions, says):
    with pytest.raises(NutgrafError, match=says):
        adjudicate([ANN, BEN], decisions, ARTICLE)


def test_relations_between_marks_that_are_kept_are_kept_once():
    marks = (mark("“invaders”", "QUOTE"), mark("said Sadr", "SOURCE"), mark("rocking", "LOADED"))
    ids = [m.id for m in marks]
    relations = (Relation("r1", ids[0], ids[1], "said by"), Relation("r2", ids[2], ids[1], "x"))
    ann, ben = (layer(*marks, relations=relations, who=who) for who in "ab")
    ben = replace(ben, marks=marks[:2], relations=relations[:1])
    final = adjudicate([ann, ben], {f"LOADED@{marks[2].start}": ("none", "It is.")}, ARTICLE)
    (relation,) = final.relations
    names = {m.id: m.quote for m in final.marks}
    assert (names[relation.head], names[relation.tail]) == ("“invaders”", "said Sadr")


def test_layers_that_agree_in_all_need_no_decision():
    final = adjudicate({"Ann": ANN, "Ben": replace(ANN)}, {}, ARTICLE)
    assert [(m.start, m.end, m.label) for m in final.marks] == sorted(
        (m.start, m.end, m.label) for m in ANN.marks
    )


def test_a_settled_layer_can_be_the_reference_of_a_score():
    final = adjudicate([ANN, BEN], DECISIONS, ARTICLE)
    table = score(ANN, ARTICLE, reference=final).set_index("label")
    assert table.loc["CLAIM", ["wanted", "hits", "score"]].tolist() == [2, 2, 1.0]
    assert table.loc["LOADED", ["wanted", "hits", "to_discuss"]].tolist() == [1, 1, 1]


# --- scoring ---------------------------------------------------------------------------------


def scored(*marks: Mark):
    return score(layer(*marks), ARTICLE).set_index("label")


def told(*marks: Mark):
    table = differences(layer(*marks), ARTICLE)
    return table[table["status"] != "open"]


def test_the_reference_agrees_with_itself():
    table = score(reference_layer(ARTICLE), ARTICLE)
    assert table["score"].tolist() == [1.0] * 7
    assert table["hits"].tolist() == table["wanted"].tolist() == [3, 9, 7, 10, 10, 9, 5]
    assert table["false_alarms"].sum() == 0
    assert table["controls"].tolist() == [0, 0, 0, 0, 0, 12, 11]


def test_an_empty_layer_scores_nothing_and_is_told_what_there_is():
    assert score(layer(), ARTICLE)["score"].tolist() == [0.0] * 7
    assert differences(layer(), ARTICLE)["status"].tolist() == ["open"] * 53


def test_a_defensible_tag_counts_as_much_as_the_reference_s():
    assert scored(tag(6, "CLAIM")).loc["CLAIM", "score"] == pytest.approx(1 / 9)
    row = scored(tag(6, "OPINION")).loc["CLAIM"]
    assert (row["hits"], row["accepted"]) == (0, 1)
    assert row["score"] == pytest.approx(1 / 9)


def test_another_tag_shows_both_readings():
    row = told(tag(8, "OPINION")).iloc[0]
    assert (row["status"], row["yours"], row["reference"]) == ("differs", "OPINION", "CLAIM")
    assert row["says"].startswith("You read OPINION, the reference CLAIM.")


def test_a_tag_on_the_headline_is_talked_over_and_costs_nothing():
    table = scored(tag(0, "CLAIM"), tag(8, "CLAIM"))
    assert table.loc["CLAIM", "to_discuss"] == 1
    assert table.loc["CLAIM", "score"] == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("words", "hits", "near"),
    [
        ("“invaders”", 1, 0),
        ("invaders", 1, 0),  # 8 of 10 code points
        ("evict “invaders”", 1, 0),  # 10 of 16
        ("and to evict “invaders”", 0, 1),  # 10 of 23
        ("vade", 0, 1),  # 4 of 10
    ],
)
def test_a_quotation_is_found_when_half_of_the_longer_one_is_shared(words, hits, near):
    row = scored(mark(words, "QUOTE")).loc["QUOTE"]
    assert (row["hits"], row["near"]) == (hits, near)
    assert row["score"] == pytest.approx(hits / 10)


def test_words_inside_loaded_words_are_as_good():
    row = scored(mark("unofficial leader", "LOADED", "said to lead")).loc["LOADED"]
    assert (row["hits"], row["near"]) == (1, 0)


def test_two_marks_on_one_place_are_one_hit():
    row = scored(mark("unofficial", "LOADED"), mark("has grown", "LOADED")).loc["LOADED"]
    assert (row["hits"], row["accepted"]) == (1, 1)
    assert row["score"] == pytest.approx(1 / 9)


def test_a_mark_on_plain_words_costs_its_share_of_the_controls():
    found = mark("Firebrand", "LOADED", "politician")
    row = scored(found, mark("killed", "LOADED")).loc["LOADED"]
    assert row["false_alarms"] == 1
    assert row["score"] == pytest.approx(1 / 9 - 1 / 12)
    says = told(found, mark("killed", "LOADED"))["says"].tolist()
    assert says == ["The reference holds these words to be plain: "
                    "the plain verb; compare “assassinated”."]  # fmt: skip


def test_an_honest_hedge_is_a_control_for_vague():
    assert scored(mark("around 5,000 troops", "VAGUE")).loc["VAGUE", "false_alarms"] == 1


def test_the_same_words_can_be_wanted_for_one_label_and_plain_for_another():
    table = scored(mark("many on the streets", "VAGUE"), mark("many on the streets", "LOADED"))
    assert table.loc["VAGUE", ["hits", "false_alarms"]].tolist() == [1, 0]
    assert table.loc["LOADED", ["hits", "false_alarms"]].tolist() == [0, 1]


def test_the_score_is_never_below_nothing():
    alarms = [replace(m, attributes={}) for m in controls(ARTICLE) if m.label == "LOADED"]
    row = scored(*alarms).loc["LOADED"]
    assert (row["false_alarms"], row["score"]) == (12, 0.0)


@pytest.mark.parametrize("words", ["Iran-backed", "militias", "a militia leader", "Do you love"])
def test_a_mark_that_can_be_defended_costs_nothing(words):
    with_it = scored(mark("Firebrand", "LOADED"), mark(words, "LOADED", "a plainer word"))
    without = scored(mark("Firebrand", "LOADED"))
    assert with_it.loc["LOADED", "score"] == without.loc["LOADED", "score"]
    assert with_it.loc["LOADED", "false_alarms"] == 0


def test_a_mark_of_one_s_own_goes_to_discussion_and_asks_for_its_wording():
    (says,) = told(mark("Do you love", "LOADED"))["says"]
    assert says == "Not in the reference. Write the plainer wording beside it, then talk it over."
    (says,) = told(mark("Do you love", "LOADED", "You ought to love"))["says"]
    assert says == "Not in the reference. Tell the others why you marked it."


def test_an_article_whose_reference_lacks_a_label_has_no_score_for_it():
    article = load("kettle-bridge")
    table = score(layer(article=article), article).set_index("label")
    assert table.loc["QUOTE", "wanted"] == len(article.reference["quotations"])
    assert table["score"].isna().tolist() == [True, True, True, False, True, True, True]


def test_a_layer_on_another_text_is_not_scored():
    with pytest.raises(NutgrafError, match="another version of the text"):
        score(layer(article=Article.from_text("Another text.")), ARTICLE)


@st.composite
def layers(draw) -> Layer:
    words = ARTICLE.words
    marks = {}
    for _ in range(draw(st.integers(0, 25))):
        first = draw(st.integers(0, len(words) - 1))
        last = min(len(words) - 1, first + draw(st.integers(0, 12)))
        label = draw(st.sampled_from(["QUOTE", "SOURCE", "LOADED", "VAGUE"]))
        start, end = int(words.at[first, "start"]), int(words.at[last, "end"])
        number = f"{label}-{start}-{end}"
        note = draw(st.sampled_from(["", "plainer"]))
        marks[number] = mark_at(ARTICLE, start, end, label, id=number, note=note)
    for number in draw(st.sets(st.integers(0, 19))):
        label = draw(st.sampled_from(["CLAIM", "OPINION", "FORECAST"]))
        marks[f"t{number}"] = tag(number, label)
    return layer(*marks.values())


@settings(max_examples=40)
@given(layers())
def test_every_difference_is_explained_in_few_words_and_never_called_wrong(drawn):
    table = differences(drawn, ARTICLE)
    assert set(table["status"]) <= set(STATUSES)
    for says in table["says"]:
        assert 0 < len(says.split()) <= 40
        assert not {"wrong", "error", "incorrect", "mistake"} & set(says.lower().split())


@settings(max_examples=40)
@given(layers())
def test_every_mark_and_every_wanted_place_is_accounted_for(drawn):
    table = score(drawn, ARTICLE).set_index("label")
    told_of = differences(drawn, ARTICLE)
    assert ((table["score"] >= 0) & (table["score"] <= 1)).all()
    assert (table["hits"] <= table["wanted"]).all()
    assert (table["false_alarms"] <= table["controls"]).all()
    for label in ("QUOTE", "SOURCE", "LOADED", "VAGUE"):
        marks = [m for m in drawn.marks if m.label == label]
        rows = told_of[(told_of["label"] == label) & (told_of["status"] != "open")]
        assert len(rows) + table.loc[label, "hits"] == len(marks)


@settings(max_examples=40)
@given(layers())
def test_marking_what_the_reference_accepts_besides_never_costs_anything(drawn):
    accepted = [
        replace(m, id=f"ref-{m.id}")
        for m in reference_layer(ARTICLE).marks
        if m.attributes["level"] == "accepted"
    ]
    before = score(drawn, ARTICLE)
    after = score(replace(drawn, marks=(*drawn.marks, *accepted)), ARTICLE)
    assert (after["score"] >= before["score"] - 1e-12).all()


@settings(max_examples=25)
@given(layers(), layers())
def test_who_comes_first_changes_no_agreement(one, other):
    table = side_by_side({"x": one, "y": other}, ARTICLE)
    turned = side_by_side({"y": other, "x": one}, ARTICLE)
    assert table[["group", "agreed", "why", "x", "y"]].equals(
        turned[["group", "agreed", "why", "x", "y"]]
    )
    names = [
        name for name, agreed in zip(table["group"], table["agreed"], strict=True) if not agreed
    ]
    final = adjudicate({"x": one, "y": other}, {name: ("x", "x") for name in names}, ARTICLE)
    assert {(m.start, m.end, m.label) for m in final.marks} == {
        (m.start, m.end, m.label) for m in one.marks
    }

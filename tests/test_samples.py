"""The made-up annotators: that they say so, fit the text, and differ as people would."""

from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from itertools import combinations
from pathlib import Path
from statistics import mean

import pandas as pd
import pytest

from nutgraf import NutgrafError, agreement, load
from nutgraf.adjudicating import score, side_by_side
from nutgraf.annotating import load_scheme, missing_notes, reference_layer, validate_layer
from nutgraf.article import read_seed
from nutgraf.paths import kit_dir
from nutgraf.samples import sample_layers

SEED = kit_dir("seeds") / "sadr-protests"
SOURCE = (SEED / "annotators.json").read_text(encoding="utf-8")
DATA = json.loads(SOURCE)
IDS = [one["id"] for one in DATA["annotators"]]
BODY = [f"S{number:02}" for number in range(1, 20)]

by_annotator = pytest.mark.parametrize("number", range(len(IDS)), ids=IDS)


@pytest.fixture(scope="module")
def layers(article):
    return sample_layers(article)


@pytest.fixture(scope="module")
def reference(article):
    return reference_layer(article)


def tags(layer) -> list[str]:
    return [mark.label for mark in layer.marks if mark.kind == "tag"]


def spans(layer, label: str) -> list[tuple[int, int, str]]:
    return [(mark.start, mark.end, label) for mark in layer.marks if mark.label == label]


def mean_f1(layers, label: str, match: str) -> float:
    def f1(one, other):
        return agreement.span_f1(spans(one, label), spans(other, label), match)["f1"].iloc[-1]

    return mean(f1(one, other) for one, other in combinations(layers, 2))


# --- what they are ---------------------------------------------------------------------------


def test_there_are_six_annotators_or_more():
    assert IDS[:6] == ["A1", "A2", "A3", "A4", "A5", "A6"]


def test_the_file_says_that_it_is_made_up():
    assert DATA["made_up"] is True
    assert DATA["note"].startswith("Made up")
    assert "no reader here is a real person" in DATA["note"]


@by_annotator
def test_every_layer_says_that_it_is_made_up(layers, number):
    assert layers[number].origin == f"made up for the kit: {DATA['annotators'][number]['name']}"


@by_annotator
def test_a_layer_fits_the_text_and_keeps_to_the_scheme(article, layers, number):
    validate_layer(layers[number], article, load_scheme("newsmarks-7"))


@by_annotator
def test_a_mark_quotes_the_text_at_its_place(article, layers, number):
    marks = layers[number].marks
    assert [m.id for m in marks if article.text[m.start : m.end] != m.quote] == []


@by_annotator
def test_every_sentence_of_the_body_has_a_tag_and_the_headline_none(article, layers, number):
    table = layers[number].table(article)
    assert list(table[table["kind"] == "tag"]["sentence"]) == list(range(1, 20))
    assert list(DATA["annotators"][number]["tags"]) == BODY


@by_annotator
def test_every_loaded_word_has_a_plainer_wording_of_its_own(layers, number):
    layer = layers[number]
    assert missing_notes(layer, load_scheme("newsmarks-7")) == ()
    assert [m.id for m in layer.marks if m.label == "LOADED" and m.note == m.quote] == []


@by_annotator
def test_every_vague_word_has_the_question_that_it_leaves_open(layers, number):
    notes = [mark.note for mark in layers[number].marks if mark.label == "VAGUE"]
    assert [note for note in notes if not note.endswith("?")] == []


@by_annotator
def test_every_tag_that_is_not_the_references_has_a_reason(reference, layers, number):
    wanted = tags(reference)
    marks = [mark for mark in layers[number].marks if mark.kind == "tag"]
    other = [mark for mark, tag in zip(marks, wanted, strict=True) if mark.label != tag]
    assert other
    assert [mark.id for mark in other if not mark.note] == []


def test_the_data_file_ends_in_one_line_feed_and_escapes_no_break_spaces():
    assert SOURCE.endswith("}\n")
    assert "\N{NO-BREAK SPACE}" not in SOURCE


# --- the second reader -----------------------------------------------------------------------


def test_the_second_reader_is_the_first_of_the_layers(layers):
    assert (layers[0].annotator, DATA["annotators"][0]["name"]) == ("A1", "second reader")


def test_the_second_reader_has_the_tags_of_the_exercise(layers):
    wanted = "COOOO OCCCC CCOCO CFFF".replace(" ", "")
    assert "".join(tag[0] for tag in tags(layers[0])) == wanted


def test_the_second_reader_differs_from_the_reference_on_four_borderline_sentences(
    reference, layers
):
    pairs = zip(BODY, tags(reference), tags(layers[0]), strict=True)
    assert [name for name, one, other in pairs if one != other] == ["S06", "S11", "S13", "S16"]


def test_the_agreement_of_the_second_reader_is_what_a_hand_count_gives(reference, layers):
    # 15 of 19 equal. Reference 9, 7, 3 (CLAIM, OPINION, FORECAST), second reader as many of each:
    # expected (81 + 49 + 9) / 361.
    observed, expected = 15 / 19, 139 / 361
    assert Counter(tags(layers[0])) == {"CLAIM": 9, "OPINION": 7, "FORECAST": 3}
    one, other = tags(reference), tags(layers[0])
    assert agreement.percent(pd.DataFrame({"a": one, "b": other})) == pytest.approx(observed)
    kappa = agreement.cohen(one, other)
    assert kappa == pytest.approx((observed - expected) / (1 - expected))
    assert kappa == pytest.approx(0.658, abs=0.0005)


# --- how far they agree ----------------------------------------------------------------------


@by_annotator
def test_tags_agree_with_the_reference_as_novices_do(reference, layers, number):
    one, other = tags(reference), tags(layers[number])
    assert 0.70 <= agreement.percent(pd.DataFrame({"a": one, "b": other})) <= 0.85
    assert 0.50 <= agreement.cohen(one, other) <= 0.75


def test_tags_agree_among_the_annotators_as_novices_do(layers):
    table = pd.DataFrame({layer.annotator: tags(layer) for layer in layers})
    kappas = [agreement.cohen(table[a], table[b]) for a, b in combinations(table, 2)]
    assert 0.70 <= agreement.percent(table) <= 0.85
    assert 0.50 <= agreement.krippendorff(table) <= 0.75
    assert 0.50 <= mean(kappas) <= 0.75
    assert 0.40 <= min(kappas) < max(kappas) <= 0.75


@pytest.mark.parametrize(
    ("label", "match", "low", "high"),
    [
        ("QUOTE", "exact", 0.95, 1.0),
        ("SOURCE", "overlap", 0.75, 0.90),
        ("VAGUE", "overlap", 0.40, 0.65),
    ],
)
def test_highlights_agree_as_novices_do(layers, label, match, low, high):
    assert low <= mean_f1(layers, label, match) <= high


def test_loaded_words_agree_least_and_as_novices_do(article, layers):
    named = {
        layer.annotator: [s for label in ("LOADED", "SOURCE", "VAGUE") for s in spans(layer, label)]
        for layer in layers
    }
    alpha = agreement.token_alpha(named, article).set_index("label")["alpha"]
    assert 0.25 <= alpha["LOADED"] <= 0.50
    assert alpha["LOADED"] < alpha["VAGUE"] < alpha["SOURCE"]


def test_no_two_annotators_mark_alike(layers):
    marked = [{(m.start, m.end, m.label) for m in layer.marks} for layer in layers]
    assert all(one != other for one, other in combinations(marked, 2))


# --- what they differ about ------------------------------------------------------------------


@pytest.mark.parametrize("sentence", ["S06", "S07", "S11", "S13", "S16"])
def test_a_borderline_sentence_has_two_readings(article, layers, sentence):
    row = side_by_side(layers, article).set_index("group").loc[sentence]
    assert row["why"] == "different tags"


@pytest.mark.parametrize("sentence", ["S06", "S11", "S13", "S16"])
def test_the_hardest_sentences_have_a_reason_from_every_annotator(layers, sentence):
    notes = [m.note for layer in layers for m in layer.marks if m.id.endswith(f"-{sentence}")]
    assert len(notes) == len(layers)
    assert all(notes)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("LOADED@185", "Iran-backed"),
        ("LOADED@1219", "retaliatory"),
        ("LOADED@2171", "a militia leader"),
        ("VAGUE@820", "“million strong”"),
    ],
)
def test_a_borderline_word_is_marked_by_some_and_not_by_all(article, layers, group, words):
    row = side_by_side(layers, article).set_index("group").loc[group]
    assert (row["quote"], row["why"]) == (words, "not marked by all")


@pytest.mark.parametrize("label", ["QUOTE", "SOURCE", "VAGUE", "LOADED"])
def test_some_marks_begin_or_end_elsewhere(layers, label):
    tables = [
        agreement.boundary_distance(spans(one, label), spans(other, label))
        for one, other in combinations(layers, 2)
    ]
    shifts = pd.concat(tables)[["start_difference", "end_difference"]]
    assert (shifts != 0).any(axis=None)


@pytest.mark.parametrize("label", ["LOADED", "VAGUE"])
def test_somebody_marks_words_that_are_plain(article, layers, label):
    alarms = [score(layer, article).set_index("label")["false_alarms"][label] for layer in layers]
    assert sum(alarms) >= 1
    assert 0 in alarms


def test_marks_lean_in_more_than_one_direction(article, layers):
    loaded = [row for row in article.reference["loaded_language"]]

    def leans(layer) -> Counter:
        marks = [mark for mark in layer.marks if mark.label == "LOADED"]
        return Counter(
            row["leans"]
            for mark in marks
            for row in loaded
            if row["start"] < mark.end and mark.start < row["end"]
        )

    counts = [leans(layer) for layer in layers]
    against_us = [one["against the US"] for one in counts]
    against_others = [
        one["against Sadr"] + one["against Iran and groups called Iran-backed"] for one in counts
    ]
    pairs = list(zip(against_us, against_others, strict=True))
    assert any(us >= 2 * others for us, others in pairs)
    assert any(others >= 2 * us for us, others in pairs)
    assert sum(one["for the US"] for one in counts) >= 3


# --- what is refused -------------------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path: Path):
    """A function that gives the article with another annotators.json."""

    def make(content):
        folder = shutil.copytree(SEED, tmp_path / "sadr-protests", dirs_exist_ok=True)
        content = content if isinstance(content, str) else json.dumps(content)
        (folder / "annotators.json").write_text(content, encoding="utf-8")
        return read_seed(folder)

    return make


def changed(**fields):
    """The annotators, with other fields on the second one."""
    data = copy.deepcopy(DATA)
    data["annotators"][1] |= fields
    return data


def highlight(**fields):
    start = {"start": 0, "end": 13, "quote": "Sadr calls on", "label": "SOURCE"}
    return changed(highlights=[start | fields])


def test_an_annotator_may_have_tagged_some_sentences_only(damaged):
    layers = sample_layers(damaged(changed(tags={"S02": "CLAIM"}, why={}, highlights=[])))
    assert [mark.id for mark in layers[1].marks] == ["A2-S02"]


def test_a_seed_without_annotators_is_told_where_to_put_them():
    with pytest.raises(NutgrafError, match=r"no sample annotators: kettle-bridge/annotators\.json"):
        sample_layers(load("kettle-bridge"))


def test_a_text_alone_has_no_annotators():
    with pytest.raises(NutgrafError, match="made from a text alone"):
        sample_layers("A text.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "line 1, column 2"),
        ({"schema": 2}, "schema: this version"),
        (DATA | {"made_up": False}, "has to say that its annotators are made up"),
        (DATA | {"made_up": "yes"}, "has to say that its annotators are made up"),
        (DATA | {"note": ""}, "has to say that its annotators are made up"),
        (DATA | {"scheme": None}, "scheme: name the scheme"),
        (DATA | {"annotators": []}, "annotators: the list is empty"),
        (DATA | {"annotators": [{"id": "A1"}]}, r"\[0\]: name and tags and highlights is missing"),
        (changed(id="A1"), r"annotators\[1\]\.id: 'A1' .* is there twice"),
        (changed(name=3), r"annotators\[1\]\.name: a name in words"),
        (changed(tags=["CLAIM"]), r"annotators\[1\]\.tags: this has to be an object"),
        (changed(tags={"S99": "CLAIM"}, why={}), r"no sentence 'S99'. They are S00 .* to S19"),
        (changed(tags={"S01": "LOADED"}, why={}), r"annotators\[1\]: .*LOADED is a highlight"),
        (changed(tags={"S01": "FACT"}, why={}), r"annotators\[1\]: .*no label 'FACT'"),
        (changed(why={"S20": "because"}), r"why: 'S20' has a reason, but no tag"),
        (highlight(quote="Sadr called"), r"highlights\[0\]: the text does not say 'Sadr called'"),
        (highlight(start=1.0), r"highlights\[0\]: start and end have to be whole numbers"),
        (highlight(label=""), r"highlights\[0\]: .* look at 'label'"),
        (highlight(voice="reporter"), r"highlights\[0\]: .* look at 'voice'"),
        (highlight(label="CLAIM"), r"annotators\[1\]: mark 'A2-H00': CLAIM is a tag"),
        (highlight(note=3), r"annotators\[1\]: mark 'A2-H00': note"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "data",
)
def test_a_damaged_file_is_named_with_the_place_in_it(damaged, content, message):
    with pytest.raises(NutgrafError, match=f"sadr-protests/annotators.json.*{message}"):
        sample_layers(damaged(content))

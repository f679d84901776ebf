"""Marks, layers, schemes, the reference as a layer, and marks found again in a changed text."""

from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError, replace

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from nutgraf import NutgrafError, load
from nutgraf.annotating import (
    PATTERNS,
    TINT,
    Layer,
    Mark,
    Relation,
    contrast,
    controls,
    in_order,
    load_scheme,
    mark_at,
    missing_notes,
    reanchor,
    reference_layer,
    schemes,
    text_sha256,
    validate_layer,
)
from nutgraf.article import Article

NEWSMARKS = ["FORECAST", "CLAIM", "OPINION", "QUOTE", "SOURCE", "LOADED", "VAGUE"]


def layer_of(article: Article, *marks: Mark, **fields) -> Layer:
    return Layer(
        annotator="a1",
        article=article.name,
        sha256=text_sha256(article),
        scheme="newsmarks-7",
        marks=marks,
        **fields,
    )


def on(article: Article, quote: str, label: str = "LOADED", nth: int = 0, **fields) -> Mark:
    """A mark on the nth place where the article says `quote`."""
    start = -1
    for _ in range(nth + 1):
        start = article.text.index(quote, start + 1)
    fields = {"id": f"m{start}", **fields}
    return mark_at(article, start, start + len(quote), label, **fields)


# --- marks and layers ------------------------------------------------------------------------


def test_a_mark_keeps_its_quote_across_emoji():
    article = Article.from_text("👩‍👩‍👧 said “😀 yes”.")
    mark = on(article, "“😀 yes”", "QUOTE")
    assert article.text[mark.start : mark.end] == mark.quote == "“😀 yes”"
    assert (mark.prefix, mark.suffix) == ("👩‍👩‍👧 said ", ".")


def test_a_mark_cannot_be_changed_and_can_be_a_key():
    mark = Mark("m1", 0, 1, "a", "LOADED", attributes={"level": "core"})
    with pytest.raises(FrozenInstanceError):
        mark.start = 5
    assert {mark: 1}[mark] == 1


def test_marks_that_differ_in_what_was_around_them_only_are_equal():
    assert Mark("m", 0, 1, "a", "X", prefix="b") == Mark("m", 0, 1, "a", "X")


def test_the_pieces_of_a_mark_are_its_fragments_or_itself():
    assert Mark("m", 2, 9, "abcdefg", "X").spans == ((2, 9),)
    assert Mark("m", 2, 9, "abcdefg", "X", fragments=((2, 4), (6, 9))).spans == ((2, 4), (6, 9))


def test_the_longer_of_two_marks_that_begin_together_comes_first():
    spans = [(2, 5), (0, 1), (0, 9)]
    marks = [Mark(f"m{a}{b}", a, b, "x" * (b - a), "X") for a, b in spans]
    assert [(m.start, m.end) for m in in_order(marks)] == [(0, 9), (0, 1), (2, 5)]


def test_the_table_of_a_layer_says_in_which_sentence_a_mark_begins(article):
    layer = layer_of(article, on(article, "Firebrand"), on(article, "“invaders”", "QUOTE"))
    table = layer.table(article)
    assert table["quote"].tolist() == ["Firebrand", "“invaders”"]
    assert table["sentence"].tolist() == [1, 2]
    assert table["paragraph"].tolist() == [1, 2]
    assert list(table.columns[:7]) == ["id", "start", "end", "quote", "label", "kind", "note"]


def test_an_empty_layer_has_an_empty_table_with_the_same_columns(article):
    one = layer_of(article, on(article, "Firebrand")).table(article)
    none = layer_of(article).table(article)
    assert list(none.columns) == list(one.columns)
    assert len(none) == 0


def test_the_fingerprint_is_that_of_the_text_as_utf_8(article):
    assert text_sha256(article) == hashlib.sha256(article.text.encode("utf-8")).hexdigest()
    assert text_sha256("ü") == hashlib.sha256("ü".encode()).hexdigest()


def test_a_mark_beyond_the_text_is_refused(article):
    with pytest.raises(NutgrafError, match="no place in a text of 2,697 characters"):
        mark_at(article, 2690, 2698, "LOADED", id="m1")


def test_a_layer_that_fits_is_valid(article):
    layer = layer_of(article, on(article, "Firebrand"), on(article, "“invaders”", "QUOTE"))
    validate_layer(layer, article, load_scheme())


GOOD = {"id": "m1", "start": 79, "end": 88, "quote": "Firebrand", "label": "LOADED"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quote": "firebrand"}, r"the text does not say 'firebrand' at 79 to 88"),
        ({"end": 87}, "the text does not say"),
        ({"start": -1}, "no place"),
        ({"start": 88}, "no place"),
        ({"end": 10**6}, "no place"),
        ({"end": 10**5000}, "a very long number"),
        ({"start": True}, "whole numbers"),
        ({"start": "79"}, "whole numbers"),
        ({"start": 79.0}, "whole numbers"),
        ({"label": "BIAS"}, "no label 'BIAS'. There are: FORECAST"),
        ({"label": "CLAIM"}, "CLAIM is a tag in newsmarks-7, not a highlight"),
        ({"label": ""}, "label"),
        ({"kind": "tag", "label": "CLAIM"}, "a tag is on a whole sentence"),
        ({"kind": "arrow"}, "none of highlight, tag"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 65}, "65 characters"),
        ({"note": None}, "note"),
        ({"note": "n" * 10_001}, "10,001 characters"),
        ({"note": "\ud800"}, "half a character"),
        ({"attributes": {"level": 3}}, "attributes"),
        ({"attributes": ["level"]}, "attributes"),
        ({"fragments": ((79, 82), (82, 88))}, "fragments"),
        ({"fragments": ((79, 82), (84, 87))}, "fragments"),
        ({"fragments": ((84, 88), (79, 82))}, "fragments"),
        ({"fragments": [(79, 88)]}, "fragments"),
        ({"fragments": ((79, "x"),)}, "fragments"),
    ],
)
def test_a_mark_that_does_not_fit_is_named_with_what_is_the_matter(article, change, says):
    with pytest.raises(NutgrafError, match=says) as caught:
        validate_layer(layer_of(article, Mark(**GOOD | change)), article, load_scheme())
    assert "mark " in str(caught.value) or "no label" in str(caught.value)


def test_an_id_may_be_there_once(article):
    mark = Mark(**GOOD)
    with pytest.raises(NutgrafError, match="'m1': the id is there twice"):
        validate_layer(layer_of(article, mark, replace(mark, label="VAGUE")), article)


def test_a_sentence_has_one_tag(article):
    start, end = (int(article.sentences.iloc[3][name]) for name in ("start", "end"))
    tags = [
        mark_at(article, start, end, label, id=label, kind="tag") for label in ("CLAIM", "OPINION")
    ]
    validate_layer(layer_of(article, tags[0]), article, load_scheme())
    with pytest.raises(NutgrafError, match="has a tag already"):
        validate_layer(layer_of(article, *tags), article, load_scheme())
    several = replace(load_scheme(), one_tag_a_sentence=False)
    validate_layer(layer_of(article, *tags), article, several)


def test_a_relation_needs_both_its_marks(article):
    mark = Mark(**GOOD)
    layer = layer_of(article, mark, relations=(Relation("r1", "m1", "m2", "answers"),))
    with pytest.raises(NutgrafError, match="'r1': there is no mark 'm2'"):
        validate_layer(layer, article)


def test_a_relation_the_scheme_does_not_have_is_refused(article):
    layer = layer_of(article, Mark(**GOOD), relations=(Relation("r1", "m1", "m1", "answers"),))
    validate_layer(layer, article, replace(load_scheme(), relations=("answers",)))
    with pytest.raises(NutgrafError, match=r"no relation 'answers'\. There are: none"):
        validate_layer(layer, article, load_scheme())


def test_a_layer_on_another_text_says_how_to_move_it(article):
    layer = layer_of(Article.from_text("Another text."))
    with pytest.raises(NutgrafError, match="reanchor"):
        validate_layer(layer, article)


def test_marks_whose_label_asks_for_a_note_are_listed_until_it_is_written(article):
    bare, noted = on(article, "Firebrand"), on(article, "notorious", note="(leave it out)")
    quote = on(article, "“invaders”", "QUOTE")
    assert missing_notes(layer_of(article, bare, noted, quote), load_scheme()) == (bare,)


# --- schemes ---------------------------------------------------------------------------------


def test_newsmarks_has_three_tags_and_four_highlights():
    scheme = load_scheme("newsmarks-7")
    assert [label.name for label in scheme.labels] == NEWSMARKS
    assert [label.kind for label in scheme.labels] == ["tag"] * 3 + ["highlight"] * 4
    assert len(scheme.rules) == 8
    assert scheme.one_tag_a_sentence


@pytest.mark.parametrize("name", NEWSMARKS)
def test_every_label_is_explained_with_examples_for_and_against(name):
    label = load_scheme().label(name)
    assert label.definition
    assert label.rules
    assert len(label.examples) >= 2
    assert len(label.counter_examples) >= 2
    assert all(one.why for one in (*label.examples, *label.counter_examples))


@pytest.mark.parametrize("name", NEWSMARKS)
def test_every_example_says_what_the_article_says_there(article, name):
    label = load_scheme().label(name)
    for one in (*label.examples, *label.counter_examples):
        assert article.text[one.start : one.end] == one.quote


@pytest.mark.parametrize("name", NEWSMARKS)
def test_examples_agree_with_the_reference(article, name):
    label = load_scheme().label(name)
    marks = reference_layer(article).marks
    for one in label.examples:
        there = [m for m in marks if (m.start, m.end) == (one.start, one.end)]
        readings = {m.label: m.attributes.get("accepted", m.label).split() for m in there}
        assert name in readings or any(name in defended for defended in readings.values())
    for one in label.counter_examples:
        core = [m for m in marks if (m.start, m.end, m.label) == (one.start, one.end, name)]
        assert all(m.attributes["level"] == "accepted" for m in core)


def test_loaded_examples_lean_both_ways_and_come_in_both_voices(article):
    spans = {(one.start, one.end) for one in load_scheme().label("LOADED").examples}
    marks = [m for m in reference_layer(article).marks if m.label == "LOADED"]
    shown = [m for m in marks if (m.start, m.end) in spans]
    assert {"for the US", "against the US"} <= {m.attributes["leans"] for m in shown}
    assert {m.attributes["voice"] for m in shown} == {"reporter", "speaker"}


def luminance(colour: str) -> float:
    """WCAG 2.2, written once more."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = ((p + 0.055) / 1.055 if p > 0.04045 else p / 12.92 for p in parts)
    red, green, blue = (
        one**2.4 if part > 0.04045 else one
        for one, part in zip((red, green, blue), parts, strict=True)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "known"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_the_one_of_the_guidelines(one, other, known):
    assert contrast(one, other) == pytest.approx(known, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(("page", "words"), [("#ffffff", "#212121"), ("#111111", "#e0e0e0")])
@pytest.mark.parametrize("name", NEWSMARKS)
def test_every_colour_can_be_read_in_both_themes(name, page, words):
    colour = load_scheme().label(name).colour
    mixed = "#" + "".join(
        f"{round(TINT * int(colour[i : i + 2], 16) + (1 - TINT) * int(page[i : i + 2], 16)):02x}"
        for i in (1, 3, 5)
    )
    assert ratio(words, mixed) >= 4.5
    assert ratio(colour, page) >= 3
    assert ratio("#ffffff", colour) >= 4.5  # white letters on a badge


def test_colours_patterns_and_keys_are_each_there_once():
    labels = load_scheme().labels
    for name in ("colour", "pattern", "key", "name"):
        assert len({getattr(label, name) for label in labels}) == len(labels)
    assert {label.pattern for label in labels} <= set(PATTERNS)


def test_the_schema_knows_the_same_patterns_as_the_code(root):
    import json

    schema = json.loads((root / "src/nutgraf/scheme.schema.json").read_text(encoding="utf-8"))
    allowed = schema["$defs"]["label"]["properties"]["pattern"]["enum"]
    assert allowed == list(PATTERNS)
    assert schema["properties"]["labels"]["maxItems"] == len(PATTERNS)


def small(**changes) -> dict:
    first = {
        "key": "g",
        "name": "GOOD",
        "kind": "highlight",
        "definition": "Good words.",
        "colour": "#2a75cc",
        "pattern": "solid",
    }
    second = first | {"key": "b", "name": "BAD", "colour": "#d04434", "pattern": "wavy"}
    return {"name": "small", "title": "Small", "version": "1", "labels": [first, second]} | changes


def put(folder, data, name="small.yml"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    text = data if isinstance(data, str) else yaml.safe_dump(data, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_teachers_scheme_is_found_by_path(tmp_path):
    scheme = load_scheme(put(tmp_path, small()))
    assert [label.name for label in scheme.labels] == ["GOOD", "BAD"]
    assert load_scheme(str(tmp_path / "small.yml")) == scheme


def test_a_scheme_in_the_learners_folder_is_found_by_name(learner):
    put(learner / "schemes", small())
    assert load_scheme("small").title == "Small"
    assert list(schemes()) == ["newsmarks-7", "small"]


def test_the_kits_scheme_is_taken_where_two_have_one_name(learner):
    put(learner / "schemes", small(name="newsmarks-7"), "newsmarks-7.yml")
    assert load_scheme("newsmarks-7").title == "NewsMarks-7"


def test_an_edited_scheme_is_read_anew(tmp_path):
    put(tmp_path, small())
    load_scheme(tmp_path / "small.yml")
    put(tmp_path, small(title="Another title"))
    assert load_scheme(tmp_path / "small.yml").title == "Another title"


def test_an_unknown_scheme_lists_those_there_are(learner):
    with pytest.raises(NutgrafError, match=r"no scheme 'nemo'\. There are: \"newsmarks-7\""):
        load_scheme("nemo")


def test_an_unknown_label_lists_those_there_are():
    with pytest.raises(NutgrafError, match=r"no label 'BIAS'\. There are: FORECAST, CLAIM"):
        load_scheme().label("BIAS")


def changed(number: int = 1, **fields) -> dict:
    labels = [dict(one) for one in small()["labels"]]
    labels[number] |= fields
    return small(labels=[{k: v for k, v in one.items() if v is not None} for one in labels])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (changed(colour="red"), r"small.yml: label BAD: colour: 'red' does not match"),
        (changed(colour=None), r"small.yml: label BAD: 'colour' is a required"),
        (changed(name=None), r"small.yml: label number 2: 'name' is a required"),
        (changed(kind="relation"), r"label BAD: kind: 'relation' is not one of"),
        (changed(pattern="zigzag"), r"label BAD: pattern: 'zigzag' is not one of"),
        (changed(key="bb"), r"label BAD: key: 'bb' does not match"),
        (changed(key=1), r"label BAD: key: 1 is not of type 'string'"),
        (changed(shade="dark"), r"label BAD: .*'shade' was unexpected"),
        (changed(examples=[{"quote": "x"}]), r"label BAD: examples\[0\]: 'why' is a required"),
        (
            changed(examples=[{"quote": "x", "why": "y", "start": 3}]),
            r"label BAD: examples\[0\]: 'end' is a dependency of 'start'",
        ),
        (changed(key="g"), "label BAD: key: GOOD has g too"),
        (changed(name="GOOD"), "label GOOD: name: GOOD has GOOD too"),
        (changed(colour="#2A75CC"), "label BAD: colour: GOOD has #2a75cc too"),
        (changed(pattern="solid"), "label BAD: pattern: GOOD has solid too"),
        (changed(colour="#ffee88"), "label BAD: colour: .*#ffee88 .* light theme. Take a darker"),
        (changed(colour="#001133"), "label BAD: colour: .*#001133 .* dark theme. Take a lighter"),
        (small(labels=[]), "small.yml: labels"),
        (small(name="other"), "small.yml: name: 'other' is not the file's name"),
        (small(version=1), "small.yml: version: 1 is not of type 'string'"),
        ([1], "small.yml: .*is not of type 'object'"),
        ("labels: [", "small.yml, line"),
        ("name: a\nname: b", "the key 'name' is there twice"),
        ("a: &a [1]\nb: *a", "aliases"),
    ],
)
def test_a_scheme_that_is_wrong_says_where(tmp_path, data, says):
    with pytest.raises(NutgrafError, match=says):
        load_scheme(put(tmp_path, data))


def test_an_example_that_the_article_does_not_say_is_refused(tmp_path):
    example = {"quote": "Fireband", "why": "a slip", "start": 79, "end": 88}
    data = changed(examples=[example]) | {"article": "sadr-protests"}
    with pytest.raises(NutgrafError, match=r"label BAD: examples\[0\]: .*but 'Firebrand'"):
        load_scheme(put(tmp_path, data))


def test_a_scheme_may_travel_without_the_article_of_its_examples(tmp_path):
    example = {"quote": "Fireband", "why": "a slip", "start": 79, "end": 88}
    data = changed(examples=[example]) | {"article": "not-here"}
    assert load_scheme(put(tmp_path, data)).article == "not-here"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NutgrafError, match=r"gone\.yml: cannot be read"):
        load_scheme(tmp_path / "gone.yml")


# --- the reference ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "core", "accepted"),
    [
        ("CLAIM", 9, 0),
        ("OPINION", 7, 0),
        ("FORECAST", 3, 0),
        ("QUOTE", 10, 0),
        ("SOURCE", 10, 3),
        ("LOADED", 9, 15),
        ("VAGUE", 5, 4),
    ],
)
def test_the_reference_has_as_many_marks_as_its_authors_counted(article, label, core, accepted):
    levels = [m.attributes["level"] for m in reference_layer(article).marks if m.label == label]
    assert levels.count("core") == core
    assert levels.count("accepted") == accepted
    assert len(levels) == core + accepted


@pytest.mark.parametrize("name", ["sadr-protests", "kettle-bridge"])
def test_the_reference_keeps_to_the_scheme(name):
    article = load(name)
    layer = reference_layer(article)
    validate_layer(layer, article, load_scheme())
    assert layer.marks
    assert layer.annotator == "reference"


def test_every_loaded_mark_of_the_reference_has_its_plainer_wording(article):
    assert missing_notes(reference_layer(article), load_scheme()) == ()


def test_a_tag_of_the_reference_says_which_tags_can_be_defended(article):
    tags = {m.id: m for m in reference_layer(article).marks if m.kind == "tag"}
    assert tags["S06"].attributes["accepted"] == "CLAIM OPINION"
    assert tags["S08"].attributes["accepted"] == "CLAIM"
    assert "S00" not in tags


def test_notes_of_the_reference_name_other_marks_by_their_words(article):
    marks = [*reference_layer(article).marks, *controls(article)]
    killed = next(m for m in marks if m.quote == "killed")
    assert killed.note == "the plain verb; compare “assassinated”"
    assert not [m.note for m in marks if "L11" in m.note or "Q06" in m.note]


def test_controls_are_never_words_that_can_be_defended(article):
    marks = reference_layer(article).marks
    for control in controls(article):
        same = [m for m in marks if m.label == control.label]
        assert not [m for m in same if m.start < control.end and control.start < m.end]
        assert control.attributes["level"] == "control"
        assert control.note


def test_controls_leave_out_the_case_on_the_border(article):
    by_label = {label: {m.quote for m in controls(article) if m.label == label}
                for label in ("LOADED", "VAGUE")}  # fmt: skip
    assert len(article.reference["controls"]) == 13
    assert len(by_label["LOADED"]) == 12
    assert by_label["LOADED"] - by_label["VAGUE"] == {"many on the streets"}
    assert "a militia leader" not in by_label["LOADED"]


def test_an_article_without_a_reference_says_so():
    with pytest.raises(NutgrafError, match="has no reference"):
        reference_layer("A text.")


def test_a_scheme_of_your_own_has_no_reference(article):
    with pytest.raises(NutgrafError, match="adjudicate"):
        reference_layer(article, "small")


# --- marks found again -----------------------------------------------------------------------


def test_the_same_text_leaves_a_layer_as_it_is(article):
    layer = reference_layer(article)
    moved, lost = reanchor(layer, article)
    assert moved is layer
    assert list(lost.columns) == ["id", "label", "quote", "why"]
    assert len(lost) == 0


def test_all_marks_follow_text_put_in_front(article):
    layer = reference_layer(article)
    longer = Article.from_text("An editor’s note. 😀\n\n" + article.text)
    moved, lost = reanchor(layer, longer)
    assert len(lost) == 0
    assert [m.start - 21 for m in moved.marks] == [m.start for m in layer.marks]
    validate_layer(moved, longer, load_scheme())


def test_of_repeated_words_the_ones_in_the_old_surroundings_are_taken(article):
    fourth = on(article, "anti-US", nth=3)
    shorter = Article.from_text(article.text[1000:])
    moved, lost = reanchor(layer_of(article, fourth), shorter)
    assert len(lost) == 0
    assert moved.marks[0].start == fourth.start - 1000


def test_when_the_marked_words_are_gone_the_same_words_elsewhere_are_not_taken():
    old = Article.from_text("The guards killed two men at noon. Later the flood killed nobody.")
    new = Article.from_text("Later the flood killed nobody.")
    moved, lost = reanchor(layer_of(old, on(old, "killed")), new)
    assert moved.marks == ()
    assert lost["quote"].tolist() == ["killed"]
    assert "what stood around them is not" in lost["why"][0]


def test_between_two_places_that_look_the_same_nothing_is_guessed():
    line = "The same long line is printed, word for word, over and over again. "
    old, new = Article.from_text(line * 3), Article.from_text("😀 " + line * 5)
    moved, lost = reanchor(layer_of(old, on(old, "word for word", nth=1)), new)
    assert moved.marks == ()
    assert "5 times, in the same surroundings" in lost["why"][0]


def test_words_that_were_changed_are_listed_and_not_searched_for(article):
    new = Article.from_text(article.text.replace("Firebrand", "Popular"))
    moved, lost = reanchor(layer_of(article, on(article, "Firebrand")), new)
    assert moved.marks == ()
    assert lost.iloc[0].tolist()[1:3] == ["LOADED", "Firebrand"]
    assert moved.sha256 == text_sha256(new)


def test_without_surroundings_words_are_found_if_they_are_there_once(article):
    bare = replace(on(article, "notorious"), prefix="", suffix="")
    new = Article.from_text("x " + article.text)
    moved, _ = reanchor(layer_of(article, bare), new)
    assert new.text[moved.marks[0].start : moved.marks[0].end] == "notorious"


def test_without_surroundings_repeated_words_are_listed(article):
    bare = replace(on(article, "homeland"), prefix="", suffix="")
    moved, lost = reanchor(layer_of(article, bare), Article.from_text("x " + article.text))
    assert moved.marks == ()
    assert "5 times" in lost["why"][0]


def test_a_tag_whose_words_are_no_sentence_any_more_is_listed():
    old = Article.from_text("It rained. He stayed at home.")
    tag = on(old, "It rained.", "CLAIM", kind="tag")
    new = Article.from_text("Yesterday It rained. He stayed at home.")
    moved, lost = reanchor(layer_of(old, tag), new)
    assert moved.marks == ()
    assert "no sentence" in lost["why"][0]


def test_two_places_that_became_one_keep_the_mark_with_more_of_its_surroundings():
    old = Article.from_text("First the river rose by night. Then the river rose by daylight.")
    marks = (on(old, "rose by"), on(old, "rose by", nth=1))
    new = Article.from_text("Then the river rose by daylight.")
    moved, lost = reanchor(layer_of(old, *marks), new)
    assert [m.id for m in moved.marks] == [marks[1].id]
    assert lost["id"].tolist() == [marks[0].id]


def test_the_pieces_of_a_mark_move_with_it(article):
    start = article.text.index("retaliatory airstrikes")
    pieces = ((start, start + 5), (start + 8, start + 22))
    mark = on(article, "retaliatory airstrikes", fragments=pieces)
    moved, _ = reanchor(layer_of(article, mark), Article.from_text("😀" + article.text))
    assert moved.marks[0].fragments == ((start + 1, start + 6), (start + 9, start + 23))


def test_a_relation_goes_when_one_of_its_marks_goes(article):
    words = {"a": "Firebrand", "b": "notorious", "c": "rocking"}
    marks = [on(article, quote, id=name) for name, quote in words.items()]
    relations = (Relation("r1", "a", "b", "answers"), Relation("r2", "b", "c", "answers"))
    new = Article.from_text(article.text.replace("Firebrand", ""))
    moved, lost = reanchor(layer_of(article, *marks, relations=relations), new)
    assert [one.id for one in moved.relations] == ["r2"]
    assert lost["id"].tolist() == ["a", "r1"]


WORDS = st.lists(
    st.text("abcdefghij😀é\u0301’", min_size=2, max_size=7), min_size=12, max_size=40, unique=True
)


@given(WORDS, st.data())
def test_text_put_in_or_taken_out_elsewhere_never_moves_a_mark_to_a_wrong_place(words, data):
    text = " ".join(words)
    old = Article.from_text(text)
    start = data.draw(st.integers(0, len(text) - 2), label="start")
    end = data.draw(st.integers(start + 1, min(len(text), start + 20)), label="end")
    layer = layer_of(old, mark_at(old, start, end, "LOADED", id="m1"))
    before = data.draw(st.booleans(), label="before")
    first, last = (0, start) if before else (end, len(text))
    cut = data.draw(st.integers(first, last), label="cut")
    stop = data.draw(st.integers(cut, min(last, cut + 30)), label="stop")
    put_in = data.draw(st.sampled_from(["", "Zz. ", "ZZ 😀 ZZ ", "\r\nZ"]), label="put in")
    changed_text = text[:cut] + put_in + text[stop:]
    assume(changed_text != text)
    shift = len(put_in) - (stop - cut) if before else 0
    moved, lost = reanchor(layer, Article.from_text(changed_text))
    assert len(moved.marks) + len(lost) == 1
    if moved.marks:
        assert (moved.marks[0].start, moved.marks[0].end) == (start + shift, end + shift)
        assert moved.marks[0].quote == text[start:end]


@given(WORDS, st.data())
def test_a_change_far_away_loses_no_mark(words, data):
    text = " ".join(words) + " " + "Y" * 40
    far = data.draw(st.sampled_from(["Q", "😀 Q 😀", "Q\n\nQ"]), label="far")
    old = Article.from_text("X" * 40 + " " + text)
    start = data.draw(st.integers(41, 41 + len(" ".join(words)) - 4), label="start")
    mark = mark_at(old, start, start + 3, "LOADED", id="m1")
    moved, lost = reanchor(layer_of(old, mark), Article.from_text(far + old.text))
    assert lost["why"].tolist() == []
    assert moved.marks[0].start == start + len(far)


@given(WORDS, st.data())
def test_a_mark_that_text_was_put_into_is_listed(words, data):
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 3), label="start")
    end = data.draw(st.integers(start + 2, len(text)), label="end")
    inside = data.draw(st.integers(start + 1, end - 1), label="inside")
    old = Article.from_text(text)
    assume(text.count(text[start:end]) == 1)
    new = Article.from_text(text[:inside] + "Z" + text[inside:])
    moved, lost = reanchor(layer_of(old, mark_at(old, start, end, "LOADED", id="m1")), new)
    assert moved.marks == ()
    assert lost["id"].tolist() == ["m1"]

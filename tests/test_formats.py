"""Layers as files of other tools: nothing lost silently, nothing guessed silently."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nutgraf import NutgrafError, load
from nutgraf.annotating import (
    Layer,
    Relation,
    check_mark,
    in_order,
    load_scheme,
    mark_at,
    reference_layer,
    text_sha256,
    validate_layer,
)
from nutgraf.article import Article
from nutgraf.formats import (
    FORMATS,
    LARGEST,
    Read,
    guess,
    label_studio_config,
    read,
    save,
    write,
)
from nutgraf.tokenizing import sentence_spans

FILES = Path(__file__).parent / "formats"

SHORT = Article.from_text("The ferry is back. “It holds twelve,” she said.", "ferry")
EMOJI = Article.from_text("A 👩‍👩‍👧 on the 🚲 saw the ferry 😊 leave.\nThe queue grew.", "emoji")
LINES = Article.from_text("One line,\r\nand\tanother one.\r\n\r\nA third.", "lines")


def layer_of(article: Article, *marks, relations=(), **fields) -> Layer:
    """A layer with marks (start, end, label), or (start, end, label, {other fields})."""
    made = [
        mark_at(article, start, end, label, id=f"m{number}", **dict(*rest))
        for number, (start, end, label, *rest) in enumerate(marks, start=1)
    ]
    known = {"annotator": "17", "scheme": "newsmarks-7"} | fields
    return Layer(
        article=article.name,
        sha256=text_sha256(article),
        marks=in_order(made),
        relations=tuple(relations),
        **known,
    )


def at(article: Article, words: str) -> tuple[int, int]:
    """Where words stand in an article, the first time."""
    start = article.text.index(words)
    return start, start + len(words)


def said(result: Read) -> list[tuple[str, str]]:
    """Words and label of every mark."""
    return [(mark.quote, mark.label) for mark in result.layer.marks]


def lost_in(layer: Layer, article: Article, format: str) -> dict[str, str]:
    return dict(one.split(": ", 1) for one in write(layer, article, format).lost)


# --- round trips -----------------------------------------------------------------------------

PIECES = [
    *("The ferry", "said", "“No,”", '"Yes"', "😀", "👩‍👩‍👧", "e\u0301", "日本語", "naïve", "سلام"),
    *("\r\n", "\n", "\n\n", "\t", "\u00a0", " ", " ", ". ", "? ", "\r", "\u2028", "\x0b", "\x85"),
    *(
        "#",
        "# ",
        "'",
        '"',
        "\\",
        "|",
        "[1]",
        "->",
        "_",
        "*",
        "=1+1",
        "-",
        "@",
        ";",
        ",",
        "O",
        "\x00",
    ),
    *("\u202e", "\ufeff", "B-X", "\u0301", "\u200d", "{}", "``"),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
LABELS = st.one_of(
    st.sampled_from(
        ["LOADED", "SOURCE", "B-I", "O", "=x", "<b>bold</b>", "a b", "_", "*", "a|b[1]"]
    ),
    st.text("abÄ日😀 -_'\"\\|<>&;,[]", min_size=1, max_size=6).filter(str.strip),
)
NOTES = st.one_of(
    st.just(""),
    st.sampled_from(
        ["=1+1", "'=1", "two\nlines", "a\r\nb", "tab\there", "\\n", "[2]", "*", "_", " x "]
    ),
    st.text(max_size=8),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["level", "accepted", "text", "a b", "", "NutgrafKind", "ä"]),
    st.sampled_from(["core", "a b", "", "=1", "😀", "x\ny", "\u2028"]),
    max_size=2,
)
TIMES = st.sampled_from(["", "2026-01-24T09:30:00Z"])


@st.composite
def layers(draw, gaps: bool = True) -> tuple[Article, Layer]:
    article = Article.from_text(draw(TEXTS), "drawn")
    size, marks = len(article.text), []
    for number in range(draw(st.integers(0, 4))):
        places = draw(st.lists(st.integers(0, size), min_size=2, max_size=6, unique=True))
        places = sorted(places)[: 2 * (len(places) // 2)] if gaps else sorted(places)[:2]
        pieces = tuple(zip(places[::2], places[1::2], strict=True))
        start, end, kind = places[0], places[-1], "highlight"
        sentences = sentence_spans(article.text)
        if sentences and draw(st.integers(0, 3)) == 0:
            (start, end), kind, pieces = draw(st.sampled_from(sentences)), "tag", ()
        fields = {
            "note": draw(NOTES),
            "kind": kind,
            "fragments": pieces if len(pieces) > 1 else (),
            "attributes": draw(ATTRIBUTES),
            "created": draw(TIMES),
            "changed": draw(TIMES),
        }
        marks.append(mark_at(article, start, end, draw(LABELS), id=f"m{number}", **fields))
    ends = st.sampled_from([mark.id for mark in marks]) if marks else st.nothing()
    arrows = draw(st.lists(st.tuples(ends, ends, LABELS), max_size=2 if marks else 0))
    relations = [Relation(f"r{n}", *arrow) for n, arrow in enumerate(arrows)]
    layer = Layer(
        annotator=draw(st.sampled_from(["17", "", "=2"])),
        article=article.name,
        sha256=text_sha256(article),
        scheme=draw(st.sampled_from(["newsmarks-7", ""])),
        marks=in_order(marks),
        relations=tuple(relations),
    )
    return article, layer


def named(lost: list[str]) -> dict[str, set[str]]:
    """What is named under each key of `lost`."""
    return {
        one.partition(":")[0]: set(re.findall(r"[mr]\d+(?=[,)])", one[one.rfind("(") :]))
        for one in lost
    }


FIELDS = {
    "ids": ("id",),
    "times": ("created", "changed"),
    "notes": ("note",),
    "attributes": ("attributes",),
    "tags": ("kind",),
    "labels": ("label",),
}


def without(mark, gone: set[str]) -> tuple:
    fields = ["id", "start", "end", "quote", "label", "note", "kind", "fragments"]
    fields += ["attributes", "created", "changed"]
    return tuple("" if name in gone else getattr(mark, name) for name in fields)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(drawn=layers())
def test_what_is_not_named_as_lost_comes_back(format, drawn):
    article, layer = drawn
    written = write(layer, article, format)
    gone = named(written.lost)
    result = read(written.text, format, article)
    moved = gone.get("gaps", set()) | gone.get("boundaries", set()) | gone.get("marks", set())
    moved |= gone.get("overlap", set())
    if format == "bio" and any(mark.kind == "highlight" for mark in layer.marks):
        moved |= gone.get("tags", set())
    for mark in layer.marks:
        if mark.id not in moved:
            lost = {
                name
                for key, names in FIELDS.items()
                if mark.id in gone.get(key, ())
                for name in names
            }
            there = [without(one, lost) for one in result.layer.marks]
            assert without(mark, lost) in there
    if not moved:
        assert len(result.layer.marks) == len(layer.marks)
    if "relations" not in gone and not moved:
        assert len(result.layer.relations) == len(layer.relations)
    if "layer" not in gone:
        assert result.layer.annotator == layer.annotator
        assert result.layer.scheme == layer.scheme
    for mark in result.layer.marks:
        check_mark(mark, article.text)
    assert not (result.problems["done"] == "left out").any()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(drawn=layers())
def test_the_native_format_loses_nothing(drawn):
    article, layer = drawn
    written = write(layer, article, "w3c")
    assert written.lost == []
    result = read(written.text, "w3c", article)
    assert replace(result.layer, origin="") == layer
    assert result.problems.empty


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(drawn=layers(gaps=False))
def test_relations_join_the_same_marks_again(drawn):
    article, layer = drawn

    def joined(one: Layer) -> list[tuple]:
        place = {mark.id: (mark.start, mark.end, mark.label) for mark in one.marks}
        return sorted((place[r.head], place[r.tail], r.label) for r in one.relations)

    for format in ("w3c", "doccano", "label-studio", "webanno"):
        written = write(layer, article, format)
        assume(not {"marks", "boundaries"} & set(named(written.lost)))
        assert joined(read(written.text, format, article).layer) == joined(layer)


TOKEN = re.compile(r"\S+")


@settings(max_examples=60)
@given(
    data=st.data(), words=st.lists(st.sampled_from(["ferry", "😀", "queue", "日本"]), min_size=1)
)
def test_bio_keeps_marks_on_whole_tokens_that_do_not_overlap(data, words):
    article = Article.from_text(" ".join(words), "drawn")
    spans = [match.span() for match in TOKEN.finditer(article.text)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(spans)), max_size=6)))
    marks = [
        (spans[a][0], spans[b - 1][1], data.draw(st.sampled_from(["A", "B-A"])))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    layer = layer_of(article, *marks)
    written = write(layer, article, "bio")
    assert {one.partition(":")[0] for one in written.lost} <= {"layer", "ids"}
    result = read(written.text, "bio", article)
    assert [(m.start, m.end, m.label) for m in result.layer.marks] == sorted(marks)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["sadr-protests", "kettle-bridge"])
def test_every_format_carries_the_reference_of_an_article(name, format):
    article = load(name)
    layer = reference_layer(article)
    written = write(layer, article, format)
    result = read(written.text, None, article, load_scheme())
    kept = [mark for mark in layer.marks if format != "bio" or mark.kind == "highlight"]
    wanted = {(mark.start, mark.end, mark.label, mark.kind) for mark in kept}
    found = {(mark.start, mark.end, mark.label, mark.kind) for mark in result.layer.marks}
    assert found == wanted if "overlap" not in named(written.lost) else found < wanted
    validate_layer(result.layer, article, load_scheme())


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_layer_of_an_empty_text_can_be_written(format):
    article = Article.from_text("", "nothing")
    layer = layer_of(article)
    assert read(write(layer, article, format).text, format, article).layer.marks == ()


# --- hostile files ---------------------------------------------------------------------------

KEYS = [
    *("type", "items", "first", "next", "id", "body", "target", "selector", "source", "value"),
    *(
        "purpose",
        "start",
        "end",
        "exact",
        "data",
        "text",
        "label",
        "labels",
        "entities",
        "relations",
    ),
    *("annotations", "result", "from_id", "to_id", "meta", "completed_by", "motivation", "creator"),
    *("start_offset", "end_offset", "nickname", "direction", "globalOffsets", "from_name"),
    *("nutgraf:attributes", "nutgraf:scheme"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def survives(text: str, format: str | None, article: Article) -> None:
    try:
        result = read(text, format, article)
    except NutgrafError:
        return
    for mark in result.layer.marks:
        check_mark(mark, article.text)
    assert result.unit in ("code points", "UTF-16", "bytes", "tokens", "quotes")


@pytest.mark.parametrize("format", [*FORMATS, None])
@settings(max_examples=50)
@given(text=st.one_of(st.text(), TEXTS, st.from_regex(r"[TRA#*][0-9]\t[^\n]*\n([^\n]*\n)*")))
def test_any_text_is_read_or_refused_politely(format, text):
    survives("\n" + text, format, EMOJI)


@pytest.mark.parametrize("format", ["w3c", "doccano", "label-studio"])
@settings(max_examples=100)
@given(data=JSON)
def test_any_json_is_read_or_refused_politely(format, data):
    survives(json.dumps(data, indent=1), format, EMOJI)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_politely(format, data):
    start, end = at(EMOJI, "saw the ferry")
    first = (start, end, "LOADED", {"note": "plain", "attributes": {"level": "core"}})
    gap = (2, 20, "GAP", {"fragments": ((2, 7), (11, 20))})
    tag = (0, EMOJI.text.index("\n"), "CLAIM", {"kind": "tag"})
    relations = [Relation("r1", "m1", "m2", "because")]
    text = write(layer_of(EMOJI, first, gap, tag, relations=relations), EMOJI, format).text
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        new = data.draw(
            st.sampled_from(
                [
                    "",
                    "-",
                    "9" * 30,
                    "\t",
                    "\n",
                    '"',
                    "[",
                    "}",
                    "null",
                    "\0",
                    "-5",
                    "1",
                    "|",
                    "[1_2]",
                    "\\",
                ]
            )
        )
        text = text[:place] + new + text[place + cut :]
    survives("\n" + text if "\n" not in text else text, format, EMOJI)


def test_a_json_nested_very_deeply_is_refused():
    with pytest.raises(NutgrafError, match=r"nested too deeply|no JSON"):
        read("[" * 200_000 + "]" * 200_000, "w3c", SHORT)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(NutgrafError, match=r"large\.csv is too large: 20,000,001 bytes"):
        read(path, "csv", SHORT)


def test_a_file_that_is_no_utf_8_is_refused_with_the_byte(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_bytes("start,end,quote,label\n0,3,Thé,SOURCE\n".encode("latin-1"))
    with pytest.raises(NutgrafError, match=r"marks\.csv, byte 28.*UTF-8"):
        read(path, "csv", SHORT)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NutgrafError, match=r"none\.ann could not be read"):
        read(tmp_path / "none.ann", "brat", SHORT)


@pytest.mark.parametrize(
    ("start", "end"),
    [(-4, 3), (0, 4_000), (3, 3), (5, 2), (True, 4), (0.5, 3), ("a", "b"), (None, 2)],
)
def test_a_place_that_is_none_is_listed(start, end):
    text = json.dumps({"text": SHORT.text, "label": [[start, end, "SOURCE"], [4, 9, "SOURCE"]]})
    result = read(text, "doccano", SHORT)
    assert said(result) == [("ferry", "SOURCE")]
    assert result.problems["done"].tolist().count("left out") == 1
    assert "label 1" in result.problems["where"].tolist()[-1]


@pytest.mark.parametrize("label", [None, 3.5, True, [], {}, "", " ", "x" * 65, "\x00"])
def test_a_label_that_is_none_is_listed(label):
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, label]]})
    result = read(text, "doccano", SHORT)
    assert result.layer.marks == ()
    assert result.problems["done"].tolist() == ["left out"]


def test_signs_that_turn_the_direction_of_writing_are_taken_out_of_a_label():
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, "LOA\u202eDED\x00\t"]]})
    result = read(text, "doccano", SHORT)
    assert said(result) == [("ferry", "LOADED")]
    assert result.problems["done"].tolist() == ["changed"]


def test_markup_in_a_label_is_only_text():
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, "<script>alert(1)</script>"]]})
    assert said(read(text, "doccano", SHORT)) == [("ferry", "<script>alert(1)</script>")]


def test_half_a_character_in_a_note_is_mended():
    result = read("id,start,end,quote,label,note\na,4,9,ferry,X,half \ud83d\n", "csv", SHORT)
    assert result.layer.marks[0].note == "half \ufffd"


def test_an_id_that_is_there_twice_is_renamed_and_the_first_keeps_its_arrows():
    text = "T1\tA 0 3\tThe\nT1\tB 4 9\tferry\nR1\tof Arg1:T1 Arg2:T1\n"
    result = read(text, "brat", SHORT)
    assert [(mark.id, mark.label) for mark in result.layer.marks] == [("T1", "A"), ("T1-2", "B")]
    assert result.layer.relations == (Relation("R1", "T1", "T1", "of"),)
    assert result.problems["why"].tolist() == ["its id is now T1-2"]


def test_an_arrow_to_a_mark_that_is_not_there_is_listed():
    result = read("T1\tA 0 3\tThe\nR1\tof Arg1:T1 Arg2:T9\n", "brat", SHORT)
    assert result.layer.relations == ()
    assert result.problems[["where", "done"]].to_numpy().tolist() == [["line 2", "left out"]]


# --- how a file counts -----------------------------------------------------------------------


def counted(unit: str, place: int) -> int:
    """An offset of EMOJI in another unit, by Python's own encoders."""
    before = EMOJI.text[:place]
    sizes = {"code points": len(before), "bytes": len(before.encode())}
    return sizes.get(unit, len(before.encode("utf-16-le")) // 2)


def rows_of(unit: str, *words: str) -> str:
    rows = ["start,end,quote,label"]
    for one in words:
        start, end = (counted(unit, place) for place in at(EMOJI, one))
        rows.append(f"{start},{end},{one},SOURCE")
    return "\n".join(rows)


@pytest.mark.parametrize("unit", ["code points", "UTF-16", "bytes"])
def test_the_unit_is_found_by_the_quotes(unit):
    result = read(rows_of(unit, "the 🚲", "ferry 😊", "queue"), "csv", EMOJI)
    assert result.unit == unit
    assert [mark.quote for mark in result.layer.marks] == ["the 🚲", "ferry 😊", "queue"]
    assert result.problems.empty


def test_where_all_units_are_the_same_it_is_code_points():
    result = read("start,end,quote,label\n4,9,ferry,SOURCE\n", "csv", SHORT)
    assert result.unit == "code points"


def test_where_no_unit_fits_marks_are_placed_by_their_words_and_it_is_said():
    text = "start,end,quote,label\n40,43,queue,SOURCE\n3,9,no such words,LOADED\n"
    result = read(text, "csv", EMOJI)
    assert result.unit == "quotes"
    assert said(result) == [("queue", "SOURCE")]
    assert result.problems["done"].tolist() == ["left out", "moved"]
    assert result.problems["quote"].tolist()[0] == "no such words"


def test_words_that_stand_there_twice_are_not_guessed():
    article = Article.from_text("the ferry and the queue", "twice")
    result = read("quote,label\nthe,SOURCE\n", "csv", article)
    assert result.layer.marks == ()
    assert "2 times" in result.problems["why"][0]


def test_what_stands_around_decides_between_two_places():
    article = Article.from_text("the ferry and the queue", "twice")
    item = json.loads(write(layer_of(article, (14, 17, "X")), article, "w3c").text)["first"]
    selector = item["items"][0]["target"]["selector"]
    selector[0] = {"type": "TextPositionSelector", "start": 7, "end": 9}
    assert read(json.dumps(item), "w3c", article).layer.marks[0].start == 14


def test_white_space_around_does_not_keep_a_mark_from_its_place():
    text = "A long line before it all, so that more than enough is known.\n" * 2
    article = Article.from_text(text + "Then the ferry went.\nThen the ferry came.\n" + text, "f")
    start = article.text.index("ferry came")
    item = json.loads(write(layer_of(article, (start, start + 5, "X")), article, "w3c").text)
    changed = Article.from_text("New. " + article.text.replace("\n", "\r\n\r\n"), "f")
    result = read(json.dumps(item), "w3c", changed)
    assert [mark.start for mark in result.layer.marks] == [changed.text.index("ferry came")]
    assert result.unit == "quotes"


def test_a_file_without_quotes_that_could_count_in_two_ways_says_so():
    start, end = at(EMOJI, "ferry")
    text = json.dumps(
        {"text": EMOJI.text, "label": [[counted("UTF-16", start), counted("UTF-16", end), "X"]]}
    )
    result = read(text, "doccano", EMOJI)
    assert result.unit == "code points"
    assert 'unit="UTF-16"' in result.problems["why"][0]
    assert "fewer of them would begin or end inside a word" in result.problems["why"][0]


def test_the_unit_can_be_said():
    start, end = at(EMOJI, "ferry")
    text = json.dumps(
        {"text": EMOJI.text, "label": [[counted("UTF-16", start), counted("UTF-16", end), "X"]]}
    )
    result = read(text, "doccano", EMOJI, unit="UTF-16")
    assert (said(result), result.unit) == ([("ferry", "X")], "UTF-16")


def test_another_unit_than_the_three_is_refused():
    with pytest.raises(NutgrafError, match="code points, UTF-16, bytes"):
        read("", "csv", SHORT, unit="letters")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\r\n", "\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\t", "    ").strip() + "\n\n",
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace(" ", "\u00a0"),
    ],
    ids=["line ends", "byte order mark", "white space", "decomposed", "no-break spaces"],
)
@pytest.mark.parametrize("format", ["doccano", "label-studio"])
def test_a_file_with_its_own_version_of_the_text_is_carried_over(format, change):
    article = Article.from_text("A café,\r\nand\tanother café.\r\n\r\nThe third naïve one.", "own")
    other = Article.from_text(change(article.text), "own")
    words = at(other, unicodedata.normalize("NFD", "naïve") if "e\u0301" in other.text else "naïve")
    text = write(layer_of(other, (*words, "LOADED")), other, format).text
    result = read(text, format, article)
    assert said(result) == [("naïve", "LOADED")]
    assert result.problems["done"].tolist() == ["moved"]


def test_a_file_with_another_text_has_its_marks_looked_for():
    other = Article.from_text("First of all. " + SHORT.text, "other")
    layer = layer_of(other, (*at(other, "ferry is back"), "X"), (*at(other, "First"), "Y"))
    result = read(write(layer, other, "label-studio").text, "label-studio", SHORT)
    assert said(result) == [("ferry is back", "X")]
    assert result.problems["done"].tolist() == ["left out", "moved"]


# --- schemes ---------------------------------------------------------------------------------


def test_with_a_scheme_another_label_is_left_out_and_the_scheme_s_are_listed():
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, "PERSON"]]})
    result = read(text, "doccano", SHORT, load_scheme())
    assert result.layer.marks == ()
    assert "LOADED" in result.problems["why"][0]


def test_a_label_in_small_letters_is_the_scheme_s_and_it_is_said():
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, "loaded"]]})
    result = read(text, "doccano", SHORT, load_scheme())
    assert said(result) == [("ferry", "LOADED")]
    assert result.problems["done"].tolist() == ["changed"]


def test_the_scheme_knows_which_labels_are_tags():
    end = SHORT.text.index(" “")
    text = json.dumps({"text": SHORT.text, "label": [[0, end, "CLAIM"]]})
    assert read(text, "doccano", SHORT, load_scheme()).layer.marks[0].kind == "tag"


def test_a_tag_on_a_part_of_a_sentence_is_put_on_all_of_it_and_it_is_said():
    text = json.dumps({"text": SHORT.text, "label": [[4, 9, "CLAIM"]]})
    result = read(text, "doccano", SHORT, load_scheme())
    assert said(result) == [("The ferry is back.", "CLAIM")]
    assert result.problems["done"].tolist() == ["changed"]


def test_a_second_tag_on_a_sentence_is_left_out():
    text = json.dumps({"text": SHORT.text, "label": [[0, 18, "CLAIM"], [0, 18, "OPINION"]]})
    result = read(text, "doccano", SHORT, load_scheme())
    assert said(result) == [("The ferry is back.", "CLAIM")]
    assert result.problems["why"].tolist() == ["its sentence has a tag already"]


# --- one format after the other ----------------------------------------------------------------


def test_a_web_annotation_has_position_quote_and_context_in_code_points():
    layer = layer_of(EMOJI, (*at(EMOJI, "ferry 😊"), "LOADED", {"note": "why"}))
    page = json.loads(write(layer, EMOJI, "w3c").text)
    item = page["first"]["items"][0]
    assert page["@context"][0] == "http://www.w3.org/ns/anno.jsonld"
    assert item["target"]["selector"] == [
        {"type": "TextPositionSelector", "start": 25, "end": 32},
        {
            "type": "TextQuoteSelector",
            "exact": "ferry 😊",
            "prefix": "A 👩‍👩‍👧 on the 🚲 saw the ",
            "suffix": " leave.\nThe queue grew.",
        },
    ]
    assert [body["value"] for body in item["body"]] == ["LOADED", "why"]


def test_brat_gets_a_mark_over_a_line_end_as_fragments():
    layer = layer_of(LINES, (4, 24, "X"))
    first = write(layer, LINES, "brat").text.splitlines()[0]
    assert first == f"T1\tX 4 9;11 24\tline, {LINES.text[11:24]}".replace("and\t", "and ")
    assert read(first, "brat", LINES).layer.marks[0].fragments == ()


def test_brat_reads_the_text_beside_the_file(tmp_path):
    other = SHORT.text.replace(" ", "  ")
    start = other.index("twelve")
    (tmp_path / "a.txt").write_text(other, encoding="utf-8")
    (tmp_path / "a.ann").write_text(f"T1\tX {start} {start + 6}\ttwelve\n", encoding="utf-8")
    result = read(tmp_path / "a.ann", "brat", SHORT)
    assert said(result) == [("twelve", "X")]


def test_brat_events_and_equivalences_are_listed():
    text = "T1\tA 0 3\tThe\nE1\tGo:T1\n*\tAlias T1 T1\nN1\tReference T1 Wiki:5\tThe\n"
    result = read(text, "brat", SHORT)
    assert result.problems["where"].tolist() == ["line 2", "line 3", "line 4"]
    assert set(result.problems["done"]) == {"left out"}


def test_a_line_that_is_none_of_brat_s_is_named():
    with pytest.raises(NutgrafError, match="line 2: 'what is this'"):
        read("T1\tA 0 3\tThe\nwhat is this\n", "brat", SHORT)


def test_bio_has_one_token_a_line_and_an_empty_line_between_sentences():
    layer = layer_of(SHORT, (*at(SHORT, "ferry is"), "X"), (*at(SHORT, "she"), "Y"))
    rows = write(layer, SHORT, "bio").text.split("\n")
    assert rows[:7] == ["The\tO", "ferry\tB-X", "is\tI-X", "back\tO", ".\tO", "", "“\tO"]


def test_bio_leaves_out_the_empty_line_where_a_mark_goes_on():
    layer = layer_of(SHORT, (*at(SHORT, "back. “It holds"), "X"))
    text = write(layer, SHORT, "bio").text
    assert "\n\n" not in text
    assert said(read(text, "bio", SHORT)) == [("back. “It holds", "X")]


def test_bio_names_the_marks_that_overlap():
    layer = layer_of(SHORT, (0, 9, "X"), (4, 12, "Y"))
    assert "(m2)" in lost_in(layer, SHORT, "bio")["overlap"]


def test_bio_names_the_marks_that_it_widens():
    layer = layer_of(SHORT, (5, 9, "X"))
    written = write(layer, SHORT, "bio")
    assert "(m1)" in lost_in(layer, SHORT, "bio")["boundaries"]
    assert said(read(written.text, "bio", SHORT)) == [("ferry", "X")]


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("I-X I-X O B-X", ["The ferry", "back"]),  # IOB1
        ("B-X E-X O S-X", ["The ferry", "back"]),  # IOBES
        ("B-X L-X O U-X", ["The ferry", "back"]),  # BILOU
        ("B-X B-X I-Y O", ["The", "ferry", "is"]),
        ("S-X S-X O O", ["The", "ferry"]),
    ],
)
def test_bio_is_read_in_its_dialects(tags, wanted):
    rows = zip(["The", "ferry", "is", "back"], tags.split(), strict=True)
    text = "\n".join(f"{token} _ {tag}" for token, tag in rows)
    text += (
        "\n. _ O\n“ _ O\nIt _ O\nholds _ O\ntwelve _ O\n, _ O\n” _ O\nshe _ O\nsaid _ O\n. _ O\n"
    )
    assert [quote for quote, _ in said(read(text, "bio", SHORT))] == wanted


def test_bio_reads_the_brackets_and_quotes_of_the_penn_treebank():
    article = Article.from_text('He (Jonas) said "no".', "penn")
    text = "He O\n-LRB- O\nJonas B-X\n-RRB- I-X\nsaid O\n`` O\nno B-Y\n'' O\n. O\n"
    result = read(text, "bio", article)
    assert said(result) == [("Jonas)", "X"), ("no", "Y")]


@pytest.mark.parametrize(
    "marks",
    [
        {"label": [[4, 9, "X"]]},
        {"labels": [[4, 9, "X"]]},
        {"entities": [[4, 9, "X"]]},
        {"entities": [{"id": 7, "start_offset": 4, "end_offset": 9, "label": "X"}]},
        {"annotations": [{"start_offset": 4, "end_offset": 9, "label": "X", "user": 1}]},
    ],
    ids=["label", "labels", "entities", "entities with ids", "annotations"],
)
def test_doccano_is_read_under_all_its_keys(marks):
    text = json.dumps({"id": 1, "text": SHORT.text} | marks)
    assert guess(text) == "doccano"
    assert said(read(text, "doccano", SHORT)) == [("ferry", "X")]


def test_of_several_texts_the_article_s_is_taken():
    lines = [
        {"text": "Another.", "label": [[0, 3, "Y"]]},
        {"text": SHORT.text, "label": [[4, 9, "X"]]},
    ]
    text = "\n".join(map(json.dumps, lines))
    assert said(read(text, "doccano", SHORT)) == [("ferry", "X")]


def test_several_texts_of_which_none_is_the_article_are_refused():
    lines = [{"text": "Another.", "label": []}, {"text": "A third.", "label": []}]
    with pytest.raises(NutgrafError, match="2 texts, and none of them is the article 'ferry'"):
        read("\n".join(map(json.dumps, lines)), "doccano", SHORT)


def test_doccano_gets_entities_and_relations_where_there_are_arrows():
    relations = [Relation("r1", "m1", "m2", "of")]
    data = json.loads(
        write(layer_of(SHORT, (0, 3, "X"), (4, 9, "Y"), relations=relations), SHORT, "doccano").text
    )
    assert data["entities"][1] == {"id": 2, "label": "Y", "start_offset": 4, "end_offset": 9}
    assert data["relations"] == [{"id": 1, "from_id": 1, "to_id": 2, "type": "of"}]


def two_annotators() -> str:
    def result(label: str) -> list[dict]:
        value = {"start": 4, "end": 9, "text": "ferry", "labels": [label]}
        return [{"id": "a", "type": "labels", "from_name": "l", "to_name": "t", "value": value}]

    annotations = [
        {"completed_by": n, "result": result(label)} for n, label in ((1, "X"), (2, "Y"))
    ]
    return json.dumps([{"data": {"text": SHORT.text}, "annotations": annotations}])


def test_of_several_annotators_one_has_to_be_chosen():
    with pytest.raises(NutgrafError, match=r"annotations by: 1 \(1\), 2 \(1\)"):
        read(two_annotators(), "label-studio", SHORT)


def test_of_several_annotators_one_can_be_chosen():
    result = read(two_annotators(), "label-studio", SHORT, annotator="2")
    assert (said(result), result.layer.annotator) == ([("ferry", "Y")], "2")


def test_no_address_of_an_annotator_is_kept():
    data = json.loads(two_annotators())
    data[0]["annotations"] = data[0]["annotations"][:1]
    data[0]["annotations"][0]["completed_by"] = {"id": 5, "email": "someone@example.org"}
    assert read(json.dumps(data), "label-studio", SHORT).layer.annotator == "5"


def test_label_studio_s_choices_on_a_sentence_are_a_tag():
    value = {"start": 0, "end": 18, "text": "The ferry is back.", "choices": ["CLAIM"]}
    region = {"id": "a", "type": "choices", "from_name": "c", "to_name": "t", "value": value}
    data = [{"data": {"text": SHORT.text}, "annotations": [{"result": [region]}]}]
    assert read(json.dumps(data), "label-studio", SHORT).layer.marks[0].kind == "tag"


def test_the_labelling_interface_has_every_label_and_is_xml():
    from xml.etree import ElementTree

    tree = ElementTree.fromstring(label_studio_config(load_scheme()))
    assert {one.get("value") for one in tree.iter("Label")} == {
        one.name for one in load_scheme().labels
    }


def test_webanno_counts_in_utf_16():
    text = write(layer_of(EMOJI, (*at(EMOJI, "ferry"), "X")), EMOJI, "webanno").text
    start, end = (counted("UTF-16", place) for place in at(EMOJI, "ferry"))
    assert f"{start}-{end}\tferry\thighlight[1]\tX[1]\t*[1]\t" in text
    assert read(text, "webanno", EMOJI).unit == "UTF-16"


def test_webanno_has_parts_of_tokens_and_stacked_marks():
    layer = layer_of(SHORT, (4, 9, "X"), (4, 9, "Y"), (6, 9, "Z"))
    rows = write(layer, SHORT, "webanno").text.split("\n")
    assert [row.split("\t")[:5] for row in rows if row.startswith("1-2")] == [
        ["1-2", "4-9", "ferry", "highlight[1]|highlight[2]", "X[1]|Y[2]"],
        ["1-2.1", "6-9", "rry", "highlight[3]", "Z[3]"],
    ]


def test_webanno_escapes_what_it_uses_itself():
    layer = layer_of(SHORT, (4, 9, "a|b_c", {"note": "[1]; x->y\\*\n\tend"}))
    text = write(layer, SHORT, "webanno").text
    assert "\ta\\|b\\_c[1]\t\\[1\\]\\; x\\->y\\\\\\*\\n\\tend[1]\t" in text
    assert read(text, "webanno", SHORT).layer.marks[0].note == "[1]; x->y\\*\n\tend"


def test_csv_cells_that_a_spreadsheet_would_run_are_stopped():
    notes = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "'=1", "plain"]
    marks = [(4, 9, "X", {"note": note}) for note in notes]
    written = write(layer_of(SHORT, *marks), SHORT, "csv")
    import csv
    import io

    rows = list(csv.DictReader(io.StringIO(written.text.removeprefix("\ufeff"), newline="")))
    assert [row["note"] for row in rows] == [
        "'=1+1", "'+1", "'-1", "'@SUM(1)", "'\t=1", "''=1", "plain",
    ]  # fmt: skip
    assert [m.note for m in read(written.text, "csv", SHORT).layer.marks] == notes


def test_csv_can_be_read_by_pandas():
    import io

    import pandas as pd

    layer = layer_of(LINES, (0, 9, "X", {"note": 'a "b", c'}), (4, 30, "Y"))
    table = pd.read_csv(io.BytesIO(write(layer, LINES, "csv").text.encode()))
    assert table["start"].tolist() == [0, 4]
    assert table["note"][0] == 'a "b", c'


def test_csv_with_semicolons_is_read():
    assert said(read("start;end;quote;label\n4;9;ferry;X\n", "csv", SHORT)) == [("ferry", "X")]


def test_csv_of_several_annotators_has_to_be_told_whose():
    text = "annotator,start,end,quote,label\n1,4,9,ferry,X\n2,4,9,ferry,Y\n"
    with pytest.raises(NutgrafError, match="marks by: 1, 2"):
        read(text, "csv", SHORT)
    assert said(read(text, "csv", SHORT, annotator="2")) == [("ferry", "Y")]


def test_csv_without_a_column_for_labels_is_refused():
    with pytest.raises(NutgrafError, match="line 1"):
        read("start,end\n1,2\n", "csv", SHORT)


@pytest.mark.parametrize(
    ("format", "keys"),
    [
        ("w3c", set()),
        ("brat", {"layer", "ids", "times", "relation ids"}),
        ("bio", {"layer", "ids", "times", "notes", "attributes", "relations", "tags", "gaps"}),
        ("doccano", {"ids", "times", "notes", "attributes", "tags", "gaps", "relation ids"}),
        ("label-studio", {"times", "gaps", "relation ids"}),
        ("webanno", {"layer", "ids", "times", "attributes", "gaps", "relation ids"}),
        ("csv", {"relations"}),
    ],
)
def test_what_a_format_has_no_place_for_is_named(format, keys):
    gap = (0, 9, "X", {"fragments": ((0, 3), (4, 9)), "note": "n", "attributes": {"level": "core"}})
    gap[3]["created"] = "2026-01-24T09:30:00Z"
    tag = (0, 18, "CLAIM", {"kind": "tag"})
    layer = layer_of(SHORT, gap, tag, relations=[Relation("r7", "m1", "m2", "of")])
    assert set(lost_in(layer, SHORT, format)) == keys


# --- files that other tools wrote ----------------------------------------------------------------

QUEUE = Article.from_text((FILES / "queue.txt").read_bytes().decode(), "queue")


@pytest.fixture(scope="module")
def kettle() -> Article:
    return load("kettle-bridge")


def test_a_file_by_bratly_is_read(kettle):
    result = read(FILES / "kettle-bratly.ann", None, kettle)
    marks = {mark.id: mark for mark in result.layer.marks}
    assert marks["T1"].fragments == ((566, 603), (615, 656))
    assert marks["T2"].note == "by name and office"
    assert marks["T3"].quote == 'opened all of them yet."\n\nThe repairs will cost'
    assert marks["T3"].fragments == ()
    assert marks["T3"].attributes == {"level": "accepted"}
    assert result.layer.relations == (Relation("R1", "T1", "T2", "said-by"),)
    assert (result.unit, result.problems.empty) == ("code points", True)


def test_a_conll_file_by_label_studio_s_converter_is_read():
    result = read(FILES / "queue-ls.conll", None, QUEUE)
    wanted = [("landing 🚲.", "LOADED"), ("One café", "SOURCE"), ("300 extra cups", "VAGUE")]
    assert said(result) == wanted  # its tokenizer leaves the full stop with the sign before it
    assert (result.unit, result.problems.empty) == ("tokens", True)


def test_a_json_min_file_by_label_studio_s_converter_is_read():
    result = read(FILES / "queue-ls-min.json", None, QUEUE)
    kinds = {mark.label: (mark.quote[:8], mark.kind) for mark in result.layer.marks}
    assert kinds == {
        "LOADED": ("landing ", "highlight"),
        "SOURCE": ("One café", "highlight"),
        "VAGUE": ("300 extr", "highlight"),
        "CLAIM": ("One café", "tag"),
    }
    assert result.layer.annotator == "1"


def test_a_label_studio_export_is_read():
    result = read(FILES / "queue-ls.json", None, QUEUE, load_scheme())
    marks = {mark.id: mark for mark in result.layer.marks}
    assert marks["qq7Zc"].note == "how many, and who counted?"
    assert marks["tagTg"].kind == "tag"
    assert [m.label for m in result.layer.marks] == ["LOADED", "CLAIM", "SOURCE", "VAGUE"]
    assert result.problems["why"].tolist() == ["newsmarks-7 has no such relation"]


def test_a_file_by_web_anno_tsv_is_read():
    result = read(FILES / "queue-web-anno-tsv.tsv", None, QUEUE)
    assert said(result) == [
        ("landing 🚲", "LOADED"),
        ("caf", "SOURCE"),
        ("300 extra cups 😊", "VAGUE"),
        ('"bakers expect a queue"', "QUOTE"),
    ]
    assert (result.unit, result.problems.empty) == ("UTF-16", True)


def test_an_inception_export_with_two_layers_stacked_marks_and_an_arrow_is_read():
    result = read(FILES / "queue-inception.tsv", None, QUEUE)
    found = [(mark.quote, mark.label, mark.attributes["layer"]) for mark in result.layer.marks]
    assert found == [
        ("One café", "ORG", "NamedEntity"),
        ("café", "LOC", "NamedEntity"),
        ("300 extra cups", "CARDINAL_X", "NamedEntity"),
        ("extra", "more|further", "Loaded"),
        ("😊", "Loaded", "Loaded"),
        ("que", "stub", "Loaded"),
    ]
    quotes = {mark.id: mark.quote for mark in result.layer.marks}
    assert [(quotes[r.head], quotes[r.tail], r.label) for r in result.layer.relations] == [
        ("One café", "300 extra cups", "amount")
    ]
    assert (result.unit, result.problems.empty) == ("UTF-16", True)


def test_a_doccano_export_that_counts_as_javascript_does_says_what_to_do():
    path = FILES / "queue-doccano-utf16.jsonl"
    assert "UTF-16" in read(path, None, QUEUE).problems["why"][0]
    result = read(path, None, QUEUE, unit="UTF-16")
    wanted = [("landing 🚲", "LOADED"), ("One café", "SOURCE"), ("300 extra cups", "VAGUE")]
    assert said(result) == wanted
    assert result.layer.relations[0].label == "of"


def test_a_recogito_file_that_counts_as_javascript_does_is_understood():
    result = read(FILES / "queue-recogito.json", None, QUEUE)
    assert said(result) == [("landing 🚲", "LOADED"), ("300 extra cups", "VAGUE")]
    assert result.layer.marks[0].note == "see the photo"
    assert (result.unit, result.problems.empty) == ("UTF-16", True)


@pytest.mark.parametrize(
    ("file", "format"),
    [
        ("kettle-ours.ann", "brat"),
        ("kettle-ours.conll", "bio"),
        ("kettle-ours.json", "label-studio"),
        ("queue-ours.tsv", "webanno"),
    ],
)
def test_what_we_write_is_what_other_libraries_have_read(file, format, kettle):
    """`formats/make.py` has had these files read by bratly, conllu, label-studio-converter and
    web-anno-tsv."""
    from tests.formats import make

    article = QUEUE if file.startswith("queue") else kettle
    layer = make.layer_for_brat() if format == "brat" else make.layer_for_tokens(article)
    assert write(layer, article, format).text == (FILES / file).read_bytes().decode()


# --- saving and guessing -------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_a_saved_file_is_read_again_and_its_format_is_guessed(format, tmp_path):
    layer = layer_of(EMOJI, (*at(EMOJI, "ferry 😊"), "LOADED"))
    path = save(layer, EMOJI, tmp_path / "marks", format).path
    assert path.suffix == FORMATS[format].suffix
    assert guess(path) == format
    assert said(read(path, None, EMOJI)) == [("ferry 😊", "LOADED")]
    assert read(path, None, EMOJI).layer.origin == path.name


def test_saving_never_writes_over_a_file(tmp_path):
    layer = layer_of(SHORT, (4, 9, "X"))
    paths = [save(layer, SHORT, tmp_path / "marks.csv", "csv").path for _ in range(3)]
    assert [path.name for path in paths] == ["marks.csv", "marks-2.csv", "marks-3.csv"]
    assert len(set(tmp_path.iterdir())) == 3


def test_brat_s_text_is_put_beside_and_neither_is_written_over(tmp_path):
    (tmp_path / "marks.txt").write_text("mine", encoding="utf-8")
    path = save(layer_of(SHORT, (4, 9, "X")), SHORT, tmp_path / "marks.ann", "brat").path
    assert path.name == "marks-2.ann"
    assert path.with_suffix(".txt").read_bytes() == SHORT.data
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "marks-2.ann",
        "marks-2.txt",
        "marks.txt",
    ]


def test_saving_into_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NutgrafError, match="could not be written"):
        save(layer_of(SHORT), SHORT, tmp_path / "no" / "marks.csv", "csv")


@pytest.mark.parametrize(
    "text", ["", "The ferry is back.", "{}", "[1, 2]", '{"a": [', "a,b\n1,2\n"]
)
def test_a_file_that_is_none_of_them_is_refused_and_they_are_listed(text):
    with pytest.raises(NutgrafError, match=r'"w3c" \(W3C Web Annotation\)'):
        guess(text)


def test_an_unknown_format_is_refused_and_they_are_listed():
    with pytest.raises(NutgrafError, match='There are: "w3c", "brat"'):
        write(layer_of(SHORT), SHORT, "docx")


def test_a_layer_of_another_text_is_not_written():
    with pytest.raises(NutgrafError, match="another version of the text"):
        write(layer_of(SHORT, (4, 9, "X")), EMOJI, "csv")


def test_a_string_is_never_opened_as_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret.csv").write_text("start,end,quote,label\n0,1,x,Y\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NutgrafError, match=r"give Path\('secret.csv'\)"):
        read("secret.csv", "csv", SHORT)


def test_half_a_surrogate_pair_in_json_stops_nothing():
    text = '{"text": "\\ud83d é", "label": [[0, 1, "X"]]}'
    assert read(text, "doccano", SHORT).layer.article == "ferry"


def test_a_number_with_an_odd_blank_is_no_number():
    header = "start,end,quote,label\n"
    assert len(read(header + "0\x1e,1,x,Y\n", "csv", SHORT).problems) == 1

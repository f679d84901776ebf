"""Words and questions on their way out: nothing an author wrote is lost or taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import quizzes
from nutgraf.errors import NutgrafError
from nutgraf.exchange import common
from nutgraf.exchange.common import cleaned, digits, of_code, of_text, ready
from tests.exchange import items as made
from tests.exchange.readers import words_of

WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="!\r\f"), max_size=60)
LEGAL = WORDS.map(cleaned)


@given(LEGAL)
def test_words_come_back_from_html_as_they_were(text):
    assert words_of(of_text(text)) == text


@given(LEGAL)
def test_html_is_well_formed_xml_with_no_elements_but_ours(text):
    root = ET.fromstring(f"<x>{of_text(text)}</x>")
    assert {one.tag for one in root.iter()} <= {"x", "code", "br"}


@given(LEGAL)
def test_a_line_of_code_keeps_its_spaces_and_backticks(text):
    html = of_code(text)
    assert html.startswith("<pre>")
    assert words_of(html).replace("\f", "") == text


def test_code_with_several_spaces_asks_for_them_to_be_kept():
    assert 'style="white-space: pre-wrap"' in of_text("`a  b`")
    assert "style" not in of_text("`a b`")


@given(st.text(alphabet=st.characters(), max_size=40))
def test_signs_that_xml_has_no_place_for_become_one_sign_each(text):
    clean = cleaned(text)
    assert len(clean) == len(text)
    ET.fromstring(f"<x>{of_text(clean)}</x>".encode())
    for before, after in zip(text, clean, strict=True):
        assert after in (before, "\ufffd") or before == "\r"


def test_cleaning_reaches_every_field_of_an_item():
    item = replace(
        made.NUMBER, prompt="a\x00b", hints=("\ud800",), known=({"value": 1, "says": "\x1b"},)
    )
    clean = cleaned(item)
    assert (clean.prompt, clean.hints, clean.known[0]["says"]) == (
        "a\ufffdb",
        ("\ufffd",),
        "\ufffd",
    )
    _, notes = ready([item])
    assert notes == [("X3", "changed", "a sign that XML has no place for became �")]
    assert ready([made.NUMBER])[1] == []


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (0.0, "0"), (-0.0, "0"), (42.0, "42"), (0.015, "0.015"), (1e-7, "0.0000001"),
     (1e20, "100000000000000000000"), (-2.5, "-2.5"), (100, "100")],
)  # fmt: skip
def test_numbers_are_written_in_digits(value, written):
    assert digits(value) == written


def test_bounds_are_exact_where_floats_are_not():
    item = replace(made.NUMBER, answer=0.3, tolerance=0.1)
    assert common.bounds(item) == ("0.3", "0.2", "0.4")


def test_wordings_can_be_typed_with_plain_signs():
    item = replace(made.TEXT, accept=("don’t", "Don't", "no‐break"))
    assert common.wordings(item) == ["don’t", "don't", "no‐break", "no-break"]


# --- numbers that stand for options ----------------------------------------------------------


def test_the_numbers_of_options_are_the_same_every_time_and_tell_nothing_of_their_ids():
    (one,), (other,) = ready([made.SINGLE])[0], ready([made.SINGLE])[0]
    assert one == other
    numbers = [choice.id for choice in one.choices]
    assert len(set(numbers)) == 3
    assert all(re.fullmatch(r"\d{5}", number) for number in numbers)


def test_numbers_never_clash_however_many_options_there_are():
    many = tuple(quizzes.Part(f"p{n}", str(n)) for n in range(2_000))
    (question,), _ = ready([replace(made.SINGLE, parts=many)])
    assert len({choice.id for choice in question.choices}) == 2_000


def test_a_number_that_is_taken_gives_way_to_the_next_free_one():
    first = common._free([], "x")
    second = common._free([first], "x")
    assert first != second
    assert common._free([str(n) for n in range(10_000, 99_999)], "x") == "99999"


def test_ids_are_names_that_xml_allows():
    (question,), _ = ready([replace(made.SINGLE, id="Ä 1:x")])
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", question.id)


# --- passages --------------------------------------------------------------------------------


def test_a_passage_offers_its_targets_and_controls_in_their_order():
    (question,), _ = ready([made.SPAN])
    assert [c.text for c in question.choices] == [
        "He called", "We will", "said `Ann`", common.NOTHING
    ]  # fmt: skip
    assert [c.right for c in question.choices] == [False, "also", True, False]
    assert not question.shuffle


def test_where_there_are_no_controls_the_stretches_between_take_their_place():
    (question,), _ = ready([made.UNCONTROLLED])
    offered = {c.text: c.right for c in question.choices}
    assert offered == {
        "He called": False, "We will go": False, "said `Ann`": True, common.NOTHING: False
    }  # fmt: skip
    assert {c.says for c in question.choices if c.text == "We will go"} == {"Look behind the mark."}


def test_nothing_is_an_option_and_right_where_nothing_is_to_be_marked():
    (question,), _ = ready([made.EMPTY])
    assert [(c.text, c.says) for c in question.choices if c.right] == [
        (common.NOTHING, "There is nothing to mark.")
    ]
    assert question.right == ""


def test_stretches_with_the_same_words_are_told_apart():
    question = next(q for q in ready(quizzes.pick("N3"))[0])
    texts = [choice.text for choice in question.choices]
    assert len(set(texts)) == len(texts)
    assert sum("Iran-backed" in text for text in texts) == 2


def test_every_option_of_a_passage_stands_where_it_says():
    questions, _ = ready(quizzes.all_items().values())
    for question in questions:
        for choice in question.choices:
            if question.item.kind == "span" and choice.end:
                words = question.item.passage[choice.start : choice.end]
                assert choice.text.startswith(words)


# --- distorted texts -------------------------------------------------------------------------


def test_each_question_on_a_distorted_text_shows_the_pair_and_ends_on_the_faithful_one():
    questions, notes = ready(quizzes.pick("S3", "S7", "S8"))
    assert notes == []
    for question in questions:
        shown = [block.text for block in question.stem if block.kind == "quote"]
        assert shown == sorted(other.item.passage for other in questions)
        assert all(text.startswith("[EXERCISE - MAY BE DISTORTED ") for text in shown)
        assert question.item.watermark in question.stem[-1].text
        assert question.always[-1].text == quizzes.faithful([q.item for q in questions])


@pytest.mark.parametrize("alone", ["S3", "S7"])
def test_a_distorted_text_without_its_mirror_image_is_left_out(alone):
    questions, notes = ready(quizzes.pick(alone, "S8", "S1"))
    assert [question.item.id for question in questions] == ["S8", "S1"]
    assert [(name, what) for name, what, _ in notes] == [(alone, "left out")]
    assert not questions[0].always


# --- orders ----------------------------------------------------------------------------------


def test_an_order_as_rows_and_places_shows_no_right_order():
    for seed in range(40):
        (question,), _ = ready([replace(made.ORDER, id=f"X{seed}")])
        moved = common.positions(question)
        assert tuple(row.id for row in moved.choices) not in question.orders
        names = dict(moved.categories)
        placed = sorted(moved.choices, key=lambda row: int(names[row.goes[0]]))
        assert tuple(row.id for row in placed) == question.orders[0]


def test_the_other_right_orders_are_told():
    (question,), _ = ready([made.ORDER])
    said = common.other_orders(question)
    assert said[1].texts == (
        '`def words(text):` / `return re.findall(r"\\w+", text)` / `import re`',
    )


# --- pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../key.png", "a/b.png", "..png/x.png", "ä.png", ".hidden.png"])
def test_a_picture_lies_beside_the_questions_and_nowhere_else(name, tmp_path):
    with pytest.raises(NutgrafError, match="no name for a picture"):
        common.Pictures(tmp_path).read(name)


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NutgrafError, match=r"strip\.png: there is no such picture"):
        common.Pictures(tmp_path).read("strip.png")


def test_what_looks_like_a_picture_in_code_or_has_another_ending_is_words():
    for text in ("`![a](b.png)`", "![a](b.txt)", "![a] (b.png)"):
        assert common.pictures_in(text) == []
        assert "img" not in of_text(text, lambda *_: ET.Element("img"))

"""Each format read back by a reader that knows its documentation and not our writer."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgraf.exchange import gift, moodle_xml, qti, qti21
from nutgraf.exchange.common import Pictures, cleaned
from nutgraf.quizzes import Item, Part, fold
from tests.exchange import items as made
from tests.exchange import readers
from tests.exchange.readers import QTI12, QTI21, paragraphs_of, words_of

PICTURE = b"\x89PNG\r\n\x1a\n picture"

# A text of an author's: any signs, with something to see in it; `![` would be a picture.
TEXTS = (
    st.text(
        st.characters(codec="utf-8", exclude_characters="!\f")
        | st.sampled_from(list("`<>&\"'\\~=#{}:[]%-*$/\u00a0“”🙂\n ")),
        min_size=1,
        max_size=30,
    )
    .map(cleaned)
    .filter(lambda text: text.strip() and not re.search(r"^\s|\s$", text))
)


@st.composite
def items(draw, kind: str) -> Item:
    """An item of this kind with arbitrary words in every field."""
    says = draw(st.lists(TEXTS, min_size=8, max_size=8))
    words = draw(
        st.lists(TEXTS, min_size=3, max_size=4, unique_by=fold)
        if kind == "text"
        else st.lists(TEXTS, min_size=3, max_size=4, unique=True)
    )
    parts = tuple(
        Part(f"p{n}", text, n == 0 or (kind == "multiple" and n == 1), says[n],
             (f"c{n % 2}",) if kind == "match" else ())
        for n, text in enumerate(words)
    )  # fmt: skip
    item = Item("X1", "03-words", kind, says[4], says=says[5], otherwise=says[6],
                hints=(says[7], words[0]), evidence=({"quote": words[1]},))  # fmt: skip
    if kind in ("single", "multiple"):
        return replace(item, parts=parts)
    if kind == "number":
        return replace(item, answer=2.5, tolerance=0.5, known=({"value": 7, "says": says[0]},))
    if kind == "text":
        known = ({"text": words[2], "says": says[0]},)
        return replace(item, accept=tuple(words[:2]), known=known)
    if kind == "order":
        return replace(item, parts=parts, code=draw(st.booleans()))
    return replace(item, parts=parts, categories=(("c0", says[1]), ("c1", says[2] + "x")))


KINDS = ("single", "multiple", "number", "text", "order", "match")


# --- QTI 1.2 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_any_words_come_back_from_qti_1_2(kind, data):
    item = data.draw(items(kind))
    written = qti.write(made.quiz(item), made.no_pictures())
    ((name, element),) = readers.qti12_items(written.content).items()
    told = readers.qti12_told(element)
    assert name == "nutgraf-X1"
    assert paragraphs_of(told.stem) == [item.prompt]
    assert item.hints[0] in paragraphs_of(told.whole["general_fb"])
    assert item.evidence[0]["quote"] in paragraphs_of(told.whole["general_fb"])
    assert paragraphs_of(told.whole["correct_fb"]) == [item.says]
    assert paragraphs_of(told.whole["general_incorrect_fb"])[0] == item.otherwise
    if kind in ("single", "multiple"):
        assert [words_of(one) for one in told.choices.values()] == [p.text for p in item.parts]
        said = [paragraphs_of(told.feedback[one]) for one in told.choices]
        assert said == [[part.says] for part in item.parts]
    elif kind == "text":
        right = [one.text for one in element.iter(f"{QTI12}varequal")]
        assert set(item.accept) <= set(right)
        assert item.known[0]["text"] not in right
        assert any(item.known[0]["says"] in said
                   for said in paragraphs_of(told.whole["general_incorrect_fb"]))  # fmt: skip
    elif kind == "match":
        assert [words_of(row) for _, row in told.pairs] == [part.text for part in item.parts]
        assert list(told.choices.values()) == [words for _, words in item.categories]
        for (row, _), part in zip(told.pairs, item.parts, strict=True):
            assert paragraphs_of(told.feedback[row.removeprefix("response_")]) == [part.says]
    elif kind == "order":
        rows = {words_of(row) for _, row in told.pairs}
        assert rows == {part.text for part in item.parts}


# --- QTI 2.1 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_any_words_come_back_from_qti_2_1(kind, data):
    item = data.draw(items(kind))
    written = qti21.write(made.quiz(item), made.no_pictures())
    ((_, element),) = readers.qti21_items(written.content).items()
    body = element.find(f"{QTI21}itemBody")
    assert words_of(readers.plain(body[0])) == item.prompt
    told = {
        one.get("identifier"): paragraphs_of(readers.plain(one))
        for one in element.iter(f"{QTI21}modalFeedback")
    }
    if kind != "single":
        assert told["right"] == [item.says]
        assert told["wrong"] == [item.otherwise]
    assert {*item.hints, item.evidence[0]["quote"]} <= set(told["always"])
    named = {"single": "simpleChoice", "multiple": "simpleChoice", "order": "simpleChoice",
             "match": "simpleAssociableChoice"}.get(kind)  # fmt: skip
    if named:
        shown = {
            one.get("identifier"): words_of(readers.plain(one))
            for one in element.iter(f"{QTI21}{named}")
        }
        wanted = [part.text for part in item.parts]
        wanted += [words for _, words in item.categories] if kind == "match" else []
        assert sorted(shown.values()) == sorted(wanted)
    if kind in ("single", "multiple"):
        for ident, text in shown.items():
            says = next(part.says for part in item.parts if part.text == text)
            assert told[f"of_{ident}"] == [says]
    if kind == "text":
        keys = [entry.get("mapKey") for entry in element.iter(f"{QTI21}mapEntry")]
        assert set(item.accept) <= set(keys)
        assert told["known_1"] == [item.known[0]["says"]]


# --- Moodle XML ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_any_words_come_back_from_moodle_xml(kind, data):
    item = data.draw(items(kind))
    written = moodle_xml.write(made.quiz(item), made.no_pictures())
    category, found = readers.moodle(written.content)
    told = found["nutgraf-X1"]
    assert category == "$course$/top/Nutgraf/03 Words"
    assert paragraphs_of(told.stem) == [item.prompt]
    assert [paragraphs_of(hint) for hint in told.hints] == [[hint] for hint in item.hints]
    assert item.evidence[0]["quote"] in paragraphs_of(told.always)
    if kind in ("number", "text"):
        said = [paragraphs_of(says) for _, _, says, _ in told.answers]
        assert {tuple(one) for one in said} == {
            (item.says,), (item.known[0]["says"],), (item.otherwise,)
        }  # fmt: skip
    else:
        assert paragraphs_of(told.whole["correctfeedback"]) == [item.says]
        assert paragraphs_of(told.whole["incorrectfeedback"])[0] == item.otherwise
    if kind in ("single", "multiple"):
        assert [words_of(one) for one in told.choices.values()] == [p.text for p in item.parts]
        assert [paragraphs_of(one) for one in told.feedback.values()] == [
            [part.says] for part in item.parts
        ]
    if kind == "text":
        for wording in item.accept:
            assert readers.first_fit(told, wording)[0] == 100
        worth, says = readers.first_fit(told, item.known[0]["text"])
        assert (worth, paragraphs_of(says)) == (0, [item.known[0]["says"]])
    if kind == "match":
        names = dict(item.categories)
        pairs = [(words_of(row), goes) for row, goes in told.pairs if row]
        assert pairs == [(part.text, names[part.goes[0]]) for part in item.parts]
    if kind == "order":
        assert [words_of(one) for one in told.ordered] == [part.text for part in item.parts]


# --- GIFT ------------------------------------------------------------------------------------


def trimmed(text: str) -> str:
    """GIFT has one line for what the kit has several for, where it is plain text."""
    return " ".join(text.split("\n")).strip(" \t\n\r\0\x0b")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_any_words_come_back_from_gift(kind, data):
    item = data.draw(items(kind))
    written = gift.write(made.quiz(item), made.no_pictures())
    category, found = readers.gift(written.content)
    assert category == "$course$/top/Nutgraf/03 Words"
    if not written.items:
        assert kind == "text"
        assert any("->" in text for text in (*item.accept, item.known[0]["text"]))
        assert found == []
        return
    (told,) = found
    assert paragraphs_of(told.stem) == [item.prompt]
    assert {*item.hints, item.evidence[0]["quote"]} <= set(paragraphs_of(told.always))
    if kind not in ("number", "text"):
        assert {item.says, item.otherwise} <= set(paragraphs_of(told.always))
    if kind in ("single", "multiple"):
        assert [words_of(one) for one in told.choices.values()] == [p.text for p in item.parts]
        assert [paragraphs_of(one) for one in told.feedback.values()] == [
            [part.says] for part in item.parts
        ]
        assert next(iter(told.worth.values())) == (100 if kind == "single" else 50)
    if kind == "number":
        said = {value: paragraphs_of(says) for value, _, says, _ in told.answers}
        assert said == {
            "2.5": [item.says], "7": [item.known[0]["says"]], "*": [item.otherwise]
        }  # fmt: skip
    if kind == "text":
        for wording in item.accept:
            assert readers.first_fit(told, trimmed(wording))[0] == 100
        worth, says = readers.first_fit(told, trimmed(item.known[0]["text"]))
        assert (worth, paragraphs_of(says)) == (0, [item.known[0]["says"]])
    if kind == "match":
        names = dict(item.categories)
        pairs = [(words_of(row), goes) for row, goes in told.pairs if row]
        assert pairs == [(part.text, trimmed(names[part.goes[0]])) for part in item.parts]
    if kind == "order":
        ranked = sorted(told.pairs, key=lambda pair: int(pair[1]))
        assert [words_of(row) for row, _ in ranked] == [part.text for part in item.parts]


def test_gift_ends_a_question_at_an_empty_line_and_nowhere_else():
    item = replace(made.SINGLE, prompt="One\n\ntwo\n// three\n\n::four::")
    _, found = readers.gift(gift.write(made.quiz(item, made.NUMBER), made.no_pictures()).content)
    assert len(found) == 2
    assert paragraphs_of(found[0].stem) == [item.prompt]


@pytest.mark.parametrize(
    "words", ["%50%off", "%-100%", "[html]b", "[plain] text", "[x]", "=", "~a"]
)
def test_words_that_look_like_a_weight_or_a_format_are_words_in_gift(words):
    other = Part("b", "another", False, "No.")
    item = replace(made.MULTIPLE, parts=(Part("a", words, True, words), other), prompt=words)
    (told,) = readers.gift(gift.write(made.quiz(item), made.no_pictures()).content)[1]
    assert words_of(told.choices["0"]) == words
    assert told.worth == {"0": 100, "1": -100}
    assert paragraphs_of(told.feedback["0"]) == paragraphs_of(told.stem) == [words]
    item = replace(made.MATCH, parts=tuple(replace(row, text=words) for row in made.MATCH.parts))
    (told,) = readers.gift(gift.write(made.quiz(item), made.no_pictures()).content)[1]
    assert {words_of(row) for row, _ in told.pairs if row} == {words}
    if words == "->":
        return  # as a wording it is left out, see below
    item = replace(made.TEXT, accept=(words,))
    (told,) = readers.gift(gift.write(made.quiz(item), made.no_pictures()).content)[1]
    assert readers.first_fit(told, words)[0] == 100


def test_an_asterisk_in_a_wording_stands_for_itself():
    (told,) = readers.gift(gift.write(made.quiz(made.TEXT), made.no_pictures()).content)[1]
    (other,) = readers.moodle(
        moodle_xml.write(made.quiz(made.TEXT), made.no_pictures()).content
    )[1].values()  # fmt: skip
    for one in (told, other):
        assert readers.first_fit(one, "a*b")[0] == 100
        assert readers.first_fit(one, "a word b")[0] == 0


@pytest.mark.parametrize("module", [qti, qti21, moodle_xml, gift])
@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\ud83d", "\uffff", "\r\n"])
def test_signs_that_no_file_can_hold_do_not_break_one(module, sign):
    unclean = [
        replace(item, prompt=f"a{sign}b", says=sign, hints=(sign,),
                parts=tuple(replace(part, says=f"{sign}c") for part in item.parts))
        for item in made.ALL
    ]  # fmt: skip
    written = module.write(made.quiz(*unclean), made.no_pictures())
    assert len(written.items) == len(made.ALL)
    read = {qti: readers.qti12_items, qti21: readers.qti21_items}.get(module)
    found = read(written.content) if read else {
        moodle_xml: readers.moodle, gift: readers.gift}[module](written.content)[1]  # fmt: skip
    assert len(found) == len(made.ALL)


def test_moodle_gives_all_or_nothing_for_an_order_unless_there_is_another_right_one():
    one = moodle_xml.write(made.quiz(replace(made.ORDER, also=())), made.no_pictures()).content
    assert b"<gradingtype>ALL_OR_NOTHING<" in one
    several = moodle_xml.write(made.quiz(made.ORDER), made.no_pictures()).content
    assert b"<gradingtype>LONGEST_CONTIGUOUS_SUBSET<" in several


def test_a_title_with_a_slash_is_one_category():
    for write, read in ((gift.write, readers.gift), (moodle_xml.write, readers.moodle)):
        written = write(made.quiz(made.SINGLE, title="Nutgraf A/B"), made.no_pictures())
        assert read(written.content)[0] == "$course$/top/Nutgraf/A//B"


# --- what travels along ----------------------------------------------------------------------


@pytest.fixture
def pictured(tmp_path):
    """An item with a picture in every place that can show one, and the pictures' folder."""
    (tmp_path / "strip.png").write_bytes(PICTURE)
    (tmp_path / "map.png").write_bytes(PICTURE + b"2")
    shown = "Look: ![a strip of 5 words](strip.png) here"
    item = replace(
        made.SINGLE,
        prompt=shown,
        hints=(shown,),
        parts=(
            Part("a", "![a map](map.png)", True, shown),
            Part("b", "no picture", False, "None."),
        ),
    )
    return item, tmp_path


def test_pictures_go_into_the_qti_packages(pictured):
    item, folder = pictured
    for module, words in ((qti, "$IMS-CC-FILEBASE$/media/"), (qti21, "../media/")):
        written = module.write(made.quiz(item), Pictures(folder))
        files = readers.package(written.content)
        assert files["media/strip.png"] == PICTURE
        assert files["media/map.png"] == PICTURE + b"2"
        text = b"".join(files.values()).decode("utf-8", "replace").replace("%24", "$")
        assert f'src="{words}strip.png" alt="a strip of 5 words"' in text.replace("&quot;", '"')
    element = next(iter(readers.qti12_items(qti.write(
        made.quiz(item), Pictures(folder)).content).values()))  # fmt: skip
    assert paragraphs_of(readers.qti12_told(element).stem) == [item.prompt]


def test_pictures_go_into_moodle_xml_where_they_are_shown(pictured):
    item, folder = pictured
    written = moodle_xml.write(made.quiz(item), Pictures(folder))
    told = readers.moodle(written.content)[1]["nutgraf-X1"]
    assert told.files == {"strip.png": PICTURE, "map.png": PICTURE + b"2"}
    assert 'src="@@PLUGINFILE@@/strip.png"' in told.stem
    assert paragraphs_of(told.stem) == [item.prompt]
    assert paragraphs_of(told.hints[0]) == [item.prompt]
    assert words_of(told.choices["0"]) == "![a map](map.png)"
    assert written.content.count(b"<file ") == 4  # prompt, option, its feedback, hint


def test_gift_tells_what_pictures_show_and_says_that_they_stay_behind(pictured):
    item, folder = pictured
    written = gift.write(made.quiz(item), Pictures(folder))
    (told,) = readers.gift(written.content)[1]
    assert paragraphs_of(told.stem) == ["Look: [a strip of 5 words] here"]
    assert any("pictures are left behind" in loss.why for loss in written.losses)


def test_an_order_of_options_that_matters_is_kept_where_it_can_be():
    fixed = replace(made.SINGLE, shuffle=False)
    (element,) = readers.qti12_items(
        qti.write(made.quiz(fixed), made.no_pictures()).content
    ).values()
    assert element.find(f".//{QTI12}render_choice").get("shuffle") == "No"
    (element,) = readers.qti21_items(
        qti21.write(made.quiz(fixed), made.no_pictures()).content
    ).values()
    assert element.find(f".//{QTI21}choiceInteraction").get("shuffle") == "false"
    assert b"<shuffleanswers>false" in moodle_xml.write(
        made.quiz(fixed), made.no_pictures()
    ).content  # fmt: skip
    for module in (qti, qti21, moodle_xml, gift):
        one, other = (
            module.write(made.quiz(replace(made.SINGLE, shuffle=mixed)), made.no_pictures())
            for mixed in (True, False)
        )
        assert (one.content == other.content) == (module is gift)


def test_canvas_mixes_the_options_of_a_quiz_unless_one_question_minds():
    fixed = replace(made.MULTIPLE, shuffle=False)

    def mixes(*some) -> tuple[bool, list[str]]:
        written = qti.write(made.quiz(*some), made.no_pictures())
        (meta,) = [c for n, c in readers.package(written.content).items() if "meta" in n]
        about = [loss.item for loss in written.losses if "options of a whole quiz" in loss.why]
        return b"<shuffle_answers>true" in meta, about

    assert mixes(made.SINGLE, made.MULTIPLE, made.SPAN) == (True, [])
    assert mixes(made.SINGLE, fixed) == (False, ["X1"])


# --- what is lost ----------------------------------------------------------------------------


def why(module, item: Item) -> list[str]:
    losses = module.write(made.quiz(item), made.no_pictures()).losses
    assert all(loss.item == item.id and loss.form == module.FORM for loss in losses)
    return [loss.why for loss in losses]


def test_losses_are_told_where_something_is_lost_and_nowhere_else():
    plain = replace(made.MATCH, parts=made.MATCH.parts[:2], says="", otherwise="")
    for module in (qti, qti21, moodle_xml):
        assert why(module, plain) == []
    assert why(gift, plain) == []
    for module in (qti, moodle_xml, gift):
        assert any("one category of each row" in one for one in why(module, made.MATCH))
    assert why(qti21, made.MATCH) == []
    assert any("known wrong answer" in one for one in why(qti, made.NUMBER))
    assert why(moodle_xml, made.NUMBER) == why(qti21, made.NUMBER) == why(gift, made.NUMBER) == []
    assert any("matched with their places" in one for one in why(qti, made.ORDER))
    assert any("another right order" in one for one in why(moodle_xml, made.ORDER))
    assert why(moodle_xml, replace(made.ORDER, also=())) == []
    assert why(qti21, made.ORDER) == []
    assert any("stretches" in one for one in why(qti21, made.SPAN))


def test_what_canvas_would_count_as_an_error_is_no_option_and_is_named():
    written = qti.write(made.quiz(made.MULTIPLE), made.no_pictures())
    (element,) = readers.qti12_items(written.content).values()
    told = readers.qti12_told(element)
    assert [words_of(one) for one in told.choices.values()] == [
        "first", "second", "third", "fifth"
    ]  # fmt: skip
    assert "fourth: As you like." in paragraphs_of(told.whole["general_fb"])
    assert any("Canvas would count" in one for one in why(qti, made.MULTIPLE))


def test_moodle_leaves_out_what_it_has_no_share_of_a_mark_for():
    many = tuple(Part(f"p{n}", str(n), n < 11, "") for n in range(14))
    item = replace(made.MULTIPLE, parts=many)
    for module in (moodle_xml, gift):
        written = module.write(made.quiz(item, made.SINGLE), made.no_pictures())
        assert written.items == ("X1",)
        (loss,) = [loss for loss in written.losses if loss.what == "left out"]
        assert (loss.item, loss.form) == ("X2", module.FORM)
        assert "11 right options" in loss.why
    assert qti.write(made.quiz(item), made.no_pictures()).items == ("X2",)


def test_moodle_leaves_out_words_that_are_too_long_for_it():
    long = replace(made.TEXT, accept=("w" * 256,))
    for module in (moodle_xml, gift):
        written = module.write(made.quiz(long, made.NUMBER), made.no_pictures())
        assert written.items == ("X3",)
        assert "more than 255 characters" in written.losses[0].why
    fits = replace(made.TEXT, accept=("w" * 255,))
    assert moodle_xml.write(made.quiz(fits), made.no_pictures()).items == ("X4",)


def test_gift_leaves_out_a_wording_that_it_would_take_for_a_pair():
    arrow = replace(made.TEXT, accept=("a -> b",))
    assert gift.write(made.quiz(arrow), made.no_pictures()).items == ()
    assert moodle_xml.write(made.quiz(arrow), made.no_pictures()).items == ("X4",)


@pytest.mark.parametrize("module", [qti, qti21, moodle_xml, gift])
def test_the_same_questions_give_the_same_bytes(module):
    one, other = (module.write(made.quiz(*made.ALL), made.no_pictures()) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("module", [qti, qti21, moodle_xml])
def test_option_numbers_hide_ids_that_would_give_the_key_away(module):
    parts = (Part("correct-one", "a", True, "b"), Part("distractor", "c", False, "d"))
    item = replace(made.SINGLE, parts=parts)
    written = module.write(made.quiz(item), made.no_pictures())
    assert b"correct-one" not in written.content
    assert b"distractor" not in written.content

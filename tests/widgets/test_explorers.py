"""Explorers answer to their controls, escape what they show, and print a short stable text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import HTML, BoundedIntText, Button, Dropdown

from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import SPLITTERS, TOKENIZERS
from nutgraf.widgets.explorers import Explorer, characters, describe, splitters, tokenizers

NASTY = "<script>alert(1)</script> & <b>bold</b>. Two."


def part(explorer: Explorer, kind: type, label: str = ""):
    """The control of this kind whose description is `label`."""
    found, queue = [], [explorer]
    while queue:
        widget = queue.pop()
        queue += getattr(widget, "children", [])
        if type(widget) is kind and label in ("", widget.description):
            found.append(widget)
    [widget] = found
    return widget


def shown(explorer: Explorer) -> str:
    """The words that the explorer shows."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", part(explorer, HTML).value)))


# Every explorer


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (characters, "<Explorer of characters: 2,697>"),
        (tokenizers, "<Explorer of tokenizers: 7, 20 sentences>"),
        (splitters, "<Explorer of splitters: 7>"),
    ],
)
def test_an_explorer_prints_the_same_short_text_always(article, build, text: str):
    explorer = build(article)

    assert repr(explorer) == text
    assert explorer._repr_mimebundle_()["text/plain"] == text


@pytest.mark.parametrize("build", [characters, tokenizers, splitters])
def test_every_control_has_a_label(article, build):
    queue, unnamed = [build(article)], []
    while queue:
        widget = queue.pop()
        queue += getattr(widget, "children", [])
        if isinstance(widget, Button | Dropdown | BoundedIntText) and not widget.description:
            unnamed.append(widget)

    assert unnamed == []


@pytest.mark.parametrize("build", [characters, tokenizers, splitters])
def test_text_in_an_explorer_is_never_read_as_html(build):
    explorer = build(NASTY)

    assert "<script" not in part(explorer, HTML).value
    assert "<b>" not in part(explorer, HTML).value
    assert "<script>" in shown(explorer).replace(" ", "") or build is characters


# Characters


@pytest.mark.parametrize(
    ("offset", "facts"),
    [
        (0, ["0", "LATIN CAPITAL LETTER S", "U+0053", "1 byte: 53", "0"]),
        (412, ["412", "NO-BREAK SPACE", "U+00A0", "2 bytes: C2 A0", "422"]),
        (52, ["52", "LINE FEED", "U+000A", "1 byte: 0A", "52"]),
    ],
)
def test_a_character_is_described(article, offset: int, facts: list[str]):
    assert list(describe(article.text, offset).values()) == facts


@given(text=st.text(min_size=1, max_size=20))
def test_the_byte_offset_leads_to_the_characters_bytes(text: str):
    for offset in range(len(text)):
        facts = describe(text, offset)
        data = bytes.fromhex(facts["UTF-8"].partition(": ")[2])
        first = int(facts["Byte offset"].replace(",", ""))

        assert text.encode()[first : first + len(data)] == data
        assert data.decode() == text[offset]


def test_the_offset_moves_the_mark(article):
    explorer = characters(article.text)
    part(explorer, BoundedIntText).value = 472

    assert re.search(r"<mark [^>]*>…</mark>", part(explorer, HTML).value)
    assert "HORIZONTAL ELLIPSIS" in shown(explorer)


def test_buttons_lead_on_and_back(article):
    explorer = characters(article.text, 10)
    offset = part(explorer, BoundedIntText)

    part(explorer, Button, "Next").click()
    assert offset.value == 11
    part(explorer, Button, "Previous").click()
    part(explorer, Button, "Previous").click()
    assert offset.value == 9


def test_a_button_leads_to_the_next_character_outside_ascii(article):
    explorer = characters(article.text, 400)
    offset, jump = part(explorer, BoundedIntText), part(explorer, Button, "Next outside ASCII")

    jump.click()
    assert offset.value == 412
    jump.click()
    assert offset.value == 415
    offset.value = 2696
    jump.click()
    assert offset.value == article.text.index("“")


def test_a_plain_text_has_nothing_to_jump_to():
    assert part(characters("plain"), Button, "Next outside ASCII").disabled


def test_at_the_ends_there_is_no_way_further():
    explorer = characters("ab")
    ends = part(explorer, Button, "Previous"), part(explorer, Button, "Next")

    assert [button.disabled for button in ends] == [True, False]
    part(explorer, BoundedIntText).value = 1
    assert [button.disabled for button in ends] == [False, True]


@given(text=st.text(min_size=1, max_size=30), data=st.data())
def test_the_window_shows_any_text(text: str, data):
    explorer = characters(text, data.draw(st.integers(0, len(text) - 1)), width=10)

    assert part(explorer, HTML).value.count("<mark") == 1


@pytest.mark.parametrize(("text", "start"), [("", 0), ("ab", 2), ("ab", -1)])
def test_a_start_outside_the_text_is_refused(text: str, start: int):
    with pytest.raises(NutgrafError, match=f"no character at offset {start}"):
        characters(text, start)


# Tokens


def test_choosing_a_tokenizer_changes_the_boxes_and_the_count(article):
    explorer = tokenizers(article)
    assert part(explorer, Dropdown, "Tokenizer").options == tuple(TOKENIZERS)
    part(explorer, Dropdown, "Sentence").value = 4
    assert "Each box is a token: 7 tokens." in shown(explorer)

    part(explorer, Dropdown, "Tokenizer").value = "nltk"

    assert "Do you love the homeland ? ” Sadr asked. Each box is a token: 9" in shown(explorer)
    assert "505 tokens in the whole text." in shown(explorer)


def test_each_sentence_can_be_chosen(article):
    sentence = part(tokenizers(article), Dropdown, "Sentence")

    assert len(sentence.options) == 20
    assert sentence.options[4] == ("S04 Do you love the homeland?” Sadr asked.", 4)


def test_a_text_without_sentences_has_no_tokens_to_show():
    with pytest.raises(NutgrafError, match="white space"):
        tokenizers(" \n")


# Sentences


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("full stop", "19 units, 14 of them exactly a sentence of the reference. "
         "Ends: 16 hit, 3 missed, 1 spurious. F1 0.889."),
        ("nutgraf", "20 units, 20 of them exactly a sentence of the reference. "
         "Ends: 19 hit, 0 missed, 0 spurious. F1 1.000."),
    ],
)  # fmt: skip
def test_a_splitter_is_judged(article, name: str, score: str):
    explorer = splitters(article)
    part(explorer, Dropdown).value = name

    assert score in shown(explorer)


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_list_shows_as_many_judgements_as_it_counts(article, name: str):
    explorer = splitters(article)
    part(explorer, Dropdown).value = name
    words = shown(explorer)
    hits, missed, spurious = re.search(r"(\d+) hit, (\d+) missed, (\d+) spurious", words).groups()

    assert words.count("● ends here") == int(hits)
    assert words.count("○ missed: a sentence ends here") == int(missed)
    assert words.count("✕ spurious: no sentence ends here") == int(spurious)


def test_a_wrong_cut_is_shown_where_it_is(article):
    explorer = splitters(article)
    part(explorer, Dropdown).value = "punkt, by paragraph"

    assert "the homeland?” ✕ spurious: no sentence ends here Sadr asked. ● ends" in shown(explorer)


def test_the_empty_piece_after_the_last_full_stop_is_shown(article):
    assert shown(splitters(article)).rstrip().endswith("(empty)")


@pytest.mark.parametrize("own", ["One. Two.", Article.from_text("One. Two.")])
def test_a_text_without_a_reference_is_split_but_not_judged(own):
    explorer = splitters(own)
    part(explorer, Dropdown).value = "nutgraf"

    assert shown(explorer).strip() == "2 units. One. Two."

"""What the concordance box shows: hits, their places, and the same without widgets."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf import counting
from nutgraf.errors import NutgrafError
from nutgraf.widgets import concordance as widget

NASTY = "<script>alert(1)</script> & <b>bold</b> words."


def found(text, query: str) -> dict:
    return widget.found(counting.index(text), query)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("homeland", "5 hits for “homeland”, in 2 paragraphs."),
        ("  firebrand ", "1 hit for “firebrand”, in 1 paragraph."),
        ("Friday's protests", "2 hits for “Friday's protests”, in 2 paragraphs."),
        ("nobody", "No hit for “nobody”. Only whole words match; a star finds more: protest*."),
        ("…", "Type a word or several. A star ends a beginning: protest*."),
        ("", ""),
        (" ", ""),
    ],
)
def test_the_box_says_how_many_hits_there_are(article, query: str, says: str):
    assert found(article, query)["says"] == says


def test_a_line_leads_to_its_paragraph(article):
    line = found(article, "homeland")["lines"][1]

    paragraph = article.paragraphs["text"][3]
    assert line["before"] + line["match"] + line["after"] == paragraph
    assert line["where"] == "paragraph P03, sentence S03, characters 423 to 431"
    assert article.text[423:431] == line["match"]


def test_the_lines_are_those_of_the_package(article):
    lines = found(article, "us*")["lines"]
    table = counting.concordance(article, "us*", widget.WIDTH)

    assert [(line["left"], line["match"], line["right"]) for line in lines] == list(
        table[["left", "match", "right"]].itertuples(index=False, name=None)
    )


def test_more_hits_than_are_shown_are_counted_all_the_same():
    state = found("war. " * 250, "war")

    assert state["says"] == "250 hits for “war”, in 1 paragraph. The first 200 are shown."
    assert len(state["lines"]) == 200


def test_of_a_very_long_paragraph_only_the_neighbourhood_is_shown():
    (line,) = found("a " * 2_000 + "war" + " b" * 2_000, "war")["lines"]

    assert line["before"] == "… " + "a " * 500
    assert line["after"] == " b" * 500 + " …"


@given(text=st.text(max_size=40), query=st.text(max_size=10))
def test_anything_can_be_looked_up_in_anything(text: str, query: str):
    state = found(text, query)

    assert state["query"] == query
    assert all(line["match"] for line in state["lines"])


@pytest.mark.parametrize("query", ["hom.*", "<b>", "(", "\\w+", "home\u202eland"])
def test_a_query_is_words_and_nothing_else(article, query: str):
    assert found(article, query)["lines"] == []


# The widget


def test_what_is_typed_in_the_browser_is_searched(article):
    box = widget.widget_class()(article)
    box._asked(box, {"query": "homeland"}, [])

    assert box.state == found(article, "homeland")


@pytest.mark.parametrize("message", [None, "homeland", {}, {"query": 3}, {"query": ["US"]}])
def test_other_messages_change_nothing(article, message):
    box = widget.widget_class()(article, "US")
    box._asked(box, message, [])

    assert box.state == found(article, "US")


@pytest.mark.parametrize(
    ("text", "direction"),
    [("The war", "ltr"), ("“1” الحرب", "rtl"), ("מלחמה", "rtl"), ("", "ltr"), ("…", "ltr")],
)
def test_the_lines_run_as_the_text_does(text: str, direction: str):
    assert widget.widget_class()(text).direction == direction


def test_its_text_is_short(article):
    assert repr(widget.widget_class()(article)) == "<Concordance of 430 words>"


def test_a_list_for_a_query_is_refused(article):
    with pytest.raises(NutgrafError, match="one string"):
        widget.concordance(article, ["US", "troops"])


# Without widgets


def test_the_twin_is_the_table_with_the_matches_in_a_column(article):
    first, *rows, how = repr(widget.twin(article, "homeland")).split("\n")

    assert first == "5 hits for “homeland”, in 2 paragraphs."
    assert len(rows) == 5
    assert len({row.index("[homeland]") for row in rows}) == 1
    assert "concordance(article, 'homeland')" in how


def test_a_twin_without_a_query_tells_how_to_search_without_the_box(article):
    twin = widget.twin(article)

    assert repr(twin).endswith("concordance(article, 'protests')")
    assert "<table" not in twin.html


@pytest.mark.parametrize("query", ["bold", "<b>bold</b>", "script"])
def test_text_and_query_are_never_taken_for_markup(query: str):
    html = widget.twin(NASTY, query).html

    assert "<b>" not in html
    assert "<script>" not in html
    assert "bold" in unescape(html)


def test_the_twin_has_the_class_that_a_live_box_hides(article, root):
    style = (root / "src/nutgraf/widgets/static/concordance.css").read_text(encoding="utf-8")

    assert 'class="nutgraf-twin"' in widget.twin(article).html
    assert ".jp-OutputArea:has(.nutgraf-concordance) > .jp-OutputArea-child:has(.nutgraf-twin)" in (
        style
    )


def test_the_page_is_only_ever_given_text(root):
    script = (root / "src/nutgraf/widgets/static/concordance.js").read_text(encoding="utf-8")

    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script

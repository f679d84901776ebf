"""Drawings escape what they show, tell nothing by colour alone, and say the same in plain words."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgraf.article import Article
from nutgraf.drawing import boundary_chart, figure, structure_map, token_strip
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import boundaries, word_spans

NASTY = "<script>alert(1)</script> & \"quoted\" 'text' </div><img src=x onerror=alert(1)>"


class Reader(HTMLParser):
    """The tags, the attributes, the words and the boxes of a drawing; fails on unclosed tags."""

    VOID = frozenset(["br", "img"])

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[str] = []
        self.open: list[tuple[str, dict]] = []
        self.attributes: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.boxes: list[str] = []
        self.cells: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs)))
        if "border-radius" in dict(attrs).get("style", ""):
            self.boxes.append("")
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        self.words.append(data)
        if any("border-radius" in attrs.get("style", "") for _, attrs in self.open):
            self.boxes[-1] += data
        if any(tag in ("td", "th") for tag, _ in self.open):
            self.cells[-1][-1] += data


@pytest.fixture(scope="module")
def chart(article):
    return boundary_chart(boundaries(article.text, article.sentences))


@pytest.fixture
def plot():
    from matplotlib import pyplot as plt

    fig, axes = plt.subplots(figsize=(2, 1))
    axes.bar(["a", "b"], [1, 2])
    return fig


@pytest.fixture
def drawings(article, chart, plot):
    text = article.text
    return [
        token_strip(text, word_spans(text, "nltk"), 246, 420),
        structure_map(article),
        chart,
        figure(plot, "Two bars"),
    ]


# Every drawing


def test_every_drawing_gives_html_and_the_same_in_words(drawings):
    for drawing in drawings:
        bundle = drawing._repr_mimebundle_()
        assert bundle == {"text/html": drawing._repr_html_(), "text/plain": repr(drawing)}
        assert repr(drawing).strip()


def test_no_drawing_needs_what_an_untrusted_notebook_takes_away(drawings):
    allowed = {
        *["div", "span", "p", "br", "details", "summary", "figure", "img"],
        *["table", "caption", "thead", "tbody", "tr", "th", "td"],
    }
    for drawing in drawings:
        assert set(Reader(drawing.html).tags) <= allowed


def test_a_colour_of_the_theme_always_has_a_plain_one_before_it(drawings):
    for drawing in drawings:
        for _, attributes in Reader(drawing.html).attributes:
            for rule in attributes.get("style", "").split(";"):
                name, _, value = rule.partition(":")
                if name.startswith("border") and "var(" in value:
                    assert f"{name}:1px solid #767676" in attributes["style"]


def test_no_drawing_sets_the_colour_of_its_words(drawings):
    # Words in the theme's own colour are readable in every theme.
    for drawing in drawings:
        for _, attributes in Reader(drawing.html).attributes:
            names = [rule.partition(":")[0] for rule in attributes.get("style", "").split(";")]
            assert "color" not in names


# Tokens


def test_each_token_has_a_box(article):
    text = article.text
    strip = token_strip(text, word_spans(text, "nltk"), 286, 325)

    assert Reader(strip.html).boxes == [
        *["and", "it", "is", "time", "to", "reform", "Iraq", "’", "s", "system"]
    ]
    assert repr(strip) == "10 tokens: and | it | is | time | to | reform | Iraq | ’ | s | system"


def test_no_break_spaces_and_line_ends_are_shown_and_named(article):
    strip = token_strip(article.text, word_spans(article.text), 401, 420)

    assert "".join(Reader(strip.html).words).startswith("supporters.⍽¶¶“Men")
    assert strip.html.count('title="no-break space"') == 1
    assert strip.html.count('title="line end"') == 2
    assert "⍽ is a no-break space. ¶ is a line end." in strip.html


def test_what_is_in_no_token_is_marked_and_explained():
    strip = token_strip("one, two", [(0, 3), (5, 8)])

    assert '<span style="text-decoration:underline;text-decoration-style:dotted">,</span>' in (
        strip.html
    )
    assert "Dotted: in no token." in strip.html


def test_a_strip_where_nothing_is_dropped_does_not_speak_of_it():
    assert "Dotted" not in token_strip("one two", [(0, 3), (4, 7)]).html


def test_a_token_over_the_edge_is_shown_whole():
    assert repr(token_strip("one two six", [(0, 3), (4, 7), (8, 11)], 5, 6)) == "1 token: two"


def test_a_part_without_tokens_is_shown():
    strip = token_strip("one, two", [(0, 3), (5, 8)], 3, 4)

    assert repr(strip) == "0 tokens"
    assert "".join(Reader(strip.html).words).startswith(",")


@pytest.mark.parametrize("spans", [[(0, 3), (2, 5)], [(0, 99)], [(4, 2)], ["three"], [3]])
def test_spans_that_do_not_fit_are_refused(spans):
    with pytest.raises(NutgrafError, match="token_strip"):
        token_strip("one two", spans)


def test_a_table_of_words_will_do(article):
    strip = token_strip(article.text, article.words, 0, 20)

    assert repr(strip) == "4 tokens: Sadr | calls | on | Iraqis"


def test_invisible_characters_are_named():
    strip = token_strip("a\u200bb\tc\x00", [])

    assert 'aria-label="zero width space"' in strip.html
    assert 'aria-label="tab"' in strip.html
    assert 'aria-label="u+0000"' in strip.html


def test_an_emoji_of_several_code_points_stays_whole():
    strip = token_strip("👩🏽\u200d🚀", [(0, 4)])

    assert Reader(strip.html).boxes == ["👩🏽\u200d🚀"]


def test_text_in_a_strip_is_never_read_as_html():
    strip = token_strip(NASTY, word_spans(NASTY, "nltk"))
    reader = Reader(strip.html)

    assert set(reader.tags) == {"div", "span", "p", "details", "summary"}
    assert "".join(reader.words).startswith(NASTY)


@given(text=st.text(max_size=40))
def test_a_strip_shows_every_character_it_can(text: str):
    strip = token_strip(text, word_spans(text))
    shown = "".join(Reader(strip.html).words)

    assert all(letter in shown for letter in text if letter.isprintable())


# Structure


def test_the_map_has_a_row_for_each_paragraph(article):
    rows = Reader(structure_map(article).html).cells

    assert rows[0] == ["Paragraph", "Words", "Length", "Role"]
    assert rows[1] == ["P00", "9", "", "Headline"]
    assert rows[6] == ["P05", "38", "", "Nut graf"]
    assert len(rows) == 16
    assert sum(int(row[1]) for row in rows[1:]) == 430


def test_the_map_in_words_says_the_same(article):
    drawing = structure_map(article)
    lines = repr(drawing).splitlines()[3:]

    assert [re.split(r"\s{2,}", line, maxsplit=2) for line in lines] == [
        [row[0], row[1], row[3]] for row in Reader(drawing.html).cells[1:]
    ]


def test_each_role_has_a_hatch_of_its_own(article):
    html = structure_map(article).html
    hatches = re.findall(r'height:14px;[^"]*?#767676\);(background[^"]*)"', html)
    roles = [one["role"] for one in article.reference["paragraphs"]]

    assert len(hatches) == 15
    assert len(set(hatches)) == len(set(roles)) == len(set(zip(roles, hatches, strict=True)))


def test_an_article_of_ones_own_has_no_map():
    with pytest.raises(NutgrafError):
        structure_map(Article.from_text("One. Two."))


# Boundaries


def test_a_chart_has_a_sign_for_every_place(article, chart):
    table = boundaries(article.text, article.sentences)
    rows = {row[0]: row[1:27] for row in Reader(chart.html).cells[1:8]}

    signs = {"hit": "●", "missed": "○", "spurious": "✕", "": "·"}
    assert rows == {name: [signs[mark] for mark in table[name]] for name in table.columns[4:]}


def test_a_chart_counts_what_it_shows(chart):
    totals = {row[0]: row[27:] for row in Reader(chart.html).cells[1:8]}

    assert totals["full stop"] == ["16", "3", "1"]
    assert totals["nutgraf"] == ["19", "0", "0"]


def test_a_chart_in_words_says_the_same(chart):
    lines = repr(chart).splitlines()

    assert lines[0].startswith("● hit")
    assert lines[3].split() == ["full", "stop", *"○●●·●·●○·●✕○●·●●●●●●●·●·●●", "16", "3", "1"]
    assert "6      553     ove the homeland?” /  Sadr asked." in lines


def test_every_sign_of_a_chart_has_a_name(chart):
    signs = [
        attributes["aria-label"]
        for tag, attributes in Reader(chart.html).attributes
        if tag == "span"
    ]

    assert len(signs) == 7 * 26 + 3
    assert set(signs) == {"hit", "missed", "spurious", "no cut"}


def test_names_and_texts_in_a_chart_are_escaped():
    text = f"{NASTY}. Two."
    table = boundaries(text, [(0, len(text) - 5), (len(text) - 4, len(text))], {NASTY: str.split})
    reader = Reader(boundary_chart(table).html)

    assert not {"script", "img"} & set(reader.tags)
    assert reader.cells[1][0] == NASTY


def test_a_column_of_notes_is_not_taken_for_a_splitter(article):
    table = boundaries(article.text, article.sentences, ["nutgraf"])
    table["note"] = "mine"

    assert repr(boundary_chart(table)) == repr(boundary_chart(table.drop(columns="note")))


def test_another_table_is_refused(article):
    with pytest.raises(NutgrafError, match=r"no column 'position'.*tokenizing\.boundaries"):
        boundary_chart(article.words)


# Plots


def test_a_plot_is_an_image_with_words(plot):
    drawing = figure(plot, 'Bars of <a> & "b"')
    [(_, image)] = [one for one in Reader(drawing.html).attributes if one[0] == "img"]
    data = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,"))

    assert image["alt"] == repr(drawing) == 'Bars of <a> & "b"'
    assert data.startswith(b"<?xml")
    assert b"</svg>" in data


def test_a_plot_stands_on_a_white_card(plot):
    assert "background:#ffffff" in figure(plot, "Bars").html


def test_a_plot_is_not_shown_a_second_time(plot):
    from matplotlib import pyplot as plt

    figure(plot, "Bars")

    assert not plt.fignum_exists(plot.number)


def test_the_same_plot_gives_the_same_bytes():
    from matplotlib import pyplot as plt

    def draw() -> str:
        fig, axes = plt.subplots(figsize=(2, 1))
        axes.plot([1, 2, 3], label="line")
        axes.legend()
        return figure(fig, "A line").html

    assert draw() == draw()


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_plot_without_words_is_refused(plot, alt: str):
    with pytest.raises(NutgrafError, match="do not see"):
        figure(plot, alt)

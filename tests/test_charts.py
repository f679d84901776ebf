"""Plots: what they show, what their twins say, and that bad tables are refused."""

from __future__ import annotations

import base64
import re
from html import unescape

import pandas as pd
import pytest

from nutgraf import NutgrafError, charts

FREQUENCIES = pd.DataFrame({"word": ["of", "<b>", "US"], "count": [1200, 7, 5]})
ZIPF = pd.DataFrame({"rank": [1, 2, 4], "count": [8, 5, 1], "expected": [8.0, 4.0, 2.0]})
PLACES = pd.DataFrame({"word": ["far", "US", "far"], "start": [2, 7, 11]})
VOICES = pd.DataFrame(
    {"speaker": ["Khazali", "Sadr", "not quoted"], "words": [79, 56, 295], "share": [0.1, 0.2, 0.7]}
)
SCORES = pd.DataFrame(
    {"score": [0.5, 0.25, 0.75], "picked": [True, False, True]}, index=pd.Index([1, 2, 13])
)
RANDOM = [0.1, 0.2, 0.3, 0.4]
EVENTS = pd.DataFrame(
    [
        ("the vote", "2020-03-01", True),
        ("a <b>$hall$</b> burns", "1988", True),
        ("a call", None, None),
        ("a meeting", "2020-02-28", True),
        ("the march", "2020-03-02", False),
        ("talks begin", "2020-01", True),
    ],
    columns=["what", "date", "sure"],
)

MAKERS = {
    "bars": lambda: charts.bar_chart(FREQUENCIES, "word", "count"),
    "zipf": lambda: charts.zipf_chart(ZIPF),
    "dispersion": lambda: charts.dispersion_chart("A far US\n\nB far end", PLACES),
    "voices": lambda: charts.voice_chart(VOICES),
    "scores": lambda: charts.score_chart(SCORES),
    "random": lambda: charts.random_chart(RANDOM, {"Lead-3": 0.25, "A": 0.5}, "ROUGE-1 F1"),
    "timeline": lambda: charts.timeline_chart(EVENTS),
}


def svg(drawing) -> str:
    data = re.search(r'base64,([^"]+)"', drawing.html)[1]
    return base64.b64decode(data).decode("utf-8")


def alt(drawing) -> str:
    return unescape(re.search(r'alt="([^"]*)"', drawing.html)[1])


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_table_gives_the_same_bytes(make):
    assert make().html == make().html


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_twin_begins_with_what_the_picture_is_described_as(make):
    drawing = make()
    assert drawing.text.startswith(alt(drawing) + "\n\n")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_pictures_use_no_colour_but_greys(make):
    colours = set(re.findall(r"#[0-9a-f]{6}\b", svg(make())))
    assert colours
    assert all(one[1:3] == one[3:5] == one[5:7] for one in colours)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_no_figure_stays_open(make):
    from matplotlib import pyplot as plt

    make()
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("bars", ["of    1,200", "<b>   7", "US    5"]),
        ("zipf", ["1     8      8.0", "2     5      4.0"]),
        ("dispersion", ["far   2 11", "US    7"]),
        ("voices", ["Khazali     79     10.0%", "not quoted  295    70.0%"]),
        ("scores", ["S01       0.500  picked", "S02       0.250", "S13       0.750  picked"]),
        ("random", ["Lead-3   0.250       50", "A        0.500       100"]),
        (
            "timeline",
            [
                "●  1988         a <b>$hall$</b> burns",
                "●  2020-01      talks begin            about 32 years",
                "●  2020-02-28   a meeting              about 1 month",
                "●  2020-03-01   the vote               2 days",
                "○  2020-03-02?  the march              1 day?",
                "◇  no date      a call",
            ],
        ),
    ],
)
def test_the_twin_has_the_numbers(name, rows):
    lines = MAKERS[name]().text.splitlines()
    assert [row for row in rows if row not in lines] == []


def test_bars_stop_at_the_top():
    assert "US" not in charts.bar_chart(FREQUENCIES, "word", "count", top=2).text


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: charts.bar_chart(FREQUENCIES, "word", "counts"), "'counts'"),
        (lambda: charts.bar_chart(FREQUENCIES.head(0), "word", "count"), "no rows"),
        (lambda: charts.zipf_chart(FREQUENCIES), r"'rank'.*counting\.zipf"),
        (lambda: charts.dispersion_chart("x", ZIPF), r"'word'.*counting\.dispersion"),
        (lambda: charts.voice_chart(ZIPF), r"'speaker'.*quoting\.voice_share"),
        (lambda: charts.score_chart(ZIPF), r"'score'.*summarizing\.summarize"),
        (lambda: charts.random_chart([], {}, "ROUGE-1"), "no scores"),
        (lambda: charts.timeline_chart(ZIPF), r"'what'.*columns what, date, sure"),
        (lambda: charts.timeline_chart(EVENTS.head(0)), "no rows"),
    ],
)
def test_a_wrong_table_is_refused_with_the_way_to_the_right_one(make, says):
    with pytest.raises(NutgrafError, match=says):
        make()


def timeline(*rows):
    return charts.timeline_chart(pd.DataFrame(rows, columns=["what", "date", "sure"]))


def rows_of(drawing) -> list[str]:
    """The rows of a twin's table: all that follows the description and the header."""
    return drawing.text.split("\n\n", 1)[1].splitlines()[1:]


def test_events_come_in_the_order_of_their_dates_whatever_the_order_of_the_rows():
    assert rows_of(charts.timeline_chart(EVENTS[::-1])) == rows_of(charts.timeline_chart(EVENTS))


def test_a_certain_and_an_uncertain_date_are_drawn_differently():
    certain, uncertain = (timeline(("rain", "1999", sure)) for sure in (True, False))
    assert svg(certain).count("fill: #333333") > svg(uncertain).count("fill: #333333")
    assert "1999?" in svg(uncertain)
    assert "1999?" not in svg(certain)


def test_the_way_to_an_uncertain_date_is_dotted():
    first = ("rain", "1999", True)
    certain, uncertain = (timeline(first, ("sun", "2001", sure)) for sure in (True, False))
    assert "stroke-dasharray" not in svg(certain)
    assert "stroke-dasharray" in svg(uncertain)


@pytest.mark.parametrize(
    ("one", "other", "passed"),
    [
        ("2019-12-29", "2020-01-03", "5 days"),
        ("2020-02-28", "2020-03-01", "2 days"),  # a leap year
        ("2019-10", "2019-12-29", "about 2 months"),
        ("1920", "2019-10", "about 99 years"),
        ("2020-01", "2020-01-05", "the same month"),
        ("2020", "2020-01-05", "the same year"),
    ],
)
def test_time_that_passes_is_told_in_the_unit_that_both_dates_have(one, other, passed):
    assert rows_of(timeline(("a", one, True), ("b", other, True)))[1].endswith(passed)


def test_events_without_any_date_can_be_listed():
    assert rows_of(timeline(("a call", None, None))) == ["◇  no date  a call"]


@pytest.mark.parametrize("date", ["2020-13", "2020-02-30", "January", "20", "2020-1-5", "", "٢٠٢٠"])
def test_what_is_no_date_is_refused_before_anything_is_drawn(date):
    from matplotlib import pyplot as plt

    with pytest.raises(NutgrafError, match=r"is no date\. Write 1920, 2019-10"):
        timeline(("rain", date, True))
    assert plt.get_fignums() == []

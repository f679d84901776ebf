"""Alarms point at what a reader should look into, and never judge."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nutgraf import load
from nutgraf.alarms import alarms
from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.scoring import rouge_n, without_watermark
from nutgraf.summarizing import summarize
from nutgraf.tokenizing import words

PIECES = [
    *"abcZé5٣½ .,;:!?-–—'\"“”‘’«»()[]\n\r\t\u00a0\u00ad\u200d\u0301",
    *["👩🏽\u200d🚀", "e\u0301", "كِتَاب", "クマ", "İ", "ß", "ǅ", "don’t ", "al-Sadr ", "US ", "us "],
    *["not ", "all ", "one ", "two ", "million ", "5,000 ", "around ", "said ", "ordered ", "May "],
    *["It ", "Iran-backed ", "Iran's ", "unofficial ", "leader ", "“yes” ", "[X] ", ". ", "\n\n"],
]
LIKELY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
TEXTS = st.one_of(LIKELY, st.text(max_size=40))
ASCII = st.one_of(
    st.text(st.characters(max_codepoint=127), max_size=60),
    st.lists(st.sampled_from(["the", "cat", "cats", "Running", "runs.", "it's", "5,000"])).map(
        " ".join
    ),
)
TOKENS = st.lists(st.sampled_from("abcd"), max_size=40)
MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def faithful(article) -> dict[str, str]:
    return {one["id"]: one["text"] for one in article.summaries["faithful"]}


@pytest.fixture(scope="module")
def distorted(article) -> dict[str, str]:
    return {one["id"]: one["text"] for one in article.summaries["distorted"]}


def extract(article, *numbers: int) -> str:
    return " ".join(article.sentences["text"].iloc[list(numbers)])


# Alarms, one rule at a time

TOWN = """Bridge to close

The bridge will shut on Monday. The council asked the mayor to mend it. \
Some shopkeepers of Lower Ashby fear for their trade, and 87 people signed a petition.

The repairs cost around £310,000, said Ann Wu, the engineer. \
“The timber is soft under the paint,” she said. “We cannot wait for a summer without school.”

The alleged owner of the ferry, Jon Bright, 71, told UK-based papers that two boats hold twelve. \
Nobody counted the five million nails. In May 1954 a flood came. Many walkers were British."""


def pointed(summary: str, article: str = TOWN) -> list[tuple[str, str, str]]:
    table = alarms(summary, article)
    return list(zip(table["kind"], table["text"], table["look_at"], strict=True))


@pytest.mark.parametrize(
    ("summary", "kind", "text", "look_at"),
    [
        ("The bridge has nine boats.", "number", "nine", ""),
        ("The petition has 78 names.", "number", "78", ""),
        ("A total of 87 boats came.", "number", "87 boats", "Some shopkeepers"),
        ("About two million nails are lost.", "number", "two million", ""),
        ("The repairs cost £310,000.", "hedge", "310,000", "around £310,000"),
        ("It costs 310 thousand.", "hedge", "310 thousand", "around £310,000"),
        ("The owner of the ferry is Jon Bright.", "hedge", "owner", "alleged owner"),
        ("The council mended the bridge.", "hedge", "mended", "mend"),
        ("The engineer, Peter Marsh, said so.", "name", "Peter Marsh", ""),
        ("Peter Marsh said so.", "name", "Peter Marsh", ""),
        ("Papers in the UK have it.", "name", "UK", "UK-based"),
        ("They walked through Britain.", "name", "Britain", "British"),
        ("All shopkeepers fear for their trade.", "quantifier", "All", "Some"),
        ("The shopkeepers fear for trade as one.", "quantifier", "as one", "Some"),
        ("The bridge will only shut on Monday.", "quantifier", "only", "The bridge will shut"),
        ("The bridge will never shut.", "quantifier", "never", "The bridge will shut"),
        ("Monday comes, and the bridge will not shut.", "negation", "not", "The bridge will"),
        ("“We can wait for a summer,” she said.", "negation", "wait", "cannot wait"),
        ("The council ordered the mayor to repair it.", "attribution", "ordered", "asked"),
        ("Ann Wu, the engineer, admitted the cost.", "attribution", "admitted", "said"),
        (
            "The timber under the paint is soft.",
            "attribution",
            "timber under the paint is soft",
            "“The timber is soft under the paint,”",
        ),
    ],
)
def test_an_alarm_points_at_the_spot_and_at_the_article(summary, kind, text, look_at):
    found = [(one, spot) for one, spot, _ in pointed(summary)]
    places = [place for one, spot, place in pointed(summary) if (one, spot) == (kind, text)]

    assert found.count((kind, text)) == 1
    assert places[0].startswith(look_at)
    assert bool(places[0]) == bool(look_at)


@pytest.mark.parametrize(
    "summary",
    [
        "The bridge will shut on Monday.",
        "Some shopkeepers near Lower Ashby worry about trade.",
        "Repairs: about £310,000, said the engineer.",
        "It costs nearly 310 thousand.",
        "Eighty-seven people signed.",
        "The petition has 87 names.",
        "Soft timber under the paint, says the engineer.",
        "“The timber is soft”",
        "The supposed owner of the ferry is Jon Bright.",
        "The council has asked the mayor to mend it.",
        "Nobody counted five million nails.",
        "In 1954 walkers saw a flood.",
        "One of them took part.",
        "A century ago.",
        "After all, the most at all.",
        "MONDAY",
        "",
        "…",
    ],
)
def test_no_alarm_where_there_is_nothing_to_look_at(summary: str):
    assert pointed(summary) == []


def test_a_summary_in_which_nobody_speaks_is_pointed_at_as_a_whole():
    summary = "The bridge will shut on Monday. The timber is bad. The school will wait."

    found = pointed(summary)

    assert found[0][:2] == ("attribution", summary.strip("."))


def test_a_summary_of_what_no_quotation_says_needs_no_speaker():
    assert pointed("The bridge will shut on Monday. In May 1954 a flood came.") == []


def test_the_pronoun_us_does_not_stand_for_the_country():
    assert pointed("The plan of the US is old.", "They told us of a plan. It is old.") == [
        ("name", "US", "")
    ]


def test_an_apostrophe_and_an_ending_s_change_no_name():
    assert pointed("The town of Ann Wu's boat.", "Ann Wu’s boat is in town.") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5,000", 5000),
        ("five thousand", 5000),
        ("5 thousand", 5000),
        ("5k", 5000),
        ("twenty-five", 25),
        ("two hundred and six thousand", 206_000),
        ("a million", 1_000_000),
        ("one million", 1_000_000),
        ("a dozen", 12),
        ("25th", 25),
        ("٢٥", 25),
    ],
)
def test_numbers_in_digits_and_words_are_the_same_number(text: str, value: int):
    assert pointed(f"It has {text}.", f"{value}") == []
    assert pointed(f"It has {text}.", f"{value + 1}")[0][0] == "number"


@pytest.mark.parametrize("text", ["a century", "one", "the second", "anyone"])
def test_some_words_near_numbers_are_none(text: str):
    assert [kind for kind, *_ in pointed(f"It has {text}.", "It is.")] == []


# Alarms on any text


@MANY
@given(summary=TEXTS, article=TEXTS)
@example(summary="one million " * 3, article="9" * 5000 + " million 1.2.3.4 5..6 million")
@example(summary="9" * 5000 + " million", article="1e5")
def test_any_text_gives_a_table_whose_places_are_slices(summary: str, article: str):
    table = alarms(summary, article)

    assert table.columns.tolist() == [
        *("start", "end", "text", "kind", "look_at", "note"),
        *("article_start", "article_end"),
    ]
    assert [summary[a:b] for a, b in zip(table["start"], table["end"], strict=True)] == (
        table["text"].tolist()
    )
    there = table.dropna(subset="article_start")
    places = zip(there["article_start"], there["article_end"], there["look_at"], strict=True)
    assert all(article[start:end] == look_at for start, end, look_at in places)
    assert set(table["look_at"][table["article_start"].isna()]) <= {""}


@MANY
@given(text=TEXTS)
@example(text="[ONE] million [FIVE] hundred")
def test_no_text_is_short_of_its_own_numbers_and_names(text: str):
    assert {"number", "name"}.isdisjoint(alarms(text, text)["kind"])


@pytest.mark.parametrize("seed", ["sadr-protests", "kettle-bridge"])
def test_an_article_held_against_itself_raises_no_alarm(seed: str):
    article = load(seed)

    assert alarms(article, article).empty


@pytest.mark.parametrize("seed", ["sadr-protests", "kettle-bridge"])
@pytest.mark.parametrize("method", ["lead", "frequency sum", "lexrank", "random"])
def test_an_extract_raises_no_alarm_about_words(seed: str, method: str):
    found = alarms(summarize(load(seed), method, words=60), load(seed))

    assert found["kind"].tolist() == []


@pytest.mark.parametrize("text", ["", "😀", "日本語の文。", "a\r\nb\r\n", "\u0301", "\ud800x"])
def test_odd_texts_give_an_empty_table_with_its_types(text: str):
    table = alarms(text, text)

    assert table.empty
    assert table.dtypes[["start", "article_start"]].astype(str).tolist() == ["int64", "Int64"]


# Alarms on the distorted, the faithful and the clean summaries


def touched(article, one: dict) -> tuple[set[str], list[str]]:
    """Spots that an alarm touches, and alarms beside all of them. The alarm about the whole text
    touches everything, so it is not counted."""
    table = alarms(one["text"], article)
    table = table[table["end"] - table["start"] < len(one["text"]) / 2]
    spots = {
        change["id"]: (change["altered"]["start"], change["altered"]["end"])
        for change in one["altered"]
        if change["altered"]
    }
    spans = list(zip(table["start"], table["end"], table["text"], strict=True))
    hit = {
        name
        for name, (a, b) in spots.items()
        if any(start < b and a < end for start, end, _ in spans)
    }
    beside = [
        text
        for start, end, text in spans
        if not any(start < b and a < end for a, b in spots.values())
    ]
    return hit, beside


@pytest.mark.parametrize(
    ("place", "hit"),
    [(0, {"A1", "A2", "A4", "A5", "A6", "A8"}), (1, {"B3", "B4", "B5", "B6"})],
)
def test_alarms_touch_these_spots_and_miss_the_rest(article, place: int, hit: set[str]):
    assert touched(article, article.summaries["distorted"][place]) == (hit, [])


@pytest.mark.parametrize(
    ("name", "false"), [("headline", []), ("words50", []), ("words100", ["Britain"])]
)
def test_alarms_on_what_is_faithful(article, faithful, name: str, false: list[str]):
    assert alarms(faithful[name], article)["text"].tolist() == false


def test_the_clean_control_raises_no_alarm(article):
    assert alarms(article.summaries["control"]["text"], article).empty


def test_b_is_told_that_nobody_speaks_in_it(article, distorted):
    table = alarms(distorted["B"], article)

    assert table["text"].iloc[0].startswith("After murdering")
    assert table["kind"].iloc[0] == "attribution"


def test_notes_are_one_plain_line_and_no_verdict(article, distorted):
    notes = pd.concat([alarms(text, article) for text in distorted.values()])["note"]

    assert [note for note in notes if "\n" in note or len(note.split()) > 25] == []
    assert not notes.str.contains(r"\b(?:wrong|false|error|mistake|lie|true)\b", case=False).any()


# The small alarm that an exercise builds


def unsupported(summary: str, article: str) -> set[str]:
    """Numbers and capitalised words (no openers) that only the summary has; the exercise's rule."""

    def folded(word: str) -> str:
        return word.replace("’", "'").lower().removesuffix("'s")

    there = {folded(word) for word in words(article)}
    made = Article.from_text(summary)
    openers = set(made.words.drop_duplicates("sentence")["start"])
    return {
        word.text
        for word in made.words.itertuples()
        if (word.text[0].isdigit() or (word.text[0].isupper() and word.start not in openers))
        and folded(word.text) not in there
    }


@pytest.mark.parametrize(
    ("name", "words_"),
    [
        ("A", {"Americans", "Iran's"}),
        ("B", {"Britain"}),
        ("words50", set()),
        ("words100", {"Britain"}),
    ],
)
def test_the_exercises_alarm_finds_what_its_text_says(
    article, faithful, distorted, name: str, words_: set[str]
):
    text = without_watermark((faithful | distorted)[name])

    assert unsupported(text, article.text) == words_


@pytest.mark.parametrize("name", ["A", "B", "words50", "words100"])
def test_the_packages_alarm_names_all_that_the_exercises_does(
    article, faithful, distorted, name: str
):
    text = without_watermark((faithful | distorted)[name])
    found = alarms(text, article)

    assert unsupported(text, article.text) <= set(found["text"][found["kind"] == "name"])


def test_anything_with_a_text_is_a_text():
    assert rouge_n(SimpleNamespace(text="a b"), SimpleNamespace(text="a c"))[0] == 0.5


# Watermarks


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_watermark_is_no_part_of_what_is_judged(article, distorted, name: str):
    whole, bare = distorted[name], without_watermark(distorted[name])
    table, moved = alarms(whole, article), alarms(bare, article)

    assert len(words(bare)) == {"A": 50, "B": 51}[name]
    assert table["start"].min() >= len(whole) - len(bare)
    assert (table["start"] - (len(whole) - len(bare))).tolist() == moved["start"].tolist()
    assert table["note"].tolist() == moved["note"].tolist()


def test_what_is_no_text_is_refused():
    with pytest.raises(NutgrafError, match="summary has to be a text"):
        alarms(None, "a")

"""Summaries keep to their budget and their text; each method does what its paper says."""

from __future__ import annotations

import math
import re
import tracemalloc
from bisect import bisect_right
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nutgraf import load, summarizing
from nutgraf.article import Article
from nutgraf.counting import fold, is_function_word
from nutgraf.errors import NutgrafError
from nutgraf.quoting import quotation_spans
from nutgraf.scoring import rouge, rouge_n
from nutgraf.summarizing import (
    METHODS,
    Summary,
    compare,
    divergence,
    headline,
    lsa_topics,
    summarize,
)
from nutgraf.tokenizing import words

SEEDS = ["sadr-protests", "kettle-bridge"]
STEPWISE = ["sumbasic", "kl", "oracle"]
GRAPHS = ["textrank", "lexrank"]
REFERENCE = "Rain fell on the bridge while many people said that they would not march."
SLOW_EXAMPLES = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])

# What texts are made of: sentences, pieces of them, marks that open and never close, line ends.
PIECES = [
    *["Rain fell. ", "Rain fell on the bridge. ", "The bridge was closed! ", "Was it? ", "Ho. "],
    *["“We march. ", "We wait,” said Li. ", "“", "”", '"', "«Oui. Non.» ", "'", "he added\n\n"],
    *["* * *\n\n", "...", "US ", "us ", "5,000 ", "\r\n", "\n", "\n\n", "\u00a0", "!!!"],
    *["多くの人。", "كِتَاب عن المطر. ", "बारिश हुई। ", "e\u0301te\u0301. ", "👩🏽\u200d🚀 "],
]
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=20).map("".join), st.text(max_size=30))
WORDS = ["rain", "bridge", "march", "river", "school", "ferry", "troops", "vote"]
PLAIN = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), min_size=1, max_size=9
).map(lambda sentences: [" ".join(sentence).capitalize() + "." for sentence in sentences])


def names(summary: Summary) -> list[str]:
    return [f"S{row:02d}" for row in summary.picked]


def content(sentence: str) -> list[str]:
    return [fold(word) for word in words(sentence) if not is_function_word(word)]


def scores(text: str, method: str, **options) -> list[float]:
    return summarize(text, method, sentences=1, **options).table["score"].tolist()


def body(name: str) -> list[str]:
    """The sentences of a seed without its headline."""
    return load(name).sentences["text"].tolist()[1:]


def pagerank(weights: np.ndarray) -> np.ndarray:
    """The ranks by NetworkX's matrix and NumPy's eigenvectors, instead of by walking."""
    networkx = pytest.importorskip("networkx")
    matrix = networkx.google_matrix(networkx.from_numpy_array(weights), alpha=0.85)
    values, vectors = np.linalg.eig(np.asarray(matrix).T)
    ranks = np.real(vectors[:, np.argmax(np.real(values))])
    return ranks / ranks.sum()


def textrank_weights(sentences: list[str]) -> np.ndarray:
    bags = [set(content(sentence)) for sentence in sentences]
    logs = [math.log(len(words(sentence))) for sentence in sentences]
    weights = [
        [len(one & other) / (a + b or 1) for other, b in zip(bags, logs, strict=True)]
        for one, a in zip(bags, logs, strict=True)
    ]
    return np.array(weights) * (1 - np.eye(len(bags)))


def lexrank_weights(sentences: list[str]) -> np.ndarray:
    bags = [Counter(content(sentence)) for sentence in sentences]
    idf = {
        word: math.log((len(bags) + 1) / sum(word in bag for bag in bags))
        for bag in bags
        for word in bag
    }
    vectors = [{word: n * idf[word] for word, n in bag.items()} for bag in bags]

    def cosine(one: dict, other: dict) -> float:
        norms = math.sqrt(sum(v * v for v in one.values()) * sum(v * v for v in other.values()))
        return sum(v * other.get(word, 0) for word, v in one.items()) / norms if norms else 0.0

    return np.array([[cosine(one, other) for other in vectors] for one in vectors])


WEIGHTS = {"textrank": textrank_weights, "lexrank": lexrank_weights}


def word_matrix(sentences: list[str]) -> np.ndarray:
    """Words by sentences."""
    bags = [Counter(content(sentence)) for sentence in sentences]
    return np.array([[bag[word] for bag in bags] for word in sorted(set().union(*bags))], float)


# What every method keeps


@pytest.mark.parametrize("method", METHODS)
@SLOW_EXAMPLES
@given(text=TEXTS, budget=st.integers(1, 30), unit=st.sampled_from(["words", "sentences"]))
@example(text="", budget=1, unit="words")
@example(text="“”", budget=1, unit="sentences")
@example(text="The of and.", budget=3, unit="words")
def test_any_text_gives_whole_sentences_in_order_within_the_budget(method, text, budget, unit):
    article = Article.from_text(text)

    summary = summarize(article, method, **{unit: budget}, references=REFERENCE)

    sentences = article.sentences
    rows = list(summary.picked)
    assert rows == sorted(set(rows))
    assert summary.spans == [(sentences["start"][row], sentences["end"][row]) for row in rows]
    assert summary.text == " ".join(text[start:end] for start, end in summary.spans)
    assert summary.words == sum(article.words["sentence"].isin(rows))
    assert (summary.words if unit == "words" else len(rows)) <= budget
    assert bool(summary.note) == (not rows)


@pytest.mark.parametrize("method", METHODS)
@SLOW_EXAMPLES
@given(text=TEXTS, budget=st.integers(1, 30))
@example(text="“We march. We wait,” said Li. Rain fell.", budget=2)
def test_any_text_keeps_a_quotation_whole(method: str, text: str, budget: int):
    summary = summarize(text, method, sentences=budget, references=REFERENCE)
    starts = Article.from_text(text).sentences["start"].tolist()

    for start, end in quotation_spans(text):
        rows = range(bisect_right(starts, start) - 1, bisect_right(starts, end - 1))
        inside = {row in summary.picked for row in rows if row in summary.table.index}
        assert len(inside) < 2


@pytest.mark.parametrize("method", METHODS)
@SLOW_EXAMPLES
@given(text=TEXTS)
def test_the_table_ranks_every_sentence_of_the_pool(method: str, text: str):
    summary = summarize(text, method, words=12, references=REFERENCE)
    table = summary.table

    assert sorted(table["rank"]) == list(range(1, len(table) + 1))
    assert table.index[table["picked"]].tolist() == list(summary.picked)
    assert (table["step"].notna() == table["picked"]).all()
    assert [text[start:end] for start, end in zip(table["start"], table["end"], strict=True)] == (
        table["text"].tolist()
    )
    assert np.isfinite(table["score"].to_numpy(dtype=float)).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("mmr", [None, 0.5])
def test_the_same_call_gives_the_same_summary(method: str, name: str, mmr: float | None):
    def once() -> Summary:
        return summarize(load(name), method, words=80, references=REFERENCE, mmr=mmr)

    assert once() == once()
    assert once().table.equals(once().table)


@pytest.mark.parametrize("method", METHODS)
def test_a_text_is_as_good_as_an_article(method: str, article):
    assert summarize(article.text, method, words=60, references=REFERENCE) == summarize(
        article, method, words=60, references=REFERENCE
    )


@pytest.mark.parametrize("method", [name for name in METHODS if name != "oracle"])
@pytest.mark.parametrize("name", SEEDS)
def test_scores_stay_when_names_are_changed_throughout(method: str, name: str):
    text = load(name).text
    other = re.sub("Sadr|Oyelaran", "Okafor", text).replace("US", "UK").replace("Iraq", "Peru")
    assert other != text

    table, renamed = (summarize(one, method, words=60).table for one in (text, other))

    assert table["score"].tolist() == renamed["score"].tolist()
    assert table["picked"].tolist() == renamed["picked"].tolist()


@pytest.mark.parametrize("method", [name for name in METHODS if name not in STEPWISE])
def test_a_rank_follows_the_score(method: str, article):
    table = summarize(article, method, words=60).table.sort_values("rank")

    assert table["score"].is_monotonic_decreasing


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("random", "lead")])
def test_sentences_with_the_same_words_stay_apart_and_the_earlier_goes_first(method: str):
    text = "Rain fell on the river. " * 12

    summary = summarize(text, method, sentences=1, references=REFERENCE)

    assert len(summary.table) == 12
    assert summary.picked == (0,)
    assert summary.table["rank"].tolist() == list(range(1, 13))


@pytest.mark.parametrize("method", ["luhn", "centroid", "textrank", "lexrank", "lsa"])
def test_sentences_with_the_same_words_score_the_same(method: str):
    both = scores("Rain fell on the river. Snow and rain came. " * 6, method)

    assert both[::2] == pytest.approx([both[0]] * 6)
    assert both[1::2] == pytest.approx([both[1]] * 6)


@pytest.mark.parametrize("method", METHODS)
def test_a_sentence_that_is_repeated_can_be_taken_twice(method: str):
    text = "Rain fell. Rain fell. Rain fell."

    assert len(summarize(text, method, sentences=3, references=text).picked) == 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text",
    [
        "كِتَاب عن المطر. المطر على الجسر. الناس ينتظرون المطر.",
        "雨が降った。橋は閉じた。雨が降った。",
        "बारिश हुई। पुल बंद है। बारिश हुई।",
        "Дождь идёт. Мост закрыт. Дождь идёт на мост.",
    ],
)
def test_a_text_without_a_latin_letter_is_summarized(method: str, text: str):
    summary = summarize(text, method, sentences=4, references=text)

    assert summary.text
    assert summary.text in text


@pytest.mark.slow
@pytest.mark.parametrize("method", ["textrank", "lexrank", "lsa", "kl", "sumbasic"])
def test_ten_thousand_sentences_need_no_square_table(method: str):
    random = np.random.default_rng(0)
    vocabulary = [f"{a}{b}{c}" for a in "bdgklmnprst" for b in "aeiou" for c in "bdgklmnprst"]
    chances = 1 / np.arange(1, len(vocabulary) + 1)  # as in any language (Zipf)
    chosen = random.choice(len(vocabulary), (10_000, 12), p=chances / chances.sum())
    text = "\n\n".join(" ".join(vocabulary[i] for i in row).capitalize() + "." for row in chosen)
    article = Article.from_text(text)
    assert len(article.sentences) == 10_000

    tracemalloc.start()
    summary = summarize(article, method, words=120)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert summary.words == 120
    assert peak < 10_000 * 10_000 * 4  # bytes, which a table of all pairs would take


# The budget


def test_the_best_that_still_fits_is_taken_when_the_best_is_too_long():
    text = "Rain fell upon seven grey hills. Snow fell. Wind came at last."

    summary = summarize(text, "lead", words=6)

    assert names(summary) == ["S00"]
    assert names(summarize(text, "lead", words=5)) == ["S01"]
    assert names(summarize(text, "lead", words=8)) == ["S00", "S01"]


def test_the_whole_article_fits_a_large_budget(article):
    summary = summarize(article, "kl", words=10_000)

    assert summary.picked == tuple(range(1, 20))


def test_a_budget_too_small_gives_an_empty_summary_that_says_why(article):
    summary = summarize(article, "lexrank", words=6)

    assert (summary.text, summary.spans, summary.picked, summary.words) == ("", [], (), 0)
    assert summary.note == "Nothing fits: the budget is 6 words, and the least to take has 16."
    assert summary.note in repr(summary)


def test_a_summary_is_shown_as_its_text(article):
    summary = summarize(article, words=30)

    assert repr(summary) == summary.text


@pytest.mark.parametrize("budget", [{}, {"words": 10, "sentences": 1}])
def test_no_budget_and_two_are_refused(budget: dict):
    with pytest.raises(NutgrafError, match="exactly one budget"):
        summarize("Rain fell.", **budget)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"words": 0}, "words=0"),
        ({"sentences": -1}, "sentences=-1"),
        ({"words": 2.5}, r"words=2\.5"),
        ({"words": True}, "words=True"),
        ({"words": "60"}, "words='60'"),
        ({"words": 9, "topics": 0}, "topics=0"),
        ({"words": 9, "seed": -1}, "seed=-1"),
        ({"words": 9, "mmr": 1.5}, r"mmr=1\.5"),
        ({"words": 9, "mmr": math.nan}, "mmr=nan"),
        ({"words": 9, "references": [{"text": "Rain."}]}, "references"),
        ({"words": 9, "references": {"mine": "Rain."}}, "references"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(options: dict, named: str):
    with pytest.raises(NutgrafError, match=named):
        summarize("Rain fell.", **options)


@pytest.mark.parametrize("method", ["textrang", "", None, ["lead"]])
def test_an_unknown_method_names_those_there_are(method):
    with pytest.raises(NutgrafError, match=r'"lead", "frequency mean", .*"oracle"'):
        summarize("Rain fell.", method, words=10)


# Headline, dateline, quotations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bridge to close\n\nIt shuts on Monday.", "Bridge to close"),
        ("Bridge to close\nIt shuts on Monday.", "Bridge to close"),
        ("Bridge to close\r\n\r\nIt shuts on Monday.", "Bridge to close"),
        ("\n  Bridge “to close”  \n\nIt shuts.\n\nOn Monday", "Bridge “to close”"),
        ("Дождь над рекой\n\nМост закрыт.", "Дождь над рекой"),
        ("橋が閉まる\n\n月曜日に閉まる。", "橋が閉まる"),
        ("It shuts on Monday.\n\nSo it does.", None),
        ("“Will it shut?”\n\nIt shuts on Monday.", None),
        ("It shuts on Monday", None),
        ("a line of verse\nand another one\nand no mark at all", None),
        ("This text has hard line\nbreaks in it. So a line\nends anywhere.\n\nIt is so.", None),
        ("", None),
    ],
)
def test_a_headline_is_a_first_line_without_an_end_mark(text: str, found: str | None):
    span = headline(text)

    assert (span and text[slice(*span)]) == found


@pytest.mark.parametrize("name", SEEDS)
def test_the_headline_is_no_candidate(name: str):
    assert summarize(load(name), sentences=1).table.index[0] == 1


def test_the_headline_is_a_candidate_when_asked_for(article):
    summary = summarize(article, sentences=1, title=True)

    assert summary.text == "Sadr calls on Iraqis to join Friday anti-US protests"


def test_the_dateline_stays_with_its_sentence(article):
    assert summarize(article, sentences=1).text.startswith("ERBIL, Kurdistan Region- Firebrand")


def test_a_row_of_marks_is_no_candidate():
    assert summarize("Rain fell.\n\n* * *\n\nSnow fell.", sentences=3).picked == (0, 2)


def test_the_table_says_which_sentences_a_quotation_joins(article):
    together = summarize(article, sentences=1).table["together"]

    assert together[together != ""].to_dict() == {
        **dict.fromkeys([3, 4], "S03 S04"),
        **dict.fromkeys([16, 17, 18], "S16 S17 S18"),
    }


@pytest.mark.parametrize("method", [name for name in METHODS if name != "oracle"])
@pytest.mark.parametrize("budget", range(1, 20))
def test_no_summary_of_the_article_cuts_a_quotation(method: str, budget: int, article):
    text = summarize(article, method, sentences=budget).text

    assert text.count("“") == text.count("”")


def test_a_quotation_of_which_a_part_would_fit_is_passed_over(article):
    # S03 and S04 are next, and one place is left.
    assert names(summarize(article, "frequency mean", sentences=2)) == ["S06", "S15"]


def test_a_quotation_is_cut_when_asked_for(article):
    summary = summarize(article, "frequency mean", sentences=2, whole_quotations=False)

    assert names(summary) == ["S03", "S06"]
    assert summary.text.count("“") > summary.text.count("”")


def test_a_quotation_over_two_paragraphs_is_kept_whole():
    article = load("kettle-bridge")
    text = article.text
    start, end = next(span for span in quotation_spans(text) if "\n" in text[slice(*span)])

    summaries = [summarize(article, "lead", sentences=k) for k in range(1, 25)]

    covered = {sum(start <= s < end for s, _ in summary.spans) for summary in summaries}
    assert covered == {0, len(article.sentences.query("@start <= start < @end"))}


# Lead and random


def test_lead_takes_the_first_sentences(article):
    assert names(summarize(article, "lead", sentences=4)) == ["S01", "S02", "S03", "S04"]
    assert names(summarize(article, "lead", words=60)) == ["S01", "S02"]


def test_random_depends_on_the_seed_alone(article):
    picks = {summarize(article, "random", sentences=3, seed=seed).picked for seed in range(40)}

    assert len(picks) > 30
    assert {row for rows in picks for row in rows} == set(range(1, 20))


# Frequency

CATS = "Cats sleep. Cats eat fish. Dogs sleep 24 hours."


def test_frequency_counts_content_words_and_no_numbers():
    # cats 2, sleep 2, the others 1.
    assert scores(CATS, "frequency sum") == [4, 4, 4]
    assert scores(CATS, "frequency mean") == [2, 4 / 3, 4 / 3]


def test_frequency_knows_the_country_from_the_pronoun():
    text = "The US called us. They told US officials."

    terms = summarize(text, "frequency sum", sentences=1).table["terms"].tolist()

    assert terms == [[("US", 2), ("called", 1)], [("told", 1), ("US", 2), ("officials", 1)]]


def test_mean_frequency_picks_the_slogan_and_the_nut_graf(article):
    assert names(summarize(article, "frequency mean", sentences=3)) == ["S03", "S04", "S06"]


def test_summed_frequency_picks_long_sentences(article):
    assert names(summarize(article, "frequency sum", sentences=3)) == ["S01", "S06", "S09"]


def test_mean_frequency_reaches_the_dissent_with_the_twelfth_sentence(article):
    reached = [
        13 in summarize(article, "frequency mean", sentences=k, whole_quotations=False).picked
        for k in range(1, 20)
    ]

    assert reached == [False] * 11 + [True] * 8


@pytest.mark.parametrize("name", SEEDS)
def test_frequency_is_what_a_counter_counts(name: str):
    bags = [[w for w in content(one) if any(map(str.isalpha, w))] for one in body(name)]
    counts = Counter(word for bag in bags for word in bag)
    sums = [sum(counts[word] for word in bag) for bag in bags]

    table = summarize(load(name), "frequency mean", sentences=1).table

    assert scores(load(name), "frequency sum") == sums
    assert table["score"].tolist() == pytest.approx(
        [total / len(bag) if bag else 0 for total, bag in zip(sums, bags, strict=True)]
    )
    assert table["terms"].tolist() == [[(word, counts[word]) for word in bag] for bag in bags]


# SumBasic


def test_sumbasic_squares_what_was_taken():
    # Of 7: apples 2, rot 2, the others 1. After the first, apples and rot have (2/7) ** 2.
    text = "Apples rot. Apples shine. Pears rot slowly."

    table = summarize(text, "sumbasic", sentences=3).table

    assert table["first_score"].tolist() == pytest.approx([2 / 7, 3 / 14, 4 / 21])
    assert table["step"].tolist() == [1, 3, 2]
    assert table["score"][2] == pytest.approx((1 / 7 + 4 / 49 + 1 / 7) / 3)
    assert table["score"][1] == pytest.approx((4 / 49 + 1 / 7) / 2)


def test_sumbasic_takes_a_sentence_with_the_most_probable_word():
    # Snow is the better sentence on average; rain is the more probable word.
    text = "Rain fell, rain stopped, grey hills shone. Rain ruined harvests. Snow! Snow!"

    table = summarize(text, "sumbasic", sentences=1).table

    assert table["first_score"].idxmax() == 2
    assert table.index[table["picked"]].tolist() == [1]


def test_sumbasic_goes_to_the_next_word_when_none_of_the_sentences_with_the_first_fits():
    text = "Rain fell, rain stopped, grey hills shone. Rain ruined harvests. Snow! Snow!"

    assert summarize(text, "sumbasic", words=1).picked == (2,)


# Luhn


@pytest.mark.parametrize(
    ("between", "score"),
    [("", 2.0), ("red green ", 1.0), ("red green blue black ", 4 / 6), ("a b c d e ", 0.0)],
)
def test_a_luhn_window_may_hold_four_other_words_in_a_row(between: str, score: float):
    text = f"Yesterday bread {between}milk spoiled. Bread! Milk!"

    table = summarize(text, "luhn", sentences=1).table

    assert table["score"].tolist() == pytest.approx([score, 0, 0])
    assert table["window"][0] == (f"bread {between}milk" if score else "")


def test_the_best_luhn_window_counts():
    text = "Bread milk a b c d e bread milk bread."

    table = summarize(text, "luhn", sentences=1).table

    row = table.loc[0]
    assert (row["score"], row["significant"], row["window_words"]) == (3, 3, 3)
    assert text[row["window_start"] : row["window_end"]] == row["window"] == "bread milk bread"


class _Words:
    """Hands sumy the kit's words, so that the methods are compared and not the tokenizers."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        # In hexadecimal, since sumy would lower-case "US" and "ASHBY".
        return tuple(
            "stopped" if is_function_word(word) else fold(word).encode().hex()
            for word in words(sentence)
        )


@pytest.mark.parametrize("name", SEEDS)
def test_luhn_agrees_with_sumy(name: str):
    luhn = pytest.importorskip("sumy.summarizers.luhn").LuhnSummarizer()
    dom = pytest.importorskip("sumy.models.dom")
    luhn.stop_words = ["stopped"]
    luhn.max_gap_size = 5  # it closes a window at so many; the paper allows four
    sentences = [dom.Sentence(one, _Words()) for one in body(name)]
    document = dom.ObjectDocumentModel([dom.Paragraph(sentences)])
    significant = luhn._get_significant_words(document.words)

    theirs = [luhn.rate_sentence(sentence, significant) for sentence in sentences]

    assert any(theirs)
    assert scores(load(name), "luhn") == pytest.approx(theirs)


# Centroid


def test_centroid_adds_up_tf_idf():
    # rain: 3 times, in 2 of 3 sentences.
    text = "Rain, rain. Rain fell. Snow came."
    rain, other = 3 * math.log(4 / 2), math.log(4 / 1)

    table = summarize(text, "centroid", sentences=1).table

    assert table["score"].tolist() == pytest.approx([2 * rain, rain + other, 2 * other])
    assert dict(table["terms"][1]) == pytest.approx({"rain": rain, "fell": other})


# TextRank and LexRank


@pytest.mark.parametrize("method", GRAPHS)
def test_two_linked_sentences_share_what_a_lonely_one_passes_on(method: str):
    # r = 0.85 * r / 3 + 0.15 / 3 for a lonely sentence in TextRank. In LexRank it is linked with
    # itself, so it keeps what it has.
    text = "Rain fell hard. Rain fell again. Snow came."
    lonely = {"textrank": 0.05 / (1 - 0.85 / 3), "lexrank": 1 / 3}[method]

    assert scores(text, method) == pytest.approx([(1 - lonely) / 2, (1 - lonely) / 2, lonely])


@pytest.mark.parametrize("method", GRAPHS)
@pytest.mark.parametrize("name", SEEDS)
def test_ranks_are_those_of_networkx(method: str, name: str):
    expected = pagerank(WEIGHTS[method](body(name)))

    assert np.abs(np.array(scores(load(name), method)) - expected).max() < 1e-9


@pytest.mark.parametrize("method", GRAPHS)
@settings(max_examples=60)
@given(sentences=PLAIN)
@example(sentences=["Rain.", "Rain."])
@example(sentences=["Rain.", "Rain.", "Rain bridge.", "Vote."])
def test_ranks_are_those_of_networkx_for_small_texts(method: str, sentences: list[str]):
    text = "\n\n".join(sentences)
    assert Article.from_text(text).sentences["text"].tolist() == sentences

    assert np.abs(scores(text, method) - pagerank(WEIGHTS[method](sentences))).max() < 1e-9


@pytest.mark.parametrize("method", GRAPHS)
@SLOW_EXAMPLES
@example(text="US \r\n...")
@given(text=TEXTS.filter(words))
def test_ranks_sum_to_one(method: str, text: str):
    assert sum(scores(text, method)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("method", GRAPHS)
@pytest.mark.parametrize("name", SEEDS)
def test_one_more_step_of_the_walk_changes_nothing(method: str, name: str):
    networkx = pytest.importorskip("networkx")
    graph = networkx.from_numpy_array(WEIGHTS[method](body(name)))
    ranks = np.array(scores(load(name), method))

    further = ranks @ np.asarray(networkx.google_matrix(graph, alpha=0.85))

    assert np.abs(further - ranks).sum() < summarizing.TOLERANCE


def test_sumys_lexrank_stops_before_it_has_arrived(article):
    lexrank = pytest.importorskip("sumy.summarizers.lex_rank").LexRankSummarizer()
    links = (lexrank_weights(body(article.name)) > 0.1).astype(float)
    matrix = links / links.sum(axis=1, keepdims=True)

    soon, late = (lexrank.power_method(matrix, epsilon) for epsilon in (lexrank.epsilon, 1e-12))

    assert np.abs(soon / soon.sum() - late / late.sum()).sum() > 0.01


def test_words_of_every_sentence_still_link_in_lexrank():
    # log(N / n) is 0 for both words, log(N / (1 + n)) below 0.
    table = summarize("Rain fell. Rain fell.", "lexrank", sentences=1).table

    assert table["similarity"].tolist() == pytest.approx([2, 2])


# LSA


def test_a_sentence_outside_the_strongest_topic_scores_nothing():
    # Two blocks without a common word: singular values 2 and the root of 2.
    text = "Cats purr. Cats purr. Dogs bark."
    root = math.sqrt(2)

    assert scores(text, "lsa", topics=1) == pytest.approx([root, root, 0], abs=1e-9)
    assert scores(text, "lsa", topics=2) == pytest.approx([root, root, root])


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("topics", [1, 3, 7])
def test_lsa_is_what_numpys_svd_gives(name: str, topics: int):
    _, values, right = np.linalg.svd(word_matrix(body(name)), full_matrices=False)
    expected = np.sqrt(((values[:topics, None] * right[:topics]) ** 2).sum(axis=0))

    table = summarize(load(name), "lsa", sentences=1, topics=topics).table

    weights = table[[f"topic_{number}" for number in range(1, topics + 1)]].to_numpy()
    assert table["score"].to_numpy() == pytest.approx(expected)
    assert np.abs(weights.T) == pytest.approx(np.abs(values[:topics, None] * right[:topics]))


@pytest.mark.parametrize(("height", "width"), [(60, 300), (300, 60), (200, 200), (40, 9)])
def test_the_svd_of_large_tables_is_numpys(height: int, width: int, monkeypatch):
    random = np.random.default_rng(5)
    full = random.poisson(0.1, (height, width)).astype(float)
    rows, columns = np.nonzero(full)
    grid = summarizing._Grid(rows, columns, full[rows, columns], full.shape)
    monkeypatch.setattr(summarizing, "_SMALL", 0)

    left, values, right = summarizing._singular(grid, 3)

    theirs = np.linalg.svd(full, full_matrices=False)
    assert values == pytest.approx(theirs[1][:3], rel=1e-9)
    assert np.abs(left) == pytest.approx(np.abs(theirs[0][:, :3]), abs=1e-6)
    assert np.abs(right) == pytest.approx(np.abs(theirs[2][:3]), abs=1e-6)


def test_a_large_table_of_one_row_again_and_again_has_one_topic(monkeypatch):
    monkeypatch.setattr(summarizing, "_SMALL", 0)

    table = summarize("Rain fell on the river. " * 30, "lsa", sentences=1).table

    assert "topic_2" not in table
    assert table["topic_1"].to_numpy() == pytest.approx(math.sqrt(3))


def test_lsa_is_no_plain_norm_while_sumys_is(article):
    lsa = pytest.importorskip("sumy.summarizers.lsa").LsaSummarizer()
    matrix = word_matrix(body(article.name))
    norms = np.linalg.norm(matrix, axis=0)
    _, values, right = np.linalg.svd(matrix, full_matrices=False)

    assert lsa._compute_ranks(values, right) == pytest.approx(norms)
    assert np.abs(np.array(scores(article, "lsa")) - norms).max() > 0.5


def test_topics_show_their_words():
    topics = lsa_topics("Cats purr. Cats purr. Dogs bark.", topics=5, words=2)

    assert topics["topic"].tolist() == [1, 1, 2, 2]
    assert topics["strength"].tolist() == pytest.approx([2, 2, math.sqrt(2), math.sqrt(2)])
    assert topics["word"].tolist() == ["cats", "purr", "dogs", "bark"]
    assert topics["weight"].to_numpy() == pytest.approx(math.sqrt(0.5))


@SLOW_EXAMPLES
@given(text=TEXTS)
def test_any_text_has_topics_or_none(text: str):
    topics = lsa_topics(text, topics=2, words=3)

    assert set(topics["topic"]) <= {1, 2}
    assert set(topics["word"]) <= set(content(text))


# KL


def test_the_divergence_by_hand():
    expected = 0.5 * math.log(0.5 / (0.99 + 0.005)) + 0.5 * math.log(0.5 / 0.005)

    assert divergence([3, 3], [4, 0]) == pytest.approx(expected)
    assert divergence([3, 3], [0, 0]) == pytest.approx(math.log(100))


COUNTS = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(1, 40), min_size=size, max_size=size),
        st.lists(st.integers(0, 40), min_size=size, max_size=size),
    )
)


@given(counts=COUNTS)
def test_the_divergence_is_zero_for_equal_shares_alone(counts):
    one, other = counts
    equal = sum(other) > 0 and all(
        a * sum(other) == b * sum(one) for a, b in zip(one, other, strict=True)
    )

    value = divergence(one, other)

    assert 0 <= value <= math.log(100) + 1e-9
    assert (value < 1e-12) == equal


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=9), times=st.integers(1, 9))
def test_the_divergence_looks_at_shares_and_not_at_length(counts: list[int], times: int):
    assert divergence(counts, [times * n for n in counts]) == pytest.approx(0, abs=1e-12)


def test_sumys_divergence_calls_unequal_shares_better_than_equal():
    kl = pytest.importorskip("sumy.summarizers.kl").KLSummarizer
    article, summary = {"rain": 0.25, "snow": 0.75}, {"rain": 1.0}

    assert kl._kl_divergence(summary, article) < kl._kl_divergence(article, article)
    assert divergence([1, 3], [1, 0]) > divergence([1, 3], [1, 3])


@pytest.mark.parametrize("wrong", [([1, 0], [1, 1]), ([1, 1], [1]), ([1], [-1]), ([[1]], [[1]])])
def test_a_divergence_needs_two_counts_over_one_vocabulary(wrong):
    with pytest.raises(NutgrafError, match="one vocabulary"):
        divergence(*wrong)


@settings(max_examples=60)
@given(sentences=PLAIN)
def test_kl_takes_the_sentence_with_the_least_divergence_at_each_step(sentences: list[str]):
    bags = [Counter(content(sentence)) for sentence in sentences]
    total = sum(bags, Counter())

    def after(places: list[int]) -> float:
        bag = sum((bags[place] for place in places), Counter())
        return divergence([total[word] for word in total], [bag[word] for word in total])

    table = summarize("\n\n".join(sentences), "kl", sentences=len(sentences)).table

    taken: list[int] = []
    for row in table.sort_values("step").index:
        least = min(after([*taken, place]) for place in set(range(len(sentences))) - set(taken))
        taken.append(row)
        assert table["divergence"][row] == pytest.approx(after(taken), abs=1e-9)
        assert after(taken) == pytest.approx(least, abs=1e-9)
    assert after(taken) == pytest.approx(0, abs=1e-12)


# Oracle


@settings(max_examples=60)
@given(sentences=PLAIN, reference=st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
def test_the_oracle_adds_what_lifts_rouge_most(sentences: list[str], reference: list[str]):
    wanted = " ".join(reference)

    def f1(places: list[int]) -> float:
        return rouge_n(" ".join(sentences[place] for place in sorted(places)), wanted)[2]

    table = summarize("\n\n".join(sentences), "oracle", sentences=9, references=wanted).table

    taken: list[int] = []
    for row in table[table["picked"]].sort_values("step").index:
        rest = set(range(len(sentences))) - set(taken)
        best = max(f1([*taken, place]) for place in rest)
        taken.append(row)
        assert table["score"][row] == pytest.approx(f1(taken))
        assert f1(taken) == pytest.approx(best)
    rest = set(range(len(sentences))) - set(taken)
    assert all(f1([*taken, place]) <= f1(taken) + 1e-9 for place in rest)


def test_the_oracle_follows_the_reference_it_fits_best():
    text = "Rain fell on the hills. Snow closed the road."

    summary = summarize(text, "oracle", sentences=1, references=["The road closed", "Wind came"])

    assert summary.picked == (1,)
    assert summary.table["score"][1] == pytest.approx(2 * 3 / (4 + 3))


def test_the_oracle_takes_nothing_that_shares_nothing():
    summary = summarize("Rain fell.", "oracle", words=9, references="Snow")

    assert summary.note == "No sentence shares a word with the references."


@pytest.mark.parametrize("references", [None, []])
def test_the_oracle_needs_a_reference(references):
    with pytest.raises(NutgrafError, match="references="):
        summarize("Rain fell.", "oracle", words=10, references=references)


# MMR


def test_mmr_passes_over_what_was_said():
    text = "Rain flooded Ashby. Rain flooded Ashby again. Rain flooded Ashby today. Schools closed."

    plain = summarize(text, "frequency mean", sentences=2)
    reranked = summarize(text, "frequency mean", sentences=2, mmr=0.3)

    assert plain.picked == (0, 1)
    assert reranked.picked == (0, 3)


def test_mmr_weighs_score_against_likeness():
    # Scores 2, 2 and 1, scaled 1, 1, 0. The second is the first again, the third is nothing like.
    text = "Rain fell. Rain fell. Snow came."

    table = summarize(text, "frequency mean", sentences=3, mmr=0.6).table

    assert table["first_score"].tolist() == [2, 2, 1]
    assert table["score"].tolist() == pytest.approx([0.6, 0.6 - 0.4, 0])
    assert table["step"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("method", [name for name in METHODS if name not in STEPWISE])
@pytest.mark.parametrize("name", SEEDS)
def test_mmr_with_all_weight_on_the_score_is_the_method_itself(method: str, name: str):
    plain = summarize(load(name), method, words=90)

    assert summarize(load(name), method, words=90, mmr=1).picked == plain.picked


@pytest.mark.parametrize("method", METHODS)
def test_mmr_lowers_the_likeness_within_a_summary(method: str, article):
    vectors = lexrank_weights(body(article.name))

    def likeness(mmr: float) -> float:
        places = [
            row - 1
            for row in summarize(
                article, method, sentences=5, references=REFERENCE, mmr=mmr, whole_quotations=False
            ).picked
        ]
        return vectors[np.ix_(places, places)].sum()

    assert likeness(0) <= likeness(1)


# Side by side


def test_compare_gives_each_method_the_same_budget(article):
    table = compare(article, words=60)

    assert table.columns.tolist() == ["method", "sentences", "words"]
    assert table["method"].tolist() == [name for name in METHODS if name != "oracle"]
    assert table["words"].between(40, 60).all()


@pytest.mark.parametrize("method", METHODS)
def test_compare_shows_what_summarize_gives(method: str, article):
    options = {"words": 70, "references": [REFERENCE, "Snow fell on the bridge."], "mmr": 0.8}

    row = compare(article, [method], **options).loc[0]

    summary = summarize(article, method, **options)
    f1 = rouge(summary.text, options["references"])["f1"].tolist()
    assert (row["sentences"], row["words"]) == (names(summary), summary.words)
    assert row[["rouge1", "rouge2", "rougeL"]].tolist() == f1


def test_compare_adds_the_oracle_when_there_are_references(article):
    assert "oracle" in compare(article, sentences=2, references=REFERENCE)["method"].tolist()


def test_compare_takes_one_name_for_a_list_of_one(article):
    assert compare(article, "lead", sentences=1)["sentences"].tolist() == [["S01"]]


def test_compare_refuses_an_unknown_method(article):
    with pytest.raises(NutgrafError, match="no method 'tldr'"):
        compare(article, ["lead", "tldr"], words=10)

"""A million tokens: how long the kit's concordance takes, and how long NLTK's.

Both are given the same list of tokens, the words of the article again and again.

python -m pytest tests/benchmarks/test_counting_speed.py --benchmark-only
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import nltk
import pytest
from nltk.text import Text

from nutgraf.counting import concordance, frequencies, index

MILLION = 1_000_000
ROUNDS = 5


@pytest.fixture(scope="module")
def corpus(article) -> list[str]:
    words = article.words["text"].tolist()
    return (words * (MILLION // len(words) + 1))[:MILLION]


@pytest.fixture(scope="module")
def ours(corpus: list[str]):
    return index(corpus)


@pytest.fixture(scope="module")
def nltks(corpus: list[str]) -> Text:
    text = Text(corpus)
    text.concordance_list("homeland")  # makes the index
    return text


@pytest.fixture
def timed(benchmark):
    """Times a function five times, after one run that warms it up."""

    def run(function, *arguments: Any, **named: Any) -> Any:
        return benchmark.pedantic(
            function, args=arguments, kwargs=named, rounds=ROUNDS, iterations=1, warmup_rounds=1
        )

    return run


# First call: the index is made


@pytest.mark.benchmark(group="first concordance, 1M tokens")
def test_first_by_nutgraf(timed, corpus: list[str]):
    assert len(timed(lambda: concordance(index(corpus), "homeland", lines=25))) == 25


@pytest.mark.benchmark(group="first concordance, 1M tokens")
def test_first_by_nltk(timed, corpus: list[str]):
    assert len(timed(lambda: Text(corpus).concordance_list("homeland", lines=25))) == 25


# 25 lines


@pytest.mark.benchmark(group="25 lines of a word, 1M tokens")
def test_some_lines_by_nutgraf(timed, ours):
    assert len(timed(concordance, ours, "homeland", lines=25)) == 25


@pytest.mark.benchmark(group="25 lines of a word, 1M tokens")
def test_some_lines_by_nltk(timed, nltks: Text):
    assert len(timed(nltks.concordance_list, "homeland", lines=25)) == 25


@pytest.mark.benchmark(group="25 lines of a phrase, 1M tokens")
def test_some_lines_of_a_phrase_by_nutgraf(timed, ours):
    assert len(timed(concordance, ours, ["us", "troops"], lines=25)) == 25


@pytest.mark.benchmark(group="25 lines of a phrase, 1M tokens")
def test_some_lines_of_a_phrase_by_nltk(timed, nltks: Text):
    assert len(timed(nltks.concordance_list, ["us", "troops"], lines=25)) == 25


# All lines


@pytest.mark.benchmark(group="all lines of a word, 1M tokens")
def test_all_lines_by_nutgraf(timed, ours, corpus: list[str]):
    assert len(timed(concordance, ours, "homeland")) == corpus.count("homeland")


@pytest.mark.benchmark(group="all lines of a word, 1M tokens")
def test_all_lines_by_nltk(timed, nltks: Text, corpus: list[str]):
    found = timed(nltks.concordance_list, "homeland", lines=MILLION)
    assert len(found) == corpus.count("homeland")


@pytest.mark.benchmark(group="all lines of a phrase, 1M tokens")
def test_all_lines_of_a_phrase_by_nutgraf(timed, ours):
    assert len(timed(concordance, ours, ["us", "troops"])) > 4_000


@pytest.mark.benchmark(group="all lines of a phrase, 1M tokens")
def test_all_lines_of_a_phrase_by_nltk(timed, nltks: Text):
    assert len(timed(nltks.concordance_list, ["us", "troops"], lines=MILLION)) > 4_000


# Counting


@pytest.mark.benchmark(group="frequencies, 1M tokens")
def test_frequencies_by_nutgraf(timed, corpus: list[str]):
    assert timed(frequencies, corpus)["count"].sum() == MILLION


@pytest.mark.benchmark(group="frequencies, 1M tokens")
def test_frequencies_by_counter(timed, corpus: list[str]):
    assert timed(Counter, corpus).total() == MILLION


@pytest.mark.benchmark(group="frequencies, 1M tokens")
def test_frequencies_by_nltk(timed, corpus: list[str]):
    assert timed(nltk.FreqDist, corpus).N() == MILLION

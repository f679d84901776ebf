"""Scores of long texts and of many random summaries, beside rouge-score.

python -m pytest tests/benchmarks/test_scoring_speed.py --benchmark-only
"""

from __future__ import annotations

import random

import pytest

from nutgraf import scoring

WORDS = 4_000


def shuffled(words: list[str], seed: int) -> str:
    """Four thousand of the article's words, in an order of their own."""
    return " ".join(random.Random(seed).choices(words, k=WORDS))


@pytest.fixture(scope="module")
def pair(article) -> tuple[str, str]:
    words = [word for word in scoring.rouge_tokens(article.text) if word.isascii()]
    return shuffled(words, 1), shuffled(words, 2)


@pytest.fixture(scope="module")
def reference(article) -> str:
    return article.summaries["faithful"][1]["text"]


@pytest.fixture
def theirs():
    return pytest.importorskip("rouge_score.rouge_scorer").RougeScorer


@pytest.mark.benchmark(group="ROUGE-L, two texts of 4,000 words")
def test_rouge_l_by_nutgraf(benchmark, pair):
    assert 0 < benchmark(scoring.rouge_l, *pair)[2] < 1


@pytest.mark.benchmark(group="ROUGE-L, two texts of 4,000 words")
def test_rouge_l_by_rouge_score(benchmark, pair, theirs):
    score = benchmark.pedantic(theirs(["rougeL"]).score, (pair[1], pair[0]), rounds=3)

    assert score["rougeL"].fmeasure == pytest.approx(scoring.rouge_l(*pair)[2])


@pytest.mark.benchmark(group="ROUGE-1 and ROUGE-2, two texts of 4,000 words")
def test_ngrams_by_nutgraf(benchmark, pair):
    assert len(benchmark(scoring.rouge, *pair, ("1", "2"))) == 2


@pytest.mark.benchmark(group="ROUGE-1 and ROUGE-2, two texts of 4,000 words")
def test_ngrams_by_rouge_score(benchmark, pair, theirs):
    scores = benchmark(theirs(["rouge1", "rouge2"]).score, pair[1], pair[0])

    assert scores["rouge2"].fmeasure == pytest.approx(scoring.rouge_n(*pair, 2)[2])


@pytest.mark.benchmark(group="ROUGE-1, 2 and L, the lead and a reference of 50 words")
def test_a_summary_by_nutgraf(benchmark, article, reference):
    lead = " ".join(article.sentences["text"].iloc[1:4])

    assert len(benchmark(scoring.rouge, lead, reference)) == 3


@pytest.mark.benchmark(group="ROUGE-1, 2 and L, the lead and a reference of 50 words")
def test_a_summary_by_rouge_score(benchmark, article, reference, theirs):
    lead = " ".join(article.sentences["text"].iloc[1:4])

    assert len(benchmark(theirs(["rouge1", "rouge2", "rougeL"]).score, reference, lead)) == 3


@pytest.mark.benchmark(group="1,000 random summaries of 50 words")
@pytest.mark.parametrize("variant", ["1", "2", "L"])
def test_random_summaries(benchmark, article, reference, variant):
    scores = benchmark(scoring.random_scores, article, 50, reference, variant)

    assert len(scores) == 1000


@pytest.mark.benchmark(group="a distorted summary held against the article")
def test_alarms(benchmark, article):
    assert len(benchmark(scoring.alarms, article.summaries["distorted"][0]["text"], article))

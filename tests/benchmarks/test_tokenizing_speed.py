"""One megabyte of the article: how long the kit's words and sentences take, and how long others'.

python -m pytest tests/benchmarks/test_tokenizing_speed.py --benchmark-only
"""

from __future__ import annotations

from typing import Any

import pytest

from nutgraf import tokenizing
from nutgraf.offline import english_model

ROUNDS = 3


@pytest.fixture(scope="module")
def copies(article) -> int:
    return 1_000_000 // len((article.text + "\n\n").encode())


@pytest.fixture(scope="module")
def megabyte(article, copies: int) -> str:
    """The article again and again: just under a million bytes of UTF-8."""
    return (article.text + "\n\n") * copies


@pytest.fixture
def timed(benchmark):
    """Times a function three times, after one run that warms it up."""

    def run(function, *arguments: Any) -> Any:
        return benchmark.pedantic(
            function, args=arguments, rounds=ROUNDS, iterations=1, warmup_rounds=1
        )

    return run


# Words


@pytest.mark.benchmark(group="words, 1 MB")
def test_words_by_nutgraf(timed, megabyte: str, copies: int):
    assert len(timed(tokenizing.word_spans, megabyte)) == 430 * copies


@pytest.mark.benchmark(group="words, 1 MB")
def test_words_by_nltk(timed, megabyte: str):
    from nltk.tokenize import NLTKWordTokenizer

    assert (
        len(timed(lambda text: list(NLTKWordTokenizer().span_tokenize(text)), megabyte)) > 100_000
    )


@pytest.mark.benchmark(group="words, 1 MB")
def test_words_by_spacy(timed, megabyte: str):
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")

    def spans(text: str) -> list[tuple[int, int]]:
        return [(token.idx, token.idx + len(token)) for token in pipeline(text)]

    assert len(timed(spans, megabyte)) > 100_000


# Sentences


@pytest.mark.benchmark(group="sentences, 1 MB")
def test_sentences_by_nutgraf(timed, megabyte: str, copies: int):
    assert len(timed(tokenizing.sentence_spans, megabyte)) == 20 * copies


@pytest.mark.benchmark(group="sentences, 1 MB")
def test_sentences_by_nltk(timed, megabyte: str, copies: int):
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    english, parameters = english_model(), PunktParameters()
    parameters.abbrev_types = set(english.abbrev_types)
    parameters.collocations = set(english.collocations)
    parameters.sent_starters = set(english.sent_starters)
    parameters.ortho_context.update(english.ortho_context)
    punkt = PunktSentenceTokenizer(parameters)

    assert len(timed(lambda text: list(punkt.span_tokenize(text)), megabyte)) > 15 * copies


@pytest.mark.benchmark(group="sentences, 1 MB")
def test_sentences_by_spacy(timed, megabyte: str, copies: int):
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")

    def spans(text: str) -> list[tuple[int, int]]:
        return [(sentence.start_char, sentence.end_char) for sentence in pipeline(text).sents]

    assert len(timed(spans, megabyte)) > 15 * copies

"""Two thousand sentences: how long a summary of 100 words takes, and how long sumy's takes.

python -m pytest tests/benchmarks/test_summarizing_speed.py --benchmark-only

Both start from the text: splitting into sentences and words is timed too, and both leave the kit's
function words out. sumy chooses a number of sentences and we fill 100 words, which its time does
not depend on: it rates every sentence whatever is asked. sumy's KL takes time with the cube of the
sentences, so it runs on 200 and 500 of them, where ours spends nearly all its time on splitting.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from nutgraf.article import Article
from nutgraf.counting import FUNCTION_WORDS
from nutgraf.offline import use_offline_nltk
from nutgraf.summarizing import summarize

LARGE = 2_000
WORDS, SENTENCES = 100, 5


@pytest.fixture(scope="module")
def text(article) -> str:
    """Sentences of the article, three words of each exchanged, none twice; seed 0."""
    chance = random.Random(0)
    pool = article.words["text"].tolist()
    sentences = []
    for sentence in article.sentences["text"][1:]:  # half a quotation loses its mark
        if sentence.count("“") != sentence.count("”"):
            sentences.append(sentence.translate({ord("“"): None, ord("”"): None}).split())
        else:
            sentences.append(sentence.split())
    altered: dict[str, None] = {}
    while len(altered) < LARGE + 100:
        words = list(chance.choice(sentences))
        for _ in range(3):
            place = chance.randrange(1, len(words) - 1)
            if words[place].isalpha():
                words[place] = chance.choice(pool)
        altered[" ".join(words).rstrip(".") + "."] = None
    return "\n\n".join(altered)


def first(text: str, count: int) -> str:
    """The text up to its `count`th sentence."""
    return text[: Article.from_text(text).sentences["end"][count - 1]]


@pytest.fixture
def timed(benchmark):
    """Times a function three times, after one run that warms it up; `slow` ones once."""

    def run(function, *arguments: Any, slow: bool = False) -> Any:
        return benchmark.pedantic(
            function, args=arguments, rounds=1 if slow else 3, warmup_rounds=0 if slow else 1
        )

    return run


def by_sumy(text: str, module: str, name: str) -> int:
    from sumy.nlp.stemmers import null_stemmer
    from sumy.nlp.tokenizers import Tokenizer
    from sumy.parsers.plaintext import PlaintextParser

    summarizer = getattr(pytest.importorskip(f"sumy.summarizers.{module}"), name)(null_stemmer)
    summarizer.stop_words = FUNCTION_WORDS
    document = PlaintextParser.from_string(text, Tokenizer("english")).document
    return len(summarizer(document, SENTENCES))


def of_nutgraf(timed, text: str, method: str, count: int) -> None:
    part = first(text, count)

    summary = timed(lambda: summarize(part, method, words=WORDS))

    assert len(summary.table) == count
    assert summary.words <= WORDS


def of_sumy(timed, text: str, module: str, name: str, count: int) -> None:
    pytest.importorskip("sumy")
    use_offline_nltk()
    part = first(text, count)

    # Warmed up on a few sentences; a full round more would take as long as the measurement.
    by_sumy(first(text, 20), module, name)

    assert timed(by_sumy, part, module, name, slow=True) == SENTENCES


@pytest.mark.benchmark(group="LexRank, 2,000 sentences")
def test_lexrank_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "lexrank", LARGE)


@pytest.mark.benchmark(group="LexRank, 2,000 sentences")
def test_lexrank_by_sumy(timed, text: str):
    of_sumy(timed, text, "lex_rank", "LexRankSummarizer", LARGE)


@pytest.mark.benchmark(group="TextRank, 2,000 sentences")
def test_textrank_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "textrank", LARGE)


@pytest.mark.benchmark(group="TextRank, 2,000 sentences")
def test_textrank_by_sumy(timed, text: str):
    of_sumy(timed, text, "text_rank", "TextRankSummarizer", LARGE)


@pytest.mark.benchmark(group="LSA, 2,000 sentences")
def test_lsa_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "lsa", LARGE)


@pytest.mark.filterwarnings("ignore:Number of words")
@pytest.mark.benchmark(group="LSA, 2,000 sentences")
def test_lsa_by_sumy(timed, text: str):
    of_sumy(timed, text, "lsa", "LsaSummarizer", LARGE)


@pytest.mark.benchmark(group="SumBasic, 2,000 sentences")
def test_sumbasic_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "sumbasic", LARGE)


@pytest.mark.benchmark(group="SumBasic, 2,000 sentences")
def test_sumbasic_by_sumy(timed, text: str):
    of_sumy(timed, text, "sum_basic", "SumBasicSummarizer", LARGE)


@pytest.mark.benchmark(group="Luhn, 2,000 sentences")
def test_luhn_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "luhn", LARGE)


@pytest.mark.benchmark(group="Luhn, 2,000 sentences")
def test_luhn_by_sumy(timed, text: str):
    of_sumy(timed, text, "luhn", "LuhnSummarizer", LARGE)


@pytest.mark.benchmark(group="KL, 200 sentences")
def test_kl_of_200_sentences_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "kl", 200)


@pytest.mark.benchmark(group="KL, 200 sentences")
def test_kl_of_200_sentences_by_sumy(timed, text: str):
    of_sumy(timed, text, "kl", "KLSummarizer", 200)


@pytest.mark.benchmark(group="KL, 500 sentences")
def test_kl_of_500_sentences_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "kl", 500)


@pytest.mark.benchmark(group="KL, 500 sentences")
def test_kl_of_500_sentences_by_sumy(timed, text: str):
    of_sumy(timed, text, "kl", "KLSummarizer", 500)


@pytest.mark.benchmark(group="KL, 2,000 sentences")
def test_kl_by_nutgraf(timed, text: str):
    of_nutgraf(timed, text, "kl", LARGE)

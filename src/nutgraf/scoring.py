"""Scores for a summary: how much it shares with a reference, and what it copied.

ROUGE counts shared words. It cannot see whether a summary is true; `nutgraf.alarms` points at spots
that a reader should hold against the article.

A summary may be a string or anything with a `.text`, such as what `nutgraf.summarizing` returns.
Offsets are `(start, end)` in code points of the text they belong to.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from nutgraf.counting import STRAIGHT
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import Span, word_spans

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from nutgraf.article import Article


class Score(NamedTuple):
    """Precision, recall and F1, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


# --------------------------------------------------------------------------------------
# What comes in


def text_of(thing: Any, what: str = "summary") -> str:
    text = thing if isinstance(thing, str) else getattr(thing, "text", None)
    if not isinstance(text, str):
        raise NutgrafError(
            f"The {what} has to be a text, not {type(thing).__name__}. Give a string, or something "
            'with a .text; from `article.summaries` take one["text"].'
        )
    return text


def _texts(references: Any) -> list[str]:
    """One reference or several (a list, or a dict of names and texts), as a list of strings."""
    if isinstance(references, str) or hasattr(references, "text"):
        references = [references]
    elif isinstance(references, Mapping):
        references = references.values()
    elif not isinstance(references, Iterable):
        references = [references]  # `text_of` says what is wrong with it
    texts = [text_of(one, "reference") for one in references]
    if not texts:
        raise NutgrafError("There is no reference to score against. Give at least one text.")
    return texts


_WATERMARK = re.compile(r"\s*\[([^\[\]]*)\]\s*")


def without_watermark(summary: Any) -> str:
    """The text without a bracket in capitals at its head, `[EXERCISE - MAY BE DISTORTED 1]`.

    For scoring. On a screen the watermark stays, so `alarms` reads past it by itself.
    """
    text = text_of(summary)
    return text[after_watermark(text) :]


def after_watermark(text: str) -> int:
    match = _WATERMARK.match(text)
    return match.end() if match and match[1].isupper() else 0


# --------------------------------------------------------------------------------------
# ROUGE


@cache
def _rouge_pattern() -> Any:
    import regex

    # Joiners belong to a word only between its letters (Persian, Sinhala).
    return regex.compile(r"[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}]|[\u200c\u200d](?=[\p{L}\p{N}\p{M}]))*+")


@cache
def porter() -> Callable[[str], str]:
    from nltk.stem.porter import PorterStemmer

    return lru_cache(maxsize=100_000)(PorterStemmer().stem)


def rouge_tokens(text: str, stem: bool = False) -> list[str]:
    """The tokens that ROUGE compares: lower-cased runs of letters and digits.

    On ASCII text they are those of the package rouge-score (`[a-z0-9]+`): "don't" is `don`, `t`
    and "5,000" is `5`, `000`. Letters outside ASCII are kept ("café" is one token, not `caf`), with
    their combining marks, and é is the same whether it is written as one code point or two. A
    script without spaces between words gives one token for each run.

    `stem` reduces tokens of more than three characters to Porter's stems, which are for English.
    """
    tokens = _rouge_pattern().findall(unicodedata.normalize("NFC", text_of(text, "text")).lower())
    if stem:
        stemmed = porter()
        tokens = [stemmed(token) if len(token) > 3 else token for token in tokens]
    return tokens


def _score(shared: int, found: int, wanted: int) -> Score:
    """Precision, recall and F1 of `shared` among `found` and among `wanted`; 0 where nothing is."""
    if not shared:
        return Score(0.0, 0.0, 0.0)
    return Score(shared / found, shared / wanted, 2 * shared / (found + wanted))


def _ngrams(tokens: Sequence[str], n: int) -> Counter:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def _score_ngrams(found: Sequence[str], wanted: Counter, n: int) -> Score:
    grams = _ngrams(found, n)
    return _score((grams & wanted).total(), grams.total(), wanted.total())


def _score_lcs(found: Sequence[str], wanted: Sequence[str]) -> Score:
    return _score(lcs_length(found, wanted), len(found), len(wanted))


def lcs_length(first: Sequence[str], second: Sequence[str]) -> int:
    """How many tokens the longest common subsequence of two lists has.

    The tokens have to stand in the same order in both lists, not side by side. One bit stands for
    one place in the longer list, and Python's long integers work on all of them at once (Hyyrö
    2004, "Bit-parallel LCS-length computation revisited"; after Crochemore, Iliopoulos, Pinzon and
    Reid 2001, "A fast and practical bit-vector algorithm for the longest common subsequence
    problem"): len(first) * len(second) / 30 steps or so, instead of one for every pair.
    """
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    wanted, places = set(shorter), defaultdict(int)
    for place, token in enumerate(longer):
        if token in wanted:
            places[token] |= 1 << place
    every = row = (1 << len(longer)) - 1
    for token in shorter:
        if at := places.get(token, 0):
            hit = row & at
            row = ((row + hit) | (row - hit)) & every
    return len(longer) - row.bit_count()


def rouge_n(summary: Any, reference: Any, n: int = 1, stem: bool = False) -> Score:
    """ROUGE-N: the n-grams two texts share, as precision, recall and F1.

    Precision is the share of the summary's n-grams that the reference has, recall the share of the
    reference's that the summary has; one that comes k times counts k times at most. (Lin 2004,
    "ROUGE: A Package for Automatic Evaluation of Summaries", section 2; F1 weighs both alike.)
    All three are 0 where there is nothing to compare.
    """
    if not isinstance(n, int) or n < 1:
        raise NutgrafError(f"n has to be a whole number from 1, not {n!r}. Take 1 for words.")
    wanted = _ngrams(rouge_tokens(text_of(reference, "reference"), stem), n)
    return _score_ngrams(rouge_tokens(text_of(summary), stem), wanted, n)


def rouge_l(summary: Any, reference: Any, stem: bool = False) -> Score:
    """ROUGE-L: the longest common subsequence of two texts, as precision, recall, F1.

    Both texts are read as one long sentence each, as rouge-score's `rougeL` does. (Lin 2004,
    section 3.1.)
    """
    wanted = rouge_tokens(text_of(reference, "reference"), stem)
    return _score_lcs(rouge_tokens(text_of(summary), stem), wanted)


def _scorer(variant: Any, references: list[str], stem: bool) -> Callable[[list[str]], Score]:
    """A function from the tokens of a summary to its best score; the references are read once."""
    wanted = [rouge_tokens(text, stem) for text in references]
    name = str(variant).upper()
    scores: list[Callable[[list[str]], Score]]
    if name == "L":
        scores = [partial(_score_lcs, wanted=one) for one in wanted]
    elif re.fullmatch("[1-9]", name):
        n = int(name)
        scores = [partial(_score_ngrams, wanted=_ngrams(one, n), n=n) for one in wanted]
    else:
        raise NutgrafError(
            f'There is no ROUGE variant {variant!r}. There are "1" to "9" (n-grams) and "L".'
        )
    return lambda found: max((score(found) for score in scores), key=lambda one: one.f1)


def rouge(
    summary: Any,
    references: Any,
    variants: Iterable[str] = ("1", "2", "L"),
    stem: bool = False,
) -> pd.DataFrame:
    """ROUGE scores of a summary, one row a variant: variant, precision, recall, f1.

    `references` is one text or several. With several, each variant shows the reference with the
    best F1 (the first of equals), as rouge-score's `score_multi` does; so two rows may be about two
    references. Lin 2004 takes the best one too, section 2.1.
    """
    import pandas as pd

    found, texts = rouge_tokens(text_of(summary), stem), _texts(references)
    variants = [variants] if isinstance(variants, str | int) else list(variants)
    rows = [(str(variant).upper(), *_scorer(variant, texts, stem)(found)) for variant in variants]
    return pd.DataFrame(rows, columns=["variant", "precision", "recall", "f1"])


def overlap_table(summary: Any, references: Any, stem: bool = False) -> pd.DataFrame:
    """The words behind ROUGE-1, one row a word, in the order in which they first come.

    Columns: `word` (a ROUGE token), `summary` (how often it is there), `reference` (how often in
    the reference; with several, where it is most frequent), `references` (how many of them have
    it), `shared` (the smaller of the two counts) and `where`: "shared", "missing" (in references
    only) or "extra" (in the summary only). The words of the references come before the extra ones.

    With one reference, the sums of `shared` and `reference` give the recall of ROUGE-1, those of
    `shared` and `summary` its precision.
    """
    import pandas as pd

    found = Counter(rouge_tokens(text_of(summary), stem))
    wanted = [Counter(rouge_tokens(text, stem)) for text in _texts(references)]
    rows = []
    for word in dict.fromkeys([*(word for one in wanted for word in one), *found]):
        most = max(one[word] for one in wanted)
        shared = min(found[word], most)
        where = "shared" if shared else "missing" if most else "extra"
        rows.append((word, found[word], most, sum(word in one for one in wanted), shared, where))
    columns = ["word", "summary", "reference", "references", "shared", "where"]
    return pd.DataFrame(rows, columns=columns)


# --------------------------------------------------------------------------------------
# Beside chance


def random_scores(
    article: Article | str,
    words: int,
    references: Any,
    variant: str = "1",
    *,
    n: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """ROUGE F1 of `n` random summaries of at most `words` words: an array, in no special order.

    What `summarize(article, "random", words=words)` does, `n` times: sentences in random order, the
    headline left out, quotations kept whole, and one that no longer fits is passed over. A score
    says little by itself; `percentile` tells how many of these it beats. The same `seed` gives the
    same scores. `references` and `variant` as in `rouge`.
    """
    import random

    import numpy as np

    from nutgraf.summarizing import _as_article, _pool, _whole

    budget, n = _whole(words, "words"), _whole(n, "n")
    pool = _pool(_as_article(article), title=False, whole_quotations=True)
    units: list[list[int]] = [[] for _ in range(int(pool.units.max(initial=-1)) + 1)]
    for place, unit in enumerate(pool.units.tolist()):
        units[unit].append(place)
    tokens = [rouge_tokens(pool.text[start:end]) for start, end in pool.spans]
    cost = [sum(pool.lengths[place].item() for place in unit) for unit in units]
    # A unit of two sentences is twice as likely to come up, as it is in `summarize`.
    fitting = [unit for unit in pool.units.tolist() if cost[unit] <= budget]
    least = min((cost[unit] for unit in fitting), default=budget + 1)
    score = _scorer(variant, _texts(references), stem=False)
    draw = random.Random(seed).random  # the one generator that is promised never to change
    known: dict[tuple[int, ...], float] = {}

    def drawn() -> float:
        left, taken, rest = budget, set(), fitting.copy()
        while rest and left >= least:
            place = int(draw() * len(rest))
            unit, rest[place] = rest[place], rest[-1]
            rest.pop()
            if unit not in taken and cost[unit] <= left:
                taken.add(unit)
                left -= cost[unit]
        key = tuple(sorted(taken))
        if key not in known:
            places = sorted(place for unit in key for place in units[unit])
            known[key] = score([token for place in places for token in tokens[place]]).f1
        return known[key]

    return np.array([drawn() for _ in range(n)])


def percentile(score: float, scores: Iterable[float]) -> float:
    """Of 100 `scores`, how many are lower than `score`; equal ones are not beaten."""
    scores = list(scores)
    if not scores:
        raise NutgrafError("There are no scores. Make them with scoring.random_scores(...).")
    return 100 * sum(one < score for one in scores) / len(scores)


# --------------------------------------------------------------------------------------
# Copying


def lowered(word: str) -> str:
    return word.lower().translate(STRAIGHT)


def _fragments(summary: str, article: str) -> Iterator[tuple[int, int, int]]:
    """(place in the summary, place in the article, length) of the greedy fragments, in order."""

    # Each word has become one character, so the search for a run is Python's own.
    def longest(place: int) -> tuple[int, int]:
        found, size, step = article.find(summary[place]), 1, 1
        if found < 0:
            return -1, 1
        while step:
            longer = min(size + step, len(summary) - place)
            here = article.find(summary[place : place + longer], found) if longer > size else -1
            if here >= 0:
                found, size, step = here, longer, step * 2
            else:
                step //= 2
        return found, size

    place = 0
    while place < len(summary):
        found, size = longest(place)
        if found >= 0:
            yield place, found, size
        place += size


def copying(summary: Any, article: Article | str) -> pd.Series:
    """How much of a summary is the article's own wording.

    Words are the kit's, lower-cased, with both apostrophes alike. The series has

    - `words` and `article_words`;
    - `novel_1` ... `novel_4`: the share of the summary's runs of 1 to 4 words that do not stand in
      the article (0 where the summary has no such run);
    - `coverage`: the share of words that belong to a copied fragment, a single word being one too;
      `density`: how long the fragment is that a word belongs to, on average; `compression`: words
      of the article for each word of the summary. Grusky, Naaman and Artzi 2018, "Newsroom: A
      Dataset of 1.3 Million Summaries with Diverse Extractive Strategies", section 3; fragments are
      found as there, greedily from the left;
    - `longest`: words of the longest fragment (the first of equals), `longest_text`, and its places
      `start`, `end` in the summary and `article_start`, `article_end` (None where there is none).
    """
    import pandas as pd

    text, source = text_of(summary), text_of(article, "article")
    spans, places = word_spans(text), word_spans(source)
    codes: dict[str, str] = {}

    def coded(text: str, spans: list[Span]) -> str:
        lows = (lowered(text[start:end]) for start, end in spans)
        return "".join([codes.setdefault(low, chr(len(codes))) for low in lows])

    ours, theirs = coded(text, spans), coded(source, places)
    total = len(ours)
    row: dict[str, Any] = {"words": total, "article_words": len(theirs)}
    for n in range(1, 5):
        there = set(_ngrams(theirs, n))
        grams = list(zip(*(ours[start:] for start in range(n)), strict=False))
        row[f"novel_{n}"] = sum(gram not in there for gram in grams) / max(len(grams), 1)
    found = list(_fragments(ours, theirs))
    row["coverage"] = sum(size for *_, size in found) / max(total, 1)
    row["density"] = sum(size**2 for *_, size in found) / max(total, 1)
    row["compression"] = len(theirs) / total if total else 0.0
    row |= {"longest": 0, "longest_text": ""}
    row |= dict.fromkeys(["start", "end", "article_start", "article_end"])
    if found:
        here, there, size = max(found, key=lambda one: one[2])
        row |= {"longest": size, "start": spans[here][0], "end": spans[here + size - 1][1]}
        row["longest_text"] = text[row["start"] : row["end"]]
        row |= {"article_start": places[there][0], "article_end": places[there + size - 1][1]}
    return pd.Series(row, dtype=object)

"""Extractive summaries: sentences of the article, chosen by rules that can be looked into.

Every method gives each sentence a score; `summarize` then fills one budget, in words or in
sentences, by one rule for all, and returns spans of the unaltered text beside the table of scores.

What the methods count are content words: the kit's words, folded (`counting.fold`), without
function words (`counting.is_function_word`). A sentence is known by its place, never by its text,
so a repeated sentence stays two sentences. Equal scores go to the earlier sentence.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nutgraf.article import Article
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import Span, paragraph_spans

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DAMPING = 0.85
"""How often the walk of TextRank and LexRank follows a link instead of jumping anywhere."""

TOLERANCE = 1e-12
"""The walk has arrived when a further step changes all ranks together by less than this."""

LUHN_GAP = 4
"""So many other words in a row, at most, stand between two significant words of one window."""

SKEW = 0.99
"""KL-sum: the share of the summary's own words in the distribution compared with the article."""

_SMALL = 100_000  # cells up to which NumPy's full SVD takes a moment
_TIE = 9  # decimals, relative to the best score: what differs beyond them is rounding


@dataclass(frozen=True, repr=False)
class Summary:
    """Sentences chosen from an article; `summarize` makes it. Shown as its text.

    method: the name in `METHODS`; spans: (start, end) of the sentences, in document order;
    picked: their row numbers in `article.sentences`; text: the sentences joined by a space;
    words: how many of the kit's words they have;
    table: every sentence of the pool, one a row, as `summarize` describes it;
    note: why the summary is empty, "" when it is not.
    """

    method: str
    spans: list[Span]
    picked: tuple[int, ...]
    text: str
    words: int
    table: pd.DataFrame = field(compare=False)
    note: str = ""

    def __repr__(self) -> str:
        return self.text or f"<Summary by {self.method!r}: empty. {self.note}>"


# --------------------------------------------------------------------------------------
# The pool: which sentences may be chosen, and their words


class _Pool(NamedTuple):
    """The sentences that may be chosen; "sentence" below is the place in this pool, from 0."""

    text: str
    rows: list[int]  # of each sentence in article.sentences
    spans: list[Span]
    lengths: np.ndarray  # words of each sentence
    units: np.ndarray  # sentences with one number are taken together or not at all
    word_spans: list[Span]
    sentence: np.ndarray  # of each word
    term: np.ndarray  # of each word: its place in the vocabulary, -1 for function words
    vocabulary: list[str]  # folded content words, in the order of their first use


def headline(text: str) -> Span | None:
    """The span of the headline of `text`, None where there is none.

    The rule, for any text: the first paragraph is a headline when it is one line without a mark at
    its end that ends a sentence (closing quotation marks and brackets aside), while a later
    paragraph with words in it has one. Where blank lines part the paragraphs, one has to follow it,
    so that the first line of a text with hard line breaks is none.
    """
    paragraphs = paragraph_spans(text)
    if len(paragraphs) < 2:
        return None
    ends = _end_mark()
    first, *later = paragraphs

    def ended(span: Span) -> bool:
        return bool(ends.search(text, *span)) and any(map(str.isalnum, text[slice(*span)]))

    if ended(first) or not any(map(ended, later)):
        return None

    def blank(one: Span, other: Span) -> bool:
        return len(text[one[1] : other[0]].splitlines()) > 1

    gaps = [blank(one, other) for one, other in zip(paragraphs, later, strict=False)]
    return first if gaps[0] or not any(gaps) else None


@cache
def _end_mark() -> Any:
    import regex

    return regex.compile(r"[\p{Sentence_Terminal}…][\p{Pe}\p{Pf}\p{Pi}\"'\s]*$")


def _together(text: str, spans: list[Span]) -> list[int]:
    """For each sentence the number of its unit: a quotation over several sentences joins them."""
    from nutgraf.quoting import quotation_spans

    starts = [start for start, _ in spans]
    units = list(range(len(spans)))
    for start, end in quotation_spans(text):
        first = max(bisect_right(starts, start) - 1, 0)
        for place in range(first + 1, bisect_right(starts, end - 1)):
            # Neighbours are joined one by one, so nested and overlapping quotations agree.
            units[place] = -1
    for place, unit in enumerate(units):
        if unit < 0:
            units[place] = units[place - 1]
    return units


def _as_article(article: Article | str) -> Article:
    return article if isinstance(article, Article) else Article.from_text(article)


def _pool(article: Article, title: bool, whole_quotations: bool) -> _Pool:
    import numpy as np

    from nutgraf.counting import fold, is_function_word

    sentences, words = article.sentences, article.words
    spans = list(zip(sentences["start"].tolist(), sentences["end"].tolist(), strict=True))
    sentence = words["sentence"].to_numpy()
    lengths = np.bincount(sentence, minlength=len(spans))
    units = np.arange(len(spans))
    if whole_quotations:
        units = np.array(_together(article.text, spans), dtype=int)

    # A row of asterisks is no sentence, unless it stands within a quotation.
    keep = np.bincount(units, lengths, minlength=len(spans))[units] > 0
    if not title and (head := headline(article.text)):
        keep &= sentences["start"].to_numpy() >= head[1]
    rows = np.flatnonzero(keep)
    place = np.cumsum(keep) - 1

    inside = np.flatnonzero(keep[sentence])
    starts, ends = words["start"].to_numpy()[inside], words["end"].to_numpy()[inside]
    texts = words["text"].tolist()
    codes: dict[str, int] = {}
    code = [codes.setdefault(texts[i], len(codes)) for i in inside.tolist()]
    vocabulary: dict[str, int] = {}
    terms = [
        -1 if is_function_word(token) else vocabulary.setdefault(fold(token), len(vocabulary))
        for token in codes
    ]
    return _Pool(
        text=article.text,
        rows=rows.tolist(),
        spans=[spans[row] for row in rows],
        lengths=lengths[rows],
        units=np.unique(units[rows], return_inverse=True)[1],
        word_spans=list(zip(starts.tolist(), ends.tolist(), strict=True)),
        sentence=place[sentence[inside]],
        term=np.array(terms, dtype=int)[np.array(code, dtype=int)],
        vocabulary=list(vocabulary),
    )


# --------------------------------------------------------------------------------------
# Sparse tables of counts


class _Grid(NamedTuple):
    """A sparse matrix: `values` at `rows`, `columns`, sorted by row, each cell once."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]


def _grid(rows: np.ndarray, columns: np.ndarray, values: Any, shape: tuple[int, int]) -> _Grid:
    """The grid with `values` (None: 1 each) added up where they meet in a cell."""
    import numpy as np

    width = max(shape[1], 1)
    cells, place = np.unique(rows * width + columns, return_inverse=True)
    sums = np.bincount(place, values, minlength=len(cells)).astype(float)
    return _Grid(cells // width, cells % width, sums, shape)


def _counts(pool: _Pool) -> _Grid:
    """How often each content word (column) stands in each sentence (row)."""
    content = pool.term >= 0
    shape = (len(pool.rows), len(pool.vocabulary))
    return _grid(pool.sentence[content], pool.term[content], None, shape)


def _by_unit(pool: _Pool, grid: _Grid) -> _Grid:
    """`grid` with the rows of sentences that are only taken together added up."""
    units = int(pool.units.max(initial=-1)) + 1
    return _grid(pool.units[grid.rows], grid.columns, grid.values, (units, grid.shape[1]))


def _row_sums(grid: _Grid, values: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.bincount(grid.rows, values, minlength=grid.shape[0])


def _column_sums(grid: _Grid, values: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.bincount(grid.columns, values, minlength=grid.shape[1])


def _times(grid: _Grid, vector: np.ndarray) -> np.ndarray:
    return _row_sums(grid, grid.values * vector[grid.columns])


def _transposed_times(grid: _Grid, vector: np.ndarray) -> np.ndarray:
    return _column_sums(grid, grid.values * vector[grid.rows])


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`above / below`, 0 where `below` is 0."""
    import numpy as np

    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def _idf(counts: _Grid) -> np.ndarray:
    """Inverse sentence frequency of each word: log((N + 1) / n) for a word in n of N sentences.

    log(N / n), the usual form, is 0 for a word in every sentence: two equal sentences alone would
    have nothing in common. This one is always above 0 and keeps the order of words.
    """
    import numpy as np

    within = np.bincount(counts.columns, minlength=counts.shape[1])
    return np.log((counts.shape[0] + 1) / within)


def _unit_vectors(counts: _Grid) -> _Grid:
    """The sentences as TF-IDF vectors of length 1: products of rows are cosines."""
    import numpy as np

    weights = counts.values * _idf(counts)[counts.columns]
    norms = np.sqrt(_row_sums(counts, weights**2))
    return counts._replace(values=weights / norms[counts.rows])


# --------------------------------------------------------------------------------------
# The methods


class _Options(NamedTuple):
    mmr: float | None
    topics: int
    references: list[str]
    seed: int


Step = Callable[["np.ndarray", "np.ndarray"], tuple["np.ndarray", "np.ndarray"]]


class _Plan(NamedTuple):
    """How a method chooses.

    step(new, fits): scores of all sentences after the sentences `new` were taken, and which of
    those that still fit (`fits`, a mask) may be taken next; columns: what the scores are made of;
    stepwise: whether scores depend on what was taken before.
    """

    step: Step
    columns: dict[str, Any]
    stepwise: bool = False


def _fixed(scores: np.ndarray, **columns: Any) -> _Plan:
    return _Plan(lambda _, fits: (scores, fits), columns)


def _lead(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    position = np.arange(1, len(pool.rows) + 1)
    return _fixed(1 / position, position=position)


def _pairs(pool: _Pool, words: np.ndarray, values: np.ndarray) -> list[list[tuple[str, Any]]]:
    """For each sentence its words at the places `words`, with the value of each."""
    found: list[list[tuple[str, Any]]] = [[] for _ in pool.rows]
    terms, sentences = pool.term[words], pool.sentence[words]
    for term, sentence in zip(terms.tolist(), sentences.tolist(), strict=True):
        found[sentence].append((pool.vocabulary[term], values[term].item()))
    return found


def _frequency(pool: _Pool, mean: bool) -> _Plan:
    import numpy as np

    number = np.array([not any(map(str.isalpha, word)) for word in pool.vocabulary], dtype=bool)
    words = np.flatnonzero(pool.term >= 0)
    words = words[~number[pool.term[words]]]
    counts = np.bincount(pool.term[words], minlength=len(pool.vocabulary))
    size = len(pool.rows)
    scores = np.bincount(pool.sentence[words], counts[pool.term[words]], minlength=size)
    if mean:
        scores = _divided(scores, np.bincount(pool.sentence[words], minlength=size))
    return _fixed(scores, terms=_pairs(pool, words, counts))


def _frequency_mean(pool: _Pool, _: _Options) -> _Plan:
    return _frequency(pool, mean=True)


def _frequency_sum(pool: _Pool, _: _Options) -> _Plan:
    return _frequency(pool, mean=False)


def _sumbasic(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    counts = _counts(pool)
    lengths = _row_sums(counts, counts.values)
    chance = _column_sums(counts, counts.values) / max(counts.values.sum(), 1)
    first = _divided(_times(counts, chance), lengths)

    def step(new: np.ndarray, fits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        taken = np.unique(counts.columns[np.isin(counts.rows, new)])
        chance[taken] **= 2
        scores = _divided(_times(counts, chance), lengths)
        # The sentence has to hold the most probable word, or the next that a sentence can give.
        there = chance[counts.columns] * fits[counts.rows]
        best = there.max(initial=0)
        if best == 0:
            return scores, fits
        holds = np.bincount(counts.rows, there >= best * (1 - 1e-12), minlength=len(fits)) > 0
        return scores, fits & holds

    return _Plan(step, {"first_score": first}, stepwise=True)


def _luhn(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    size, content = len(pool.rows), pool.term >= 0
    counts = np.bincount(pool.term[content], minlength=len(pool.vocabulary))
    often = np.zeros(len(pool.term), dtype=bool)
    often[content] = counts[pool.term[content]] > 1
    words = np.flatnonzero(often)

    # A window opens at a significant word that is too far from the one before.
    far = np.diff(words) > LUHN_GAP + 1
    other = np.diff(pool.sentence[words]) > 0
    opens = np.flatnonzero(np.r_[True, far | other][: len(words)])
    closes = np.r_[opens[1:], len(words)][: len(opens)] - 1
    significant = closes - opens + 1
    length = words[closes] - words[opens] + 1
    # One significant word alone is next to nothing significant.
    weight = np.where(significant > 1, significant**2 / length, 0.0)

    columns: dict[str, list] = {name: [None] * size for name in ("window_start", "window_end")}
    columns |= {"window": [""] * size, "significant": [0] * size, "window_words": [0] * size}
    scores = np.zeros(size)
    for i, value in enumerate(weight.tolist()):
        sentence = pool.sentence[words[opens[i]]]
        if value > scores[sentence]:
            start, end = pool.word_spans[words[opens[i]]][0], pool.word_spans[words[closes[i]]][1]
            scores[sentence] = value
            columns["window_start"][sentence], columns["window_end"][sentence] = start, end
            columns["window"][sentence] = pool.text[start:end]
            columns["significant"][sentence] = int(significant[i])
            columns["window_words"][sentence] = int(length[i])
    return _fixed(scores, **columns)


def _centroid(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    counts = _counts(pool)
    values = _column_sums(counts, counts.values) * _idf(counts)
    words = np.flatnonzero(pool.term >= 0)
    return _fixed(_times(counts, values), terms=_pairs(pool, words, values))


def _walked(weigh: Callable[[np.ndarray], np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """PageRank over links with symmetric weights, and the weight of the links of each sentence.

    weigh(vector): the matrix of weights times the vector. A sentence without links passes its
    rank on to all alike, so the ranks sum to 1. Brin and Page 1998, "The Anatomy of a Large-Scale
    Hypertextual Web Search Engine".
    """
    import numpy as np

    if not size:
        return np.zeros(0), np.zeros(0)
    strength = weigh(np.ones(size))
    alone = strength <= 0
    ranks = np.full(size, 1 / size)
    change = 1.0
    while change >= TOLERANCE:
        moved = weigh(_divided(ranks, strength)) + ranks[alone].sum() / size
        new = DAMPING * moved + (1 - DAMPING) / size
        change = np.abs(new - ranks).sum()
        ranks = new
    return ranks, strength


def _textrank(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    counts = _counts(pool)
    # Each word once, and none that links nothing: what remains is exactly 0 for lonely sentences.
    shared = np.bincount(counts.columns, minlength=counts.shape[1])[counts.columns] > 1
    rows, columns = counts.rows[shared], counts.columns[shared]
    words = _Grid(rows, columns, np.ones(len(rows)), counts.shape)

    # The links are shared words / (log length + log other length). The matrix of all links is never
    # written down, since 10,000 sentences have 100 million pairs: the divisors depend on the two
    # lengths alone, and the small matrix of 1 / divisor is a sum of a few products u(a) * u(b).
    lengths, place = np.unique(np.log(np.maximum(pool.lengths, 1)), return_inverse=True)
    divisors = lengths[:, None] + lengths[None, :]
    factors, vectors = np.linalg.eigh(1 / np.where(divisors > 0, divisors, 1))
    kept = np.abs(factors) > 1e-15 * np.abs(factors).max(initial=0)
    factors, vectors = factors[kept], vectors[:, kept][place]
    itself = _row_sums(words, words.values) * (vectors**2 @ factors)

    def weigh(vector: np.ndarray) -> np.ndarray:
        total = -itself * vector
        for factor, u in zip(factors, vectors.T, strict=True):
            total += factor * u * _times(words, _transposed_times(words, u * vector))
        return total

    ranks, strength = _walked(weigh, len(pool.rows))
    return _fixed(ranks, similarity=strength)


def _lexrank(pool: _Pool, _: _Options) -> _Plan:
    vectors = _unit_vectors(_counts(pool))

    def weigh(vector: np.ndarray) -> np.ndarray:
        # All cosines times the vector, without writing the cosines down.
        return _times(vectors, _transposed_times(vectors, vector))

    ranks, strength = _walked(weigh, len(pool.rows))
    return _fixed(ranks, similarity=strength)


def _singular(grid: _Grid, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `k` largest singular values of `grid` (fewer if it is smaller) with their vectors.

    Returns left vectors (rows x k), values (k), right vectors (k x columns). A large grid is never
    written out: block Lanczos steps with full reorthogonalisation, until the error of every vector
    is below 1e-8 of the largest value (Golub and Van Loan, "Matrix Computations", chapter 10).
    """
    import numpy as np

    height, width = grid.shape
    k = min(k, height, width)
    if height * width <= _SMALL:
        full = np.zeros(grid.shape)
        full[grid.rows, grid.columns] = grid.values
        left, values, right = np.linalg.svd(full, full_matrices=False)
        return left[:, :k], values[:k], right[:k]

    def times(block: np.ndarray, one: Callable) -> np.ndarray:
        return np.stack([one(grid, column) for column in block.T], axis=1)

    block = np.random.default_rng(0).standard_normal((width, k + 8))
    basis, images = np.empty((width, 0)), np.empty((height, 0))
    while True:
        block = block[:, : width - basis.shape[1]]
        for _ in range(2):  # once is not enough for rounding
            block = np.linalg.qr(block - basis @ (basis.T @ block))[0]
        image = times(block, _times)
        basis, images = np.hstack([basis, block]), np.hstack([images, image])
        _, turn = np.linalg.eigh(images.T @ images)
        turn = turn[:, : -k - 1 : -1]  # the largest first
        left, right = images @ turn, basis @ turn
        values = np.linalg.norm(left, axis=0)
        errors = np.linalg.norm(times(left, _transposed_times) - right * values**2, axis=0)
        if errors.max() <= 1e-8 * values[0] ** 2 or basis.shape[1] == width:
            return left / np.where(values > 0, values, 1), values, right.T
        block = times(image, _transposed_times)


def _topics(pool: _Pool, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`_singular` of the counts, each topic turned so that its strongest word counts as positive.

    A topic whose value is rounding is none: it is left out.
    """
    import numpy as np

    left, values, right = _singular(_counts(pool), k)
    real = values > 1e-9 * values.max(initial=0)
    left, values, right = left[:, real], values[real], right[real]
    strength = np.abs(right)
    if len(values):
        # Of words as strong as each other the first decides.
        first = np.argmax(strength >= strength.max(axis=1, keepdims=True) * (1 - 1e-6), axis=1)
        signs = np.sign(right[np.arange(len(values)), first])
        left, right = left * signs, right * signs[:, None]
    return left, values, right


def _lsa(pool: _Pool, options: _Options) -> _Plan:
    import numpy as np

    left, values, _ = _topics(pool, options.topics)
    weights = left * values
    columns = {f"topic_{number}": weight for number, weight in enumerate(weights.T, start=1)}
    return _fixed(np.sqrt((weights**2).sum(axis=1)), **columns)


def divergence(article_counts: Any, summary_counts: Any) -> float:
    """The skew divergence of a summary's words from an article's, in nats: what KL-sum makes small.

    Arguments: how often each word of one vocabulary occurs, two sequences of one length, the first
    above 0 everywhere. With p and q for the two as shares, KL(p || 0.99 q + 0.01 p): 0 when p and q
    are equal and only then, above 0 otherwise, and finite although a summary lacks most words. A
    summary without any word has the largest value, log 100. Lee 1999, "Measures of Distributional
    Similarity".

    Raises NutgrafError when the lengths differ, or the article lacks a word.
    """
    import numpy as np

    p, q = np.asarray(article_counts, dtype=float), np.asarray(summary_counts, dtype=float)
    if p.shape != q.shape or p.ndim != 1 or (p <= 0).any() or (q < 0).any():
        raise NutgrafError(
            "divergence takes two lists of counts over one vocabulary, all of the article's above "
            f"0; it got {p.shape} and {q.shape}. Count both over the words of the article."
        )
    p, q = p / max(p.sum(), 1), q / max(q.sum(), 1)
    return max(float((p * np.log(p / (SKEW * q + (1 - SKEW) * p))).sum()), 0.0)


def _kl(pool: _Pool, _: _Options) -> _Plan:
    import numpy as np

    counts = _by_unit(pool, _counts(pool))
    lengths = _row_sums(counts, counts.values)
    p = _column_sums(counts, counts.values) / max(counts.values.sum(), 1)
    chance = p[counts.columns]
    taken = np.zeros(len(p))

    def step(new: np.ndarray, fits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(new):
            here = counts.rows == pool.units[new[0]]
            taken[counts.columns[here]] += counts.values[here]
        # KL(p || mixture) for the summary with one unit more, for all units at once. A unit changes
        # the mixture at its own words; elsewhere the mixture depends on the new length alone.
        totals, place = np.unique(lengths + taken.sum(), return_inverse=True)
        totals = np.maximum(totals, 1)
        without = np.log(SKEW * taken / totals[:, None] + (1 - SKEW) * p) @ p
        before = taken[counts.columns]
        total = totals[place][counts.rows]
        with_unit = SKEW * (before + counts.values) / total + (1 - SKEW) * chance
        gain = np.log(with_unit / (SKEW * before / total + (1 - SKEW) * chance))
        value = p @ np.log(p) - without[place] - _row_sums(counts, chance * gain)
        return -np.maximum(value, 0)[pool.units], fits

    return _Plan(step, {}, stepwise=True)


def _random(pool: _Pool, options: _Options) -> _Plan:
    import numpy as np

    return _fixed(np.random.default_rng(options.seed).random(len(pool.rows)))


def _oracle(pool: _Pool, options: _Options) -> _Plan:
    import numpy as np

    from nutgraf.scoring import rouge_tokens

    if not options.references:
        raise NutgrafError(
            'The method "oracle" looks at the answer: give it summaries that people wrote, as '
            "references=[...]."
        )
    answers = [rouge_tokens(reference) for reference in options.references]
    codes: dict[str, int] = {}
    for token in (token for answer in answers for token in answer):
        codes.setdefault(token, len(codes))
    wanted = [
        np.bincount(np.array([codes[token] for token in answer], dtype=int), minlength=len(codes))
        for answer in answers
    ]

    tokens = [rouge_tokens(pool.text[start:end]) for start, end in pool.spans]
    units = int(pool.units.max(initial=-1)) + 1
    lengths = np.bincount(pool.units, [len(one) for one in tokens], minlength=units)
    found = [(i, codes[token]) for i, one in enumerate(tokens) for token in one if token in codes]
    cells = np.array(found, dtype=int).reshape(-1, 2)
    counts = _grid(pool.units[cells[:, 0]], cells[:, 1], None, (units, len(codes)))
    taken, done = np.zeros(len(codes)), np.zeros(units, dtype=bool)

    def step(new: np.ndarray, fits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(new):
            done[unit := pool.units[new[0]]] = True
            here = counts.rows == unit
            taken[counts.columns[here]] += counts.values[here]
        length = lengths[done].sum()
        best, reached = np.zeros(units), 0.0
        for want in wanted:
            before = np.minimum(taken, want)
            after = np.minimum(taken[counts.columns] + counts.values, want[counts.columns])
            hits = before.sum() + _row_sums(counts, after - before[counts.columns])
            size = length + want.sum()
            best = np.maximum(best, _divided(2 * hits, size + lengths))
            reached = max(reached, 2 * before.sum() / max(size, 1))
        scores = best[pool.units]
        return scores, fits & (scores > reached + 1e-12)

    return _Plan(step, {}, stepwise=True)


METHODS: dict[str, Callable[[_Pool, _Options], _Plan]] = {
    "lead": _lead,
    "frequency mean": _frequency_mean,
    "frequency sum": _frequency_sum,
    "sumbasic": _sumbasic,
    "luhn": _luhn,
    "centroid": _centroid,
    "textrank": _textrank,
    "lexrank": _lexrank,
    "lsa": _lsa,
    "kl": _kl,
    "random": _random,
    "oracle": _oracle,
}
"""Ways to score sentences, from the simplest. What the scores are made of stands in the table, in
the columns named here.

- "lead": the first sentences. `position`.
- "frequency mean": how often the content words of the sentence occur in the article, on average;
  pure numbers are left out. "frequency sum": the same added up. `terms`: each word and its count.
- "sumbasic": the average probability of the content words, among the sentences that hold the most
  probable word; the probability of every word taken is then squared, so that what was said counts
  less. `first_score`: the average before anything was taken. Nenkova and Vanderwende 2005, "The
  Impact of Frequency on Summarization".
- "luhn": the best window of a sentence: its significant words, squared, by all its words.
  Significant are content words that occur at least twice; at most four other words stand between
  two of them; a window has at least two. `window`, `window_start`, `window_end` (offsets),
  `significant`, `window_words`. Luhn 1958, "The Automatic Creation of Literature Abstracts".
- "centroid": the TF-IDF values of the sentence's words in the whole article, added up; no
  threshold is set for small values. `terms`: each word and its value. Radev et al. 2004,
  "Centroid-based Summarization of Multiple Documents".
- "textrank": PageRank over sentences linked by the words they share, divided by the sum of the
  logarithms of their lengths (by 1 if that is 0). `similarity`: the weight of the sentence's links.
  Mihalcea and Tarau 2004, "TextRank: Bringing Order into Texts".
- "lexrank": PageRank over sentences linked by their cosine, each also with itself (continuous
  LexRank). `similarity` as above. Erkan and Radev 2004, "LexRank: Graph-based Lexical Centrality as
  Salience in Text Summarization". Ranks of both sum to 1.
- "lsa": the length of the sentence in the space of the `topics` strongest topics of the article.
  `topic_1`, `topic_2` ...: its weight in each. Steinberger and Jezek 2004, "Using Latent Semantic
  Analysis in Text Summarization", after Gong and Liu 2001; `lsa_topics` shows the words.
- "kl": the sentence after which the words of the summary are shared out most like the article's.
  `divergence`: what remains then, see the function of that name; the score is its negative.
  Haghighi and Vanderwende 2009, "Exploring Content Models for Multi-Document Summarization".
- "random": the luck of `seed`.
- "oracle": the sentence after which ROUGE-1 F1 against `references` is highest, as long as it
  rises: near the best that any choice of whole sentences could score, and no summarizer, because it
  has seen the answer.
"""


# --------------------------------------------------------------------------------------
# Choosing


def _rounded(scores: np.ndarray) -> np.ndarray:
    """Scores that compare equal where they differ by rounding alone."""
    import numpy as np

    scale = np.abs(scores).max(initial=0)
    return np.round(scores / scale, _TIE) if scale > 0 else scores


def _reranked(pool: _Pool, plan: _Plan, share: float) -> _Plan:
    """The plan with each choice weighed against its likeness to what was taken before."""
    import numpy as np

    size = len(pool.rows)
    scores, _ = plan.step(np.empty(0, dtype=int), np.ones(size, dtype=bool))
    spread = np.ptp(scores) if size else 0
    scaled = (scores - scores.min()) / spread if spread > 0 else np.ones(size)
    vectors = _unit_vectors(_counts(pool))
    likeness = np.zeros(size)

    def step(new: np.ndarray, fits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        for one in new:
            here = vectors.rows == one
            vector = np.zeros(vectors.shape[1])
            vector[vectors.columns[here]] = vectors.values[here]
            np.maximum(likeness, _times(vectors, vector), out=likeness)
        return share * scaled - (1 - share) * likeness, fits

    return _Plan(step, {"first_score": scores} | plan.columns, stepwise=True)


class _Choice(NamedTuple):
    steps: np.ndarray  # when each sentence was taken, 0 if it was not
    scores: np.ndarray  # when it was taken, or at the end


def _choose(pool: _Pool, plan: _Plan, costs: np.ndarray, budget: int) -> _Choice:
    """The best sentence that fits, its unit with it, again and again until none fits."""
    import numpy as np

    size = len(pool.rows)
    cost = np.bincount(pool.units, costs)[pool.units]
    steps, shown = np.zeros(size, dtype=int), np.zeros(size)
    new, left, step = np.empty(0, dtype=int), budget, 0
    while True:
        free = steps == 0
        scores, candidates = plan.step(new, free & (cost <= left))
        shown[free] = scores[free]
        places = np.flatnonzero(candidates)
        if not len(places):
            return _Choice(steps, shown)
        best = places[np.argmax(_rounded(scores[places]))]
        new = np.flatnonzero(pool.units == pool.units[best])
        step += 1
        steps[new] = step
        left -= cost[best]


def _ranks(choice: _Choice, stepwise: bool) -> np.ndarray:
    import numpy as np

    size = len(choice.scores)
    order = [-_rounded(choice.scores)]
    if stepwise:
        order.append(np.where(choice.steps > 0, choice.steps, size + 1))
    ranks = np.empty(size, dtype=int)
    ranks[np.lexsort(order)] = np.arange(1, size + 1)
    return ranks


def _label(row: int) -> str:
    return f"S{row:02d}"


def _partners(pool: _Pool) -> list[str]:
    """For each sentence the names of all that are only taken together, itself too; "" if none."""
    names: dict[int, list[str]] = {}
    for row, unit in zip(pool.rows, pool.units.tolist(), strict=True):
        names.setdefault(unit, []).append(_label(row))
    joined = {unit: " ".join(those) if len(those) > 1 else "" for unit, those in names.items()}
    return [joined[unit] for unit in pool.units.tolist()]


def _table(pool: _Pool, choice: _Choice, plan: _Plan, method: str) -> pd.DataFrame:
    import pandas as pd

    columns = {
        "start": [start for start, _ in pool.spans],
        "end": [end for _, end in pool.spans],
        "text": [pool.text[start:end] for start, end in pool.spans],
        "words": pool.lengths,
        "score": choice.scores,
        "rank": _ranks(choice, plan.stepwise),
        "picked": choice.steps > 0,
        "step": [step or None for step in choice.steps.tolist()],
        "together": _partners(pool),
        **plan.columns,
    }
    if method == "kl" and "first_score" not in columns:
        columns["divergence"] = -choice.scores
    table = pd.DataFrame(columns, index=pd.Index(pool.rows, name="sentence", dtype="int64"))
    types = {"start": "int64", "end": "int64", "text": "str", "together": "str"}
    missing = ("step", "window_start", "window_end")
    return table.astype(types | {name: "Int64" for name in missing if name in columns})


def _note(pool: _Pool, costs: np.ndarray, budget: int, unit: str) -> str:
    import numpy as np

    if not pool.rows:
        return "The text has no sentence to choose from."
    least = int(np.bincount(pool.units, costs).min())
    if least > budget:
        return f"Nothing fits: the budget is {budget} {unit}, and the least to take has {least}."
    return "No sentence shares a word with the references."


def _whole(value: Any, name: str, least: int = 1) -> int:
    """`value` as a whole number of at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise NutgrafError(f"{name}={value!r}: give a whole number, {least} or more.")
    return number


def _budget(words: int | None, sentences: int | None) -> tuple[str, int]:
    given = {"words": words, "sentences": sentences}
    budgets = [(unit, _whole(size, unit)) for unit, size in given.items() if size is not None]
    if len(budgets) != 1:
        raise NutgrafError(
            "A summary needs exactly one budget: words=... or sentences=..., such as words=60."
        )
    return budgets[0]


def _texts(references: str | Iterable[str] | None) -> list[str]:
    if references is None:
        return []
    texts = [references] if isinstance(references, str) else list(references)
    if isinstance(references, Mapping) or not all(isinstance(text, str) for text in texts):
        raise NutgrafError(
            "references: give a text, or a list of texts, such as "
            '[one["text"] for one in article.summaries["faithful"]].'
        )
    return texts


def _options(mmr: Any, topics: Any, references: Any, seed: Any) -> _Options:
    if mmr is not None and not (isinstance(mmr, int | float) and 0 <= mmr <= 1):
        raise NutgrafError(f"mmr={mmr!r}: give a number from 0 (new words only) to 1 (score only).")
    seed = _whole(seed, "seed", least=0)
    return _Options(mmr, _whole(topics, "topics"), _texts(references), seed)


def _known(method: str) -> str:
    if not isinstance(method, str) or method not in METHODS:
        known = ", ".join(f'"{one}"' for one in METHODS)
        raise NutgrafError(f"There is no method {method!r}. There are: {known}.")
    return method


def _summary(pool: _Pool, method: str, budget: tuple[str, int], options: _Options) -> Summary:
    import numpy as np

    plan = METHODS[method](pool, options)
    if options.mmr is not None:
        plan = _reranked(pool, plan, options.mmr)
    unit, size = budget
    costs = pool.lengths if unit == "words" else np.ones(len(pool.rows), dtype=int)
    choice = _choose(pool, plan, costs, size)
    places = np.flatnonzero(choice.steps).tolist()
    spans = [pool.spans[place] for place in places]
    return Summary(
        method=method,
        spans=spans,
        picked=tuple(pool.rows[place] for place in places),
        text=" ".join(pool.text[start:end] for start, end in spans),
        words=int(pool.lengths[places].sum()),
        table=_table(pool, choice, plan, method),
        note="" if places else _note(pool, costs, size, unit),
    )


def summarize(
    article: Article | str,
    method: str = "lead",
    *,
    words: int | None = None,
    sentences: int | None = None,
    title: bool = False,
    whole_quotations: bool = True,
    mmr: float | None = None,
    topics: int = 3,
    references: str | Iterable[str] | None = None,
    seed: int = 0,
) -> Summary:
    """A summary made of sentences of the article, in the order of the article.

    method: a name in `METHODS`, which says what each does;
    words, sentences: the budget, exactly one of them. It is never exceeded: the best sentence that
    still fits is taken, then the best of those that fit what is left, until none fits. So a long
    sentence may be passed over for a shorter one further down;
    title: whether the headline (`headline` has the rule) may be chosen and counted; it says what
    the first sentence says, and is no sentence;
    whole_quotations: a quotation that runs over several sentences is taken whole or not at all,
    all its sentences as one step, by the score of its best sentence ("kl" and "oracle": by what
    they do together). With False half a quotation may be taken, with a mark that never closes or
    one that never opened, so that a reader cannot tell whose words they are;
    mmr: re-rank: take what is best in `mmr` * score - (1 - `mmr`) * likeness, where the score is
    the method's first, scaled to 0..1 over the pool, and likeness is the highest cosine with a
    sentence already taken. 1 is the plain order of scores. Carbonell and Goldstein 1998, "The Use
    of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries";
    topics: for "lsa"; references: for "oracle", texts; seed: for "random".

    `Summary.table` has one row for each sentence of the pool, its index the row number in
    `article.sentences`: start, end, text, words, score, rank (1 is best; ties to the earlier),
    picked, step (when it was taken), together (the sentences that a quotation joins), and the
    columns of the method. Where a score depends on what was taken before ("sumbasic", "kl",
    "oracle", `mmr`) the table has it as it was when the sentence was taken, or at the end, and
    ranks those taken first. With `mmr` the score is the re-ranked one, `first_score` the method's.

    A budget too small for any sentence gives an empty summary, and its `note` says so. Raises
    NutgrafError for an unknown method, no budget, two, or one below 1.
    """
    _known(method)
    budget = _budget(words, sentences)
    options = _options(mmr, topics, references, seed)
    return _summary(_pool(_as_article(article), title, whole_quotations), method, budget, options)


def compare(
    article: Article | str,
    methods: Iterable[str] | None = None,
    *,
    words: int | None = None,
    sentences: int | None = None,
    references: str | Iterable[str] | None = None,
    title: bool = False,
    whole_quotations: bool = True,
    mmr: float | None = None,
    topics: int = 3,
    seed: int = 0,
) -> pd.DataFrame:
    """The same budget for several methods, one row a method.

    methods: names in `METHODS`; all by default, "oracle" only with references. The rest as in
    `summarize`. Columns: `method`, `sentences` (list of names such as "S03", in document order),
    `words`, and with references `rouge1`, `rouge2`, `rougeL`: F1 (`scoring.rouge`). Raises
    NutgrafError as `summarize` does.
    """
    import pandas as pd

    budget = _budget(words, sentences)
    options = _options(mmr, topics, references, seed)
    texts = options.references
    if methods is None:
        methods = [name for name in METHODS if texts or name != "oracle"]
    names = [_known(name) for name in ([methods] if isinstance(methods, str) else methods)]
    pool = _pool(_as_article(article), title, whole_quotations)
    rows = []
    for name in names:
        summary = _summary(pool, name, budget, options)
        row = {"method": name, "sentences": list(map(_label, summary.picked))}
        rows.append(row | {"words": summary.words} | _rouge(summary.text, texts))
    scores = ["rouge1", "rouge2", "rougeL"] if texts else []
    return pd.DataFrame(rows, columns=["method", "sentences", "words", *scores])


def _rouge(text: str, references: list[str]) -> dict[str, float]:
    if not references:
        return {}
    from nutgraf.scoring import rouge

    scores = rouge(text, references)
    return {f"rouge{v}": f1 for v, f1 in zip(scores["variant"], scores["f1"], strict=True)}


def lsa_topics(
    article: Article | str, topics: int = 3, words: int = 8, *, title: bool = False
) -> pd.DataFrame:
    """The topics that "lsa" finds: the `words` strongest words of each, one a row.

    Columns: `topic` (1 is the strongest), `strength` (its singular value), `word`, `weight` (from
    -1 to 1; words of unlike sign are used in unlike sentences). A text may have fewer topics.
    """
    import numpy as np
    import pandas as pd

    pool = _pool(_as_article(article), title, False)
    _, values, right = _topics(pool, _whole(topics, "topics"))
    rows = [
        (number, value, pool.vocabulary[term], weights[term])
        for number, (value, weights) in enumerate(zip(values, right, strict=True), start=1)
        for term in np.argsort(-_rounded(np.abs(weights)), kind="stable")[: _whole(words, "words")]
    ]
    return pd.DataFrame(rows, columns=["topic", "strength", "word", "weight"])

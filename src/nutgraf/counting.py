"""Counting words, and looking at every one that was counted.

Three kinds of things are counted: tokens in a list (`frequencies`, `zipf`, `keyness`), words next
to each other (`collocations`), and places in a text (`concordance`, `dispersion`), which answer
with offsets: `text[start:end]` is the match. Tables come sorted the same way however the tokens
were ordered.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import nan
from typing import TYPE_CHECKING

from nutgraf import tokenizing
from nutgraf.article import Article
from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# --------------------------------------------------------------------------------------
# Words as they are counted

# What a keyboard types in one way and an article prints in another.
STRAIGHT = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "\xad": "", "\u2060": ""}
)


def _straight(words: str) -> frozenset[str]:
    """The words of a list, contractions with straight and with curly apostrophes."""
    listed = words.split()
    return frozenset([*listed, *(word.replace("'", "’") for word in listed)])


FUNCTION_WORDS = _straight("""
    a an the this that these those each every either neither both all any some such
    i me my mine myself we us our ours ourselves you your yours yourself yourselves
    he him his himself she her hers herself it its itself
    they them their theirs themselves one oneself who whom whose which what
    whoever whatever whichever
    and or but nor so yet if unless because although though while whereas whether than as
    when where why how until since once
    of in on at by for with from to into onto upon about between among through during
    before after above below over under within without toward towards across along around near
    behind beside besides beyond despite except per via off out up down
    be am is are was were been being have has had having do does did doing done
    will would shall should can could may might must ought cannot
    not no there here then too very also just only even
    i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd she'll
    it's it'd it'll we're we've we'd we'll they're they've they'd they'll
    that's there's who's what's where's how's let's
    isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't won't wouldn't
    shan't shouldn't can't couldn't mustn't needn't mightn't
""")
"""English words that hold a sentence together, in lower case: what a stop list usually removes.

Contractions stand in it with both apostrophes. "against" is left out: in news it tells for what a
crowd marches. The pronoun "us" is in it; `is_function_word` keeps it apart from "US".
"""


@lru_cache(maxsize=65536)
def fold(token: str) -> str:
    """`token` in lower case; one all in capitals, and longer than one letter, stays: "US"."""
    return token if _all_capitals(token) else token.lower()


def _all_capitals(token: str) -> bool:
    # A letter and its accent may be two code points, but they are one letter.
    return token.isupper() and len(unicodedata.normalize("NFC", token)) > 1


def is_function_word(token: str) -> bool:
    """Whether `token` is in `FUNCTION_WORDS`. "us" and "Us" are; "US" is not; "I" and "A" are."""
    return _is_in_list()(token)


@cache
def _is_in_list() -> Callable[[str], bool]:
    return _stopper(FUNCTION_WORDS)


def _stopper(stop: Iterable[str] | None) -> Callable[[str], bool]:
    """Tells of a token whether the list `stop` takes it away."""
    if isinstance(stop, str):
        raise NutgrafError(f'stop={stop!r} is one string. Give a set of words: {{"{stop}"}}.')
    folded = {fold(word).translate(STRAIGHT) for word in stop or ()}
    return lambda token: fold(token).translate(STRAIGHT) in folded


def tokens(article: Article | str) -> list[str]:
    """The kit's words of a text, in order, each one folded (see `fold`)."""
    return [fold(word) for word in _as_article(article).words["text"]]


def sentence_tokens(article: Article | str) -> list[list[str]]:
    """The same, one list a sentence."""
    article = _as_article(article)
    lists: list[list[str]] = [[] for _ in range(len(article.sentences))]
    words = article.words
    for word, sentence in zip(words["text"], words["sentence"], strict=True):
        lists[sentence].append(fold(word))
    return lists


def _as_article(article: Article | str) -> Article:
    return Article.from_text(article) if isinstance(article, str) else article


def _counter(tokens: Iterable[str]) -> Counter[str]:
    if isinstance(tokens, str | Article):
        raise NutgrafError(
            f"This counts a list of tokens, not {type(tokens).__name__}. Give tokens(article), "
            "from nutgraf.counting, or a list of your own."
        )
    return Counter(tokens)


# --------------------------------------------------------------------------------------
# How often

_BY_COUNT = {"by": ["count", "word"], "ascending": [False, True], "ignore_index": True}


def frequencies(tokens: Iterable[str], stop: Iterable[str] | None = None) -> pd.DataFrame:
    """How often each token occurs: columns `word`, `count`, `share`, `rank`.

    `stop`: words to leave out, such as `FUNCTION_WORDS`, case-aware as in `is_function_word`; see
    `removed`. `share` is of all the tokens given, so that a stop list changes none. Sorted by
    count, then by word; equal counts have the same rank (1, 2, 2, 4). Tokens are counted as they
    are: fold them first, as `tokens` does, or "The" and "the" are two words.
    """
    import pandas as pd

    counts = _counter(tokens)
    stopped = _stopper(stop)
    kept = {word: count for word, count in counts.items() if not stopped(word)}
    table = pd.DataFrame(
        {"word": pd.Series(list(kept), dtype="str"), "count": pd.Series(kept.values(), dtype=int)}
    ).sort_values(**_BY_COUNT)
    table["share"] = table["count"] / max(1, counts.total())
    table["rank"] = table["count"].rank(method="min", ascending=False).astype(int)
    return table


def removed(tokens: Iterable[str], stop: Iterable[str] = FUNCTION_WORDS) -> pd.DataFrame:
    """What the list `stop` takes away from `tokens`: columns `word` and `count`, sorted."""
    counts = _counter(tokens)
    stopped = _stopper(stop)
    gone = (word for word in counts.elements() if stopped(word))
    return frequencies(gone)[["word", "count"]]


def spectrum(tokens: Iterable[str]) -> pd.DataFrame:
    """How many words occur once, twice, three times ...

    Columns: `count`; `types`, how many different words have it; `tokens`, their occurrences
    together; `share` of all tokens. The row with count 1 tells of the hapaxes.
    """
    import pandas as pd

    counts = _counter(tokens)
    rows = sorted(Counter(counts.values()).items())
    table = pd.DataFrame(rows, columns=["count", "types"], dtype=int)
    table["tokens"] = table["count"] * table["types"]
    table["share"] = table["tokens"] / max(1, counts.total())
    return table


def zipf(tokens: Iterable[str]) -> pd.DataFrame:
    """Counts by rank, beside Zipf's law: columns `rank`, `word`, `count`, `expected`.

    Ranks are 1, 2, 3 ... here, ties in the order of `frequencies`. `expected` is the first count
    divided by the rank (Zipf 1949, "Human Behavior and the Principle of Least Effort").
    """
    table = frequencies(tokens)[["word", "count"]]
    table.insert(0, "rank", range(1, len(table) + 1))
    table["expected"] = table["count"].max() / table["rank"]
    return table


def type_token_ratio(tokens: Sequence[str]) -> float:
    """Different tokens divided by tokens; it falls as a text grows. No token: not a number."""
    return len(_counter(tokens)) / len(tokens) if len(tokens) else nan


def moving_average_ttr(tokens: Sequence[str], window: int = 50) -> float:
    """The mean type/token ratio of every stretch of `window` tokens.

    Unlike the plain ratio it can be compared between texts of different lengths (Covington and
    McFall 2010, "Cutting the Gordian Knot: The Moving-Average Type-Token Ratio", Journal of
    Quantitative Linguistics 17). A text no longer than the window has its plain ratio.
    """
    if window < 1:
        raise NutgrafError(f"window={window}: a stretch has at least one token.")
    if len(tokens) <= window:
        return type_token_ratio(tokens)
    inside = Counter(tokens[:window])
    total = types = len(inside)
    for gone, come in zip(tokens, tokens[window:], strict=False):
        inside[come] += 1
        inside[gone] -= 1
        if not inside[gone]:
            del inside[gone]
        types = len(inside)
        total += types
    return total / window / (len(tokens) - window + 1)


def profile(article: Article | str) -> pd.Series:
    """The size and variety of a text's vocabulary, as one column of named numbers.

    `tokens` and `types` (folded), `hapaxes` (types that occur once), `type_token_ratio`,
    `moving_average_ttr` (window of 50), `function_word_share` (of the tokens).
    """
    import pandas as pd

    words = tokens(article)
    counts = Counter(words)
    figures = {
        "tokens": len(words),
        "types": len(counts),
        "hapaxes": sum(count == 1 for count in counts.values()),
        "type_token_ratio": type_token_ratio(words),
        "moving_average_ttr": moving_average_ttr(words),
        "function_word_share": sum(map(is_function_word, words)) / len(words) if words else nan,
    }
    return pd.Series(figures, dtype=object, name="value")


# --------------------------------------------------------------------------------------
# Where


@dataclass(frozen=True, repr=False, eq=False)
class Index:
    """The words of a text as whole numbers: made once by `index`, asked often by `concordance`.

    text: the text; shown: the same with every white space character as a space, for context;
    starts, ends: offsets of the words; sentence, paragraph: their numbers;
    codes: for each word, its number in the vocabulary; vocabulary: the different words;
    keys: what they are found by, sorted; numbers: key -> numbers in the vocabulary.
    """

    text: str
    shown: str
    starts: np.ndarray
    ends: np.ndarray
    sentence: np.ndarray
    paragraph: np.ndarray
    codes: np.ndarray
    vocabulary: list[str]
    keys: list[str]
    numbers: dict[str, list[int]]

    def __repr__(self) -> str:
        return f"<Index: {len(self.codes):,} tokens, {len(self.vocabulary):,} spellings>"


_SPACES = [chr(place) for place in range(0x3001) if chr(place).isspace()]


def index(article: Article | str | Sequence[str]) -> Index:
    """An index for `concordance` and `dispersion`, worth making for a text of a book's length.

    `article` may also be a list of tokens, such as a corpus brings. Its text is then the tokens
    with a space between them, and counts as one sentence in one paragraph.
    """
    import numpy as np

    if isinstance(article, Article | str):
        article = _as_article(article)
        table, text = article.words, article.text
        found = table["text"].tolist()
        starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
        sentence, paragraph = table["sentence"].to_numpy(), table["paragraph"].to_numpy()
    else:
        found = list(article)
        text, starts = " ".join(found), None
    # A word met for the first time gets the next number: one pass, in C.
    seen: defaultdict[str, int] = defaultdict()
    seen.default_factory = seen.__len__
    codes = np.fromiter(map(seen.__getitem__, found), dtype=np.int32, count=len(found))
    vocabulary = list(seen)
    if starts is None:
        lengths = np.array([len(word) for word in vocabulary], dtype=np.int64)[codes]
        ends = np.cumsum(lengths + 1) - 1
        starts = ends - lengths
        sentence = paragraph = np.zeros(len(found), dtype=np.int64)
    numbers: dict[str, list[int]] = {}
    for number, word in enumerate(vocabulary):
        numbers.setdefault(_key(word), []).append(number)
    shown = text
    for space in _SPACES:
        shown = shown.replace(space, " ")
    words = (starts, ends, sentence, paragraph, codes)
    return Index(text, shown, *words, vocabulary, sorted(numbers), numbers)


def _spelling(word: str) -> str:
    return unicodedata.normalize("NFC", word.translate(STRAIGHT))


def _key(word: str) -> str:
    return unicodedata.normalize("NFC", word.translate(STRAIGHT).casefold())


_STAR = re.compile("[-‐‑'’]?[*]")


def _query_words(query: str | Sequence[str]) -> list[tuple[str, bool]]:
    """The words of a query, and of each whether it is only the beginning of a word."""
    words = []
    if isinstance(query, str):
        for start, end in tokenizing.word_spans(query):
            # A hyphen before the star belongs to the word: "anti-*" does not find "antique".
            star = _STAR.match(query, end)
            words.append((query[start : star.end() - 1 if star else end], bool(star)))
    else:
        for word in query:
            star = len(word) > 1 and word.endswith("*")
            words.append((word[:-1] if star else word, star))
    if not all(word for word, _ in words) or not words:
        raise NutgrafError(
            f"There is no word in the query {query!r}. Give a word or several: homeland, "
            "or the beginning of one with a star: protest*."
        )
    return words


_LAST = "\U0010ffff"


def _matching(place: Index, word: str, begins: bool) -> list[int]:
    """The numbers of the vocabulary's words that match a word of a query."""
    key, capitals = _key(word), _all_capitals(word)
    if begins:
        # No word goes on with the last code point there is.
        keys = place.keys[bisect_left(place.keys, key) : bisect_left(place.keys, key + _LAST)]
    else:
        keys = [key] if key in place.numbers else []
    found = [number for one in keys for number in place.numbers[one]]
    if capitals:
        wanted = _spelling(word)
        same = str.startswith if begins else str.__eq__
        found = [one for one in found if same(_spelling(place.vocabulary[one]), wanted)]
    return found


def _is_one_of(codes: np.ndarray, numbers: list[int], size: int) -> np.ndarray:
    import numpy as np

    if len(numbers) == 1:
        return codes == numbers[0]
    table = np.zeros(size, dtype=bool)
    table[numbers] = True
    return table[codes]


def _find(place: Index, query: str | Sequence[str]) -> tuple[np.ndarray, int]:
    """Which words begin a match of the query, and how many words a match has."""
    import numpy as np

    words = _query_words(query)
    size = len(place.vocabulary)
    wanted = [_matching(place, *word) for word in words]
    last = len(place.codes) - len(words) + 1
    if last < 1 or not all(wanted):
        return np.empty(0, dtype=np.int64), len(words)
    hits = np.flatnonzero(_is_one_of(place.codes[:last], wanted[0], size))
    for step, numbers in enumerate(wanted[1:], start=1):
        hits = hits[_is_one_of(place.codes[hits + step], numbers, size)]
    if len(words) > 1:
        hits = hits[place.sentence[hits] == place.sentence[hits + len(words) - 1]]
    return hits, len(words)


def _slices(text: str, starts: np.ndarray, ends: np.ndarray) -> list[str]:
    return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def concordance(
    article: Article | str | Index,
    query: str | Sequence[str],
    width: int = 40,
    lines: int | None = None,
) -> pd.DataFrame:
    """Every place where a word or a phrase stands, in its context; the first `lines` of them.

    Only whole words match. Several words are a phrase: they stand next to each other in one
    sentence, whatever punctuation is between them. A star at the end of a word finds all that
    begin so: "protest*"; nothing else in a query has a meaning of its own. A straight apostrophe
    finds the curly one.

    Case: a word all in capitals, longer than one letter, finds only that: "US" does not find
    "us". Every other word is found in any case: "us", and "Us" too, find "US", "us" and "Us".

    Columns: `start`, `end`, `left`, `match`, `right`, `sentence`, `paragraph` (their numbers).
    `text[start:end] == match`. `left` and `right` have at most `width` characters, begin or end
    with a whole word, and show line ends as spaces. A query may be a list of tokens, taken as
    they are. A query without a word raises `NutgrafError`. For many queries on a long text, give
    its `index`.
    """
    import numpy as np
    import pandas as pd

    if width < 0 or (lines is not None and lines < 0):
        raise NutgrafError(f"width={width}, lines={lines}: neither can be less than 0.")
    place = article if isinstance(article, Index) else index(article)
    hits, length = _find(place, query)
    hits = hits[:lines]
    starts, ends = place.starts[hits], place.ends[hits + length - 1]

    # Begin with a whole word, unless the one before is longer than the window.
    edges = np.maximum(starts - width, 0)
    first = np.searchsorted(place.starts, edges)
    left = np.where(edges == 0, 0, place.starts[first])
    left = np.where(left >= starts, edges, left)
    edges = np.minimum(ends + width, len(place.text))
    final = np.searchsorted(place.ends, edges, side="right") - 1
    right = np.where(edges == len(place.text), edges, place.ends[final])
    right = np.where(right <= ends, edges, right)

    if length == 1:  # one string for all occurrences, not one for each
        match = [place.vocabulary[code] for code in place.codes[hits].tolist()]
    else:
        match = _slices(place.text, starts, ends)

    def strings(values: list[str]) -> pd.Series:
        return pd.Series(values, dtype="str")

    return pd.DataFrame(
        {
            "start": starts,
            "end": ends,
            "left": strings(_slices(place.shown, left, starts)),
            "match": strings(match),
            "right": strings(_slices(place.shown, ends, right)),
            "sentence": place.sentence[hits],
            "paragraph": place.paragraph[hits],
        }
    )


def dispersion(article: Article | str | Index, words: str | Iterable[str]) -> pd.DataFrame:
    """Where in a text some words stand, one row an occurrence, in the order of `words`.

    `words`: a query or several, as in `concordance`. Columns: `word` (the query), `start`, `end`,
    `position` (start as a share of the text, from 0 to 1), `paragraph`. A word that does not
    occur has no row.
    """
    import pandas as pd

    place = article if isinstance(article, Index) else index(article)
    tables = []
    for word in dict.fromkeys([words] if isinstance(words, str) else words):
        hits, length = _find(place, word)
        table = pd.DataFrame({"start": place.starts[hits], "end": place.ends[hits + length - 1]})
        table.insert(0, "word", pd.Series([word] * len(hits), dtype="str"))
        table["position"] = table["start"] / max(1, len(place.text))
        table["paragraph"] = place.paragraph[hits]
        tables.append(table)
    if not tables:
        raise NutgrafError('There are no words to look for. Give some: ["protests", "homeland"].')
    return pd.concat(tables, ignore_index=True)


# --------------------------------------------------------------------------------------
# Words that keep company

MEASURES = (
    "likelihood_ratio",
    "pmi",
    "student_t",
    "chi_sq",
    "phi_sq",
    "dice",
    "jaccard",
    "mi_like",
    "poisson_stirling",
    "raw_freq",
)
"""Measures of association: methods of NLTK's `BigramAssocMeasures`, which names their sources."""


def collocations(
    article: Article | str | Sequence[str] | Sequence[Sequence[str]],
    measure: str = "likelihood_ratio",
    window: int = 2,
    min_count: int = 2,
    stop: Iterable[str] | None = FUNCTION_WORDS,
) -> pd.DataFrame:
    """Pairs of words that stand together, the most strongly bound first.

    `article` may also be a list of sentences, each a list of tokens, or one list of tokens, which
    then counts as one sentence: no pair reaches over the end of a sentence. `window`: 2 for
    neighbours; with 5, up to three words may stand between. Pairs with a word in `stop`, or with
    fewer than `min_count` occurrences, are left out, but their words still count.

    Columns: `first`, `second`, `count`, `first_count`, `second_count`, `score`; sorted by score,
    then by the words. Found and scored by NLTK's `BigramCollocationFinder` with one of its
    `MEASURES`; where a measure is not defined (a text of one word repeated), the score is missing.
    """
    import pandas as pd
    from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder

    if measure not in MEASURES:
        raise NutgrafError(f"There is no measure {measure!r}. There are: {', '.join(MEASURES)}.")
    if window < 2:
        raise NutgrafError(f"window={window}: a pair needs a window of 2 or more.")
    # NLTK's `from_documents` knows no window but 2. It parts documents with empty places; so
    # many of them as the window reaches over do the same for every window.
    padded = (
        token for sentence in _sentences(article) for token in [*sentence, *([None] * (window - 1))]
    )
    finder = BigramCollocationFinder.from_words(padded, window_size=window)
    finder.apply_word_filter(_stopper(stop))
    finder.apply_freq_filter(min_count)
    score = getattr(BigramAssocMeasures, measure)
    rows = []
    for (first, second), count in finder.ngram_fd.items():
        try:
            strength = finder.score_ngram(score, first, second)
        except (ValueError, ZeroDivisionError):
            strength = nan
        rows.append((first, second, count, finder.word_fd[first], finder.word_fd[second], strength))
    columns = ["first", "second", "count", "first_count", "second_count", "score"]
    kinds = dict(zip(columns, ["str", "str", "int64", "int64", "int64", "float64"], strict=True))
    table = pd.DataFrame(rows, columns=columns).astype(kinds)
    return table.sort_values(
        ["score", "first", "second"], ascending=[False, True, True], ignore_index=True
    )


def _sentences(
    article: Article | str | Sequence[str] | Sequence[Sequence[str]],
) -> Sequence[Sequence[str]]:
    if isinstance(article, Article | str):
        return sentence_tokens(article)
    given = list(article)
    return [given] if given and isinstance(given[0], str) else given


# --------------------------------------------------------------------------------------
# One text beside another


def keyness(tokens: Iterable[str], others: Iterable[str]) -> pd.DataFrame:
    """Which words are typical of `tokens` when `others` are what to expect.

    Columns: `word`, `count`, `other_count`; `log_likelihood`, how surprising the difference is
    (G² over the four cells of word or not, here or there; Dunning 1993, "Accurate Methods for the
    Statistics of Surprise and Coincidence", Computational Linguistics 19); `log_ratio`, how big it
    is: 1 for twice as frequent here as there, -1 for half (Hardie 2014), with half an occurrence
    where there is none. Sorted by log-likelihood, then by word.
    """
    import numpy as np
    import pandas as pd

    here, there = _counter(tokens), _counter(others)
    words = sorted(here | there)
    one = np.array([here[word] for word in words], dtype=float)
    two = np.array([there[word] for word in words], dtype=float)
    size, other_size = here.total(), there.total()

    def surprise(observed: np.ndarray, row: np.ndarray, column: int) -> np.ndarray:
        expected = row * column / max(1, size + other_size)
        # Nothing observed adds nothing: x log x is 0 at 0.
        ratio = np.divide(observed, expected, out=np.ones_like(observed), where=observed > 0)
        return observed * np.log(ratio)

    word, rest = one + two, size + other_size - one - two
    likelihood = 2 * (
        surprise(one, word, size)
        + surprise(two, word, other_size)
        + surprise(size - one, rest, size)
        + surprise(other_size - two, rest, other_size)
    )
    if size and other_size:
        ratio = np.log2(np.maximum(one, 0.5) / size) - np.log2(np.maximum(two, 0.5) / other_size)
    else:
        ratio = np.full(len(words), nan)
    table = pd.DataFrame(
        {
            "word": pd.Series(words, dtype="str"),
            "count": one.astype(int),
            "other_count": two.astype(int),
            # Where nothing differs, rounding may leave a trace on either side of 0.
            "log_likelihood": np.maximum(likelihood, 0).round(9),
            "log_ratio": ratio,
        }
    )
    return table.sort_values(["log_likelihood", "word"], ascending=[False, True], ignore_index=True)


# --------------------------------------------------------------------------------------
# Readability

_VOWELS = "aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ"
_GROUP = re.compile(f"[{_VOWELS}]+")
# Letters that are written but not heard: the last e, and the e of -es, -ed, homeland, safely ...
_SILENT = re.compile(
    r"[^aeiouy]e$(?<![^aeiouyl]le)"
    r"|[^aeiouy]es$(?<![sxzcg]es)(?<![sc]hes)(?<![^aeiouyl]les)"
    r"|[^aeioutd]ed$(?<![^aeiouyl]led)(?<![^aeiouyr]red)"
    r"|(?<=[a-z])[^aeiouyl]e(?=(?:ly|ments?|ness|ful|less|lands?|brands?|some|things?|fore|where|body"
    r"|times?|work|m[ae]n|lines?|side|wide)$)|[aeiouy]le(?=(?:ly|ness|less)$)|^eve(?=ry|ning)|^busi(?=ness)|^wedne(?=sday)"
)
# Neighbouring vowels that are heard one by one: med-ia, per-iod, jan-uary, be-ing, journal-is-m.
_APART = re.compile(
    r"(?<![ctsgx])ia|(?<![tscgxln])io|^lio|iu|^scie|(?<![ctsr])ie(?=[nt])|perie|iety$|realit|ciat|[^aeiouy]ier$"
    r"|(?<![gq])ua|(?<![gq])uou|(?<![gq])ue[ln]|(?<![gq])ui(?:n|ty|c|d$)|[aeiouy]ing|ii"
    r"|(?<=[aeiouy][^aeiouy])ea$|(?<=[aeiouy][^aeiouy][^aeiouy])ea$|crea(?=t[ei]|to)|eum$|oe[mt]"
    r"|(?:[dr]|^g|th)eo(?!u|rg)|thms?$|sms?$"
)
_SPELLED = 3  # capitals up to here are read letter by letter: US, PMF; longer ones as a word: ISIS


def syllables(word: str) -> int:
    """How many syllables an English word has, by rules of thumb.

    Vowels next to each other are one syllable, silent e is none, some pairs of vowels are two.
    Numbers count one a digit, capitals up to three (US, PMF) one a letter, and W three. Never 0.

    Tried on words whose syllables were counted by hand: right on 208 of 216 in the lessons'
    article, whose words the rules were mended with, and on 149 of 150 further ones in the kit's
    other article, which they had not seen (the one, "before", was mended then). No dictionary was
    at hand; rare words will do worse.
    """
    total = 0
    for part in re.findall(r"\d+|[^\W\d_]+(?:['’]\w+)?", unicodedata.normalize("NFC", word)):
        if part.isdigit():
            total += len(part)
        elif part.isupper() and 1 < len(part) <= _SPELLED:
            total += len(part) + 2 * part.count("W")
        else:
            stem, _, after = part.lower().replace("’", "'").partition("'")
            # Between vowels y is a consonant: say-ing, be-yond.
            stem = re.sub(r"(?<=[aeiou])y(?=[aeiou])", "j", stem)
            negated = after == "t" and stem.endswith("n")
            stem = stem[:-1] if negated else stem
            heard = len(_GROUP.findall(stem)) - len(_SILENT.findall(stem))
            heard = max(1, heard + len(_APART.findall(stem)))
            # did-n't has two, don't and aren't have one.
            total += heard + (negated and re.search(r"[^aeiouyr]e?$", stem) is not None)
    return max(1, total)


def readability(article: Article | str) -> pd.Series:
    """Four readability formulas for English, and what they are computed from.

    `words`, `sentences`, `syllables` (see `syllables`), `characters` (letters and digits in
    words), `letters`; then `flesch_reading_ease` (Flesch 1948; higher is easier, 60 to 70 is
    plain), and three that give a US school grade: `flesch_kincaid_grade` (Kincaid et al. 1975),
    `automated_readability_index` (Senter and Smith 1967), `coleman_liau_index` (Coleman and Liau
    1975). They see the length of words and sentences and nothing else. A headline counts as a
    sentence. Without a Latin letter the formulas have no meaning and give no number.
    """
    import pandas as pd

    article = _as_article(article)
    found = article.words["text"].tolist()
    words, sentences = len(found), article.words["sentence"].nunique()
    heard = sum(map(syllables, found))
    characters = sum(letter.isalnum() for word in found for letter in word)
    letters = sum(letter.isalpha() for word in found for letter in word)
    latin = any(re.search(r"[A-Za-z]", word) for word in found)
    length, beats = (words / sentences, heard / words) if latin else (nan, nan)
    per_word = (characters / words, letters / words) if latin else (nan, nan)
    figures = {
        "words": words,
        "sentences": sentences,
        "syllables": heard,
        "characters": characters,
        "letters": letters,
        "flesch_reading_ease": 206.835 - 1.015 * length - 84.6 * beats,
        "flesch_kincaid_grade": 0.39 * length + 11.8 * beats - 15.59,
        "automated_readability_index": 4.71 * per_word[0] + 0.5 * length - 21.43,
        "coleman_liau_index": 5.88 * per_word[1] - 29.6 / length - 15.8,
    }
    return pd.Series(figures, dtype=object, name="value")

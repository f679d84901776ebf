"""Sentences and words with their places in the text.

Everything here answers with spans: `(start, end)`, 0-based, end-exclusive, counted in Unicode
code points of the text as it was given. Nothing is normalised and nothing is rebuilt from tokens,
so `text[start:end]` is always what stands there. The algorithms are NLTK's wherever NLTK has one;
what is added is the way back to the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.offline import english_model, use_offline_nltk

if TYPE_CHECKING:
    import pandas as pd

Span = tuple[int, int]
Finder = Callable[[str], list[Span]]

WORD_PATTERN = r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*"
"""The plain word pattern: numbers with commas, words with inner hyphens and apostrophes."""

# --------------------------------------------------------------------------------------
# Helpers


def _strip(text: str, start: int, end: int) -> Span:
    """The span without the white space at its two ends (no-break spaces included)."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip())


def _filled(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans stripped of white space, without those that held nothing else."""
    stripped = (_strip(text, start, end) for start, end in spans)
    return [(start, end) for start, end in stripped if start < end]


def _between(text: str, cuts: Iterable[re.Match]) -> Iterator[Span]:
    """The spans before, between and after the matches of a separator."""
    start = 0
    for cut in cuts:
        yield start, cut.start()
        start = cut.end()
    yield start, len(text)


def _around(text: str, position: int) -> str:
    """Where `position` is, for an error message."""
    return f"offset {position}, near {text[max(0, position - 15) : position + 15]!r}"


# --------------------------------------------------------------------------------------
# Paragraphs


def paragraph_spans(text: str) -> list[Span]:
    """Spans of the lines that hold anything, without spaces and no-break spaces at their ends.

    A line ends where `str.splitlines` ends it.
    """
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line)))
        start += len(line)
    return _filled(text, spans)


# --------------------------------------------------------------------------------------
# Sentences


def _split_full_stop(text: str) -> list[Span]:
    # Each piece gets the full stop back that `split` takes away; the piece after the last full
    # stop is kept even when it is empty, because `len(text.split("."))` counts it.
    pieces = [
        (start, min(end + 1, len(text))) for start, end in _between(text, re.finditer(r"\.", text))
    ]
    return [_strip(text, *piece) for piece in pieces]


def _split_full_stop_space(text: str) -> list[Span]:
    # The pieces as `split` returns them: it throws the full stop away.
    return [_strip(text, *piece) for piece in _between(text, re.finditer(r"\. ", text))]


def _split_regex(text: str) -> list[Span]:
    return _filled(text, _between(text, re.finditer(r"(?<=[.!?])\s+", text)))


@cache
def _punkt() -> Any:
    """NLTK's Punkt with the English model and the same rules under every version of NLTK.

    NLTK 3.10.2 learnt that a curly quotation mark may close a sentence; older ones do not know. The
    two settings are repeated here, so that a sentence does not depend on the version.
    """
    from nltk.tokenize.punkt import PunktLanguageVars, PunktParameters, PunktSentenceTokenizer

    class CurlyQuotes(PunktLanguageVars):
        # `PunktLanguageVars` has no other way in: it compiles these patterns when first asked.
        # The plain `re` module is used because NLTK 3.10's own wrapper gives up after 5 seconds.
        re_boundary_realignment = re.compile(r"[\"')\]}‘’“”«»]+?(?:\s+|(?=--)|$)", re.MULTILINE)

        @property
        def _re_non_word_chars(self) -> str:
            return r"(?:[)\";}\]\*:@\'\({\[‘’“”«»?!])"

        def period_context_re(self) -> re.Pattern:
            return context

        def _word_tokenizer_re(self) -> re.Pattern:
            return words

    variables = CurlyQuotes()
    parts = {
        "NonWord": variables._re_non_word_chars,
        "SentEndChars": variables._re_sent_end_chars,
        "MultiChar": variables._re_multi_char_punct,
        "WordStart": variables._re_word_start,
    }
    context = re.compile(variables._period_context_fmt % parts, re.VERBOSE)
    words = re.compile(variables._word_tokenize_fmt % parts, re.VERBOSE)

    with suppress(NutgrafError):  # whoever splits with Punkt here may ask NLTK for the same next
        use_offline_nltk()
    english, parameters = english_model(), PunktParameters()
    parameters.abbrev_types = set(english.abbrev_types)
    parameters.collocations = set(english.collocations)
    parameters.sent_starters = set(english.sent_starters)
    parameters.ortho_context.update(english.ortho_context)
    return PunktSentenceTokenizer(parameters, lang_vars=variables)


def _split_punkt(text: str) -> list[Span]:
    return _filled(text, _punkt().span_tokenize(text))


def _split_punkt_untrained(text: str) -> list[Span]:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    return _filled(text, PunktSentenceTokenizer().span_tokenize(text))


def _split_paragraphs(text: str) -> list[Span]:
    return [
        (first + start, first + end)
        for first, last in paragraph_spans(text)
        for start, end in _split_punkt(text[first:last])
    ]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ASKS = re.compile(r"[?!][\"”’'»)\]]+$")
_TELLS = _set(
    "added adds answered answers asked asks begged cried declared demanded enquired exclaimed "
    "explained inquired insisted joked mused pleaded quipped recalled remarked replied replies "
    "responded said says shouted snapped tells told tweeted whispered wondered wrote yelled"
)
# Capitalised, these open a new sentence; within one they would be small ("the cleric asked").
_OPENERS = _set(
    "a all an and another any as at both but by each few for from he her his if in it its many "
    "most my no nobody none not of on one or our several she so some that the their then there "
    "these they this those to two we what when where who with yes you your"
)
# After the verb these start what is said, so that the verb belongs to a sentence of its own.
_OBJECTS = _set(
    "for he how i if it little no nothing she so that there they to we what when where whether "
    "who why yes you"
)
_SHORT = 12


def _names_the_speaker(piece: str) -> bool:
    """Whether `piece` only says who spoke: `Sadr asked.`, `asked the cleric.`, `he said.`"""
    words = piece.split()
    if words[0][0].islower():
        # A sentence does not start with a small letter, save for names such as al-Sadr.
        if not any(letter.isupper() for letter in words[0]):
            return True
    elif not words[0][0].isupper() or words[0].lower() in _OPENERS:
        return False
    for place, word in enumerate(words[1:4], start=1):
        if word.rstrip(".,;!?") in _TELLS:
            after = words[place + 1].lower().rstrip(".,") if place + 1 < len(words) else ""
            return len(words) <= _SHORT and (after not in _OBJECTS or word.endswith(","))
    return False


def _split_nutgraf(text: str) -> list[Span]:
    spans: list[Span] = []
    for first, last in paragraph_spans(text):
        here: list[Span] = []
        for start, end in _split_punkt(text[first:last]):
            span = (first + start, first + end)
            if here and _ASKS.search(text, *here[-1]) and _names_the_speaker(text[slice(*span)]):
                span = (here.pop()[0], span[1])
            here.append(span)
        spans += here
    return spans


SPLITTERS: dict[str, Finder] = {
    "full stop": _split_full_stop,
    "full stop + space": _split_full_stop_space,
    "regex": _split_regex,
    "punkt, untrained": _split_punkt_untrained,
    "punkt, whole text": _split_punkt,
    "punkt, by paragraph": _split_paragraphs,
    "nutgraf": _split_nutgraf,
}
"""Ways to split a text into sentences, from the simplest to the kit's own. Each is a function
from a text to a list of spans.

- "full stop": `text.split(".")`. Every piece gets back the full stop that `split` takes away. The
  piece after the last full stop counts even when it is empty, as it does in Python.
- "full stop + space": `text.split(". ")`, the pieces as they come: without the full stop, so that
  no piece ends where a sentence ends.
- "regex": cut at white space after `.`, `!` or `?`.
- "punkt, untrained": NLTK's `PunktSentenceTokenizer()`, as the installed NLTK has it (its rules
  changed in 3.10.2).
- "punkt, whole text": NLTK's Punkt with its English model (Kiss and Strunk 2006, "Unsupervised
  Multilingual Sentence Boundary Detection", Computational Linguistics 32).
- "punkt, by paragraph": the same, one paragraph after the other.
- "nutgraf": the same by paragraph, and a question or cry that ends a quotation is joined with the
  words that tell who spoke: `“Do you love the homeland?” Sadr asked.` is one sentence.
"""

# --------------------------------------------------------------------------------------
# Words


@cache
def _word_pattern() -> Any:
    """`WORD_PATTERN`, grown up: no letter is parted from its accents or joiners, and decimal
    points, `3rd` and `U.S.` stay whole."""
    import regex

    extend = r"\p{M}\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}"
    letter = rf"[[\w\p{{L}}\p{{N}}]--[[{extend}]--\p{{L}}]]"
    part = rf"\p{{GCB=Prepend}}*{letter}[\w\p{{L}}\p{{N}}{extend}]*+"
    initials = rf"(?:\p{{L}}\.){{2,}}+(?![{extend}])"
    joiner = r"(?:[-‐‑’'\u00ad\u2060]|(?<=\d)[.,](?=\d))"
    return regex.compile(rf"(?V1)(?:{initials}|{part})(?:{joiner}{part})*+")


def _words_nutgraf(text: str) -> list[Span]:
    return [match.span() for match in _word_pattern().finditer(text)]


def _words_whitespace(text: str) -> list[Span]:
    # `str.split` and `\S` disagree on nothing: both ask `str.isspace`.
    return [match.span() for match in re.finditer(r"\S+", text)]


def _words_characters(text: str) -> list[Span]:
    return [match.span() for match in re.finditer(r"\w+", text)]


def _words_wordpunct(text: str) -> list[Span]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]+", text)]


_QUOTES = ("``", "''")


def _align(tokens: Iterable[str], text: str, name: str) -> list[Span]:
    """The spans of a Treebank tokenizer's `tokens`.

    These tokenizers add spaces and turn a straight double quotation mark into two marks; every
    other character comes through. So it is enough to walk along text and tokens at once. (NLTK's
    `align_tokens` searches for each token instead, and raises when a quotation mark was turned.)
    """
    spans, place = [], 0
    for token in tokens:
        while place < len(text) and text[place].isspace():
            place += 1
        if text.startswith(token, place):
            length = len(token)
        elif token in _QUOTES and text.startswith('"', place):
            length = 1
        elif token in _QUOTES and text.startswith("''", place):
            length = 2
        else:
            raise NutgrafError(
                f'The tokenizer "{name}" lost its place at {_around(text, place)}: it gave '
                f'{token!r}. Take another tokenizer for this text, such as "nutgraf".'
            )
        spans.append((place, place + length))
        place += length
    return spans


def _words_nltk(text: str) -> list[Span]:
    from nltk.tokenize import NLTKWordTokenizer

    return _align(NLTKWordTokenizer().tokenize(text), text, "nltk")


def _words_treebank(text: str) -> list[Span]:
    from nltk.tokenize import TreebankWordTokenizer

    return _align(TreebankWordTokenizer().tokenize(text), text, "treebank")


_LONG_RUN, _OVERLAP = 2_000, 200


def _words_tweet(text: str) -> list[Span]:
    from nltk.tokenize import TweetTokenizer

    pattern, spans, place = TweetTokenizer().WORD_RE, [], 0
    # On one long run of characters the pattern takes time that grows with the square, and NLTK 3.10
    # stops it. Such a run is read piece by piece; what stands near the end of a piece may be half a
    # token, so it is read again with the next.
    runs = re.finditer(rf"\S{{{_LONG_RUN},}}", text)
    stops = [stop for run in runs for stop in range(*run.span(), _LONG_RUN)]
    for stop in [*stops, len(text)]:
        found = [match.span() for match in pattern.finditer(text, place, stop)]
        sure = [span for span in found if stop == len(text) or span[1] < stop - _OVERLAP]
        spans += sure or found
        place = sure[-1][1] if sure else stop
    return [span for span in spans if not text[slice(*span)].isspace()]


TOKENIZERS: dict[str, Finder] = {
    "whitespace": _words_whitespace,
    "nutgraf": _words_nutgraf,
    "word characters": _words_characters,
    "treebank": _words_treebank,
    "nltk": _words_nltk,
    "wordpunct": _words_wordpunct,
    "tweet": _words_tweet,
}
"""Ways to split a text into words or tokens. Each is a function from a text to a list of spans.

- "whitespace": `text.split()`.
- "nutgraf": the kit's words. `WORD_PATTERN` made ready for any text; punctuation is dropped.
- "word characters": `\\w+`; punctuation is dropped.
- "treebank": NLTK's `TreebankWordTokenizer` (Robert MacIntyre's rules for the Penn Treebank, 1995).
- "nltk": NLTK's `NLTKWordTokenizer`, which `nltk.word_tokenize` uses sentence by sentence. Here it
  sees the whole text at once.
- "wordpunct": NLTK's `WordPunctTokenizer`: runs of word characters, runs of anything else.
- "tweet": NLTK's `TweetTokenizer` (after Christopher Potts), through its pattern of words.

What lies between two tokens is white space, or dropped punctuation; never a letter or a digit.
"""

# --------------------------------------------------------------------------------------
# By name


def _named(table: Mapping[str, Finder], name: str, kind: str) -> Finder:
    if name not in table:
        known = ", ".join(f'"{one}"' for one in table)
        raise NutgrafError(f"There is no {kind} {name!r}. There are: {known}.")
    return table[name]


def sentence_spans(text: str, splitter: str = "nutgraf") -> list[Span]:
    """Spans of the sentences of `text`, in order, without white space at their ends.

    `splitter` is a name in `SPLITTERS`; another one raises `NutgrafError`.
    """
    return _named(SPLITTERS, splitter, "splitter")(text)


def word_spans(text: str, tokenizer: str = "nutgraf") -> list[Span]:
    """Spans of the words (or tokens) of `text`, in order.

    `tokenizer` is a name in `TOKENIZERS`; another one raises `NutgrafError`.
    """
    return _named(TOKENIZERS, tokenizer, "tokenizer")(text)


def sentences(text: str, splitter: str = "nutgraf") -> list[str]:
    """The sentences of `text`: its slices at `sentence_spans`."""
    return [text[start:end] for start, end in sentence_spans(text, splitter)]


def words(text: str, tokenizer: str = "nutgraf") -> list[str]:
    """The words (or tokens) of `text`: its slices at `word_spans`."""
    return [text[start:end] for start, end in word_spans(text, tokenizer)]


# --------------------------------------------------------------------------------------
# Side by side


def _chosen(
    table: Mapping[str, Finder], chosen: Mapping[str, Callable] | Iterable[str] | None, kind: str
) -> dict[str, Callable]:
    """The functions to compare: all of `table`, some of its names, or the caller's own."""
    if chosen is None:
        return dict(table)
    if isinstance(chosen, Mapping):
        return dict(chosen)
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    return {name: _named(table, name, kind) for name in names}


def _located(pieces: list[str], text: str, name: str) -> list[Span]:
    spans, place = [], 0
    for piece in pieces:
        start = text.find(piece, place)
        if start < 0:
            raise NutgrafError(
                f'"{name}" has {piece[:40]!r}, which does not stand in the text after '
                f"{_around(text, place)}. Give slices of the text, or (start, end) pairs."
            )
        place = start + len(piece)
        spans.append((start, place))
    return spans


def as_spans(found: Any, text: str, name: str) -> list[Span]:
    """`found` as checked spans of `text`.

    It may hold (start, end) pairs, dicts with `start` and `end`, the pieces themselves (looked up
    in order), or be a table with columns `start` and `end`. Spans have to ascend without overlaps
    and to lie in the text; anything else raises `NutgrafError`, which calls the giver `name`.
    """
    if hasattr(found, "columns"):
        found = list(zip(found["start"], found["end"], strict=True))
    else:
        found = [(o["start"], o["end"]) if isinstance(o, Mapping) else o for o in found]
    if all(isinstance(one, str) for one in found):
        found = _located(found, text, name)
    spans, last = [], 0
    for one in found:
        try:
            start, end = (int(place) for place in one)
        except (TypeError, ValueError) as error:
            raise NutgrafError(
                f'"{name}" has {one!r} for a span. Give (start, end) pairs, or slices of the text.'
            ) from error
        if not last <= start <= end <= len(text):
            raise NutgrafError(
                f'"{name}" has the span ({start}, {end}), but it has to start at {last} or later '
                f"and end at {len(text)} or earlier. Give spans in order, without overlaps."
            )
        spans.append((start, end))
        last = end
    return spans


def _boundaries(spans: Iterable[Span], text: str) -> set[int]:
    # The end of the text is everybody's boundary: it would only lift every score.
    end = len(text.rstrip())
    return {_strip(text, *span)[1] for span in spans} - set(range(end, len(text) + 1))


def compare_splitters(
    text: str,
    reference: Any,
    splitters: Mapping[str, Callable] | Iterable[str] | None = None,
) -> pd.DataFrame:
    """How well splitters find the sentences of `reference`, one row a splitter.

    `reference` holds the true sentences: (start, end) pairs, dicts with `start` and `end`, or a
    table with these columns. `splitters`: names in `SPLITTERS` (default: all), or a dict of your
    own functions; a function may return spans or the sentences themselves.

    Columns:
    - `splitter`; `units`, the number of pieces; `exact`, how many of them are a sentence of the
      reference, both ends right;
    - `hits`, `missed`, `spurious`: boundaries. A boundary is the offset just after the last
      character of a piece (white space does not count); the end of the text is left out, so 20
      sentences have 19 boundaries. Two pieces that end at the same place make one boundary;
    - `precision` = hits / (hits + spurious), `recall` = hits / (hits + missed), `f1`, their
      harmonic mean; rounded to three places. Nothing to find and nothing found counts as 1.
    """
    import pandas as pd

    truth = [_strip(text, *span) for span in as_spans(reference, text, "reference")]
    wanted = _boundaries(truth, text)
    rows = []
    for name, function in _chosen(SPLITTERS, splitters, "splitter").items():
        spans = [_strip(text, *span) for span in as_spans(function(text), text, name)]
        found = _boundaries(spans, text)
        hits, missed, spurious = len(wanted & found), len(wanted - found), len(found - wanted)
        perfect = 1.0 if not missed + spurious else 0.0
        rows.append(
            {
                "splitter": name,
                "units": len(spans),
                "exact": len(set(truth) & set(spans)),
                "hits": hits,
                "missed": missed,
                "spurious": spurious,
                "precision": round(hits / len(found), 3) if found else perfect,
                "recall": round(hits / len(wanted), 3) if wanted else perfect,
                "f1": round(2 * hits / (len(found) + len(wanted)), 3)
                if found or wanted
                else perfect,
            }
        )
    columns = ["splitter", "units", "exact", "hits", "missed", "spurious"]
    return pd.DataFrame(rows, columns=[*columns, "precision", "recall", "f1"])


_BEFORE, _AFTER = 18, 12
_VISIBLE = str.maketrans({"\n": "¶", "\r": "¶", "\N{NO-BREAK SPACE}": "⍽"})


def boundaries(
    text: str,
    reference: Any,
    splitters: Mapping[str, Callable] | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Every place where the reference or a splitter ends a sentence, one row a place.

    Arguments as in `compare_splitters`, and boundaries are counted as there. Columns: `position`
    (offset of the last character + 1), `before` and `after` (up to 18 and 12 characters, with line
    ends shown as ¶ and no-break spaces as ⍽), `reference` (True where a sentence ends), and one
    column a splitter: "hit", "missed", "spurious", or "" where both see nothing.
    """
    import pandas as pd

    wanted = _boundaries(as_spans(reference, text, "reference"), text)
    found = {
        name: _boundaries(as_spans(function(text), text, name), text)
        for name, function in _chosen(SPLITTERS, splitters, "splitter").items()
    }
    rows = []
    for position in sorted(wanted.union(*found.values())):
        row: dict[str, Any] = {
            "position": position,
            "before": text[max(0, position - _BEFORE) : position].translate(_VISIBLE),
            "after": text[position : position + _AFTER].translate(_VISIBLE),
            "reference": position in wanted,
        }
        for name, places in found.items():
            if position in places:
                row[name] = "hit" if position in wanted else "spurious"
            else:
                row[name] = "missed" if position in wanted else ""
        rows.append(row)
    return pd.DataFrame(rows, columns=["position", "before", "after", "reference", *found])


def compare_tokenizers(
    text: str, tokenizers: Mapping[str, Callable] | Iterable[str] | None = None
) -> pd.DataFrame:
    """The places where tokenizers differ, one row a place.

    `tokenizers`: names in `TOKENIZERS` (default: all), or a dict of your own functions; a function
    may return spans or the tokens themselves. Columns: `start`, `end`, `text` (the stretch covered
    by tokens that overlap each other), and one column a tokenizer with its tokens there, joined by
    " | " ("" where it has none).
    """
    import pandas as pd

    found = {
        name: as_spans(function(text), text, name)
        for name, function in _chosen(TOKENIZERS, tokenizers, "tokenizer").items()
    }
    tokens = sorted(
        (start, end, name)
        for name, spans in found.items()
        for start, end in spans
        if start < end  # an empty token covers no place
    )
    places: list[tuple[int, int, dict[str, list[Span]]]] = []
    for start, end, name in tokens:
        if not places or start >= places[-1][1]:
            places.append((start, end, {}))
        first, last, here = places[-1]
        here.setdefault(name, []).append((start, end))
        places[-1] = (first, max(last, end), here)
    rows = [
        {"start": start, "end": end, "text": text[start:end]}
        | {name: " | ".join(text[slice(*span)] for span in here.get(name, [])) for name in found}
        for start, end, here in places
        if any(here.get(name, []) != here.get(next(iter(found)), []) for name in found)
    ]
    return pd.DataFrame(rows, columns=["start", "end", "text", *found])

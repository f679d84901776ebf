"""Where quotations begin and end, and how much of a sentence each of them holds.

Marks are read once from left to right, so the time is linear whatever the text.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import NamedTuple

from nutgraf.cue_words import SAYING, low, words
from nutgraf.tokenizing import Span, paragraph_spans, word_spans

STOPS = ".!?…"

_FAMILIES = {
    "curly": "“”„‟",
    "straight": '"',
    "angle": "«»",
    "small angle": "‹›",
    "single": "‘’‚‛",
    "straight single": "'",
}
_FAMILY = {mark: name for name, marks in _FAMILIES.items() for mark in marks}
_MARK = re.compile("[" + "".join(_FAMILY) + "]")
_AFTER_OPENING = frozenset("([{<—–-‐‑/=¿¡“„‟«‹‘‚‛\"'»›")

# Words that begin with an apostrophe: ’90s, ’tis, ’em.
_CLIPPED = re.compile(
    r"\d+s?\b|(?:tis|twas|twere|twill|em|til|till|cause|bout|round|n|nuff|neath|gainst|kay|cos)\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"[sS][’'][ \u00a0][^\W\d_]")  # the soldiers’ boots


class _Open(NamedTuple):
    """A quotation that has begun, and the first mark that may have closed it.

    In British marks an apostrophe after an s may be the end or not. It is when no better one comes.
    """

    start: int
    maybe: int | None = None


def quotation_spans(text: str) -> list[Span]:
    """Spans of the quotations: the marks and all between, in order, none within another.

    Marks: “ ”, " ", ‘ ’, ' ', « », » «, „ “, „ ”, and ‹ ›. Of a quotation within a quotation only
    the outer one is given. An opening mark without a closing one before the next opening mark of
    its kind, or before the end of the paragraph, is left out, and so is a closing mark without an
    opening one. Where a paragraph is left open and the next one opens anew, as newspapers do, the
    span reaches over both, up to the mark that closes at last.
    """
    lines = paragraph_spans(text)
    begun: dict[str, _Open] = {}
    found: list[Span] = []
    for line, following in zip_longest(lines, lines[1:]):
        for match in _MARK.finditer(text, *line):
            place, family = match.start(), _FAMILY[match[0]]
            one = begun.get(family)
            if one and place == line[0]:
                continue  # it repeats the mark that opened
            role = _role(text, place, one is not None)
            if role == "open":
                found += _given_up(one)
                begun[family] = _Open(place)
            elif role == "maybe" and one and one.maybe is None:
                begun[family] = _Open(one.start, place)
            elif role == "close" and one:
                found.append((one.start, place + 1))
                del begun[family]
        for family, one in list(begun.items()):
            if not _goes_on(text, one.start, line, following, family):
                found += _given_up(one)
                del begun[family]
    spans: list[Span] = []
    for start, end in sorted(found):
        if (not spans or start >= spans[-1][1]) and end - start > 2:
            spans.append((start, end))
    return spans


def _role(text: str, place: int, started: bool) -> str:
    """What the mark does: "open", "close", "maybe" (closes, or is the apostrophe of soldiers’), or
    "" (nothing)."""
    mark, before = text[place], text[place - 1 : place] or " "
    after = text[place + 1 : place + 2] or " "
    # An opening mark touches what follows, a closing one what stands before it.
    opens = (before.isspace() or before in _AFTER_OPENING) and not after.isspace()
    closes = not before.isspace() and not after.isalnum()
    role = ""
    if mark in "„‟‚‛":
        role = "open"
    elif mark in "“«‹":  # they close in „so“ and »so«
        role = "close" if started and closes and not opens else "open"
    elif mark in "”»›":  # they open in ”so” and »so«
        role = "open" if opens and not started else "close"
    elif mark == '"':
        role = "close" if (started if opens == closes else closes) else "open"
    elif opens and mark in "‘'" and not _CLIPPED.match(text, place + 1):
        role = "open"
    elif mark != "‘" and closes:
        role = "maybe" if _PLURAL.match(text, place - 1) else "close"
    return role


def _given_up(one: _Open | None) -> list[Span]:
    """What remains of a quotation that no mark has closed."""
    return [] if one is None or one.maybe is None else [(one.start, one.maybe + 1)]


def _goes_on(text: str, start: int, line: Span, following: Span | None, family: str) -> bool:
    """Whether what opened at `start` goes on in the next paragraph.

    It does when that paragraph opens anew and this one ends like a sentence of the speaker, which
    "..., said the mayor." does not.
    """
    if following is None or _FAMILY.get(text[following[0]]) != family:
        return False
    tail = text[max(start, line[1] - 50) : line[1]].rpartition(",")
    told = tail[1] and any((word,) in SAYING for word in re.findall(r"\w+", low(tail[2])))
    return text[line[1] - 1] in STOPS and not told


# --------------------------------------------------------------------------------------
# Kinds

_FINITE = words(
    "am is are was were will would can could shall should must may might has have had do does did "
    "isn't aren't wasn't weren't won't wouldn't can't cannot couldn't shouldn't mustn't hasn't "
    "haven't hadn't don't doesn't didn't ain't"
)
_SUBJECTS = words("i we he she they nobody everyone everybody somebody someone")
_SHORTENED = re.compile(r"(?:i'm|\w+'(?:re|ve|ll)|(?:it|that|there|here|he|she|what|who)'s)\Z")


def last_character(quote: str) -> str:
    """The last character before the closing mark, or ""."""
    return quote[1:-1].rstrip(" \u00a0\u202f’'”\"»›")[-1:]


def kind(quote: str) -> str:
    """full (holds at least a clause), partial or one-word; `quote` with its marks."""
    inner = quote[1:-1].strip()
    parts = [inner[start:end] for start, end in word_spans(inner)]
    if len(parts) < 2:
        return "one-word"
    end = last_character(quote)
    heavy = [parts[0], *(part for part in parts if len(part) > 3), parts[-1]]
    if end not in STOPS and not inner.isupper() and not any(part[0].islower() for part in heavy):
        return "partial"  # a title
    before = "to"
    for word in map(low, parts):
        finite = word in _FINITE and before not in ("to", "who", "which")
        if finite or word in _SUBJECTS or _SHORTENED.match(word):
            return "full"
        before = word
    sentence = end in STOPS or (end == "," and len(parts) > 2)
    return "full" if sentence and not parts[0][0].islower() else "partial"

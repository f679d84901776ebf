"""Which words stand for the speaker of each quotation, and how directly the text says so.

A verb of saying is looked for beside the marks, then a name beside the verb, as in Pouliquen,
Steinberger and Best 2007, "Automatic Detection of Quotations in Multilingual News" (RANLP). No
search goes further than `_REACH` tokens, so the time is linear.
"""

from __future__ import annotations

from typing import NamedTuple

from nutgraf.cue_words import REFLEXIVE, SELF
from nutgraf.phrases import Phrase, Reader
from nutgraf.quotation_marks import STOPS
from nutgraf.tokenizing import Span

_REACH = 30  # how many tokens a search for the speaker goes in one direction
LEVELS = ("low", "medium", "high")
_LOW, _MEDIUM, _HIGH = range(3)


class Found(NamedTuple):
    """A speaker, a verb and how they were found; places are tokens."""

    phrase: Phrase
    cue: Span | None
    level: int  # of LEVELS
    why: str
    end: int  # the first token after both
    itself: str = ""  # "him" when somebody is said to call himself so


def speakers(reader: Reader, kinds: list[str]) -> list[Found | None]:
    """The speaker of each quotation; `kinds` as `quotation_marks.kind` gives them."""
    answers: list[Found | None] = []
    for number, kind in enumerate(kinds):
        previous = answers[-1] if answers else None
        found = _of_its_own(reader, number, previous) or _inherited(reader, number, previous, kind)
        answers.append(found)
    return answers


def _of_its_own(reader: Reader, number: int, previous: Found | None) -> Found | None:
    """The best place in its own sentence; `previous` is what the quotation before has."""
    index = reader.quotes[number]
    if reader.word(index - 1) in ("so-called", "titled", "entitled", "nicknamed", "dubbed"):
        return None
    after = _after(reader, index + 1 + (reader.mark(index + 1) in (",", "—", "–", "-")))
    forward = after and _belongs_to_next(reader, index, after)
    if after and not forward:
        return after
    found = _before(reader, index)
    if found is None and reader.kind(index - 1) == "break" and reader.mark(index - 2) == ":":
        found = _before(reader, index - 1)
        if found:
            found = found._replace(why="the paragraph before ends with a colon", level=_HIGH)
    if found and (found.level == _HIGH or found.itself):
        return found
    split = _split(reader, number, previous)
    if split and (found is None or split.level == _HIGH):
        return split
    found = found or _later(reader, index)
    if found is None and after and reader.mark(after.end) != ":":
        found = after._replace(level=_MEDIUM)
    return found


# --------------------------------------------------------------------------------------
# After the marks


def _after(reader: Reader, index: int) -> Found | None:
    """A speaker and a verb that begin at this token: "said Sadr", "Sadr asked"."""
    cue = reader.cue_after(index)
    if cue and reader.saying(cue) and reader.word(cue[1]) != "that":
        phrase = reader.phrase(cue[1])
        why = "verb and name follow the closing mark"
        return Found(phrase, cue, _HIGH, why, phrase.last) if phrase else None
    phrase = reader.phrase(index, before_verb=True)
    if phrase is None:
        return None
    cue = reader.cue_after(phrase.last)
    if cue is None:
        cue = reader.cue_after_apposition(phrase.last)
        phrase = reader.named_beside(phrase)
    if cue is None or not reader.saying(cue):
        return None
    return Found(phrase, cue, _HIGH, "name and verb follow the closing mark", cue[1])


def _belongs_to_next(reader: Reader, index: int, found: Found) -> bool:
    """Whether what follows the quotation may tell of the next one: "Tom Ash added: “..."."""
    opening = reader.tokens[min(found.phrase.first, found.cue[0])].text
    return reader.quote_end(index) == "." and opening[0].isupper()


def _later(reader: Reader, index: int) -> Found | None:
    """A speaker and a verb further on in the same sentence, after a comma."""
    for place in range(index + 1, min(index + _REACH, len(reader.tokens))):
        if _ends(reader, place):
            return None
        quoted = reader.kind(place) == "quote" and reader.quote_end(place) == ","
        if quoted or reader.mark(place) in (",", "—", "–"):
            found = _after(reader, place + 1)
            if found:
                return found._replace(level=_MEDIUM, why="same sentence, after")
    return None


# --------------------------------------------------------------------------------------
# Before the marks


def _ends(reader: Reader, index: int) -> bool:
    """Whether no search for a speaker goes past this token."""
    row = reader.kind(index) == "quote" and reader.kind(index + 1) == "quote"
    return row or reader.stops(index) or reader.mark(index) == ";"


def _before(reader: Reader, index: int) -> Found | None:
    """A speaker, with a verb or a colon, in the words of the sentence up to this token."""
    start = index
    while start > max(0, index - _REACH) and not _ends(reader, start - 1):
        start -= 1
    last = reader.mark(index - 1)
    touching = index - 1 if last in (":", ",") else index
    for place in range(touching - 1, start - 1, -1):
        if (reader.word(place),) in SELF and reader.word(place + 1) in REFLEXIVE:
            return _of_oneself(reader, place, start)
        cue = reader.cue(place)
        if cue is None:
            continue
        helper = reader.word(place - 1)
        if helper in ("is", "was", "are", "were", "be", "been", "being", "to"):
            continue
        touches = cue[1] == touching
        named = cue == (touching - 1, touching) and not reader.saying(cue)
        if named and helper not in ("has", "had", "have"):
            return None  # a lane called “the Needle”
        if reader.verb(cue) == "according to":
            phrase, near = reader.phrase(cue[1]), True
            touches = phrase and index - phrase.last < 8
        else:
            phrase, near = reader.subject(place, start)
            touches = touches or last == ":"
        if phrase and near and touches:
            why = "name and verb stand before the opening mark"
            return Found(phrase, cue, _HIGH, why, index)
        if phrase:
            return Found(phrase, cue, _MEDIUM if near else _LOW, "same sentence, before", index)
    phrase = reader.phrase(start, before_verb=True)  # Vance: “Older than the town.”
    if last == ":" and phrase and phrase.last == index - 1 and not reader.cue(start):
        return Found(phrase, None, _HIGH, "name and colon stand before the opening mark", index)
    return None


def _of_oneself(reader: Reader, verb: int, start: int) -> Found | None:
    phrase, _ = reader.subject(verb, start)
    if phrase is None:
        return None
    reflexive = reader.word(verb + 1)
    end = verb + (3 if reader.word(verb + 2) == "as" else 2)
    why = f"what somebody is said to call {reflexive}"
    return Found(phrase, (verb, verb + 1), _LOW, why, end, REFLEXIVE[reflexive])


# --------------------------------------------------------------------------------------
# From the quotation before


def _split(reader: Reader, number: int, previous: Found | None) -> Found | None:
    """The speaker of the quotation before, when its attribution stands between the two."""
    index, other = reader.quotes[number], reader.quotes[number - 1]
    if previous is None or not other <= previous.end <= index:
        return None
    start = max(previous.end, other + 1)
    if any(reader.stops(place) for place in range(start, index)):
        return None
    last = index - (reader.mark(index - 1) in (":", ","))
    if reader.cue(last - 1) == (last - 1, last):  # “...,” adding: “...”
        previous = previous._replace(cue=(last - 1, last))
    why = "the same sentence goes on after the speaker was named"
    return previous._replace(level=_HIGH if index - start < 3 else _MEDIUM, why=why)


def _inherited(reader: Reader, number: int, previous: Found | None, kind: str) -> Found | None:
    """A speaker from the quotation before, for a whole sentence that has none of its own."""
    index, other = reader.quotes[number], reader.quotes[number - 1]
    whole = kind == "full" or (reader.stops(index - 1) and reader.quote_end(index) in STOPS)
    if previous is None or previous.itself or not whole:
        return None
    breaks = sum(reader.kind(place) == "break" for place in range(other + 1, index))
    if breaks == 0 and index - previous.end in (0, 1):
        return previous._replace(level=_MEDIUM, why="goes on after the speaker was named")
    if breaks == 0:
        why = "same paragraph, one earlier speaker"
    elif breaks == 1 and reader.kind(index - 1) == "break":
        why = "a paragraph of its own, after this speaker"
    else:
        return None
    return previous._replace(cue=None, level=_LOW, why=why)

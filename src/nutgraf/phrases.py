"""A text as tokens, and which of them may stand for a speaker: names, pronouns, descriptions.

Rules that know how words are written and where they stand, not what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from nutgraf.cue_words import (
    ABBREVIATIONS,
    ADVERBS,
    CUES,
    DAYS,
    DETERMINERS,
    ENDING,
    GROUPS,
    NO_NAMES,
    NO_NOUNS,
    OF,
    PARTICLES,
    PREPOSITIONS,
    PRONOUNS,
    SAYING,
    TITLES,
    low,
)
from nutgraf.quotation_marks import STOPS, last_character
from nutgraf.tokenizing import Span, word_spans

ARTICLES = re.compile(r"^(?:al|el|ul|an|ar|as|ash|at|az|ad|ed|es)-(?=\w)", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"\s+|\S")
_PLURAL = re.compile(r"(?<=[sS])[’'](?=\s\w)")  # the apostrophe of "the teachers’ union"
_PARENTHESES = {",": ",", "(": ")", "—": "—", "–": "–"}  # round an apposition


class Token(NamedTuple):
    start: int
    end: int
    text: str
    kind: str  # word, mark, quote (a whole quotation), break (between lines)
    low: str = ""  # the word as it is compared


class Phrase(NamedTuple):
    """Words that stand for a speaker: tokens, the last one not included."""

    kind: str  # name, pronoun, description
    first: int  # with the titles of a name
    core: int  # without them
    last: int


def capital(word: str) -> bool:
    """Whether the word is written like a name: Sadr, al-Sadr, LIND, O’Hare."""
    return word[0].isupper() or (ARTICLES.match(word) is not None and word[3:4].isupper())


def possessive(word: str) -> bool:
    return word.endswith(("'s", "s'"))


def _tokens(text: str, spans: list[Span]) -> Iterator[Token]:
    place = 0
    for start, end in [*spans, (len(text), len(text))]:
        yield from _between(text, place, start)
        if start < end:
            yield Token(start, end, text[start:end], "quote")
        place = end


def _between(text: str, place: int, last: int) -> Iterator[Token]:
    """The tokens of a stretch without quotations."""
    words = [(place + start, place + end) for start, end in word_spans(text[place:last])]
    for start, end in [*words, (last, last)]:
        for gap in _BETWEEN_WORDS.finditer(text, place, start):
            if not gap[0].isspace():
                yield Token(*gap.span(), gap[0], "mark")
            elif gap[0].splitlines() != [gap[0]]:
                yield Token(*gap.span(), "", "break")
        place = end
        if start < end:
            place += _PLURAL.match(text, end, last) is not None
            yield Token(start, place, text[start:place], "word", low(text[start:place]))


class Reader:
    """A text as tokens, each quotation one of them, and what stands at a place among them."""

    def __init__(self, text: str, spans: list[Span]) -> None:
        self.text = text
        self.tokens = list(_tokens(text, spans))
        self.quotes = [at for at, token in enumerate(self.tokens) if token.kind == "quote"]
        self._plain = {token.text for token in self.tokens if token.kind == "word"}
        self._stops = [self._is_end(index) for index in range(len(self.tokens))]
        self.names: dict[int, Phrase] = {}  # by the token where they begin
        self._ends: dict[int, Phrase] = {}
        place = 0
        while place < len(self.tokens):
            name = self.name(place)
            if name:
                self.names[place] = self._ends[name.last] = name
            place = name.last if name else place + 1

    # --- small questions about a place ----------------------------------------------------

    def kind(self, index: int) -> str:
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else "break"

    def word(self, index: int) -> str:
        """The word there, as it is compared; "" when there is none."""
        return self.tokens[index].low if 0 <= index < len(self.tokens) else ""

    def mark(self, index: int) -> str:
        return self.tokens[index].text if self.kind(index) == "mark" else ""

    def quote_end(self, index: int) -> str:
        return last_character(self.tokens[index].text) or " "

    def stops(self, index: int) -> bool:
        """Whether a sentence ends with this token."""
        return not 0 <= index < len(self.tokens) or self._stops[index]

    def _is_end(self, index: int) -> bool:
        kind, following = self.kind(index), self.kind(index + 1)
        if kind == "break":
            return True
        opens = following == "break" or (
            following == "word" and capital(self.tokens[index + 1].text)
        )
        if kind == "quote":
            return opens and self.quote_end(index) in STOPS
        if kind != "mark" or self.mark(index) not in STOPS:
            return False
        return (opens or following in ("quote", "mark")) and not self._shortened(index - 1)

    def _shortened(self, index: int) -> bool:
        """Whether the word is an initial or a title that a full stop follows."""
        initial = len(self.word(index)) == 1 and self.tokens[index].text.isupper()
        return initial or self.word(index) in ABBREVIATIONS

    def adverb(self, index: int) -> bool:
        """Whether it may stand between the speaker and the verb: "has later", "quietly"."""
        word = self.word(index)
        return word in ADVERBS or (word.endswith("ly") and self.tokens[index].text[0].islower())

    def cue(self, index: int) -> Span | None:
        """The verb of saying that begins here: tokens."""
        if self.kind(index) != "word":
            return None
        text = self.tokens[index].text
        if text[0].isupper() and not text.isupper() and not self.stops(index - 1):
            return None  # the Harbour Post
        if (self.word(index), self.word(index + 1)) in CUES:
            return index, index + 2
        return (index, index + 1) if (self.word(index),) in CUES else None

    def cue_after(self, index: int) -> Span | None:
        """The verb of saying here or after adverbs and auxiliaries: "has later said"."""
        for place in range(index, index + 4):
            if cue := self.cue(place):
                return cue
            if not self.adverb(place):
                return None
        return None

    def _form(self, cue: Span) -> tuple[str, ...]:
        return tuple(self.word(index) for index in range(*cue))

    def verb(self, cue: Span) -> str | None:
        """The first form of the verb, if it is one of saying."""
        return CUES.get(self._form(cue))

    def saying(self, cue: Span) -> bool:
        return self._form(cue) in SAYING

    # --- names ----------------------------------------------------------------------------

    def name(self, index: int) -> Phrase | None:
        """The name that begins here, its titles before it."""
        first = index
        while (after := self._after_title(index)) and self._part(after):
            index = after
        core = index
        while self._part(index) or self._particles(index):
            index += 1
            initial = len(self.word(index - 1)) == 1 and self.mark(index) == "."
            if possessive(self.word(index - 1)) or (initial and not self._part(index + 1)):
                break
            index += initial
        if index == core:
            return None
        if index - core > 2 and self._trade(core):
            core += 1
        lone = index - first == 1 and self.word(core) in GROUPS
        return Phrase("description" if lone else "name", first, core, index)

    def _after_title(self, index: int) -> int | None:
        """The token after the title here, and after its full stop."""
        word = self.word(index)
        if word not in TITLES or not self.tokens[index].text[0].isupper():
            return None
        return index + (2 if word in ABBREVIATIONS and self.mark(index + 1) == "." else 1)

    def _part(self, index: int) -> bool:
        """Whether the word may be part of a name."""
        word = self.word(index)
        if not word or not capital(self.tokens[index].text) or word in NO_NAMES:
            return False
        # In a line of capitals the verb is one more capital word.
        return not (len(word) > 1 and self.tokens[index].text.isupper() and self.cue(index))

    def _particles(self, index: int) -> bool:
        """Whether particles stand here and a name follows: "van der Meer"."""
        place = index
        while self.word(place) in PARTICLES and place < index + 4:
            place += 1
        return self._part(place)

    def _trade(self, index: int) -> bool:
        """Whether a sentence opens with this word for what somebody does: "Ferryman Jonas Bright",
        and "Florist Nora Fink" when "florist" stands elsewhere too."""
        word = self.word(index)
        worker = word in self._plain or word.endswith(("man", "woman", "person"))
        return worker and self.stops(index - 1)

    # --- a speaker, read forwards -----------------------------------------------------------

    def phrase(self, index: int, before_verb: bool = False) -> Phrase | None:
        """The words for a speaker that begin here.

        before_verb: a verb has to follow them ("the sign at the lake says"); otherwise they follow
        the verb and end where the noun ends ("said the mayor on Monday").
        """
        if self.word(index) in PRONOUNS:
            return Phrase("pronoun", index, index, index + 1)
        name = self.name(index)
        if name and not self._owns(name):
            return name
        phrase = self._description(index, name.last if name else index, before_verb)
        return phrase and (phrase if before_verb else self.named_beside(phrase))

    def _owns(self, name: Phrase) -> bool:
        """Whether the name stands for something of a person: "Ann’s brother"."""
        return possessive(self.word(name.last - 1))

    def _description(self, first: int, index: int, before_verb: bool) -> Phrase | None:
        """The description that begins at `first`; it has no name before `index`."""
        opening, determined = self.word(first), self.word(first) in DETERMINERS
        if not determined and (opening in NO_NAMES or opening.endswith("ly")):
            return None
        head = first + determined
        index, attached = max(index, head), False
        while self.word(index) and index - first < 10:
            word = self.word(index)
            if before_verb and index > head and self.cue(index):
                break
            if (word in OF and index > head) or (before_verb and word in PREPOSITIONS):
                attached = True
            elif word in ENDING or (word.endswith("ly") and not before_verb):
                break
            elif not attached and (name := self.name(index)):
                # "council leader Maria Ortiz": the name is the speaker.
                ends = not before_verb or self.cue_after(name.last) or self.mark(name.last)
                if ends and not self._owns(name):
                    return name
            index += 1
        if index == first or self.word(index - 1) in ("the", "a", "an"):
            return None
        return Phrase("description", first, first, index)

    def named_beside(self, phrase: Phrase) -> Phrase:
        """ "the engineer, Karin Voss": the name after a description, where there is one."""
        if phrase.kind == "description" and self.mark(phrase.last) == ",":
            name = self.name(phrase.last + 1)
            if name and not self._owns(name):
                closed = self.kind(name.last) in ("break", "quote")
                if closed or self.mark(name.last) in (",", ".", ";"):
                    return name
        return phrase

    def cue_after_apposition(self, index: int) -> Span | None:
        """The verb of saying after the apposition that begins here (", a militia leader,")."""
        closing = _PARENTHESES.get(self.mark(index))
        for place in range(index + 1, index + 26):
            if closing is None or self.stops(place):
                return None
            if self.mark(place) == closing and (cue := self.cue_after(place + 1)):
                return cue
        return None

    # --- a speaker, read backwards ------------------------------------------------------------

    def subject(self, verb: int, start: int) -> tuple[Phrase | None, bool]:
        """Who does what the verb says, in the words from `start` on, and whether it stands right
        before it."""
        place = verb - 1
        while place >= start and self.adverb(place):
            place -= 1
        if self.word(verb).endswith("ing") or self.word(place) in ("and", "but", "then"):
            return self._first_phrase(start, verb), False
        if self.word(place) in ("who", "that", "which"):
            place -= 2 if self.mark(place - 1) == "," else 1
            return self._ending(place, start), True
        if self.mark(place) in _PARENTHESES.values():
            return self._before_apposition(place, start), True
        return self._ending(place, start), True

    def _before_apposition(self, last: int, start: int) -> Phrase | None:
        """The speaker before an apposition that ends with this token, or a name within it."""
        for place in range(last - 1, max(start, last - 26) - 1, -1):
            if _PARENTHESES.get(self.mark(place)) == self.mark(last):
                phrase = self._ending(place - 1, start)
                name = self.name(place + 1)
                described = phrase and phrase.kind == "description"
                return name if described and name and name.last == last else phrase
        return None

    def _ending(self, place: int, start: int) -> Phrase | None:
        """The words for a speaker that end with this token."""
        if place < start or self.kind(place) != "word":
            return None
        if self.word(place) in PRONOUNS:
            return Phrase("pronoun", place, place, place + 1)
        name = self._ends.get(place + 1)
        if name and name.kind == "name" and not self._owns(name):
            if self.word(name.first - 1) not in OF or name.first <= start:
                return name
            whole = self._description_ending(place, start)  # "the mayor of Sandby"
            return whole if whole and whole.first < name.first else name
        return self._description_ending(place, start)

    def _description_ending(self, place: int, start: int) -> Phrase | None:
        """The description that ends with this token, back to its "the"."""
        if self.word(place) in NO_NOUNS or self.word(place) in DAYS:
            return None
        first = place
        while first > start and place - first < 10:
            word, before = self.word(first), self.word(first - 1)
            owner = possessive(word) and capital(self.tokens[first].text)
            if (word in DETERMINERS or owner) and before not in PREPOSITIONS:
                break
            if not before or before in NO_NOUNS:
                break
            first -= 1
        group = first == start and self.word(first + 1) in PREPOSITIONS  # Residents of Lund
        if self.word(first) not in DETERMINERS and not group and not possessive(self.word(first)):
            first = place
        return Phrase("description", first, first, place + 1)

    def _first_phrase(self, start: int, end: int) -> Phrase | None:
        """The subject of a sentence, roughly: its first name, pronoun or "the ..."."""
        for place in range(start, end):
            name = self.names.get(place)
            free = place == start or self.word(place - 1) not in PREPOSITIONS
            if name and free and not self._owns(name):
                return name
            if self.word(place) in PRONOUNS:
                return Phrase("pronoun", place, place, place + 1)
        if self.word(start) not in DETERMINERS or self.kind(start + 1) != "word":
            return None
        last = start + 2  # "the owner of the boat"
        while self.word(last) in OF and self.kind(last + 1) == "word" and last < start + 9:
            last += 3 if self.word(last + 1) in DETERMINERS else 2
        return Phrase("description", start, start, min(last, end))

"""Whom the words for a speaker mean: which names are one person, and who is "she" or "the mayor".

The rules do not know what words mean: "the striker" is somebody who is named only if the text says
somewhere that this person is a striker, and a pronoun is the last person named who fits.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from operator import itemgetter

from nutgraf.cue_words import (
    DEFINITE,
    DETERMINERS,
    GROUPS,
    KIN,
    MEN,
    NO_NAMES,
    NO_NOUNS,
    PARTICLES,
    PREPOSITIONS,
    PRONOUNS,
    WOMEN,
    low,
)
from nutgraf.phrases import ARTICLES, Phrase, Reader, possessive
from nutgraf.tokenizing import paragraph_spans

_NEAREST = 8  # how many of the last people named may be meant by a pronoun
_NAMESAKES = 40  # how many people of one last name are told apart


@dataclass(eq=False)
class Person:
    name: str
    gender: str = ""
    guess: str = ""  # by a pronoun that could stand for nobody else


Mention = tuple[int, Person]  # an offset, and who is named there
_place = itemgetter(0)


def key(word: str) -> str:
    """A part of a name as it is compared: "al-Sadr’s" and "SADR" are one."""
    return ARTICLES.sub("", low(word).removesuffix("'s").rstrip("'"))


def before_preposition(words: Iterable[str]) -> list[str]:
    return list(takewhile(lambda word: word not in PREPOSITIONS, words))


def _gender(word: str) -> str:
    if word in WOMEN or word.endswith("woman"):
        return "f"
    return "m" if word in MEN or word.endswith("man") else ""


class People:
    """The people whom a text names, and what else they are called."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._by_full: dict[tuple[str, str], Person] = {}
        self._by_last: dict[str, list[Person]] = {}
        self._by_first: dict[str, list[Person]] = {}
        self._single: dict[str, Person] = {}
        self._nouns: dict[str, list[Mention]] = {}
        self._mentions: list[Mention] = []
        self._spoke: list[Mention] = []
        self._answers: dict[int, tuple[str, int, str]] = {}
        self._lines = [start for start, _ in paragraph_spans(reader.text)]
        names = [name for name in reader.names.values() if name.kind == "name"]
        for name in names:
            self._learn(name)
        sentence, read, last = 0, 0, -1
        for name in names:
            person, _ = self._who(name)
            mention = (self._start(name), person)
            self._describe(name, mention)
            sentence += sum(reader.stops(place) for place in range(read, name.first))
            read = name.first
            if sentence != last and self._subject(name, person):  # the first one of its sentence
                self._mentions.append(mention)
                last = sentence

    def _start(self, phrase: Phrase) -> int:
        return self.reader.tokens[phrase.core].start

    def _parts(self, name: Phrase) -> list[str]:
        """The words of a name as they are compared, without particles at the front ("van der Meer"
        -> meer)."""
        words = [self.reader.word(index) for index in range(name.core, name.last)]
        words = [word for word in words if word]  # no full stops
        return [key(word) for word in dropwhile(PARTICLES.__contains__, words[:-1])] + [
            key(words[-1])
        ]

    def _text(self, phrase: Phrase) -> str:
        tokens = self.reader.tokens[phrase.core : phrase.last]
        text = " ".join(self.reader.text[tokens[0].start : tokens[-1].end].split())
        return re.sub(r"[’']s?\Z", "", text, flags=re.IGNORECASE)

    def _learn(self, name: Phrase) -> None:
        """Remember a person when the name is a full one."""
        parts = self._parts(name)
        first, last = parts[0], parts[-1]
        if len(parts) > 1 and (first, last) not in self._by_full:
            person = self._by_full[first, last] = Person(self._text(name))
            self._by_first.setdefault(first, []).append(person)
            self._by_last.setdefault(last, []).append(person)

    def _who(self, name: Phrase) -> tuple[Person, bool]:
        """The person of this name, and whether there is any doubt."""
        words = [self.reader.word(index) for index in range(name.first, name.core)]
        gender = next(filter(None, map(_gender, words)), "")
        parts, doubt = self._parts(name), False
        first, last = parts[0], parts[-1]
        alike = self._by_last.get(last, [])[:_NAMESAKES]
        if gender:
            alike = [one for one in alike if one.gender in ("", gender)] or alike
        if len(parts) > 1 and (first, last) in self._by_full:
            person = self._by_full[first, last]
        elif len(parts) == 1 and alike:
            # Of two people of one name, the one named first keeps the last name alone.
            person, doubt = alike[0], len(alike) > 1
        elif len(parts) == 1 and len(self._by_first.get(first, [])) == 1:
            person, doubt = self._by_first[first][0], True
        else:
            text = self._text(name)
            person = self._single.setdefault(low(text), Person(text))
        person.gender = person.gender or gender
        return person, doubt

    def _describe(self, name: Phrase, mention: Mention) -> None:
        """Learn what this person is called besides."""
        reader, person = self.reader, mention[1]
        nouns = [reader.word(index) for index in range(name.first, name.core)]
        if name.first == name.core:
            nouns.append(reader.word(name.core - 1))
        if reader.mark(name.first - 1) == "," and reader.kind(name.last) != "word":
            nouns.append(reader.word(name.first - 2))
        if reader.mark(name.last) in (",", "("):
            nouns.append(self._head(name.last + 1))
        for noun in nouns:
            if noun and noun not in NO_NAMES:
                self._nouns.setdefault(noun, []).append(mention)
                person.gender = person.gender or _gender(noun)

    def _head(self, index: int) -> str:
        """The noun of an apposition: "a retired beekeeper from Sandby" -> beekeeper."""
        reader = self.reader
        head = ""
        if reader.word(index) in DETERMINERS:
            for place in range(index + 1, index + 8):
                word = reader.word(place)
                if not word or word in PREPOSITIONS or word in NO_NOUNS or reader.name(place):
                    break
                head = word
        return head

    def _subject(self, name: Phrase, person: Person) -> bool:
        """Whether the name may be the subject of its sentence: somebody's, and no place."""
        reader = self.reader
        if possessive(reader.word(name.last - 1)) or reader.word(name.first - 1) in PREPOSITIONS:
            return False
        # A single name is a person's in "Viggo, 16," and in "his wife, Hanna,".
        kin = reader.word(name.last + 1).isdecimal() or reader.word(name.first - 2) in KIN
        return low(person.name) not in self._single or (kin and reader.mark(name.last) == ",")

    # --- who is meant -----------------------------------------------------------------------

    def speaker(self, phrase: Phrase) -> tuple[str, int, str]:
        """The name of the speaker, what it costs in certainty, and a note on that.

        Ask in the order of the quotations: who has spoken may be meant by the next "she".
        """
        if phrase.core not in self._answers:
            person, words, cost, note = self._meant(phrase)
            if person:
                insort(self._spoke, (self._start(phrase), person), key=_place)
            self._answers[phrase.core] = person.name if person else words, cost, note
        return self._answers[phrase.core]

    def _meant(self, phrase: Phrase) -> tuple[Person | None, str, int, str]:
        """The person, if it is one whom the text names; the words; the cost and the note."""
        place, words = self._start(phrase), self._text(phrase)
        if phrase.kind == "name":
            person, doubt = self._who(phrase)
            return person, words, int(doubt), "; more than one person may have this name" * doubt
        opening, *lows = (self.reader.word(index) for index in range(phrase.core, phrase.last))
        if phrase.kind == "pronoun":
            person, alone = self._last_before(place, PRONOUNS[opening])
            if person is None:
                return None, words, 2, "; nobody is named before"
            note = f"; “{words}” is taken for the last one named"
            return person, words, 1 if alone else 2, note
        if (opening in DETERMINERS or opening in GROUPS) and not words.isupper():
            words = words[0].lower() + words[1:]
        if opening not in DEFINITE:
            return None, words, 0, ""
        there = self._nouns.get("".join(before_preposition(lows)[-1:]))
        if there is None:
            return None, words, 1, ""
        at = max(bisect_right(there, place, key=_place) - 1, 0)
        return there[at][1], words, 1, "; the text links these words with the name"

    def _last_before(self, place: int, gender: str) -> tuple[Person | None, bool]:
        """The last person named before this offset who can be meant, and whether only one can."""
        recent: list[Mention] = []
        for mentions in (self._mentions, self._spoke):
            at = bisect_left(mentions, place, key=_place)
            recent += mentions[max(0, at - _NEAREST) : at]
        recent.sort(key=_place)
        if gender:
            recent = [one for one in recent if one[1].gender in ("", gender)]
            recent = [one for one in recent if one[1].guess in ("", gender)] or recent
        if not recent:
            return None, False
        # Whoever was named two paragraphs ago and more does not compete.
        line = self._lines[max(bisect_right(self._lines, place) - 2, 0)]
        alone = len({id(person) for start, person in recent if start >= line}) == 1
        person = recent[-1][1]
        if alone:
            person.guess = person.guess or gender
        return person, alone

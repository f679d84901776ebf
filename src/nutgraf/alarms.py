"""Alarms: spots of a summary that a reader should hold against the article.

Numbers, names, small words such as "all" and "only", negations, speakers and hedges are compared
with the article by rules. An alarm never says that a spot is wrong, and no alarm never says that a
summary is true: it points, and a reader looks.

Offsets are `(start, end)` in code points of the text they belong to.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nutgraf.counting import STRAIGHT
from nutgraf.scoring import after_watermark, lowered, porter, text_of
from nutgraf.tokenizing import Span, sentence_spans, word_spans

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

# --------------------------------------------------------------------------------------
# What they look for


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _classes(table: str) -> dict[str, str]:
    """word -> the first word of its line."""
    return {word: line.split()[0] for line in table.strip().splitlines() for word in line.split()}


_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: value for value, word in enumerate(_ONES.split(), start=1)}
_VALUES |= {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SCALES |= {"trillion": 10**12, "dozen": 12}
_LETTERS = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12}
_VAGUE = {scale + "s" for scale in _SCALES}
_DIGITS = re.compile(r"\d[\d.,]*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MONTHS = _set(
    "january february march april may june july august september october november december jan feb "
    "mar apr jun jul aug sep sept oct nov dec"
)

_QUANTITIES = _classes("""
    all every everyone everybody everything entire entirely whole wholly unanimous unanimously
    each
    none nobody
    most mostly majority
    many numerous countless
    some several few various handful
    never
    always constantly invariably forever
    only solely merely exclusively
    already
""")
_AMOUNTS = _set("all each none most many some")
_NEGATIONS = _set("not no never nor neither nobody nothing nowhere without none cannot")
# Accepted as a negation in other words; none of them is pointed at.
_REFUSALS = _set(
    "refuse reject deny decline fail lack avoid prevent oppose ban forbid object boycott dismiss "
    "unable unwilling against away stop"
)

# Verbs for speech that say more than that somebody spoke.
_STRENGTHS = _classes("""
    order orders ordered ordering command commands commanded instruct instructs instructed
    promise promises promised promising pledge pledges pledged vow vows vowed swear swears swore
    threaten threatens threatened threatening warn warns warned warning
    admit admits admitted concede concedes conceded confess confesses confessed
    claim claims claimed claiming allege alleges alleged insist insists insisted
    boast boasts boasted
    reveal reveals revealed prove proves proved confirm confirms confirmed
    deny denies denied
""")
# Forms of the verbs in `nutgraf.quoting` that are more often something else.
_NO_SPEECH = _set(
    "begin begins began beginning go goes went going make makes made making put puts putting "
    "find finds found finding read reads reading sing sings sang singing sign signs signed signing "
    "post posts posted posting text texts sum sums point points pointed pointing welcome welcomes "
    "protest protests protesting reason reasons object objects voices beam beams brand brands "
    "label labels offer offers push pushed repeat volunteer volunteers"
)
_MORE_SPEECH = _set(
    "according appeal appeals appealed appealing press presses pressed urge urges urged urging "
    "compare compares compared report speak speaks spoke request requests requested invite "
    "invites invited statement message speech interview quoted describes described"
)

_HEDGES = _set(
    "unofficial unofficially so-called alleged allegedly suspected reported reportedly apparent "
    "apparently possible possibly probable probably potential potentially likely unlikely "
    "purported purportedly supposed supposedly self-styled self-proclaimed self-described would-be "
    "presumed may might could perhaps maybe seemingly seems expected unconfirmed unverified "
    "disputed estimated partly"
)
_ABOUT = (
    "as many as, as few as, up to, close to, more than, less than, fewer than, at least, at most, "
    "around, about, some, roughly, nearly, almost, approximately, circa, estimated, over, under, "
    "perhaps, maybe, probably, reportedly"
)
_ROUGHLY = [tuple(phrase.split()) for phrase in _ABOUT.split(", ")]
_OPEN = _set("to will would shall should must can could may might")
_PRONOUNS = _set("he she they")
_ARABIC_ARTICLE = re.compile(r"\A(?:al|el|ul|ash?|a[dnrtz]|e[ds])-(?=\w)", re.IGNORECASE)
_HYPHENS = re.compile(r"[-‐‑]")
_JOINT = re.compile(r"[;:—–]|,(?=\s+(?:and|but|or|so|yet|although|though|while|whereas|because)\s)")

# --------------------------------------------------------------------------------------
# A text taken apart


class _Word(NamedTuple):
    start: int
    end: int
    text: str
    low: str  # lower case, straight apostrophes
    base: str  # the same without 's and without an Arabic article
    keys: tuple[str, ...]  # of its content words: stems cut to six letters, so revolt ~ revolution
    sentence: int
    capital: bool


class _Number(NamedTuple):
    start: int
    end: int
    value: Any
    first: int  # its words, by their numbers
    last: int


@dataclass(frozen=True)
class _Reading:
    text: str
    sentences: list[Span]
    words: list[_Word]
    numbers: list[_Number]
    members: list[list[int]]  # of each sentence the numbers of its words


@lru_cache(maxsize=100_000)
def _keys(word: str) -> tuple[str, ...]:
    from nutgraf.counting import is_function_word

    if is_function_word(word):
        return ()
    keys = []
    for part in _HYPHENS.split(_plain(word)):
        low = _plain(part).lower().strip("'")
        if low and not is_function_word(part):
            stem = porter()(low)[:6]
            keys.append(stem.rstrip("i") or stem)
    return tuple(keys)


def _plain(word: str) -> str:
    """The word with straight apostrophes, without an ending 's and without an Arabic article."""
    return _ARABIC_ARTICLE.sub("", word.translate(STRAIGHT).removesuffix("'s"), count=1)


def _capital(word: str) -> bool:
    return any(part[:1].isupper() for part in _HYPHENS.split(word))


def _value(piece: str) -> tuple[str, Any] | None:
    """What a part of a word is as a number: ("digits" | "unit" | "scale" | "vague", value)."""
    if match := _DIGITS.match(piece):
        digits, tail = match[0].rstrip(".,"), piece[match.end() :]
        if len(digits) > 30:  # nobody counts so far; Decimal would round
            return "digits", digits
        if _THOUSANDS.fullmatch(digits):
            digits = digits.replace(",", "")
        try:
            value: Any = Decimal(digits.replace(",", "."))
        except ArithmeticError:  # 1.2.3 is a name for a version, a date, an address
            return "digits", digits
        if tail in _LETTERS:
            return "digits", value * _LETTERS[tail]
        return "digits", digits + tail if tail and tail not in ("st", "nd", "rd", "th") else value
    if piece in _VALUES:
        return "unit", Decimal(_VALUES[piece])
    if piece in _SCALES:
        return "scale", Decimal(_SCALES[piece])
    return ("vague", piece) if piece in _VAGUE else None


def _numbers(text: str, words: list[_Word]) -> Iterator[_Number]:
    """Numbers in digits and in words; "two million" is one, "a century" and a lone "one" none."""
    pieces = []
    for number, word in enumerate(words):
        start = word.start
        for piece in _HYPHENS.split(text[word.start : word.end]):
            if found := _value(lowered(piece)):
                pieces.append((start, start + len(piece), number, *found, lowered(piece)))
            start += len(piece) + 1
    runs: list[list] = []
    for piece in pieces:
        gap = text[runs[-1][-1][1] : piece[0]] if runs else None
        before = runs[-1][-1][3] if runs else ""
        adds = gap is not None and (gap.isspace() or gap in ("-", "‐", "‑") or gap.strip() == "and")
        # "two million", "twenty-five", "3 million"; but "2 3", "five two" are two numbers.
        if adds and (
            (piece[3] == "scale" and before in ("digits", "unit", "scale"))
            or (piece[3] == "unit" and before == "scale")
            or (piece[3] == "unit" and before == "unit" and _tens_and_ones(runs[-1][-1], piece))
        ):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    for run in runs:
        value = _composed(run)
        if not (len(run) == 1 and run[0][5] == "one"):
            yield _Number(run[0][0], run[-1][1], value, run[0][2], run[-1][2])


def _tens_and_ones(first: tuple, second: tuple) -> bool:
    return first[4] in range(20, 100, 10) and second[4] < 10


def _composed(run: list[tuple]) -> Any:
    if len(run) == 1 or not isinstance(run[0][4], Decimal):
        return run[0][4] if len(run) == 1 else " ".join(str(piece[4]) for piece in run)
    total = part = Decimal(0)
    for _, _, _, kind, value, _ in run:
        if kind != "scale":
            part += value
        elif value <= 100 and part < 100:  # two hundred [thousand]
            part = max(part, Decimal(1)) * value
        else:
            total, part = total + max(part, Decimal(1)) * value, Decimal(0)
    return total + part


def _read(text: str, skip: int = 0) -> _Reading:
    """The words from `skip` on, and everything about them."""
    sentences = sentence_spans(text)
    words: list[_Word] = []
    members: list[list[int]] = [[] for _ in sentences]
    place = 0
    for start, end in word_spans(text):
        if start < skip:
            continue
        while place < len(sentences) - 1 and start >= sentences[place][1]:
            place += 1
        word = text[start:end]
        low = lowered(word)
        base = _plain(word).lower()
        members[place].append(len(words))
        words.append(_Word(start, end, word, low, base, _keys(word), place, _capital(word)))
    return _Reading(text, sentences, words, list(_numbers(text, words)), members)


_NEAREST, _FURTHEST = 3, 8  # sentences of the article that a clause of the summary is held against


class _Source:
    """The article, indexed: what the rules below ask it."""

    def __init__(self, text: str):
        from nutgraf.quoting import quotations

        self.reading = reading = _read(text)
        self.text, self.words = text, reading.words
        self.places: dict[str, list[int]] = defaultdict(list)  # key -> numbers of words
        for number, word in enumerate(self.words):
            for key in word.keys:
                self.places[key].append(number)
        self.sentences: dict[str, set[int]] = {
            key: {self.words[number].sentence for number in numbers}
            for key, numbers in self.places.items()
        }
        self.weights = {
            key: math.log(1 + len(reading.sentences) / len(here))
            for key, here in self.sentences.items()
        }
        self.norms = [0.0] * len(reading.sentences)
        for key, here in self.sentences.items():
            for sentence in here:
                self.norms[sentence] += self.weights[key] ** 2
        self.numbers: dict[Any, list[_Number]] = defaultdict(list)
        for number in reading.numbers:
            self.numbers[number.value].append(number)
        self.bases = {word.base for word in self.words} | {word.low for word in self.words}
        self.capitals = {_plain(word.text) for word in self.words if word.capital}
        self.parts: dict[str, _Word] = {}
        for word in self.words:
            for part in _HYPHENS.split(word.text):
                if part[:1].isupper():
                    self.parts.setdefault(lowered(part).removesuffix("'s"), word)
        self.quotations = quotations(text)

        self._companies: dict[int, set[str]] = {}

    def company(self, number: int) -> set[str]:
        if number not in self._companies:
            self._companies[number] = _company(self.words, number, 5)
        return self._companies[number]

    def keys_of(self, sentence: int) -> set[str]:
        return {key for n in self.reading.members[sentence] for key in self.words[n].keys}

    def nearest(self, keys: set[str]) -> list[int]:
        """The sentences that share most with `keys`: cosine of sets, rare words counting more."""
        scores: dict[int, float] = defaultdict(float)
        for key in sorted(keys):
            for sentence in self.sentences.get(key, ()):
                scores[sentence] += self.weights[key] ** 2
        cosines = {one: score / math.sqrt(self.norms[one]) for one, score in scores.items()}
        return sorted(cosines, key=lambda one: (-round(cosines[one], 9), one))[:_FURTHEST]

    def within(self, sentences: Iterable[int], test: Callable[[_Word], bool]) -> Span | None:
        """The first word that passes in these sentences, looked through in their order."""
        for sentence in sentences:
            for number in self.reading.members[sentence]:
                if test(self.words[number]):
                    return self.words[number][:2]
        return None


def _near(words: list[_Word], number: int, reach: int) -> list[int]:
    """Numbers of the words in the same sentence, up to `reach` before and after."""
    here = words[number].sentence
    around = range(max(0, number - reach), min(len(words), number + reach + 1))
    return [one for one in around if one != number and words[one].sentence == here]


def _company(words: list[_Word], number: int, reach: int, behind: bool = False) -> set[str]:
    """What stands around a word in its sentence, or only behind it."""
    return {
        key
        for one in _near(words, number, reach)
        if one > number or not behind
        for key in words[one].keys
    }


# --------------------------------------------------------------------------------------
# The rules. Each yields (start, end, kind, note, place in the article or None).

_Alarm = tuple[int, int, str, str, Span | None]


def _hedged(words: list[_Word], first: int) -> int | None:
    """The number of the word where the hedge begins that stands before the word `first`."""
    before = [number for number in _near(words, first, 3) if number < first]
    lows = tuple(words[number].low for number in before)
    for phrase in _ROUGHLY:
        if lows[-len(phrase) :] == phrase:
            return before[-len(phrase)]
    return None


def _number_alarms(ours: _Reading, source: _Source) -> Iterator[_Alarm]:
    theirs = source.words
    for number in ours.numbers:
        said = ours.text[number.start : number.end]
        places = source.numbers.get(number.value)
        if not places:
            note = f"The article does not have the number “{said}”. Where does it come from?"
            yield number.start, number.end, "number", note, None
            continue
        hedges = [_hedged(theirs, place.first) for place in places]
        if None not in hedges and _hedged(ours.words, number.first) is None:
            place = (theirs[hedges[0]].start, places[0].end)
            note = f"The article has “{source.text[slice(*place)]}”. Is the number exact?"
            yield number.start, number.end, "hedge", note, place
        counted = _counted(ours, number)
        if counted and not any(
            counted & source.keys_of(theirs[one.first].sentence) for one in places
        ):
            end = ours.words[number.last + 1].end
            note = f"The article has the number “{said}”, but beside other words."
            place = source.reading.sentences[theirs[places[0].first].sentence]
            yield number.start, end, "number", note, place


def _counted(reading: _Reading, number: _Number) -> set[str]:
    """What the number counts and what stands around it; nothing for years and dates, and where no
    content word follows it at once."""
    words, after = reading.words, number.last + 1
    sides = [words[one] for one in (number.first - 1, after) if 0 <= one < len(words)]
    if any(word.capital and word.base in _MONTHS for word in sides):
        return set()
    if re.fullmatch(r"1\d{3}|20\d\d", reading.text[number.start : number.end]):
        return set()
    if after == len(words) or words[after].sentence != words[number.last].sentence:
        return set()
    if not words[after].keys or reading.text[number.end : words[after].start].strip():
        return set()
    own = {key for one in range(number.first, after) for key in words[one].keys}
    return (_company(words, number.first, 4) | _company(words, number.last, 4)) - own


def _name_alarms(ours: _Reading, source: _Source) -> Iterator[_Alarm]:
    from nutgraf.counting import is_function_word

    def known(word: _Word) -> bool:
        plain = _plain(word.text)
        if plain.isupper() and len(plain) > 1:  # "US" is not the pronoun "us"
            return plain in source.capitals
        if word.base in source.bases or word.low in source.bases:
            return True
        parts = _HYPHENS.split(word.text)
        return len(parts) > 1 and all(
            lowered(part).removesuffix("'s") in source.parts or lowered(part) in source.bases
            for part in parts
            if part[:1].isupper()
        )

    openers = {numbers[0] for numbers in ours.members if numbers}
    counted = {n for number in ours.numbers for n in range(number.first, number.last + 1)}
    unknown = []
    for number, word in enumerate(ours.words):
        if not word.capital or number in counted or is_function_word(word.text) or known(word):
            continue
        if number in openers:  # a capital here tells nothing, unless the next word has one too
            after = ours.words[number + 1 : number + 2]
            if not after or not after[0].capital or is_function_word(after[0].text):
                continue
        unknown.append(number)
    runs: list[list[int]] = []
    for number in unknown:
        last = ours.words[runs[-1][-1]] if runs else None
        if last and runs[-1][-1] == number - 1 and last.sentence == ours.words[number].sentence:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        start, end = ours.words[run[0]].start, ours.words[run[-1]].end
        word, place = ours.words[run[0]], None
        note = f"The article does not have the name “{ours.text[start:end]}”."
        if len(run) == 1 and (whole := source.parts.get(lowered(_plain(word.text)))):
            place = whole[:2]
            note = f"The article has this name only in “{whole.text}”. Is that the same?"
        elif len(word.base) > 3:
            for other in source.words:
                if other.capital and other.base[:4] == word.base[:4]:
                    place = other[:2]
                    note = f"The article has “{other.text}”, not “{word.text}”. Is that the same?"
                    break
        yield start, end, "name", note, place


def _quantity(words: list[_Word], number: int) -> str | None:
    """The class of a word for how many or how often, None where it does not mean that."""
    word = words[number]
    before = words[number - 1].low if number else ""
    after = words[number + 1].low if number + 1 < len(words) else ""
    if word.low == "one" and before == "as" and after != "of":
        return "all"
    found = _QUANTITIES.get(word.low)
    if found == "all" and (before in ("after", "at", "above") or after == "other"):
        return None
    if found == "most" and before in ("the", "at"):
        return None
    if found == "some" and (before in ("no", "very") or _value(after)):
        return None
    return found


_MEANS = {
    "never": "says how often",
    "always": "says how often",
    "only": "leaves out everything else",
    "already": "says that it is done",
}


def _quantifier_alarms(ours: _Reading, source: _Source, near: list[list[int]]) -> Iterator[_Alarm]:
    theirs = source.words
    for number, word in enumerate(ours.words):
        found = _quantity(ours.words, number)
        if not found:
            continue
        there = [
            (n, kind, place < _NEAREST)
            for place, sentence in enumerate(near[number])
            for n in source.reading.members[sentence]
            if (kind := _quantity(theirs, n))
        ]
        around = _company(ours.words, number, 5)
        if any(
            kind == found and close and not (around and around.isdisjoint(source.company(n)))
            for n, kind, close in there
        ):
            continue
        start, place = word.start, None
        if word.low == "one":  # as one
            start = ours.words[number - 1].start
        note = f"“{ours.text[start : word.end]}” {_MEANS.get(found, 'says how many or how much')}."
        others = [n for n, kind, _ in there if found in _AMOUNTS and kind in _AMOUNTS - {found}]
        if others:
            place = theirs[others[0]][:2]
            note += f" The nearest such word in the article is “{source.text[slice(*place)]}”."
        else:
            place = source.reading.sentences[near[number][0]] if near[number] else None
            note += " Does the article say so, and about the same thing?"
        yield start, word.end, "quantifier", note, place


def _negates(word: _Word) -> bool:
    return word.low in _NEGATIONS or word.low.endswith("n't")


@cache
def _refusals() -> frozenset[str]:
    return frozenset(key for word in _REFUSALS for key in _keys(word))


def _turns(word: _Word) -> bool:
    """Whether the word may turn a sentence into its opposite."""
    return _negates(word) or word.low in _REFUSALS or not _refusals().isdisjoint(word.keys)


def _negation_alarms(
    ours: _Reading, source: _Source, clauses: list[list[int]], near: list[list[int]]
) -> Iterator[_Alarm]:
    turned: set[int] = set()
    for clause in clauses:
        if any(_turns(ours.words[number]) for number in clause):
            turned.update(clause)
        first = next(
            (ours.words[number] for number in clause if _negates(ours.words[number])), None
        )
        here = near[clause[0]][:_NEAREST]
        about = any(ours.words[number].keys for number in clause)
        if first and about and source.within(here, _turns) is None:
            place = source.reading.sentences[here[0]] if here else None
            note = f"“{first.text}” says that something is not so. Does the article say this?"
            yield first.start, first.end, "negation", note, place
    for word, place in _bare(ours, source, _negates, turned):
        note = f"The article says “{source.text[slice(*place)]}”. Is the “not” gone?"
        yield word.start, word.end, "negation", note, place


def _bare(
    ours: _Reading, source: _Source, modifies: Callable[[_Word], bool], excused: set[int]
) -> Iterator[tuple[_Word, Span]]:
    """Words of the summary that the article has behind a word that modifies them, and the place
    there, from that word on.

    Among the places of such a word in the article those count that have most words around them in
    common with the summary; one at least.
    """
    theirs = source.words
    modified: dict[str, dict[int, int]] = defaultdict(dict)  # key -> {word: what modifies it}
    for number, word in enumerate(theirs):
        if modifies(word) and not word.text[0].isupper():
            after = [n for n in _near(theirs, number, 3) if n > number and theirs[n].keys]
            for key in theirs[after[0]].keys if after else ():
                modified[key][after[0]] = number
    for number, word in enumerate(ours.words):
        for key in word.keys:
            if key not in modified or number in excused or modifies(word):
                continue
            if any(n < number and modifies(ours.words[n]) for n in _near(ours.words, number, 4)):
                continue
            around = _company(ours.words, number, 5) - {key}
            shared = {n: len(around & source.company(n)) for n in source.places[key]}
            most = max(shared.values())
            best = [n for n, count in shared.items() if count == most]
            if most and all(n in modified[key] for n in best):
                yield word, (theirs[modified[key][best[0]]].start, theirs[best[0]].end)
                break


@cache
def _speech() -> frozenset[str]:
    from nutgraf.quoting import ACTS, SAYING

    return frozenset(form[0] for form in SAYING | ACTS) - _NO_SPEECH | _MORE_SPEECH


def _attribution_alarms(ours: _Reading, source: _Source, near: list[list[int]]) -> Iterator[_Alarm]:
    speech, theirs = _speech(), source.words

    def speaks(word: _Word) -> bool:
        return word.low in speech and not word.capital

    for number, word in enumerate(ours.words):
        strength = None if word.capital else _STRENGTHS.get(word.low)
        here = [n for one in near[number][:_NEAREST] for n in source.reading.members[one]]
        if strength and not any(_STRENGTHS.get(theirs[n].low) == strength for n in here):
            note, place = f"“{word.text}” says more than that somebody spoke.", None
            around = _company(ours.words, number, 5)
            if verbs := [n for n in here if speaks(theirs[n])]:
                # Whom it was said to tells more than who is spoken of before.
                after = _company(ours.words, number, 5, behind=True)
                best = max(
                    verbs,
                    key=lambda n: (
                        len(after & _company(theirs, n, 5, behind=True)),
                        len(around & source.company(n)),
                    ),
                )
                place = theirs[best][:2]
                note += f" The article has “{source.text[slice(*place)]}”."
            yield word.start, word.end, "attribution", note, place

    if not source.quotations.empty:
        yield from _flat_alarms(ours, source, speaks)


def _flat_alarms(
    ours: _Reading, source: _Source, speaks: Callable[[_Word], bool]
) -> Iterator[_Alarm]:
    """What only a quotation says, said without quotation marks, a verb for speech or a speaker."""
    from nutgraf.quoting import quotation_spans

    said = source.quotations
    spans = list(zip(said["start"].tolist(), said["end"].tolist(), strict=True))
    inside: list[set[str]] = [set() for _ in spans]
    outside: set[str] = set()
    place = 0
    for word in source.words:
        while place < len(spans) and spans[place][1] <= word.start:
            place += 1
        here = place < len(spans) and spans[place][0] <= word.start
        (inside[place] if here else outside).update(word.keys)
    by_key: dict[str, list[int]] = defaultdict(list)
    for number, keys in enumerate(inside):
        for key in keys:
            by_key[key].append(number)
    whos = [who if isinstance(who, str) else "" for who in said["speaker"]]
    names = [
        {key for start, end in word_spans(speaker) for key in _keys(speaker[start:end])}
        for speaker in whos
    ]
    marked = quotation_spans(ours.text)
    spoken = {key for word in ours.words for key in word.keys if key in by_key} - outside
    if (
        len(ours.sentences) > 1
        and len(spoken) > 1
        and not marked
        and not any(map(speaks, ours.words))
    ):
        first = min(number for key in spoken for number in by_key[key])
        note = "Nobody speaks in this summary. Whose words does the article give here?"
        yield ours.words[0].start, ours.words[-1].end, "attribution", note, spans[first]
    for numbers in ours.members:
        words = [ours.words[number] for number in numbers]
        if not words or any(map(speaks, words)) or words[0].low in _PRONOUNS:
            continue
        start, end = words[0].start, words[-1].end
        if any(first < end and start < last for first, last in marked):
            continue
        keys = {key for word in words for key in word.keys}
        shared = Counter(number for key in sorted(keys) for number in by_key.get(key, ()))
        if not shared:
            continue
        best = max(sorted(shared), key=lambda number: shared[number])
        common = keys & inside[best]
        only = {key for word in words if not word.capital for key in word.keys} & common - outside
        if len(common) < 2 or not only or keys & names[best]:
            continue
        hits = [word for word in words if common.intersection(word.keys)]
        note = "The article has such words only in a quotation"
        note += f" ({whos[best]})." if whos[best] else "."
        yield hits[0].start, hits[-1].end, "attribution", note, spans[best]


def _hedge_alarms(ours: _Reading, source: _Source) -> Iterator[_Alarm]:
    theirs = source.words
    for word, place in _bare(ours, source, lambda word: word.low in _HEDGES, set()):
        note = f"The article says “{source.text[slice(*place)]}”. Is the caution gone?"
        yield word.start, word.end, "hedge", note, place

    def still_open(n: int) -> bool:
        before = [theirs[one].low for one in range(max(0, n - 2), n)]
        return not theirs[n].low.endswith("ed") and not _OPEN.isdisjoint(before)

    for number, word in enumerate(ours.words):
        if not word.low.endswith("ed") or word.capital or len(word.keys) != 1:
            continue
        before = {ours.words[one].low for one in range(max(0, number - 2), number)}
        places = source.places.get(word.keys[0], [])
        if places and all(map(still_open, places)) and before.isdisjoint(_OPEN | {"be"}):
            place = theirs[places[0]][:2]
            verb = source.text[slice(*place)]
            note = f"In the article “{verb}” is still to be done. Does it say that it happened?"
            yield word.start, word.end, "hedge", note, place


def _clauses(reading: _Reading) -> list[list[int]]:
    """Sentences cut at semicolons, colons, dashes, and commas before a conjunction."""
    clauses = []
    for numbers in reading.members:
        for place, number in enumerate(numbers):
            gap = reading.text[reading.words[number - 1].end : reading.words[number].end]
            if place == 0 or _JOINT.search(gap + " "):
                clauses.append([])
            clauses[-1].append(number)
    return clauses


def alarms(summary: Any, article: Article | str) -> pd.DataFrame:
    """Spots of a summary to hold against the article, in order. Pointed at, never judged.

    Columns: `start`, `end`, `text` (in the summary); `kind`; `look_at` (words of the article, at
    `article_start` to `article_end`; "" and <NA> where no one place is meant); `note`. Kinds:

    - "number": a number, in digits or words, that the article does not have, or has beside other
      words only (not looked at for years and for days of a month);
    - "name": a word with a capital that opens no sentence and that the article does not have, or
      has within a longer word only;
    - "quantifier": all, many, some, only, already, always and the like, where the nearest sentences
      of the article have none of that strength beside such words;
    - "negation": a "not" that the nearest sentences do not have, or have and the summary does not;
    - "attribution": a verb for speech that says more than "said"; words that the article has only
      in a quotation, where nobody is said to speak; the whole summary, when such words are in it
      and nobody speaks anywhere;
    - "hedge": around, unofficial, so-called and the like, left out; a deed that the article only
      asks for or foresees.

    The rules compare words, and near means many rare words in common. So a true sentence may be
    pointed at, and a false one may pass: a deed made up, a meaning turned round without a "not", a
    reason left out are not seen. A watermark at the head of the summary is passed over.
    """
    import pandas as pd

    text = text_of(summary)
    ours, source = _read(text, after_watermark(text)), _Source(text_of(article, "article"))
    clauses = _clauses(ours)
    openers = {numbers[0] for numbers in ours.members if numbers}
    near: list[list[int]] = [[] for _ in ours.words]

    def nearest(numbers: list[int]) -> list[int]:
        return source.nearest({key for number in numbers for key in ours.words[number].keys})

    for clause in clauses:
        here = nearest(clause)
        if clause[0] in openers:
            whole = nearest(ours.members[ours.words[clause[0]].sentence])[:1]
        here = list(dict.fromkeys(here[: _NEAREST - 1] + whole + here))
        for number in clause:
            near[number] = here
    found = {
        *_number_alarms(ours, source),
        *_name_alarms(ours, source),
        *_quantifier_alarms(ours, source, near),
        *_negation_alarms(ours, source, clauses, near),
        *_attribution_alarms(ours, source, near),
        *_hedge_alarms(ours, source),
    }
    rows = []
    for start, end, kind, note, place in sorted(found, key=lambda one: one[:4]):
        look_at = source.text[slice(*place)] if place else ""
        rows.append((start, end, text[start:end], kind, look_at, note, *(place or (None, None))))
    columns = ["start", "end", "text", "kind", "look_at", "note", "article_start", "article_end"]
    table = pd.DataFrame(rows, columns=columns)
    whole, perhaps = ["start", "end"], ["article_start", "article_end"]
    return table.astype(dict.fromkeys(whole, "int64") | dict.fromkeys(perhaps, "Int64"))

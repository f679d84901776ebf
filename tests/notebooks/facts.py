"""Numbers in prose that cannot go stale.

notebooks/facts/03-words.yml belongs to notebooks/03-words.ipynb:

    facts:
      - says: "`split()` gives {} pieces"     # stands in the prose, {} being the value
        is: len(text.split())                 # computed here, each time
    not_facts: ["45 minutes"]                 # numbers that say nothing of the article

Each number in the prose (digits, and three to ninety-nine in words; not in headings, code or
links) lies in a `says` phrase or in a `not_facts` phrase, or in a quotation that stands word for
word in the article.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import prose

from nutgraf.errors import NutgrafError

SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SMALL += ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"]
SMALL += ["eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# One and two are too often no numbers at all: "one of them", "the two sides".
_WORDS = "|".join([*(f"{ten}(?:-(?:{'|'.join(SMALL[1:10])}))?" for ten in TENS), *SMALL[:2:-1]])
# Not in a name: S13, U+201C, UTF-8.
NUMBER = re.compile(
    rf"(?<!\w)(?<![A-Za-z][-+.])(?:\d+(?:[.,]\d+)*\w*|(?:{_WORDS})(?!\w))", re.IGNORECASE
)


@dataclass(frozen=True)
class Fact:
    """A phrase with a hole for each value, and the expression that gives the values."""

    says: str
    expression: str
    place: str


@dataclass(frozen=True)
class Facts:
    """What one file says; `name` is the file's."""

    name: str
    facts: tuple[Fact, ...] = ()
    not_facts: tuple[str, ...] = ()


def load_facts(path: Path) -> Facts:
    """The facts in one file; none when there is no file.

    Raises NutgrafError naming file, entry and field.
    """
    import yaml

    if not path.exists():
        return Facts(path.name)
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_twins(yaml.compose(text, Loader=yaml.SafeLoader))
        data = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as problem:
        raise NutgrafError(f"{path.name}: cannot be read: {' '.join(str(problem).split())}") from (
            problem
        )
    data = {} if data is None else data
    fields = {"facts", "not_facts"}
    if not isinstance(data, dict) or not set(data) <= fields:
        extra = sorted(map(str, set(data) - fields)) if isinstance(data, dict) else [repr(data)]
        raise NutgrafError(
            f"{path.name}: holds {', '.join(extra)}; only `facts:` and `not_facts:` belong here."
        )
    facts = [
        _fact(entry, f"{path.name}: fact {number}")
        for number, entry in enumerate(_list(data, "facts", path.name), 1)
    ]
    phrases = _list(data, "not_facts", path.name)
    for number, phrase in enumerate(phrases, 1):
        if not isinstance(phrase, str) or not NUMBER.search(phrase) or "{}" in phrase:
            raise NutgrafError(
                f"{path.name}: not_facts {number}: {phrase!r} must be a phrase in quotes, "
                "with the number written out."
            )
    says = [fact.says for fact in facts] + phrases
    twice = next((phrase for place, phrase in enumerate(says) if phrase in says[:place]), None)
    if twice is not None:
        raise NutgrafError(f"{path.name}: {twice!r} stands twice; keep one.")
    return Facts(path.name, tuple(facts), tuple(phrases))


def _list(data: dict, field: str, name: str) -> list:
    value = data.get(field) or []
    if not isinstance(value, list):
        raise NutgrafError(f"{name}: {field}: must be a list (lines that begin with a dash).")
    return value


def _refuse_twins(node: Any) -> None:
    if getattr(node, "id", "") == "mapping":
        keys = [key.value for key, _ in node.value]
        for key, value in node.value:
            if keys.count(key.value) > 1:
                line = key.start_mark.line + 1
                raise ValueError(f"line {line}: {key.value!r} stands twice in one entry")
            _refuse_twins(value)
    elif getattr(node, "id", "") == "sequence":
        for value in node.value:
            _refuse_twins(value)


def _fact(entry: Any, place: str) -> Fact:
    if not isinstance(entry, dict):
        raise NutgrafError(f"{place}: {entry!r} must have the two fields `says:` and `is:`.")
    for field in ("says", "is"):
        if not isinstance(entry.get(field), str) or not entry[field].strip():
            raise NutgrafError(f"{place}: {field}: must be text (put it in quotes).")
    if extra := sorted(set(entry) - {"says", "is"}):
        raise NutgrafError(f"{place}: {extra[0]}: is no field; there are `says` and `is`.")
    if "{}" not in entry["says"] or not re.search(r"[^\W\d_]", entry["says"].replace("{}", "")):
        raise NutgrafError(
            f"{place}: says: {entry['says']!r} needs {{}} where the value stands, "
            "and words with it."
        )
    if not _looks_at_something(entry["is"]):
        raise NutgrafError(
            f"{place}: is: {entry['is']!r} must be an expression over the article (text, words, "
            "sentences, reference ...); a bare constant checks nothing."
        )
    return Fact(entry["says"], entry["is"], place)


def _looks_at_something(expression: str) -> bool:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Name) for node in ast.walk(tree))


# --- values --------------------------------------------------------------------------------


@cache
def _names() -> dict[str, Any]:
    from nutgraf import load
    from nutgraf.quizzes import key_namespace

    return key_namespace(load("sadr-protests"))


def values(fact: Fact, extra: dict[str, Any] | None = None) -> list[Any]:
    """What the expression gives, as a list with one value for each hole of the phrase.

    extra: names besides those of a quiz item's `check`. Raises NutgrafError naming the entry.
    """
    try:
        value = eval(fact.expression, {**_names(), **(extra or {})})
    except Exception as problem:
        raise NutgrafError(f"{fact.place}: is: {fact.expression!r} fails: {problem!r}") from problem
    several = list(value) if isinstance(value, list | tuple) else [value]
    if len(several) != fact.says.count("{}"):
        raise NutgrafError(
            f"{fact.place}: {fact.says!r} has {fact.says.count('{}')} holes, "
            f"but `is` gives {len(several)} values: {several!r}."
        )
    for one in several:
        whole = hasattr(one, "__index__") and not isinstance(one, bool)
        if not whole and not isinstance(one, str | float):
            raise NutgrafError(
                f"{fact.place}: is: gives {one!r}; a fact is a number or text "
                "(wrap a truth or a table in len(), sum() or str())."
            )
    return several


def spellings(value: Any) -> list[str]:
    """How prose may write a value: 2697 and 2,697; five; 0.5 and .5; text as it is."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, float) and not value.is_integer():
        return [f"{value:g}", repr(value), f"{value:g}".removeprefix("0")]
    number = int(value)
    found = {1: ["once"], 2: ["twice"]}.get(number, [])
    found += [str(number), f"{number:,}"]
    if 0 <= number < len(SMALL):
        found.append(SMALL[number])
    elif 20 <= number < 100:
        ten = TENS[number // 10 - 2]
        found.append(f"{ten}-{SMALL[number % 10]}" if number % 10 else ten)
    return found


# --- the check -----------------------------------------------------------------------------


def problems(
    passages: dict[str, list[prose.Passage]],
    facts: Facts,
    article: str,
    extra: dict[str, Any] | None = None,
) -> list[str]:
    """What is wrong between a notebook's prose and its facts; empty when all is well.

    passages: cell id -> its passages; article: the text that quotations may repeat.
    """
    found: list[str] = []
    everything = [
        (cell, passage, [False] * len(passage.text))
        for cell, several in passages.items()
        for passage in several
    ]
    for fact in facts.facts:
        try:
            several = values(fact, extra)
        except NutgrafError as problem:
            found.append(str(problem))
            several = None
        if not _cover(everything, _pattern(fact.says, several)) and several is not None:
            found.append(_not_said(fact, several, everything))
    for phrase in facts.not_facts:
        if not _cover(everything, _pattern(phrase, [])):
            found.append(f"{facts.name}: not_facts {phrase!r} is not in the prose; take it out.")
    spread = _straight(" ".join(article.split()))
    for cell, passage, covered in everything:
        for quotation in re.finditer(r'"[^"]*"', _straight(passage.text)):
            if quotation[0][1:-1].strip(" .,") in spread:
                covered[quotation.start() : quotation.end()] = [True] * len(quotation[0])
        if passage.quoted and _straight(passage.text) not in spread:
            found += _unchecked_quote(cell, passage, covered)
        for number in NUMBER.finditer(passage.text):
            places = range(number.start(), number.end())
            if all(passage.plain[at] and not covered[at] for at in places):
                found.append(_not_covered(cell, passage.text, number, facts.name))
    return found


def _straight(text: str) -> str:
    return text.translate(str.maketrans("‘’“”", "''\"\""))


def _unchecked_quote(cell: str, passage: prose.Passage, covered: list[bool]) -> list[str]:
    for number in NUMBER.finditer(passage.text):
        if not all(covered[number.start() : number.end()]):
            return [
                f"cell {cell}: the block quote {passage.text[:60]!r} has a number in it and is not "
                "word for word in the article; quote exactly, or write it as a paragraph."
            ]
    return []


def _pattern(phrase: str, several: list[Any] | None) -> re.Pattern[str]:
    """Finds a phrase in prose; None for the values means any."""
    spelled = prose.passages(phrase)
    text = spelled[0].text if len(spelled) == 1 else " ".join(phrase.split())
    holes = iter(several or [])
    parts = [re.escape(part) for part in text.split("{}")]
    pattern = parts[0]
    for part in parts[1:]:
        value = next(holes, None)
        options = r"[\w.,-]+" if several is None else "|".join(map(re.escape, spellings(value)))
        pattern += f"({options}){part}"
    return re.compile(rf"(?<!\w)(?<!\d[.,]){pattern}(?!\w)(?![.,]\d)", re.IGNORECASE)


def _cover(everything: list, pattern: re.Pattern[str]) -> bool:
    hit = False
    for _, passage, covered in everything:
        for match in pattern.finditer(passage.text):
            covered[match.start() : match.end()] = [True] * (match.end() - match.start())
            hit = True
    return hit


def _not_said(fact: Fact, several: list[Any], everything: list) -> str:
    wanted = fact.says
    for value in several:
        wanted = wanted.replace("{}", spellings(value)[-1], 1)
    message = f"{fact.place}: the lesson must say {wanted!r} (`{fact.expression}` is {several})"
    loose = _pattern(fact.says, None)
    for cell, passage, covered in everything:
        if match := loose.search(passage.text):
            covered[match.start() : match.end()] = [True] * (match.end() - match.start())
            return f"{message}, but cell {cell} says {match[0]!r}."
    return f"{message}; the phrase is nowhere in the prose."


def _not_covered(cell: str, text: str, number: re.Match[str], name: str) -> str:
    before = text[: number.start()].split(" ")[-4:]
    after = re.split(r"(?<=[.;:!?])\s", text[number.end() :])[0].split(" ")[:4]
    phrase = (" ".join(before) + "{}" + " ".join(after)).strip()
    plain = phrase.replace("{}", number[0])
    return (
        f"cell {cell}: nothing checks {number[0]!r} in {plain!r}.\n"
        f"  In notebooks/facts/{name} write\n"
        f"    - says: {_quoted(phrase)}\n"
        f"      is: an expression that gives {number[0]}\n"
        f"  or, if it says nothing of the article, add to not_facts: {_quoted(plain)}"
    )


def _quoted(phrase: str) -> str:
    return "'" + phrase.replace("'", "''") + "'"

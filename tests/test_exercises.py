"""Exercises: what a learner gets, and that every verdict on an attempt is the right one."""

from __future__ import annotations

import ast
import calendar
import copy
import doctest
import json
import os
import re
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from io import StringIO
from itertools import accumulate, chain, combinations, pairwise, takewhile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
import release as tool
from hypothesis import example, given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from nutgraf import (
    NutgrafError,
    agreement,
    checking,
    counting,
    folder,
    guard,
    load,
    samples,
    tokenizing,
)
from nutgraf.annotating import reference_layer
from nutgraf.exercises import STUB, NotAttempted, NotYet, attempt, release

sys.path.insert(0, str(Path(__file__).parent / "notebooks"))
import checks  # the rules of the lessons, of which some hold for exercises too

SOURCES = sorted((tool.EXERCISES / "solutions").glob("*.ipynb"))
EDITIONS = [tool.EXERCISES / path.name for path in SOURCES]
BOTH = [*SOURCES, *EDITIONS]
NBSP = "\N{NO-BREAK SPACE}"
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.name[:3]}"


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    return "".join(cell["source"])


def graded(notebook: dict, kind: str) -> list[dict]:
    """The cells that nbgrader knows as "solution" or as "grade"."""
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get(kind)]


def regions(notebook: dict, kind: str) -> list[str]:
    """The stripped lines inside the regions of that kind, without empty ones."""
    pattern = rf"### BEGIN {kind}\n(.*?)### END {kind}"
    found = [re.findall(pattern, source(cell), re.DOTALL) for cell in notebook["cells"]]
    text = "\n".join(part for parts in found for part in parts)
    return [line.strip() for line in text.splitlines() if line.strip()]


# --- attempts at the exercises -------------------------------------------------------------


def number_of(path: Path) -> str:
    return path.name[:3]


def verdicts(path: Path, function: Callable | None, capsys: pytest.CaptureFixture) -> list[str]:
    """Run a notebook from the top; what doctest says of the promise, then each test's verdict.

    `function` takes the place of the learner's; it makes the same promise in its docstring.
    """
    namespace: dict[str, Any] = {"__name__": "exercise"}
    said = []
    for cell in read(path)["cells"]:
        if cell["cell_type"] != "code" or cell["id"].endswith("-check"):
            continue
        nbgrader = cell["metadata"].get("nbgrader", {})
        capsys.readouterr()
        try:
            exec(compile(source(cell), cell["id"], "exec"), namespace)
        except NutgrafError as verdict:
            print(verdict)
        except Exception as error:
            print(type(error).__name__)
        if nbgrader.get("solution"):
            name = ast.parse(source(cell)).body[-1].name
            if function:
                function.__doc__ = namespace[name].__doc__
                namespace[name] = function
            doctest.run_docstring_examples(namespace[name], namespace, name=name)
            said.append(capsys.readouterr().out)
        if nbgrader.get("grade"):
            said.append(capsys.readouterr().out)
    return said


@cache
def given_in(number: str) -> dict[str, Any]:
    """The names that a learner has who ran the cells above the function."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with redirect_stdout(StringIO()):
        for given_cell in checking.exercise(number).before:
            exec(given_cell.source, names)
    return names


def checked(number: str, function: Callable | None) -> checking.Finding:
    """What `check` finds out about a function in a learner's notebook; None is the stub."""
    names = dict(given_in(number))
    name = checking.exercise(number).function
    if function is None:
        (stub,) = graded(read(next(tool.EXERCISES.glob(f"{number}-*.ipynb"))), "solution")
        exec(source(stub), names)
    else:
        names[name] = function
    return checking.check(number, names)


def passed(said: list[str]) -> bool:
    """Whether the contract was silent and every test cell said: correct."""
    return said[0] == "" and all(": correct." in verdict for verdict in said[1:])


@pytest.fixture(scope="module")
def by_number() -> dict[str, Path]:
    return {number_of(path): path for path in SOURCES}


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_an_untouched_exercise_is_not_attempted(path: Path, capsys):
    contract, *tests = verdicts(path, None, capsys)

    assert "NotImplementedError" in contract
    assert len(tests) == 2
    assert [": not attempted yet.\nWrite your code" in said for said in tests] == [True, True]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_solution_of_the_source_is_right(path: Path, capsys):
    assert passed(verdicts(path, None, capsys))


def report_by_pattern(text):
    found = [match.start() for match in re.finditer(NBSP, text)]
    lengths = {"characters": len(list(text)), "utf8_bytes": len(bytes(text, "utf-8"))}
    return {"nbsp": found, "newlines": len(text.split("\n")) - 1, **lengths}


def report_by_loop(text):
    report = {"characters": 0, "utf8_bytes": 0, "newlines": 0, "nbsp": []}
    for place, character in enumerate(text):
        report["characters"] += 1
        report["utf8_bytes"] += len(character.encode("utf8"))
        if character == "\n":
            report["newlines"] += 1
        elif ord(character) == 160:
            report["nbsp"].append(place)
    return report


def report_by_find(text):
    places, place = [], text.find(NBSP)
    while place != -1:
        places.append(place)
        place = text.find(NBSP, place + 1)
    sizes = [1 + (ord(c) > 0x7F) + (ord(c) > 0x7FF) + (ord(c) > 0xFFFF) for c in text]
    ends = sum(character == "\n" for character in text)
    return dict(characters=len(text), utf8_bytes=sum(sizes), newlines=ends, nbsp=places)


def tidy_by_strings(text):
    text = text.replace(NBSP, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.replace(" \n", "\n")
    return text.removesuffix(" ")


def tidy_by_lines(text):
    lines = re.sub(f"[ {NBSP}]+", " ", text).split("\n")
    return "\n".join(line.rstrip(" ") for line in lines)


def tidy_by_words(text):
    lines = text.replace(NBSP, " ").split("\n")
    return "\n".join(" ".join(word for word in line.split(" ") if word) for line in lines)


def tidy_by_loop(text):
    kept = []
    for character in text.replace(NBSP, " "):
        if character == "\n" and kept and kept[-1] == " ":
            kept.pop()
        if character != " " or not kept or kept[-1] != " ":
            kept.append(character)
    return "".join(kept).rstrip(" ")


def words_by_lesson(text):
    return re.findall(r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*", text)


def words_by_kit(text):
    return tokenizing.words(text)


def words_by_finditer(text):
    pattern = re.compile(r"[^\W\d_]+(?:[-'’][^\W_]+)*|\d+(?:,\d{3})*")
    return [match.group() for match in pattern.finditer(text)]


def words_by_loop(text):
    found, word = [], ""
    for place, character in enumerate(text + " "):
        after = text[place + 1 : place + 2]
        glue = word and after.isalpha() and character in "-'’"
        comma = word.replace(",", "").isdigit() and after.isdigit() and character == ","
        if character.isalnum() or glue or comma:
            word += character
        elif word:
            found.append(word)
            word = ""
    return found


def paragraphs_by_pattern(text):
    return [list(match.span()) for match in re.finditer(r"\S(?:[^\n]*\S)?", text)]


def paragraphs_by_kit(text):
    return tokenizing.paragraph_spans(text)


def paragraphs_by_find(text):
    spans, place = [], 0
    for piece in [line.strip() for line in text.split("\n")]:
        if piece:
            start = text.find(piece, place)
            place = start + len(piece)
            spans.append((start, place))
    return tuple(spans)


def paragraphs_by_sums(text):
    lines = text.split("\n")
    starts = accumulate([0, *(len(line) + 1 for line in lines)])
    for start, line in zip(starts, lines, strict=False):
        left, inner = len(line) - len(line.lstrip()), line.strip()
        if inner:
            yield start + left, start + left + len(inner)


def sentences_by_kit(text):
    return tokenizing.sentence_spans(text)


def sentences_by_lesson(text):
    kept = []
    for start, end in tokenizing.sentence_spans(text, "punkt, by paragraph"):
        asks = text[:start].endswith(("?” ", "!” "))
        if asks and re.fullmatch(r"\w+ (?:asked|said|added)\.", text[start:end]):
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return kept


def sentences_by_punkt(text):
    return [list(span) for span in tokenizing.sentence_spans(text, "punkt, by paragraph")]


def sentences_by_nltk(text):
    from nltk.tokenize import PunktTokenizer

    punkt, place = PunktTokenizer("english"), 0
    for line in text.split("\n"):
        for piece in punkt.tokenize(line.strip()):
            start = text.index(piece.strip(), place)
            place = start + len(piece.strip())
            yield start, place


def sentences_by_pattern(text):
    spans = []
    for line in re.finditer(r"\S(?:[^\n]*\S)?", text):
        start = line.start()
        for gap in re.finditer(r"(?<=[.!?])[”)]*\s+(?=[“A-Z0-9])", line.group()):
            end = line.start() + gap.start() + len(gap.group().rstrip())
            if not re.search(r"\b(?:Dr|Mr|Mrs)\.$", text[start:end]):
                spans.append((start, end))
                start = line.start() + gap.end()
        spans.append((start, line.end()))
    return spans


def is_number(word):
    return all(character.isdigit() or character == "," for character in word)


def folded(token):
    return token if token.isupper() and len(token) != 1 else token.lower()


def top_by_loop(tokens, n, stop):
    left, chosen = {}, []
    for word in map(folded, tokens):
        if not (word in stop or is_number(word)):
            left[word] = left.get(word, 0) + 1
    while left and len(chosen) < n:
        best = min(left, key=lambda word: (-left[word], word))
        chosen.append([best, left.pop(best)])
    return chosen


def top_by_two_sorts(tokens, n, stop):
    words = [folded(token) for token in tokens]
    words = sorted(word for word in words if word not in stop and not is_number(word))
    return tuple(Counter(words).most_common(n))  # it leaves ties in the order of the words


def top_by_pandas(tokens, n, stop):
    words = pd.Series([folded(token) for token in tokens], dtype="str")
    words = words[[word not in stop and not re.fullmatch("[0-9,]+", word) for word in words]]
    counts = words.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return list(counts.head(n).items())


def top_by_kit(tokens, n, stop):
    table = counting.frequencies(map(counting.fold, tokens), stop)
    table = table[~table["word"].str.fullmatch("[0-9,]+")]
    return table[["word", "count"]].head(n).to_numpy().tolist()


def quotations_by_closing(text):
    spans, last = [], 0
    for match in re.finditer("”", text):
        start = text.rfind("“", last, match.start())
        if start != -1:
            spans.append([start, match.end()])
        last = match.end()
    return spans


def quotations_by_loop(text):
    start = None
    for place, character in enumerate(text):
        if character == "“":
            start = place
        elif character == "”" and start is not None:
            yield start, place + 1
            start = None


def quotations_by_list(text):
    return list(quotations_by_loop(text))


def quotations_by_split(text):
    spans, place = [], 0
    for piece in text.split("“"):
        if place and "”" in piece:
            spans.append((place - 1, place + piece.index("”") + 1))
        place += len(piece) + 1
    return spans


VERBS = ("said", "asked", "added")


def attribute_by_words(text, span):
    line = text[span[1] :].partition("\n")[0].strip(" ,")
    first, *parts = [part.strip(" .") for part in re.split(r"([,.])", line)]
    words = first.split()

    def speaker(words):
        if words[:1] == ["the"]:
            return " ".join(words[:2])
        return " ".join(takewhile(lambda word: word != word.lower(), words))

    if words and words[0] in VERBS:
        return (speaker(words[1:]), words[0]) if speaker(words[1:]) else None
    name = speaker(words)
    rest = first[len(name) :].split()
    if not rest and parts[:1] == [","] and parts[2:3] == [","]:
        rest = parts[3].split()
    return [name, rest[0]] if name and rest and rest[0] in VERBS else None


def attribute_by_one_pattern(text, span):
    a_word = r"[^\W_]*[A-Z][\w’-]*|\w+-[A-Z]\w*"
    name = rf"(?:the \w+|(?:{a_word})(?: (?:{a_word}))*)"
    verb = "said|asked|added"
    pattern = rf"[ ,]*(?:({name})(?:,[^,\n]*,)? ({verb})\b|({verb}) ({name}))"
    found = re.compile(pattern).match(text, span[1])
    if not found:
        return None
    return (found[1] or found[4], found[2] or found[3])


def attribute_by_lines(text, span):
    start, place = span[1], 0
    for line in text.splitlines(keepends=True):
        if place < start <= place + len(line):
            found = attribute_by_one_pattern(line.rstrip(), (0, start - place))
            return found and list(found)
        place += len(line)
    return None


def content(sentence, stop):
    words = [folded(word) for word in words_by_lesson(sentence)]
    return [word for word in words if word not in stop and not is_number(word)]


def summarize_by_choosing(sentences, k, stop):
    every = [word for sentence in sentences for word in content(sentence, stop)]
    scores = {}
    for place, sentence in enumerate(sentences):
        kept = content(sentence, stop)
        scores[place] = statistics.mean(every.count(word) for word in kept) if kept else 0
    chosen = []
    while scores and len(chosen) < k:
        best = max(scores, key=scores.get)
        del scores[best]
        chosen.append(best)
    return tuple(sorted(chosen))


def summarize_by_numpy(sentences, k, stop):
    kept = [content(sentence, stop) for sentence in sentences]
    counts = Counter(chain.from_iterable(kept))
    scores = np.array([np.mean([counts[w] for w in words]) if words else 0 for words in kept])
    return np.sort(np.argsort(-scores, kind="stable")[:k])


def summarize_by_pandas(sentences, k, stop):
    rows = [(place, w) for place, each in enumerate(sentences) for w in content(each, stop)]
    table = pd.DataFrame(rows, columns=["sentence", "word"])
    table["count"] = table.groupby("word")["word"].transform("size")
    scores = table.groupby("sentence")["count"].mean().reindex(range(len(sentences))).fillna(0)
    return sorted(scores.sort_values(ascending=False, kind="stable").index[:k].tolist())


def summarize_by_shares(sentences, k, stop):
    counts = Counter(word for sentence in sentences for word in content(sentence, stop))
    pairs = []
    for place, sentence in enumerate(sentences):
        kept = content(sentence, stop)
        share = sum(Fraction(counts[word], counts.total()) for word in kept)
        pairs.append((-share / (len(kept) or 1), place))
    return sorted(place for _, place in sorted(pairs)[:k])


def bare(word):
    word = word.replace("’", "'")
    return word[:-2] if word.endswith("'s") else word


def unsupported_by_sentences(summary, article):
    known, found = {bare(word) for word in words_by_lesson(article)}, []
    for sentence in re.split("[.!?]", summary):
        for place, word in enumerate(words_by_lesson(sentence)):
            wanted = is_number(word) or (place > 0 and word[0] != word[0].lower())
            if wanted and bare(word) not in known:
                found.append(word)
    return set(found)


def unsupported_by_kit(summary, article):
    known = {bare(word) for word in tokenizing.words(article)}
    opening = {
        start + tokenizing.word_spans(summary[start:end])[0][0]
        for start, end in tokenizing.sentence_spans(summary)
    }
    words = [(start, summary[start:end]) for start, end in tokenizing.word_spans(summary)]
    names = {word for start, word in words if word[0].isupper() and start not in opening}
    numbers = {word for _, word in words if word[0].isdigit()}
    return {word for word in names | numbers if bare(word) not in known}


def unsupported_by_marks(summary, article):
    # Marks that end a sentence become tokens of their own.
    tokens = [".", *re.findall(rf"{tokenizing.WORD_PATTERN}|[.!?]", summary)]
    known = [re.sub("['’]s$", "", word) for word in words_by_lesson(article)]
    known = [word.replace("’", "'") for word in known]
    for before, word in pairwise(tokens):
        told = is_number(word) or (word[0].isupper() and before not in ".!?")
        if told and re.sub("['’]s$", "", word).replace("’", "'") not in known:
            yield word


def unsupported_by_frozen(summary, article):
    return frozenset(unsupported_by_marks(summary, article))


def days_by_pandas(year, month, weekday, after):
    first = pd.Timestamp(year, month, 1)
    days = pd.date_range(first, first + pd.offsets.MonthEnd(0))
    return [day.day for day in days if day.day_name() == weekday and day.day > after]


def days_by_weeks(year, month, weekday, after):
    column = [week[WEEKDAYS.index(weekday)] for week in calendar.monthcalendar(year, month)]
    return tuple(day for day in column if day and day > after)


def days_by_walking(year, month, weekday, after):
    day, found = date(year, month, 1), []
    while day.month == month:
        if day.isoweekday() == WEEKDAYS.index(weekday) + 1 and day.day > after:
            found.append(day.day)
        day += timedelta(days=1)
    return found


def days_by_steps(year, month, weekday, after):
    # The first such day, then every seventh.
    first = 1 + (WEEKDAYS.index(weekday) - date(year, month, 1).weekday()) % 7
    length = (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days
    return list(filter(lambda day: day > after, range(first, length + 1, 7)))


def days_by_yield(year, month, weekday, after):
    yield from days_by_pandas(year, month, weekday, after)


def kappa_by_pairs(a, b):
    if not a or len(a) != len(b):
        raise ValueError
    agreed = sum(a[place] == b[place] for place in range(len(a)))
    by_luck = sum(one == other for one in a for other in b)
    raw, expected = Fraction(agreed, len(a)), Fraction(by_luck, len(a) ** 2)
    return 1 if expected == 1 else (raw - expected) / (1 - expected)


def kappa_by_numpy(a, b):
    one, other = np.array(a, dtype=object), np.array(b, dtype=object)
    if one.shape != other.shape or not one.size:
        raise ValueError("two lists of one length")
    expected = sum((one == label).mean() * (other == label).mean() for label in {*a, *b})
    return np.float64(1) if expected == 1 else ((one == other).mean() - expected) / (1 - expected)


def kappa_by_pandas(a, b):
    pairs = pd.DataFrame(list(zip(a, b, strict=True)), columns=["a", "b"], dtype="str")
    if pairs.empty:
        raise ValueError("no items")
    table = pd.crosstab(pairs["a"], pairs["b"], normalize=True)
    every = sorted({*a, *b})
    table = table.reindex(index=every, columns=every, fill_value=0)
    expected = table.sum(axis=0) @ table.sum(axis=1)
    return 1.0 if expected > 1 - 1e-9 else (np.trace(table) - expected) / (1 - expected)


def refuse_unequal(a, b):
    if len(a) != len(b) or not a:
        raise ValueError("two lists of one length")


def kappa_by_nltk(a, b):
    from nltk.metrics.agreement import AnnotationTask

    refuse_unequal(a, b)
    if len({*a, *b}) == 1:
        return 1.0
    rows = [(who, place, v) for who, each in (("a", a), ("b", b)) for place, v in enumerate(each)]
    return AnnotationTask(rows).kappa()


def kappa_by_kit(a, b):
    refuse_unequal(a, b)
    return agreement.cohen(a, b)


RIGHT = {
    "E01": [report_by_pattern, report_by_loop, report_by_find],
    "E02": [tidy_by_strings, tidy_by_lines, tidy_by_words, tidy_by_loop],
    "E03": [words_by_lesson, words_by_kit, words_by_finditer, words_by_loop],
    "E04": [top_by_loop, top_by_two_sorts, top_by_pandas, top_by_kit],
    "E05": [paragraphs_by_pattern, paragraphs_by_kit, paragraphs_by_find],
    "E06": [sentences_by_kit, sentences_by_lesson, sentences_by_punkt, sentences_by_pattern],
    "E07": [quotations_by_closing, quotations_by_list, quotations_by_split],
    "E08": [attribute_by_words, attribute_by_one_pattern, attribute_by_lines],
    "E09": [days_by_pandas, days_by_weeks, days_by_walking, days_by_steps],
    "E10": [summarize_by_choosing, summarize_by_numpy, summarize_by_pandas, summarize_by_shares],
    "E11": [unsupported_by_sentences, unsupported_by_kit, unsupported_by_frozen],
    "E12": [kappa_by_pairs, kappa_by_numpy, kappa_by_pandas, kappa_by_nltk, kappa_by_kit],
}


@pytest.mark.parametrize(
    ("number", "function"),
    [(number, function) for number, functions in RIGHT.items() for function in functions],
)
def test_another_right_solution_is_right(number, function, by_number, capsys):
    assert passed(verdicts(by_number[number], function, capsys))


@pytest.mark.parametrize(
    ("number", "function"),
    [
        ("E05", paragraphs_by_sums),
        ("E06", sentences_by_nltk),
        ("E07", quotations_by_loop),
        ("E09", days_by_yield),
        ("E11", unsupported_by_marks),
    ],
)
def test_a_generator_passes_the_tests(number, function, by_number, capsys):
    _, *tests = verdicts(by_number[number], function, capsys)

    assert [": correct." in said for said in tests] == [True, True]


# Known wrong solutions, with words of the question that each has to meet.


def pairs(pieces: list[str], gap: int) -> list[tuple[int, int]]:
    """Spans of pieces with `gap` characters between them."""
    starts = accumulate([0, *(len(piece) + gap for piece in pieces)])
    return [(start, start + len(piece)) for start, piece in zip(starts, pieces, strict=False)]


def report(**changes: Callable[[str], Any]) -> Callable[[str], dict]:
    """A right report but for some entries."""
    return lambda text: (
        report_by_pattern(text) | {key: change(text) for key, change in changes.items()}
    )


def top(text):
    return [(text.find(line.strip()), line.strip()) for line in text.split("\n") if line.strip()]


def top_words(
    fold: Callable = folded,
    is_number: Callable = is_number,
    stops: Callable = lambda token, word, stop: word in stop,
    key: Callable = lambda pair: (-pair[1], pair[0]),
) -> Callable:
    """A right list of top words but for what is given."""

    def function(tokens, n, stop):
        pairs = [(token, fold(token)) for token in tokens]
        kept = [w for token, w in pairs if not stops(token, w, stop) and not is_number(w)]
        return sorted(Counter(kept).items(), key=key)[:n]

    return function


def possible_days(
    last: Callable = lambda year, month: calendar.monthrange(year, month)[1],
    number: Callable = WEEKDAYS.index,
    later: Callable = lambda day, after: day > after,
    first: int = 1,
) -> Callable:
    """A right list of days but for what is given."""

    def function(year, month, weekday, after):
        one = date(year, month, 1).weekday()
        days = range(first, last(year, month) + 1)
        return [d for d in days if (one + d - 1) % 7 == number(weekday) and later(d, after)]

    return function


def summarizer(
    score: Callable = lambda counts, kept: sum(counts[w] for w in kept) / max(len(kept), 1),
    counts: Callable = lambda every: Counter(chain.from_iterable(every)),
    words: Callable = content,
    order: Callable = sorted,
) -> Callable:
    """A right summarizer but for what is given."""

    def function(sentences, k, stop):
        every = [words(sentence, stop) for sentence in sentences]
        scores = [score(counts(every), kept) for kept in every]
        return order(sorted(range(len(scores)), key=lambda place: -scores[place])[:k])

    return function


def alarm(
    bare: Callable = bare,
    opens: Callable = lambda before, word: before in ".!?",
    told: Callable = lambda word, opens: is_number(word) or (word[0].isupper() and not opens),
    has: Callable = lambda word, article, known: word in known,
    words: Callable = lambda article: re.findall(tokenizing.WORD_PATTERN, article),
) -> Callable:
    """A right alarm but for what is given."""

    def function(summary, article):
        tokens = [".", *re.findall(rf"{tokenizing.WORD_PATTERN}|[^\w\s]", summary)]
        known = {bare(word) for word in words(article)}
        # Quotation marks and brackets do not part a word from the mark before them.
        tokens = [token for token in tokens if token not in "“”()"]
        return {
            word
            for before, word in pairwise(tokens)
            if word[0].isalnum() and told(word, opens(before, word))
            if not has(bare(word), article, known)
        }

    return function


def kappa(
    *,
    raw: Callable = lambda a, b: sum(x == y for x, y in zip(a, b, strict=False)) / len(a),
    expected: Callable = lambda a, b: sum(a.count(x) * b.count(x) for x in {*a}) / len(a) ** 2,
    check: Callable = refuse_unequal,
    earned: Callable = lambda raw, expected: (raw - expected) / (1 - expected),
    certain: float = 1.0,
    guard: bool = True,
) -> Callable:
    """A right kappa but for what is given."""

    def function(a, b):
        check(a, b)
        chance = expected(a, b)
        return certain if guard and chance == 1 else earned(raw(a, b), chance)

    return function


def pooled(a, b):
    """Expected agreement as if both readers had one habit (Scott's pi)."""
    return sum((((a + b).count(label)) / (2 * len(a))) ** 2 for label in {*a, *b})


def known_names_of_the_article(article):
    """The words that an alarm would look at in the article itself, as if it were a summary."""
    return alarm()(article, "")


def first_verb(text, span):
    """The first verb anywhere after the quotation, and the name before it or after it."""
    found = re.search(r"\b(said|asked|added)\b", text[span[1] :])
    if not found:
        return None
    before = re.findall(r"\w*[A-Z][\w-]*", text[span[1] : span[1] + found.start()])
    after = re.findall(r"[\w-]*[A-Z][\w-]*", text[span[1] + found.end() :])
    return [*before[-1:], *after, "nobody"][0], found[0]


def first_capital(text, span):
    start = text.rfind("\n", 0, span[0]) + 1
    return re.search(r"\w*[A-Z]\w*", text[start:])[0], "said"


NAME = r"[\w’-]*[A-Z][\w’-]*(?: [\w’-]*[A-Z][\w’-]*)*"


def attribution(
    gap: str = "[ ,]*",
    speaker: str = rf"{NAME}|the \w+",
    between: str = "(?:,[^,]*,)?",
    after_verb: str = rf"{NAME}|the \w+",
    find: Callable = re.match,
) -> Callable:
    """A right attribution but for what is given."""

    def function(text, span):
        after = text[span[1] :]
        if found := find(rf"{gap}({speaker}){between} (said|asked|added)\b", after):
            return found[1], found[2]
        found = find(rf"{gap}(said|asked|added) ({after_verb})", after)
        return found and (found[2], found[1])

    return function


def changed(change: Callable) -> Callable:
    """The right attribution, changed where there is one."""

    def function(text, span):
        found = attribution()(text, span)
        return found and change(*found)

    return function


ARTICLE = load("sadr-protests")
WRONG = [
    # Characters taken for bytes.
    ("E01", report(utf8_bytes=len), "How many bytes is it?"),
    ("E01", report(utf8_bytes=lambda t: len(t.encode("utf-16"))), "How many bytes is it?"),
    ("E01", report(utf8_bytes=lambda t: len(t) + t.count("é")), "has a curly mark"),
    ("E01", report(newlines=lambda t: len(t.splitlines()) - 1), "in an empty page?"),
    ("E01", report(newlines=lambda t: t.count("\n\n")), "in a text with one?"),
    ("E01", report(nbsp=lambda t: [t.find(NBSP)]), "Where are both"),
    ("E01", report(nbsp=lambda t: [i for i, c in enumerate(t) if c == " "]), "Where are both"),
    ("E01", lambda t: tuple(report_by_pattern(t).values()), "give back a dictionary?"),
    ("E01", lambda t: {"characters": len(t)}, "Which keys"),
    ("E01", lambda t: report_by_pattern(ARTICLE.text), "Does every character count"),
    # All paragraphs in one line.
    ("E02", lambda t: " ".join(t.split()), "Three line ends go in."),
    # Two words glued together.
    ("E02", lambda t: t.replace(NBSP, ""), "should part two words"),
    ("E02", lambda t: t.replace(NBSP, " "), "squeezed"),
    ("E02", lambda t: t.replace(NBSP, " ").replace("  ", " "), "the long ones too"),
    ("E02", lambda t: re.sub(" +", " ", t).replace(NBSP, " "), "one gap or two?"),
    ("E02", lambda t: re.sub(f"[ {NBSP}]+", " ", t), "still end in a space?"),
    ("E02", lambda t: re.sub(" \n", "\n", re.sub(f"[ {NBSP}]+", " ", t)), "Is the last one a line"),
    ("E02", lambda t: "\n".join(" ".join(x.split()) for x in t.split("\n")), "A tab is not"),
    ("E02", lambda t: "\n".join(tidy_by_lines(x) for x in t.splitlines()), "Three line ends"),
    ("E02", lambda t: tidy_by_lines(t).replace("“", '"').replace("”", '"'), "Did a mark"),
    ("E02", lambda t: tidy_by_lines(ARTICLE.text), "should part two words"),
    # Marks glued to words.
    ("E03", lambda t: t.split(), "Which marks still cling"),
    # Numbers, names and short forms in pieces.
    ("E03", lambda t: re.findall(r"\w+", t), "What becomes of 5,000"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+", t), "May a hyphen"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+(?:[-']\w+)*", t), "Curly or straight"),
    ("E03", lambda t: re.findall(r"\d+(?:,\d+)*|\w+(?:[-’]\w+)*", t), "Curly or straight"),
    ("E03", lambda t: re.findall(r"[\w,’'-]+", t), "Does a hyphen belong"),
    ("E03", lambda t: [w.strip("“”.,?…()-") for w in t.split()], "Is a slash"),
    ("E03", lambda t: [w.lower() for w in words_by_lesson(t)], "as in the text"),
    ("E03", lambda t: re.findall(r"\w+(?:[-,’']\w+)*", t), "inside a word of letters?"),
    ("E03", lambda t: sorted(words_by_lesson(t)), "in its place?"),
    ("E03", lambda t: words_by_lesson(ARTICLE.text), "in its place?"),
    # The stop list takes US away with us.
    ("E04", top_words(fold=str.lower), "Are US and us two words"),
    ("E04", top_words(stops=lambda t, w, stop: w.lower() in stop), "Are US and us two words"),
    ("E04", top_words(fold=lambda t: t), "how often is that one word there?"),
    # Ties in the order of reading.
    ("E04", lambda t, n, s: Counter(top_words()(t, 0, s) or map(folded, t)).most_common(n), "slip"),
    ("E04", top_words(key=lambda pair: -pair[1]), "Which comes first, and does chance decide"),
    ("E04", lambda t, n, s: sorted(top_words(key=lambda p: -p[1])(t, n, s)), "highest count come"),
    (
        "E04",
        lambda t, n, s: sorted(top_words(key=lambda p: -p[1])(t, n, s), key=lambda p: (-p[1], p)),
        "Do you sort before you cut?",
    ),
    ("E04", top_words(key=lambda pair: (pair[1], pair[0])), "highest count come first?"),
    ("E04", lambda t, n, s: top_words()(t, 99, s)[::-1][:n], "highest count come first?"),
    ("E04", top_words(key=lambda p: (-p[1], p[0].lower())), "order does sorted() put US"),
    ("E04", top_words(stops=lambda t, w, stop: t in stop), "How did The slip through?"),
    ("E04", top_words(stops=lambda t, w, stop: w in stop - {"us"}), "Is Us made small"),
    ("E04", top_words(fold=lambda t: t if t.isupper() else t.lower()), "A is one letter only."),
    ("E04", top_words(is_number=str.isdigit), "Is a number with a comma"),
    ("E04", top_words(is_number=lambda w: False), "Is a number with a comma"),
    ("E04", top_words(is_number=lambda w: not w.isalpha()), "words with a mark inside?"),
    ("E04", top_words(is_number=lambda w: w[0].isdigit()), "2nd has letters in it."),
    ("E04", lambda t, n, s: [w for w, _ in top_by_loop(t, n, s)], "a pair of a word and its"),
    ("E04", lambda t, n, s: dict(top_by_loop(t, n, s)), "a pair of a word and its count?"),
    ("E04", lambda t, n, s: top_by_loop(t, 99, s), "How many words come back"),
    ("E04", lambda t, n, s: top_by_loop([*ARTICLE.words["text"]], n, s), "that one word there?"),
    # The pieces between empty lines, just as they are.
    ("E05", lambda t: pairs(t.split("\n\n"), 2), "A no-break space follows three."),
    ("E05", lambda t: pairs(t.split("\n"), 1), "A no-break space follows three."),
    ("E05", lambda t: [(a, a + len(x)) for a, x in top(t)], "Which of the two is meant?"),
    ("E05", lambda t: [s for s in pairs(t.split("\n"), 1) if s[0] < s[1]], "A no-break space"),
    ("E05", lambda t: [x.strip() for x in t.split("\n") if x.strip()], "a pair (start, end)?"),
    ("E05", lambda t: [(a, b - 1) for a, b in paragraphs_by_kit(t)], "Where should its span end"),
    ("E05", lambda t: paragraphs_by_kit(ARTICLE.text), "A no-break space"),
    # The splitters of which the lesson says where they fail.
    ("E06", tokenizing.SPLITTERS["regex"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["punkt, whole text"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["full stop"], "No mark ends a headline."),
    ("E06", tokenizing.SPLITTERS["full stop + space"], "Which sign is lost"),
    ("E06", tokenizing.paragraph_spans, "Which full stops"),
    ("E06", tokenizing.sentences, "a pair (start, end)?"),
    ("E06", lambda t: tokenizing.sentence_spans(ARTICLE.text), "Which sign is lost"),
    ("E06", lambda t: [(0, len(t))], "No mark ends a headline."),
    # Straight marks; a pattern that takes as much as it can.
    ("E07", lambda t: [m.span() for m in re.finditer('"[^"]*"', t)], "the marks that the text has"),
    ("E07", lambda t: [m.span() for m in re.finditer("“.*”", t)], "at which closing mark does"),
    ("E07", lambda t: [m.span() for m in re.finditer("(?s)“.*?”", t)], "two opening marks is"),
    ("E07", lambda t: [m.span() for m in re.finditer("“[^”]*”", t)], "two opening marks is closed"),
    ("E07", lambda t: [m.span() for m in re.finditer("“[^“”\n]*”", t)], "The line ends inside"),
    ("E07", lambda t: [m.span() for m in re.finditer("[“”][^“”]*[“”]", t)], "opening marks is"),
    ("E07", lambda t: [m.span(1) for m in re.finditer("“([^“”]*)”", t)], "both of its marks?"),
    ("E07", lambda t: [(a, b - 1) for a, b in quotations_by_loop(t)], "both of its marks?"),
    ("E07", lambda t: re.findall("“[^“”]*”", t), "a pair (start, end)?"),
    ("E07", lambda t: [t.find(q) for q in re.findall("“[^“”]*”", t)], "of the kind promised?"),
    (
        "E07",
        lambda t: [(t.find(q), t.find(q) + len(q)) for q in re.findall("“[^“”]*”", t)],
        "Where is the second quotation?",
    ),
    (
        "E07",
        lambda t: list(
            zip(
                [i for i, c in enumerate(t) if c == "“"],
                [i + 1 for i, c in enumerate(t) if c == "”"],
                strict=False,
            )
        ),
        "two opening marks is closed?",
    ),
    ("E07", lambda t: list(quotations_by_loop(ARTICLE.text)), "at which closing mark does"),
    # The first word with a capital letter.
    ("E08", first_capital, "what is the name, and what the verb?"),
    ("E08", first_verb, "what is the name, and what the verb?"),
    ("E08", attribution(after_verb="(?!)"), "may the verb come first"),
    ("E08", changed(lambda speaker, verb: (verb, speaker)), "what is the name, and what"),
    ("E08", changed(lambda speaker, verb: speaker), "Is your answer a pair"),
    ("E08", changed(lambda speaker, verb: {speaker: verb}), "Is your answer a pair"),
    ("E08", attribution(speaker=r"\w*[A-Z]\w*|the \w+"), "a name of two words"),
    ("E08", attribution(speaker="[^.]+?", between=""), "what stands between commas the name"),
    ("E08", attribution(speaker=r"[\w -]+?"), "right after the quotation?"),
    ("E08", attribution(between=""), "what stands between commas the name"),
    ("E08", attribution(after_verb=r"[\w-]+|the \w+"), "Who speaks when no name is told?"),
    ("E08", attribution(after_verb="[^.]+"), "and where does it stop?"),
    ("E08", attribution(after_verb=r"[A-Z]\w*|the \w+"), "is al-Amin a name?"),
    ("E08", attribution(after_verb=rf"{NAME}.*|the \w+"), "and where does it stop?"),
    ("E08", attribution(after_verb=r"[\w-]*[A-Z][\w.-]*|the \w+"), "Where does the name end?"),
    ("E08", attribution(speaker=NAME, after_verb=NAME), "Who speaks when no name is told?"),
    ("E08", attribution(gap=r"[\s,]*"), "Do you look into it?"),
    ("E08", attribution(gap="[^.\n]*?"), "Do speaker and verb come right after"),
    ("E08", attribution(find=re.search), "Do you look into it?"),
    ("E08", lambda t, s: attribution()(t, s) or (), "Do you look into it?"),
    (
        "E08",
        lambda t, s: attribution()(t, (0, t.find(t[s[0] : s[1]]) + s[1] - s[0])),
        "The same words twice.",
    ),
    ("E08", lambda t, s: ("Ana Bell", "said"), "and where does it stop?"),
    # All Thursdays of the month, also those before the vote.
    ("E09", possible_days(later=lambda day, after: True), "after the 8th. How can one come"),
    ("E09", possible_days(later=lambda day, after: day < after), "after the 8th. How can one"),
    ("E09", possible_days(later=lambda day, after: day >= after), "Is the 9th later than the 9th?"),
    ("E09", possible_days(number=lambda name: (WEEKDAYS.index(name) + 1) % 7), "do you find?"),
    ("E09", possible_days(number=lambda name: WEEKDAYS.index(name) + 1), "Which weekday do you"),
    ("E09", possible_days(number=lambda name: WEEKDAYS.index(name) or 7), "number has a Monday?"),
    ("E09", possible_days(number=lambda n: WEEKDAYS.index(n) % 6), "Which number has a Sunday?"),
    ("E09", lambda *given: possible_days()(*given)[:1], "Where do you stop?"),
    ("E09", lambda *given: possible_days()(*given)[::-1], "from the first to the last?"),
    ("E09", lambda *given: [str(day) for day in possible_days()(*given)], "Which weekday do you"),
    ("E09", lambda *given: len(possible_days()(*given)), "of the kind promised?"),
    (
        "E09",
        lambda y, m, n, a: possible_days()(y, m, n, a) or [0],
        "How long was February in 2021?",
    ),
    ("E09", possible_days(first=2), "Where do you begin?"),
    ("E09", possible_days(last=lambda year, month: 28), "Where do you stop?"),
    ("E09", possible_days(last=lambda year, month: 30), "How many days has December?"),
    ("E09", possible_days(last=lambda year, month: 31), "How long was February in 2021?"),
    ("E09", possible_days(last=lambda y, month: calendar.mdays[month]), "February in 2020?"),
    (
        "E09",
        possible_days(last=lambda y, month: calendar.mdays[month] + (month == 2 and y % 4 == 0)),
        "1900 was no leap year.",
    ),
    (
        "E09",
        possible_days(
            last=lambda y, month: calendar.mdays[month] + (month == 2 and y % 100 > 0 == y % 4)
        ),
        "2000 was a leap year.",
    ),
    ("E09", lambda y, m, n, a: possible_days()(y, m, "Friday", a), "Where do you begin?"),
    ("E09", lambda y, m, n, a: [9, 16, 23, 30], "Is the 9th later than the 9th?"),
    # The sum: long sentences win.
    ("E10", summarizer(score=lambda c, kept: sum(c[w] for w in kept)), "because it is long?"),
    ("E10", summarizer(score=lambda c, kept: max((c[w] for w in kept), default=0)), "it is long?"),
    # In the order of the scores.
    ("E10", summarizer(order=list), "In which order does a reader meet the two?"),
    ("E10", lambda s, k, stop: [s[i] for i in summarizer()(s, k, stop)], "Does your list hold"),
    ("E10", lambda s, k, stop: [i + 1 for i in summarizer()(s, k, stop)], "because it is long?"),
    (
        "E10",
        lambda s, k, stop: [len(s) - 1 - i for i in summarizer()(s[::-1], k, stop)][::-1],
        "Two are equal. Which goes first?",
    ),
    (
        "E10",
        summarizer(words=lambda sentence, stop: content(sentence, set())),
        "Do words of the stop list still count?",
    ),
    (
        "E10",
        lambda s, k, stop: sorted(
            sorted(
                range(len(s)),
                key=lambda i: (
                    -sum(
                        Counter(w for x in s for w in content(x, stop))[w]
                        for w in content(s[i], stop)
                    )
                    / max(1, len(words_by_lesson(s[i])))
                ),
            )[:k]
        ),
        "By how many words do you divide?",
    ),
    (
        "E10",
        summarizer(score=lambda c, kept: sum(c[w] for w in {*kept}) / max(len({*kept}), 1)),
        "Is a word that comes twice taken twice?",
    ),
    (
        "E10",
        summarizer(score=lambda c, kept: sum(kept.count(w) for w in kept) / max(len(kept), 1)),
        "Does a sentence win because it is long?",
    ),
    (
        "E10",
        summarizer(counts=lambda every: Counter(w for kept in every for w in {*kept})),
        "Do you count words, or sentences with them?",
    ),
    (
        "E10",
        summarizer(words=lambda s, stop: [w.lower() for w in content(s.lower(), stop)]),
        "Do you take the words of words()?",
    ),
    ("E10", lambda s, k, stop: summarizer()(s, 3, stop), "Does a sentence win"),
    ("E10", lambda s, k, stop: list(range(min(k, len(s)))), "Does a sentence win"),
    # The apostrophe of the article is another one.
    ("E11", alarm(bare=lambda w: w.removesuffix("'s").removesuffix("’s")), "O'Hara or O’Hara"),
    ("E11", alarm(bare=lambda w: w), "Is Ana's another name"),
    ("E11", alarm(bare=lambda w: w.replace("’", "'")), "Is Ana's another name"),
    ("E11", alarm(bare=lambda w: w.removesuffix("'s")), "Is Ana’s another name"),
    ("E11", alarm(bare=lambda w: w.replace("’", "'").rstrip("s").rstrip("'")), "Is Bos the name"),
    ("E11", alarm(opens=lambda before, word: False), "What opens these?"),
    ("E11", alarm(opens=lambda before, word: before == "."), "Can ? and ! end a sentence?"),
    ("E11", alarm(has=lambda w, article, known: w in article.replace("’", "'")), "inside 1,400"),
    ("E11", alarm(told=lambda word, opens: word[0].isupper() and not opens), "look at numbers"),
    ("E11", alarm(told=lambda word, opens: is_number(word)), "Do you look at names, too?"),
    ("E11", alarm(told=lambda word, opens: not opens), "Which of these words does"),
    (
        "E11",
        alarm(told=lambda w, opens: not opens and (is_number(w) or w[0].isupper())),
        "Is it a number all the same?",
    ),
    (
        "E11",
        alarm(told=lambda w, opens: is_number(w) or (w != w.lower() and not opens)),
        "With which letter does al-Amin begin?",
    ),
    ("E11", alarm(words=known_names_of_the_article), "does the article have after all?"),
    (
        "E11",
        alarm(words=lambda article: re.findall(r"[\w,’']*\w", article)),
        "Is Iran-backed the same word as Iran?",
    ),
    ("E11", lambda summary, article: {bare(w) for w in alarm()(summary, article)}, "writes it?"),
    ("E11", lambda summary, article: alarm()(article, summary), "25 is not in the article."),
    ("E11", lambda summary, article: {"25", "Rome"}, "A text has all of its own words."),
    ("E11", lambda summary, article: len(alarm()(summary, article)), "of the kind promised?"),
    # The raw agreement.
    ("E12", kappa(earned=lambda raw, expected: raw), "luck gives 2. What is left?"),
    ("E12", kappa(earned=lambda raw, expected: raw - expected), "The same labels in other places"),
    ("E12", kappa(earned=lambda raw, expected: (raw - expected) / expected), "What does luck give"),
    ("E12", kappa(earned=lambda raw, e: max(0, (raw - e) / (1 - e))), "The same labels in other"),
    ("E12", kappa(earned=lambda raw, e: 100 * (raw - e) / (1 - e)), "The same labels in other"),
    # Totals in place of items.
    (
        "E12",
        kappa(raw=lambda a, b: (Counter(a) & Counter(b)).total() / len(a)),
        "luck gives 2. What is left?",
    ),
    # One habit for both; all labels equally common.
    ("E12", kappa(expected=pooled), "Which share has A for the one, which for the other?"),
    ("E12", kappa(expected=lambda a, b: 1 / len({*a, *b})), "What does luck give them?"),
    ("E12", kappa(expected=lambda a, b: 0.5), "What does luck give them?"),
    (
        "E12",
        kappa(expected=lambda a, b: sum((a.count(x) / len(a)) ** 2 for x in {*a})),
        "Which share has A for the one, which for the other?",
    ),
    (
        "E12",
        kappa(expected=lambda a, b: a.count(a[0]) * b.count(a[0]) / len(a) ** 2),
        "luck gives 2. What is left?",
    ),
    ("E12", kappa(certain=0.0), "Luck leaves nothing to be earned."),
    ("E12", kappa(certain=float("nan")), "Luck leaves nothing to be earned."),
    ("E12", kappa(guard=False), "Luck leaves nothing to be earned."),
    ("E12", kappa(check=lambda a, b: None), "One list is longer. Does your function refuse?"),
    (
        "E12",
        kappa(check=lambda a, b: refuse_unequal([0, *a], [0, *b])),
        "No item at all. Does your function refuse?",
    ),
    (
        "E12",
        lambda a, b: 1.0 if not a and not b else kappa()(a, b),
        "No item at all. Does your function refuse?",
    ),
    (
        "E12",
        lambda a, b: kappa()(["AB".index(x) for x in a], ["AB".index(x) for x in b]),
        "Only one of the two says C.",
    ),
    ("E12", lambda a, b: round(float(kappa()(a, b)), 2), "What do three labels make"),
    ("E12", lambda a, b: f"{kappa()(a, b):.2f}", "give back one number?"),
    ("E12", lambda a, b: (kappa()(a, b), "moderate"), "give back one number?"),
    ("E12", lambda a, b: 0.0, "The same labels in other places."),
]


@pytest.mark.parametrize(("number", "function", "question"), WRONG)
def test_a_wrong_solution_meets_a_question_that_fits(number, function, question, by_number, capsys):
    _, *tests = verdicts(by_number[number], function, capsys)

    first = next(said for said in tests if ": correct." not in said)
    assert ": not yet.\n" in first
    assert question in first


# --- the same attempts, checked in the notebook --------------------------------------------


@pytest.mark.parametrize("number", RIGHT)
def test_check_says_that_the_stub_is_not_attempted(number):
    assert checked(number, None).verdict == checking.NOT_ATTEMPTED


@pytest.mark.parametrize("number", RIGHT)
def test_check_says_that_the_solution_is_correct(number):
    names = dict(given_in(number))
    exec(checking.solution(number), names)

    assert checking.check(number, names).verdict == checking.CORRECT


@pytest.mark.parametrize(
    ("number", "function"),
    [(number, function) for number, functions in RIGHT.items() for function in functions],
)
def test_check_says_that_another_right_solution_is_correct(number, function):
    assert checked(number, function).verdict == checking.CORRECT


@pytest.mark.parametrize(("number", "function", "question"), WRONG)
def test_check_agrees_with_what_the_learner_can_read(number, function, question, capsys):
    promise, *tests = verdicts(next(tool.EXERCISES.glob(f"{number}-*.ipynb")), function, capsys)
    finding = checked(number, function)

    if passed([promise, *tests]):
        assert finding.verdict == checking.CORRECT
    else:
        assert finding.verdict == checking.NOT_YET
        assert "?" in finding.says[-1][1]


# Mistakes that only a test on a hidden text finds: how many of each exercise's list.
HIDDEN_ONLY = {
    **{"E03": 1, "E04": 5, "E07": 2, "E08": 3, "E09": 7},
    **{"E10": 1, "E11": 4, "E12": 2},
}


def test_most_mistakes_are_found_by_what_the_learner_can_read():
    missed = Counter(
        number
        for number, function, _ in WRONG
        if checked(number, function).verdict == checking.CORRECT
    )

    assert missed == HIDDEN_ONLY


def equal_to_everything(*given):
    class Equal:
        def __eq__(self, other):
            return True

        __hash__ = None

    return Equal()


def cannot_be_shown(*given):
    class Unseen(list):
        def __repr__(self):
            raise RuntimeError

    return Unseen()


def leave(*given):
    sys.exit()


def close_the_page(*given):
    sys.stdout.close()


def replace_len(*given):
    vars(sys.modules["builtins"])["len"] = None


def never_end(*given):
    while True:
        try:
            print(given)
        except BaseException:
            continue


HOSTILE = [equal_to_everything, cannot_be_shown, leave, close_the_page, replace_len, never_end]


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("function", HOSTILE)
def test_check_is_calm_about_a_hostile_function(number, function, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.1)
    finding = checked(number, function)

    assert finding.verdict == checking.NOT_YET
    assert "?" in "".join(words for _, words in finding.says)


# --- what else the exercises promise -------------------------------------------------------


@pytest.mark.parametrize("number", RIGHT)
def test_an_exercise_has_three_hints_and_each_is_a_step(number, by_number):
    hints = read(by_number[number])["metadata"]["nutgraf"]["hints"]

    assert checking.exercise(number).hints == tuple(hints)
    assert len(set(hints)) == 3
    assert [hint for hint in hints if not 8 <= len(hint.split()) <= 50] == []
    assert hints[0].endswith("?")


def leaking_hints(hints: list[str], lines: list[str]) -> list[str]:
    """Hints that hold a line of a solution, or the longer half of one; spaces do not count."""

    def squeezed(text: str) -> str:
        return "".join(text.split()).strip(",:")

    parts = [part for line in lines for part in (line, *line.split(" = ")[1:])]
    parts = [squeezed(part.removeprefix("return ")) for part in parts]
    return [
        hint for hint in hints if any(len(part) > 8 and part in squeezed(hint) for part in parts)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_hint_holds_a_line_of_the_solution(path: Path):
    notebook = read(path)

    assert (
        leaking_hints(notebook["metadata"]["nutgraf"]["hints"], regions(notebook, "SOLUTION")) == []
    )


@pytest.mark.parametrize(
    "hint", ["Write return spans[ : n ] there.", "Take `re.sub(' +', ' ', t)`."]
)
def test_a_hint_that_holds_a_line_is_found(hint):
    assert leaking_hints([hint], ["return spans[:n]", "t = re.sub(' +', ' ', t)"]) == [hint]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_hints_keep_the_words_and_the_style_of_the_lessons(path: Path):
    text = " ".join(read(path)["metadata"]["nutgraf"]["hints"])
    said = [word for word in checks.FORBIDDEN_WORDS if re.search(rf"\b(?:{word})\b", text, re.I)]

    assert said == []
    assert "!" not in text.replace("! or", "").replace("(?:", "")


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_one_cell_after_the_stub_checks_everything(path: Path):
    cells = read(path)["cells"]
    (place,) = [i for i, c in enumerate(cells) if c["metadata"].get("nbgrader", {}).get("solution")]
    number = number_of(path)

    assert cells[place + 1]["id"] == f"{number}-check"
    assert source(cells[place + 1]).splitlines()[1:] == [
        "from nutgraf import check",
        "",
        f'check("{number}")',
    ]


@pytest.mark.parametrize("number", RIGHT)
def test_a_function_that_gives_nothing_back_meets_a_question(number, by_number, capsys):
    _, small, _ = verdicts(by_number[number], lambda *given: None, capsys)

    assert re.search(r": not yet\.\nDoes your function give back", small)


@pytest.mark.parametrize("name", ["regex", "punkt, whole text"])
def test_a_splitter_for_whole_texts_is_below_the_score_that_is_asked(name):
    table = tokenizing.compare_splitters(ARTICLE.text, ARTICLE.sentences, [name])

    assert table["f1"][0] < 0.95


def test_what_the_exercises_tell_about_the_article_is_so():
    beyond = [character for character in ARTICLE.text if not character.isascii()]
    pieces, ends = ARTICLE.text.split(), re.findall(f"{NBSP}(?=\n|$)", ARTICLE.text)

    assert (len(ARTICLE.data) - len(ARTICLE.text), len(beyond)) == (62, 34)
    assert (len(ARTICLE.text) - len(tidy_by_lines(ARTICLE.text)), len(ends)) == (5, 3)
    assert (len(pieces), len(set(pieces)), pieces.count("homeland")) == (430, 251, 0)
    assert ARTICLE.text[543:551] == "homeland"
    assert tidy_by_lines(ARTICLE.text)[543:551] != "homeland"
    assert (words_by_lesson(ARTICLE.text).count("US"), ARTICLE.text.count("US")) == (5, 9)


def in_notebook(path: Path, *names: str) -> list[Any]:
    """What the cells of an exercise make, those before the learner's function."""
    namespace: dict[str, Any] = {}
    for cell in read(path)["cells"]:
        if cell["metadata"].get("nbgrader"):
            break
        if cell["cell_type"] == "code":
            exec(compile(source(cell), cell["id"], "exec"), namespace)
    return [namespace[name] for name in names]


def test_both_stop_lists_are_the_same_and_have_the_pronoun_us(by_number):
    (first,), (second,) = (in_notebook(by_number[number], "stop") for number in ("E04", "E10"))

    assert first == second
    assert {"us", "the", "don’t"} <= first == {word.lower() for word in first}


def test_the_words_given_in_e10_are_those_of_e04(by_number):
    (words,) = in_notebook(by_number["E10"], "words")

    assert words("“The US” told us in 1920: 5,000 don’t!") == [
        "the",
        "US",
        "told",
        "us",
        "in",
        "don’t",
    ]


def test_the_top_words_are_the_same_with_the_stop_list_of_the_kit(by_number):
    (stop,) = in_notebook(by_number["E04"], "stop")
    tokens = ARTICLE.words["text"].tolist()

    assert top_by_kit(tokens, 8, counting.FUNCTION_WORDS) == top_by_loop(tokens, 8, stop)


def test_seven_words_come_four_times_and_sadr_is_one_of_those_cut_off(by_number):
    (stop,) = in_notebook(by_number["E04"], "stop")
    top = top_by_loop(ARTICLE.words["text"], 99, stop)

    assert len([word for word, count in top if count == 4]) == 7
    assert "sadr" in [word for word, count in top[8:] if count == 4]


def test_five_quotations_are_full_and_three_have_one_word_or_two():
    spans = {q["id"]: (q["start"], q["end"]) for q in ARTICLE.reference["quotations"]}
    lengths = [len(words_by_lesson(ARTICLE.text[a:b])) for a, b in quotations_by_loop(ARTICLE.text)]
    kinds = [q["kind"] for q in ARTICLE.reference["quotations"]]

    assert [*spans.values()] == quotations_by_list(ARTICLE.text)
    assert sorted(lengths)[:4] == [1, 2, 2, 4]
    assert len(kinds) - kinds.count("partial") == 5


def test_six_quotations_have_a_speaker_and_all_full_ones_are_among_them():
    found = [
        (q["kind"], attribution()(ARTICLE.text, (q["start"], q["end"])))
        for q in ARTICLE.reference["quotations"]
    ]

    assert len([answer for _, answer in found if answer]) == 6
    assert [answer for kind, answer in found if kind != "partial" and not answer] == []


def test_the_hurried_program_of_e08_names_what_its_story_tells():
    spans = quotations_by_list(ARTICLE.text)

    assert {"Men", "Hurry", "We"} <= {first_capital(ARTICLE.text, span)[0] for span in spans}


def test_the_day_in_the_stored_address_is_one_of_the_four_thursdays():
    address = ARTICLE.info["found_elsewhere"]["address_carries"]
    day, month, year = map(int, address.split())
    (vote,) = [e for e in ARTICLE.reference["timeline"]["events"] if "resolution" in e["what"]]

    assert vote["date"] == "2020-01-05"
    assert (month, year) == (1, 2020)
    assert day in days_by_pandas(2020, 1, "Thursday", 5)
    assert len(days_by_pandas(2020, 1, "Thursday", 5)) == 4


@given(
    year=st.integers(1900, 2100),
    month=st.integers(1, 12),
    weekday=st.sampled_from(WEEKDAYS),
    after=st.integers(-1, 32),
)
def test_the_right_lists_of_days_agree(year, month, weekday, after):
    found = [list(function(year, month, weekday, after)) for function in RIGHT["E09"]]

    assert found == [possible_days()(year, month, weekday, after)] * len(found)


def test_those_who_refuse_come_into_the_summary_at_twelve_sentences(by_number):
    (stop,) = in_notebook(by_number["E10"], "stop")
    body = ARTICLE.sentences["text"].tolist()[1:]
    sizes = [size for size in range(20) if 12 in summarize_by_shares(body, size, stop)]

    assert "many on the streets have rejected" in body[12]
    assert sizes == [*range(12, 20)]


@pytest.mark.parametrize(("letter", "hit"), [("A", ["A1", "A8"]), ("B", ["B6"])])
def test_the_alarm_points_into_few_of_the_altered_spots(letter, hit):
    (summary,) = [each for each in ARTICLE.summaries["distorted"] if each["id"] == letter]
    found = unsupported_by_sentences(
        summary["text"].removeprefix(summary["watermark"]), ARTICLE.text
    )
    spots = [(spot["id"], spot["altered"]) for spot in summary["altered"]]

    assert len(spots) == 8
    assert [name for name, at in spots if at and any(w in at["quote"] for w in found)] == hit


def test_the_readers_are_as_far_apart_as_e12_tells():
    readers = [reference_layer(ARTICLE), *samples.sample_layers(ARTICLE)]
    tags = [[mark.label for mark in each.marks if mark.kind == "tag"] for each in readers]
    kappas = [float(kappa_by_pairs(one, other)) for one, other in combinations(tags[1:], 2)]

    assert sum(one == other for one, other in zip(*tags[:2], strict=True)) == 15
    assert [len(each) for each in tags] == [19] * 7
    assert (round(max(kappas), 2), round(min(kappas), 2)) == (0.75, 0.48)


# --- what a learner gets -------------------------------------------------------------------


def test_the_editions_are_what_the_sources_give():
    assert SOURCES != []
    assert tool.out_of_date() == []


def every_text(thing: Any) -> Iterator[str]:
    """All strings in a notebook: cells (as whole texts), outputs, metadata, keys."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield key
            whole = key in ("source", "text") and isinstance(value, list)
            yield from every_text("".join(value) if whole else value)
    elif isinstance(thing, list):
        for value in thing:
            yield from every_text(value)


def leaks(notebook: dict, secret: list[str]) -> list[str]:
    """Those of the secret lines that stand in the notebook: alone on a line, or, if they are
    long enough to be told from other code, anywhere."""
    texts = list(every_text(notebook))
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return [
        line
        for line in secret
        if line in lines or (len(line) >= 12 and any(line in text for text in texts))
    ]


def learners_editions() -> dict[str, dict]:
    """The exercises in the repository, and those that `nutgraf` lays into a learner's folder."""
    made = {
        name: json.loads(data)
        for name, data in folder.editions().items()
        if re.fullmatch(r"exercises/.*\.ipynb", name)
    }
    return made | {path.name: read(path) for path in EDITIONS}


def test_no_solution_and_no_hidden_test_reaches_a_learner():
    sources = [read(path) for path in SOURCES]
    secret = [
        line
        for notebook in sources
        for kind in ("SOLUTION", "HIDDEN TESTS")
        for line in regions(notebook, kind)
    ]
    editions = learners_editions()

    assert len(secret) > 60
    assert len(editions) == 2 * len(SOURCES)
    assert {name: leaks(notebook, secret) for name, notebook in editions.items()} == {
        name: [] for name in editions
    }


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_no_marker_and_no_output_is_left(path: Path):
    notebook = read(path)

    assert [text for text in every_text(notebook) if "###" in text] == []
    assert [
        c["id"] for c in notebook["cells"] if c.get("outputs") or c.get("execution_count")
    ] == []


@pytest.mark.parametrize(
    "place",
    [
        lambda cell, line: cell.update(source=[f"    {line}\n"]),
        lambda cell, line: cell.update(source=["x = 1\n", f"y = [{line}]"]),
        lambda cell, line: cell.update(outputs=[{"text": [line]}]),
        lambda cell, line: cell["metadata"].update(tags=[line]),
    ],
)
def test_a_leak_would_be_found(place):
    notebook = copy.deepcopy(read(EDITIONS[0]))
    line = '"characters": len(text),'
    place(notebook["cells"][-1], line)

    assert leaks(notebook, [line]) == [line]


# --- how an exercise is made ---------------------------------------------------------------

RULES = [
    checks.one_title,
    checks.no_skipped_level,
    checks.images_have_words,
    checks.names_are_made_first,
    checks.stays_offline,
    checks.no_machine_shows,
    checks.words_we_use,
    checks.reads_easily,
]


@pytest.mark.parametrize("path", BOTH, ids=name_of)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_exercise_keeps_the_rules_of_a_lesson(rule, path: Path):
    assert rule(checks.Page(path)) == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_an_exercise_is_a_valid_notebook(path: Path):
    nbformat.validate(nbformat.from_dict(nbformat.reads(path.read_text("utf-8"), as_version=4)))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_is_saved_without_outputs(path: Path):
    assert [cell["id"] for cell in read(path)["cells"] if cell.get("outputs")] == []


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_cells_that_a_learner_reads_are_short(path: Path):
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    others = [c for c in cells if not c["metadata"].get("nbgrader", {}).get("solution")]

    assert [c["id"] for c in others if len(source(c).splitlines()) > 12] == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_an_exercise_has_its_parts_in_order(path: Path):
    notebook = read(path)
    ids = [cell["id"] for cell in notebook["cells"]]
    parts = ["title", "example", "yours", "check", "tests", "small", "article"]
    wanted = [f"{number_of(path)}-{part}" for part in parts]

    assert [name for name in ids if name in wanted] == wanted
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not name.startswith(f"{number_of(path)}-")] == []
    assert source(notebook["cells"][0]).startswith(f"# {number_of(path)} ")


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_the_story_has_three_sentences(path: Path):
    story = source(read(path)["cells"][0]).split("\n\n")[1]

    assert len(tokenizing.sentences(story)) == 3


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_one_step_of_the_example_is_left_to_the_learner(path: Path):
    cells = [cell for cell in read(path)["cells"] if cell["id"][4:].startswith("blank-")]

    assert len(cells) == 1
    assert "___" in source(cells[0]) or re.search(r"\b0\b", source(cells[0]))


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_links_lead_to_lessons_and_exercises(path: Path):
    text = "\n".join(source(c) for c in read(path)["cells"] if c["cell_type"] == "markdown")
    targets = re.findall(r"\]\(([^)]*)\)", text)

    assert any(target.startswith("../notebooks/") for target in targets)
    assert [
        target
        for target in targets
        if not re.fullmatch(r"(\.\./notebooks/\d\d-[a-z]+|E\d\d-[a-z-]+)\.ipynb", target)
    ] == []
    assert [t for t in targets if t.startswith("E") and not (path.parent / t).is_file()] == []


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_nbgrader_finds_what_it_needs(path: Path):
    notebook = read(path)
    (solution,), tests = graded(notebook, "solution"), graded(notebook, "grade")
    metadata = [cell["metadata"]["nbgrader"] for cell in (solution, *tests)]

    assert {m["schema_version"] for m in metadata} == {3}
    assert [m["grade_id"] for m in metadata] == [cell["id"] for cell in (solution, *tests)]
    assert [m["locked"] for m in metadata] == [False, True, True]
    assert [m["task"] for m in metadata] == [False, False, False]
    assert [m["points"] > 0 for m in metadata[1:]] == [True, True]


@pytest.mark.parametrize("path", EDITIONS, ids=name_of)
def test_the_stub_says_what_to_write_and_where(path: Path):
    (solution,) = graded(read(path), "solution")
    function = ast.parse(source(solution)).body[-1]

    assert source(solution).splitlines()[-2:] == [f"    {line}" for line in STUB]
    assert ">>>" in ast.get_docstring(function)


@pytest.mark.parametrize("path", BOTH, ids=name_of)
def test_every_assert_ends_in_a_question(path: Path):
    asserts = [
        node
        for cell in graded(read(path), "grade")
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, ast.Assert)
    ]
    endings = [ast.unparse(node.msg)[-2:-1] if node.msg else "" for node in asserts]

    assert len(asserts) >= 8
    assert set(endings) == {"?"}


def kernel_run(path: Path, **options: Any) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", **options).execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> dict[str, list]:
    return {cell.id: cell.get("outputs", []) for cell in notebook.cells}


def test_a_solution_runs_in_jupyter(by_number):
    shown = outputs(kernel_run(by_number["E03"]))

    assert "✓ E03: Correct." in shown["E03-check"][-1].data["text/plain"]
    assert shown["E03-small"][0].text == "E03, small texts: correct.\n"
    assert shown["E03-article"][0].text.startswith("E03, the article: correct.\n430 words")


def test_an_untouched_exercise_shows_no_red_box_in_jupyter():
    shown = outputs(kernel_run(tool.EXERCISES / "E03-a-better-word-list.ipynb", allow_errors=True))

    kinds = {output.output_type for several in shown.values() for output in several}
    assert "error" not in kinds
    assert "– E03: Not attempted yet." in shown["E03-check"][-1].data["text/plain"]
    assert [output.name for output in shown["E03-small"]] == ["stdout"]
    assert shown["E03-small"][0].text.startswith("E03, small texts: not attempted yet.\n")


def test_an_untouched_exercise_fails_for_whoever_runs_it():
    with pytest.raises(CellExecutionError, match="not attempted yet"):
        kernel_run(tool.EXERCISES / "E03-a-better-word-list.ipynb")


# --- attempt -------------------------------------------------------------------------------


def stub():
    raise NotImplementedError


def careful(number):
    assert number > 0, "of the learner's own"


def test_an_attempt_that_holds_is_correct(capsys):
    with attempt("E00"):
        assert True

    assert capsys.readouterr().out == "E00: correct.\n"


def test_a_failed_assert_is_not_yet():
    with pytest.raises(NotYet, match=r"^E00: not yet\.\nHow many\?"), attempt("E00"):
        assert stub is None, "How many?"


def test_a_value_of_another_kind_is_not_yet():
    with pytest.raises(NotYet, match=r"of the kind promised\?\n\(TypeError"), attempt("E00"):
        assert [len(number) for number in (1, 2)] == [1, 1], "never asked"


def test_an_error_of_the_kit_is_not_yet_and_keeps_its_advice():
    with pytest.raises(NotYet, match="Give spans in order"), attempt("E00"):
        tokenizing.as_spans([(3, 4), (1, 2)], "abcd", "yours")


def test_a_stub_is_not_attempted():
    with pytest.raises(NotAttempted, match="E00: not attempted yet"), attempt("E00"):
        stub()


def test_a_function_that_was_not_run_is_not_attempted():
    with pytest.raises(NotAttempted, match="does not know nowhere"), attempt("E00"):
        nowhere()  # noqa: F821


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda: 1 / 0, ZeroDivisionError),
        (lambda: nowhere, NameError),  # noqa: F821
        (lambda: careful(0), AssertionError),
    ],
)
def test_an_error_of_the_learners_code_passes_through(function, error):
    with pytest.raises(error) as caught, attempt("E00"):
        function()

    assert not isinstance(caught.value, NutgrafError)


# --- release -------------------------------------------------------------------------------


def cell(text: str, kind: str = "code", **metadata: Any) -> dict:
    made = {"cell_type": kind, "id": "E00-x", "metadata": metadata, "source": text}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook_of(*cells: dict) -> dict:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


SOLUTION = {"nbgrader": {"solution": True, "grade": False}}
TEST = {"nbgrader": {"solution": False, "grade": True, "points": 1}}


def released(text: str, kind: str = "code", **metadata: Any) -> str:
    (made,) = release(notebook_of(cell(text, kind, **metadata)), "E00.ipynb")["cells"]
    return made["source"]


def test_a_solution_becomes_the_stub_with_its_indent():
    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"

    assert released(text, **SOLUTION) == f"def f():\n    {STUB[0]}\n    {STUB[1]}"


def test_hidden_tests_leave_nothing():
    text = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"

    assert released(text, **TEST) == "assert a\nassert c"


def test_lines_stay_lines_and_text_stays_text():
    lines = ["a = 1\n", "### BEGIN SOLUTION\n", "b = 2\n", "### END SOLUTION"]
    (made,) = release(notebook_of(cell(lines, **SOLUTION)))["cells"]

    assert made["source"] == ["a = 1\n", f"{STUB[0]}\n", STUB[1]]


def test_what_a_run_left_goes_and_what_nbgrader_needs_stays():
    ran = cell("1", execution={"started": 1}, secret="2", **TEST)
    ran |= {"outputs": [{"output_type": "stream", "text": "3"}], "execution_count": 4}
    (made,) = release(notebook_of(ran))["cells"]

    assert made == cell("1", **TEST)


def test_the_source_is_not_changed():
    notebook = notebook_of(cell("### BEGIN SOLUTION\n1\n### END SOLUTION", **SOLUTION))
    before = copy.deepcopy(notebook)
    release(notebook)

    assert notebook == before


def test_an_edition_of_an_edition_is_refused_for_it_has_no_solution():
    with pytest.raises(NutgrafError, match=r"E00\.ipynb, cell E00-x: .*no solution"):
        released(f"{STUB[0]}\n{STUB[1]}", **SOLUTION)


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{BEGIN}\n1", "never closed"),
        (f"1\n{END}", "closes nothing"),
        (f"{BEGIN}\n1\n{END}\n{END}", "line 4: '### END SOLUTION' closes nothing"),
        (f"{BEGIN}\n{BEGIN}\n1\n{END}\n{END}", "line 2: .* inside a region"),
        (f"{BEGIN}\n1\n### END HIDDEN TESTS", "belongs in a code cell"),
        (f"{BEGIN}\n1\n{END}\n### BEGIN HIDDEN TESTS\n2\n### END HIDDEN TESTS", "belongs in"),
        (f"{BEGIN}\n1\n{END}\n### BEGIN MARK SCHEME", "is no marker"),
        (f"{BEGIN}\n1\n{END}\n# END SOLUTION", "is no marker"),
        (f"{BEGIN}\n1\n{END} of this", "is no marker"),
        (f"x = 1 {BEGIN}\n1\n{END}", "is no marker"),
        ("### Begin solution\n1\n### End solution", "is no marker"),
        ("### BEGN SOLUTION\n1\n### EDN SOLUTION", "is no marker"),
        ("# BEGN SOLUTION\n1\n# EDN SOLUTION", "is no marker"),
        ("# begn solution\n1\n# edn solution", "no solution is marked"),
    ],
)
def test_a_marker_out_of_place_is_named(text, says):
    with pytest.raises(NutgrafError, match=rf"E00\.ipynb, cell E00-x.*{says}"):
        released(text, **SOLUTION)


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_marker_in_text_is_named(kind):
    with pytest.raises(NutgrafError, match="belongs in a code cell"):
        released(f"{BEGIN}\nanswer\n{END}", kind, **SOLUTION)


def test_a_heading_in_text_is_no_marker():
    assert released("### A heading", "markdown") == "### A heading"


LINES = [
    *("### BEGIN SOLUTION", "### END SOLUTION", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
    *("    ### BEGIN SOLUTION", "\t### END SOLUTION ", "###  BEGIN SOLUTION", "#### END SOLUTION"),
    *("## BEGIN SOLUTION", "### begin solution", "### BEGIN-SOLUTION", "###END SOLUTION"),
    *("x = 1  ### BEGIN SOLUTION", "### BEGIN HIDDEN TEST", "### BEGIN\u00a0SOLUTION", "", "y = 2"),
]
EDGE = re.compile(r"(?i)\b(BEGIN|END)\W*(SOLUTION|HIDDEN)")


@given(
    lines=st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=12)), max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0c"]),
    metadata=st.sampled_from([SOLUTION, TEST, {}]),
    kind=st.sampled_from(["code", "code", "code", "markdown", "raw"]),
)
@example(lines=[BEGIN, "y = 2", END], end="\n", metadata=SOLUTION, kind="code")
@example(lines=[BEGIN, "y = 2", END, "x", BEGIN, END], end="\n", metadata=SOLUTION, kind="code")
def test_release_cuts_every_region_or_refuses(lines, end, metadata, kind):
    # Between anything like a beginning and anything like an end, every line is a secret.
    inside, marked = False, []
    for number, line in enumerate(lines):
        if edge := EDGE.search(line):
            inside = edge[1].upper() == "BEGIN"
        marked.append(f"secret_{number}_ {line}" if inside and not edge else line)

    refused = ""
    try:
        left = released(end.join(marked), kind, **metadata)
    except NutgrafError as error:
        left, refused = "", str(error)

    assert "secret_" not in left
    assert not EDGE.search(left)
    assert refused == "" or refused.startswith("E00.ipynb, cell E00-x")


@given(
    before=st.lists(st.sampled_from(["y = 2", "", "# a note"]), max_size=3),
    secret=st.lists(st.from_regex(r"secret_\d+ = \d+", fullmatch=True), max_size=5),
    indent=st.integers(0, 8).map(" ".__mul__),
)
def test_release_keeps_what_is_outside_a_region(before, secret, indent):
    region = [f"{indent}{line}" for line in (BEGIN, *secret, END)]
    text = "\n".join([*before, *region, "after"])

    wanted = "\n".join([*before, *(f"{indent}{line}" for line in STUB), "after"])
    assert released(text, **SOLUTION) == wanted


@given(
    lines=st.lists(
        st.text(alphabet="abc #=\"'\t", max_size=12).filter(lambda line: "###" not in line),
        max_size=8,
    ),
    metadata=st.sampled_from([TEST, {}]),
    kind=st.sampled_from(["code", "markdown", "raw"]),
)
def test_a_cell_without_a_marker_is_left_as_it_is(lines, metadata, kind):
    text = "\n".join(lines)

    assert released(text, kind, **metadata) == text


@given(
    parts=st.lists(st.sampled_from(["y = 2", "", "  z", "# a note"]), min_size=1, max_size=4),
    regions=st.integers(1, 3),
)
def test_a_source_as_text_and_as_lines_gives_the_same_edition(parts, regions):
    text = "\n".join([*parts, *[BEGIN, "secret", END, *parts] * regions])
    as_lines = cell("", **SOLUTION) | {"source": text.splitlines(keepends=True)}
    (made,) = release(notebook_of(as_lines), "E00.ipynb")["cells"]

    assert "".join(made["source"]) == released(text, **SOLUTION)
    assert released(text, **SOLUTION).count(STUB[1]) == regions
    assert "secret" not in released(text, **SOLUTION)


@given(hints=st.lists(st.text(max_size=30), max_size=4))
def test_hints_stay_in_the_edition_and_nothing_else_unknown_does(hints):
    notebook = notebook_of(cell("1")) | {"metadata": {"nutgraf": {"hints": hints}, "secret": 1}}

    assert release(notebook)["metadata"] == {"nutgraf": {"hints": hints}}


# --- the tool ------------------------------------------------------------------------------


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A folder of exercises: one source and its edition."""
    (tmp_path / "solutions").mkdir()
    text = "### BEGIN SOLUTION\n1\n### END SOLUTION"
    content = folder.as_bytes(notebook_of(cell(text, **SOLUTION)))
    (tmp_path / "solutions/E00-x.ipynb").write_bytes(content)
    assert tool.main([], tmp_path) == 0
    return tmp_path


def test_the_tool_writes_what_release_gives(kit: Path):
    edition = release(read(kit / "solutions/E00-x.ipynb"))

    assert (kit / "E00-x.ipynb").read_bytes() == folder.as_bytes(edition)
    assert [path.name for path in sorted(kit.iterdir())] == ["E00-x.ipynb", "solutions"]


def test_the_check_is_content_after_writing(kit: Path, capsys):
    capsys.readouterr()

    assert tool.main(["--check"], kit) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda kit: (kit / "E00-x.ipynb").write_text("{}"), "E00-x.ipynb is not what its source"),
        (lambda kit: (kit / "E00-x.ipynb").unlink(), "E00-x.ipynb is not what its source"),
        (lambda kit: (kit / "E09-y.ipynb").write_text("{}"), "E09-y.ipynb has no source"),
        (lambda kit: (kit / "solutions/E00-x.ipynb").write_text("{"), "E00-x.ipynb: no notebook"),
    ],
)
def test_the_check_names_what_differs_and_changes_nothing(kit: Path, change, says, capsys):
    change(kit)
    before = {path: path.read_bytes() for path in kit.rglob("*.ipynb")}

    assert tool.main(["--check"], kit) == 1
    assert says in capsys.readouterr().err
    assert {path: path.read_bytes() for path in kit.rglob("*.ipynb")} == before


@pytest.mark.parametrize(
    "first",
    [
        "from nutgraf.exercises import attempt\nwith attempt('E06'): ",
        "from nutgraf.checking import check\ncheck('E06', {})\n",
        "from nutgraf import tokenizing\ntokenizing.sentence_spans('A. B.', 'punkt, whole text')\n",
    ],
)
def test_nltks_own_splitter_is_at_hand_before_anything_was_loaded(first, tmp_path):
    code = f"{first}import nltk; assert len(nltk.sent_tokenize('It rained. We left.')) == 2"
    clean = {name: value for name, value in os.environ.items() if name != "NLTK_DATA"}
    clean |= {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=clean)

"""Classes of made-up learners: folders of exercises done right, nearly, wrongly or not at all.

`make_class` writes them and tells what each deserves, so that a test can compare. What a learner
hands in is the learner's edition with other lines in the place of the stub.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent, indent

from nutgraf.exercises import STUB
from nutgraf.folder import as_bytes
from nutgraf.grading.results import sheet

EXERCISES = Path(__file__).parents[2] / "exercises"
NUMBERS = tuple(f"E{number:02}" for number in range(1, 13))

RIGHT = ("solution", "another way", "a third way")
FAIR = (*RIGHT, "nearly", "wrong", "untouched")
HOSTILE = ("damaged file", "leaves", "forges", "never ends")


@dataclass(frozen=True)
class Handed:
    """What a learner handed in for an exercise, and what it deserves.

    kind: one of `FAIR` or `HOSTILE`; points: of each test cell, by its grade_id.
    """

    kind: str
    points: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.points.values())


def make_class(
    folder: Path,
    learners: int,
    seed: int = 0,
    *,
    numbers: Iterable[str] = NUMBERS,
    hostile: int = 0,
) -> dict[str, dict[str, Handed]]:
    """Write what a class hands in to `folder`, a folder for each learner; tells what it deserves.

    Who hands in what is drawn with `seed`; each learner leaves out about one exercise in ten. The
    last `hostile` learners hand in one of `HOSTILE` in the place of one exercise. No two learners'
    files are the same, but for untouched ones.

    Returns, for each learner, what was handed in by exercise: `{"learner-001": {"E03": Handed}}`.
    """
    chance, made = random.Random(seed), {}
    numbers = list(numbers)
    for place in range(learners):
        name, handed = f"learner-{place + 1:04}", {}
        for number in numbers:
            if chance.random() > 0.1:
                handed[number] = chance.choices(FAIR, weights=(4, 3, 2, 4, 3, 2))[0]
        attack = place - (learners - hostile)
        if attack >= 0:
            handed[chance.choice(numbers)] = HOSTILE[attack % len(HOSTILE)]
        (folder / name).mkdir(parents=True)
        for number, kind in handed.items():
            (folder / name / file_name(number)).write_bytes(notebook(number, kind, name))
        made[name] = {n: Handed(kind, deserved(n, kind)) for n, kind in sorted(handed.items())}
    return made


def file_name(number: str) -> str:
    """The name of an exercise's file: `E03-a-better-word-list.ipynb`."""
    return source_of(number).name


@cache
def source_of(number: str) -> Path:
    """The teacher's source of an exercise."""
    (path,) = (EXERCISES / "solutions").glob(f"{number}-*.ipynb")
    return path


@cache
def cells_of(number: str) -> Mapping[str, float]:
    """The test cells of an exercise with their points, by grade_id."""
    return dict(sheet(number, json.loads(source_of(number).read_bytes())).cells)


def deserved(number: str, kind: str) -> dict[str, float]:
    """The points that this way of doing the exercise earns in each test cell."""
    if kind in RIGHT:
        earned = set(cells_of(number))
    elif kind == "nearly":
        earned = {f"{number}-small" if number == "E06" else f"{number}-article"}
    else:
        earned = set()
    return {cell: points * (cell in earned) for cell, points in cells_of(number).items()}


def lines_of(number: str, kind: str) -> str:
    """The lines that stand in the function in the place of the stub, not indented."""
    if kind == "solution":
        (text,) = (
            "".join(cell["source"])
            for cell in json.loads(source_of(number).read_bytes())["cells"]
            if cell["metadata"].get("nbgrader", {}).get("solution")
        )
        begin, end = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION"
        return dedent(text[text.index(begin) + len(begin) : text.index(end)]).strip("\n")
    return dedent(_HOSTILE.get(kind) or _WAYS[number][kind]).strip("\n")


@cache
def _made(number: str, kind: str) -> bytes:
    """The learner's edition, done in one of the ways; `_WHO` stands for the learner."""
    edition = json.loads((EXERCISES / file_name(number)).read_bytes())
    if kind == "untouched":
        return as_bytes(edition)
    for cell in edition["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            text = "".join(cell["source"])
            stub = "\n".join(f"    {line}" for line in STUB)
            if stub not in text:
                raise ValueError(f"{number} has no stub to be filled in.")
            lines = indent(f"# Written by {_WHO}.\n{lines_of(number, kind)}", "    ")
            cell["source"] = text.replace(stub, lines)
    return as_bytes(edition)


_WHO = "nobody-in-particular"


def notebook(number: str, kind: str, who: str = _WHO) -> bytes:
    """The file that learner `who` hands in for an exercise done in one of the ways."""
    if kind == "damaged file":
        return _made(number, "solution").replace(_WHO.encode(), who.encode())[:-200]
    return _made(number, kind).replace(_WHO.encode(), who.encode())


# What the function of a hostile learner does: it stops the process, writes what looks like a
# result wherever it can, or runs on for ever.
_HOSTILE = {
    "leaves": """
        import os

        os._exit(0)
        """,
    "forges": """
        import json, os, sys

        line = json.dumps({"points": 99, "outcome": "correct", "status": "ok", "result": True})
        for place in range(64):
            try:
                os.write(place, line.encode() + b"\\n")
            except OSError:
                pass
        print(line, file=sys.stderr, flush=True)
        raise SystemExit(0)
        """,
    "never ends": """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
}

# Ways of doing the exercises. "another way" and "a third way" are right; answers of the third may
# come in a form that the promise allows and few would choose. "nearly" fails in one of the two
# test cells, "wrong" in both.
_WAYS: dict[str, dict[str, str]] = {
    "E01": {
        "another way": r"""
            report = {"characters": 0, "utf8_bytes": 0, "newlines": 0, "nbsp": []}
            for place, character in enumerate(text):
                report["characters"] += 1
                report["utf8_bytes"] += len(character.encode("utf-8"))
                if character == "\n":
                    report["newlines"] += 1
                elif ord(character) == 160:
                    report["nbsp"].append(place)
            return report
            """,
        "a third way": r"""
            import numpy as np
            from collections import OrderedDict

            signs = np.array([ord(sign) for sign in text], dtype="int64")
            report = OrderedDict(nbsp=np.flatnonzero(signs == 160))
            report["characters"] = signs.size
            report["newlines"] = np.count_nonzero(signs == 10)
            report["utf8_bytes"] = sum(np.digitize(signs, [128, 2048, 65536]) + 1) if text else 0
            return report
            """,
        "nearly": r"""
            return {
                "characters": len(text),
                "utf8_bytes": len(text.encode()),
                "newlines": len(text.splitlines()) - 1,
                "nbsp": [place for place, sign in enumerate(text) if sign == "\u00a0"],
            }
            """,
        "wrong": r"""
            spaces = [place for place, sign in enumerate(text) if sign == "\u00a0"]
            size = len(text)
            lines = text.count("\n")
            return dict(characters=size, utf8_bytes=size, newlines=lines, nbsp=spaces)
            """,
    },
    "E02": {
        "another way": r"""
            text = text.replace("\u00a0", " ")
            while "  " in text:
                text = text.replace("  ", " ")
            return text.replace(" \n", "\n").removesuffix(" ")
            """,
        "a third way": r"""
            kept = []
            for sign in text.replace("\u00a0", " "):
                if sign == "\n" and kept and kept[-1] == " ":
                    kept.pop()
                if sign != " " or not kept or kept[-1] != " ":
                    kept.append(sign)
            return "".join(kept).rstrip(" ")
            """,
        "nearly": r"""
            text = re.sub("[ \u00a0]+", " ", text)
            return re.sub(" (\n|$)", "\\1", text).replace("\t", " ")
            """,
        "wrong": r"""
            return " ".join(text.split())
            """,
    },
    "E03": {
        "another way": r"""
            found, word = [], ""
            for place, sign in enumerate(text + " "):
                after = text[place + 1 : place + 2]
                glue = word and after.isalpha() and sign in "-'’"
                comma = word.replace(",", "").isdigit() and after.isdigit() and sign == ","
                if sign.isalnum() or glue or comma:
                    word += sign
                elif word:
                    found.append(word)
                    word = ""
            return found
            """,
        "a third way": r"""
            from nltk.tokenize import RegexpTokenizer

            return RegexpTokenizer(r"\d+(?:,\d+)*|\w+(?:[-’']\w+)*").tokenize(text)
            """,
        "nearly": r"""
            return re.findall(r"\w+(?:[-,’']\w+)*", text)
            """,
        "wrong": r"""
            return text.split()
            """,
    },
    "E04": {
        "another way": r"""
            words = [t if len(t) != 1 and t.isupper() else t.lower() for t in tokens]
            words = [word for word in words if word not in stop]
            words = sorted(word for word in words if not word.replace(",", "").isdigit())
            return Counter(words).most_common(n)
            """,
        "a third way": r"""
            import re

            import pandas as pd

            words = [t if len(t) != 1 and t.isupper() else t.lower() for t in tokens]
            words = [word for word in words if word not in stop]
            words = [word for word in words if not re.fullmatch("[0-9,]+", word)]
            counts = pd.Series(words, dtype="str").value_counts().sort_index()
            return list(counts.sort_values(ascending=False, kind="stable").head(n).items())
            """,
        "nearly": r"""
            words = [t if len(t) != 1 and t.isupper() else t.lower() for t in tokens]
            words = sorted(word for word in words if word not in stop and not word.isdigit())
            return Counter(words).most_common(n)
            """,
        "wrong": r"""
            words = [token.lower() for token in tokens]
            return Counter(word for word in words if word not in stop).most_common(n)
            """,
    },
    "E05": {
        "another way": r"""
            import re

            return [list(match.span()) for match in re.finditer(r"\S(?:[^\n]*\S)?", text)]
            """,
        "a third way": r"""
            start = 0
            for line in text.split("\n"):
                inner = line.strip()
                if inner:
                    first = start + len(line) - len(line.lstrip())
                    yield first, first + len(inner)
                start += len(line) + 1
            """,
        "nearly": r"""
            lines = [line.strip() for line in text.split("\n") if line.strip()]
            return [(text.find(line), text.find(line) + len(line)) for line in lines]
            """,
        "wrong": r"""
            spans, start = [], 0
            for piece in text.split("\n\n"):
                spans.append((start, start + len(piece)))
                start += len(piece) + 2
            return spans
            """,
    },
    "E06": {
        "another way": r"""
            return tokenizing.sentence_spans(text)
            """,
        "a third way": r"""
            from nltk.tokenize import PunktTokenizer
            from nutgraf.offline import use_offline_nltk

            use_offline_nltk()
            punkt, place = PunktTokenizer("english"), 0
            for line in text.split("\n"):
                for piece in punkt.tokenize(line.strip()):
                    start = text.index(piece.strip(), place)
                    place = start + len(piece.strip())
                    yield start, place
            """,
        "nearly": r"""
            import re

            spans = []
            for first, last in tokenizing.paragraph_spans(text):
                start, line = first, text[first:last]
                for gap in re.finditer(r"(?<!Dr\.)(?<=[.!?])[”)]*\s+(?=[“A-Z0-9])", line):
                    spans.append((start, first + gap.start() + len(gap.group().rstrip())))
                    start = first + gap.end()
                spans.append((start, last))
            return spans
            """,
        "wrong": r"""
            return tokenizing.sentence_spans(text, "punkt, whole text")
            """,
    },
    "E07": {
        "another way": r"""
            spans, start = [], None
            for place, sign in enumerate(text):
                if sign == "“":
                    start = place
                elif sign == "”" and start is not None:
                    spans.append([start, place + 1])
                    start = None
            return spans
            """,
        "a third way": r"""
            start = text.find("“")
            while start != -1:
                end, other = text.find("”", start), text.find("“", start + 1)
                if end != -1 and (other == -1 or end < other):
                    yield start, end + 1
                start = other
            """,
        "nearly": r"""
            return [match.span() for match in re.finditer("“[^”]*”", text)]
            """,
        "wrong": r"""
            return [match.span() for match in re.finditer("“.*”", text)]
            """,
    },
    "E08": {
        "another way": r"""
            word = r"[^\W_]*[A-Z][\w’-]*|\w+-[A-Z]\w*"
            who = rf"(?:the \w+|(?:{word})(?: (?:{word}))*)"
            verb = "said|asked|added"
            pattern = rf"[ ,]*(?:({who})(?:,[^,\n]*,)? ({verb})\b|({verb}) ({who}))"
            found = re.compile(pattern).match(text, span[1])
            return found and [found[1] or found[4], found[2] or found[3]]
            """,
        "a third way": r"""
            after = text[span[1] :].partition("\n")[0].lstrip(" ,")
            if found := re.match(rf"(the \w+|{name})(?:,[^,]*,)? (said|asked|added)\b", after):
                return iter(found.groups())
            found = re.match(rf"(said|asked|added) (the \w+|{name})", after)
            return reversed(found.groups()) if found else None
            """,
        "nearly": r"""
            quote = text[span[0] : span[1]]
            after = text[text.find(quote) + len(quote) :].partition("\n")[0].lstrip(" ,")
            if found := re.match(rf"(the \w+|{name})(?:,[^,]*,)? (said|asked|added)\b", after):
                return found[1], found[2]
            found = re.match(rf"(said|asked|added) (the \w+|{name})", after)
            return (found[2], found[1]) if found else None
            """,
        "wrong": r"""
            after = text[span[1] :].split()
            verb = next((word for word in after if word in ("said", "asked", "added")), None)
            return (after[after.index(verb) - 1], verb) if verb else None
            """,
    },
    "E09": {
        "another way": r"""
            column = [week[weekdays.index(weekday)] for week in calendar.monthcalendar(year, month)]
            return tuple(day for day in column if day and day > after)
            """,
        "a third way": r"""
            first = 1 + (weekdays.index(weekday) - date(year, month, 1).weekday()) % 7
            last = calendar.monthrange(year, month)[1]
            return filter(lambda day: day > after, range(first, last + 1, 7))
            """,
        "nearly": r"""
            one, last = date(year, month, 1).weekday(), calendar.mdays[month]
            wanted = weekdays.index(weekday)
            return [day for day in range(after + 1, last + 1) if (one + day - 1) % 7 == wanted]
            """,
        "wrong": r"""
            last = calendar.monthrange(year, month)[1]
            days = range(1, last + 1)
            return [day for day in days if date(year, month, day).strftime("%A") == weekday]
            """,
    },
    "E10": {
        "another way": r"""
            kept = [[w for w in words(each) if w not in stop] for each in sentences]
            every = [word for several in kept for word in several]
            scores = {}
            for place, several in enumerate(kept):
                scores[place] = sum(map(every.count, several)) / len(several) if several else 0
            chosen = []
            while scores and len(chosen) < k:
                best = max(scores, key=scores.get)
                del scores[best]
                chosen.append(best)
            return tuple(sorted(chosen))
            """,
        "a third way": r"""
            import numpy as np

            kept = [[w for w in words(each) if w not in stop] for each in sentences]
            counts = Counter(word for several in kept for word in several)
            scores = np.array([np.mean([counts[w] for w in each]) if each else 0 for each in kept])
            return np.sort(np.argsort(-scores, kind="stable")[:k])
            """,
        "nearly": r"""
            kept = [[w for w in words(each) if w not in stop] for each in sentences]
            counts = Counter(word for several in kept for word in several)
            scores = [sum(counts[word] for word in each) / max(len(each), 1) for each in kept]
            worst_first = sorted(range(len(kept)), key=lambda place: (scores[place], -place))
            return sorted(worst_first[-k:])
            """,
        "wrong": r"""
            kept = [[w for w in words(each) if w not in stop] for each in sentences]
            counts = Counter(word for several in kept for word in several)
            scores = [sum(counts[word] for word in each) for each in kept]
            return sorted(sorted(range(len(kept)), key=lambda place: -scores[place])[:k])
            """,
    },
    "E11": {
        "another way": r"""
            def bare(word):
                word = word.replace("’", "'")
                return word[:-2] if word.endswith("'s") else word

            known, found = {bare(word) for word in re.findall(WORD_PATTERN, article)}, []
            for sentence in re.split("[.!?]", summary):
                for place, word in enumerate(re.findall(WORD_PATTERN, sentence)):
                    wanted = word[0].isdigit() or (place > 0 and word[0] != word[0].lower())
                    if wanted and bare(word) not in known:
                        found.append(word)
            return frozenset(found)
            """,
        "a third way": r"""
            bare = [re.sub("['’]s$", "", word) for word in re.findall(WORD_PATTERN, article)]
            known, before = [word.replace("’", "'") for word in bare], "."
            for word in re.findall(rf"{WORD_PATTERN}|[.!?]", summary):
                told = word[0].isdigit() or (word[0].isupper() and before not in ".!?")
                if told and re.sub("['’]s$", "", word).replace("’", "'") not in known:
                    yield word
                before = word
            """,
        "nearly": r"""
            def plain(word):
                return word.replace("’", "'").removesuffix("'s")

            known = {plain(word) for word in re.findall(WORD_PATTERN, article)}
            alarms, place = set(), 0
            for match in re.finditer(WORD_PATTERN, summary):
                word, gap = match.group(), summary[place : match.start()]
                is_name = word[0].isupper() and place > 0 and "." not in gap
                if (word[0].isdigit() or is_name) and plain(word) not in known:
                    alarms.add(word)
                place = match.end()
            return alarms
            """,
        "wrong": r"""
            return {w for w in re.findall(WORD_PATTERN, summary) if w not in article}
            """,
    },
    "E12": {
        "another way": r"""
            from fractions import Fraction

            if not a or len(a) != len(b):
                raise ValueError("Two lists of one length, please.")
            agreed = sum(a[place] == b[place] for place in range(len(a)))
            by_luck = sum(one == other for one in a for other in b)
            raw, expected = Fraction(agreed, len(a)), Fraction(by_luck, len(a) ** 2)
            return 1 if expected == 1 else (raw - expected) / (1 - expected)
            """,
        "a third way": r"""
            import numpy as np

            one, other = np.array(a, dtype=object), np.array(b, dtype=object)
            if one.shape != other.shape or not one.size:
                raise ValueError
            luck = sum((one == label).mean() * (other == label).mean() for label in {*a, *b})
            return np.float64(1) if luck == 1 else ((one == other).mean() - luck) / (1 - luck)
            """,
        "nearly": r"""
            if not a or len(a) != len(b):
                raise ValueError("Two lists of one length, please.")
            raw = sum(one == other for one, other in zip(a, b)) / len(a)
            expected = sum(a.count(label) * b.count(label) for label in {*a}) / len(a) ** 2
            return (raw - expected) / (1 - expected)
            """,
        "wrong": r"""
            return sum(one == other for one, other in zip(a, b)) / len(a)
            """,
    },
}

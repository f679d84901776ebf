"""brat standoff (http://brat.nlplab.org/standoff.html)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nutgraf.annotating import Layer
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Span,
    Written,
    another,
    gone,
    one_word,
    shown,
    span_of,
    usual,
)
from nutgraf.formats.placing import stands

if TYPE_CHECKING:
    from nutgraf.article import Article

_LINE_END = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_KIND = "NutgrafKind"
"""The attribute that says of a mark that it is a tag."""


def write(layer: Layer, article: Article) -> Written:
    """brat's .ann. Offsets are code points.

    A mark over a line end becomes fragments, as brat wants it; a tab in a quote becomes a space.
    """
    text = article.text
    lines, counts, now = [], Counter(), {}

    def line(sort: str, rest: str) -> str:
        counts[sort] += 1
        lines.append(f"{sort}{counts[sort]}\t{rest}\n")
        return f"{sort}{counts[sort]}"

    empty, trimmed, closed, unfit, mended = [], [], [], [], []
    keep = all(re.fullmatch(r"T[0-9]{1,9}", mark.id) for mark in layer.marks)
    for mark in layer.marks:
        spans = [piece for span in mark.spans for piece in _lines_of(text, *span)]
        if not spans:
            empty.append(mark)
            continue
        if (spans[0][0], spans[-1][1]) != (mark.start, mark.end):
            trimmed.append(mark)
        elif _over_line_ends(text, spans) != list(mark.spans):
            closed.append(mark)
        now[mark.id] = name = mark.id if keep else f"T{len(now) + 1}"
        places = ";".join(f"{start} {end}" for start, end in spans)
        quote = " ".join(text[start:end] for start, end in spans).replace("\t", " ")
        lines.append(f"{name}\t{one_word(mark.label)} {places}\t{quote}\n")
        words = {
            key: value
            for key, value in mark.attributes.items()
            if key and not re.search(r"\s", key + value) and key != _KIND
        }
        unfit += [mark] if words != dict(mark.attributes) else []
        words |= {_KIND: "tag"} if mark.kind == "tag" else {}
        for key, value in words.items():
            line("A", f"{key} {name} {value}".rstrip(" "))
        note = _LINE_END.sub(" ", mark.note)
        mended += [mark] if note != mark.note else []
        if note:
            line("#", f"AnnotatorNotes {name}\t{note}")
    loose = [one for one in layer.relations if not (one.head in now and one.tail in now)]
    arrows = [one for one in layer.relations if one not in loose]
    unnamed = list(loose)
    for one in arrows:
        ends = f"Arg1:{now[one.head]} Arg2:{now[one.tail]}"
        if line("R", f"{one_word(one.label)} {ends}") != one.id:
            unnamed.append(one)
    marks = [mark for mark in layer.marks if mark.id in now]
    lost = [
        *usual(layer, "layer"),
        *gone("marks", empty, "marks on line ends only"),
        *gone("boundaries", trimmed, "line ends at the ends of a mark"),
        *gone("gaps", closed, "gaps that are line ends only, or empty"),
        *gone("ids", [m for m in layer.marks if now.get(m.id) != m.id], "names of marks"),
        *gone("labels", _spaced(marks), "white space in labels becomes _"),
        *gone("notes", mended, "line ends in notes become spaces"),
        *gone("attributes", unfit, "attributes with white space in them"),
        *usual(layer, "times"),
        *gone("relations", loose, "they join no mark"),
        *gone("relation ids", unnamed, "names of relations"),
        *gone("relation labels", _spaced(arrows), "white space in labels becomes _"),
    ]
    return Written("".join(lines), lost)


def _spaced(found: list) -> list:
    return [one for one in found if one_word(one.label) != one.label]


def _lines_of(text: str, start: int, end: int) -> Iterator[Span]:
    """The pieces of a span between line ends."""
    for match in _LINE_END.finditer(text, start, end):
        if start < match.start():
            yield start, match.start()
        start = match.end()
    if start < end:
        yield start, end


def _over_line_ends(text: str, spans: list[Span]) -> list[Span]:
    """Pieces with nothing but line ends between them, put together again."""
    whole = spans[:1]
    for start, end in spans[1:]:
        gap = text[whole[-1][1] : start]
        if not gap or _LINE_END.fullmatch(gap):
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole


_LINE = re.compile(r"([TREAMN#*])([^\t]*)\t([^\t]*)(?:\t(.*))?", re.DOTALL)


def read(source: Source) -> File:
    file = File(text=source.beside)
    marks: dict[str, Raw] = {}
    later = []
    for number, line in enumerate(source.text.split("\n"), start=1):
        line = line.removesuffix("\r")  # noqa: PLW2901
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise source.error(
                f"line {number}",
                f"{shown(line)} is no line of brat's.",
                "It begins with an id such as T1 and a tab. " + another("brat"),
            )
        sort, rest, what, words = match.groups(default="")
        row = (f"line {number}", sort + rest, what, words)
        if sort == "T":
            _read_mark(file, marks, row)
        else:
            later.append(row)
    text = source.article.text if file.text is None else file.text
    for raw in file.marks:
        # Marks that were cut at line ends only, for brat's sake, are whole again.
        if all(0 <= a < b <= len(text) for a, b in raw.spans) and stands(raw, text, raw.spans):
            raw.spans = _over_line_ends(text, raw.spans)
            raw.quotes = tuple(text[start:end] for start, end in raw.spans)
    for row in later:
        _read_rest(file, marks, row)
    return file


def _read_mark(file: File, marks: dict[str, Raw], row: tuple[str, str, str, str]) -> None:
    where, name, what, words = row
    label, _, places = what.partition(" ")
    pairs = [place.split() for place in places.split(";")]
    spans = [span_of(*pair) if len(pair) == 2 else None for pair in pairs]
    if None in spans:
        why = "its offsets are no numbers: T1, tab, label, start, end, tab, words"
        file.problem(where, "left out", why, id=name, label=label, quote=words)
        return
    raw = Raw(where, name, label, sorted(spans), (words,))
    file.marks.append(raw)
    marks.setdefault(name, raw)


def _read_rest(file: File, marks: dict[str, Raw], row: tuple[str, str, str, str]) -> None:
    where, name, what, words = row
    sort, parts = name[0], what.split(" ")
    raw = marks.get(parts[1]) if len(parts) > 1 else None
    if sort == "R" and len(parts) >= 3:
        ends = [part.partition(":")[2] for part in parts[1:3]]
        file.relations.append((where, name, *ends, parts[0]))
    elif sort == "#" and raw:
        raw.note = f"{raw.note}\n{words}" if raw.note else words
    elif sort in "AM" and raw:
        value = " ".join(parts[2:])
        if parts[0] == _KIND:
            raw.kind = value
        elif parts[0] in raw.attributes:
            why = f"a second value for {parts[0]}"
            file.problem(where, "left out", why, id=name, label=parts[0], quote=value)
        else:
            raw.attributes[parts[0]] = value
    else:
        kinds = {"E": "an event", "*": "an equivalence", "N": "a link to a database"}
        why = f"{kinds.get(sort, 'it belongs to no mark, so it')} cannot be kept"
        file.problem(where, "left out", why, id=name, label=parts[0], quote=words)


FORMAT = Format(
    "brat standoff",
    ".ann",
    "Marks, gaps, relations, attributes, notes. Counts code points. Its text is in a .txt.",
    write,
    read,
)

"""What the formats share: what gets lost, tokens, a file before it meets an article, JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import LONGEST, Layer, Mark, Relation, sentence_spans
from nutgraf.errors import NutgrafError
from nutgraf.tokenizing import word_spans

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

Span = tuple[int, int]

SIZES: dict[str, Callable[[str], int]] = {
    "code points": len,
    "UTF-16": lambda text: len(text) + sum(sign > "\uffff" for sign in text),
    # A file of JSON can hold half a character.
    "bytes": lambda text: len(text.encode(errors="surrogatepass")),
}
"""How long a text is, in each of the units."""

UNITS = tuple(SIZES)


@dataclass(frozen=True)
class Written:
    """A layer in some format. `lost`: what the format has no place for, one sentence a kind, each
    beginning with a key such as "notes:"; path: where `save` put it."""

    text: str
    lost: list[str]
    path: Path | None = None


@dataclass(frozen=True, eq=False)
class Read:
    """What a file says about an article.

    layer: its offsets are code points of the article, whatever the file counted;
    unit: how the file counts: "code points", "UTF-16" or "bytes"; "tokens" where it counts none;
    "quotes" where no way of counting fits and the marks were placed by their words;
    problems: DataFrame [where, id, label, quote, done, why], one row for everything that was
    "left out", "changed" or "moved", or "kept" without certainty; empty when all is as in the file.
    """

    layer: Layer
    unit: str
    problems: pd.DataFrame


@dataclass(frozen=True)
class Format:
    """A kind of file. `suffix`: how its names end; `about`: what it holds and how it counts."""

    title: str
    suffix: str
    about: str
    write: Callable[[Layer, Article], Written] = field(repr=False)
    read: Callable[[Source], File] = field(repr=False)


# --- out -------------------------------------------------------------------------------------


def gone(key: str, which: Sequence[Mark | Relation], what: str) -> list[str]:
    """The sentence for `lost` about these marks or relations; none where there are none."""
    names = ", ".join(one.id for one in which[:20])
    more = f" and {len(which) - 20} more" if len(which) > 20 else ""
    return [f"{key}: {what} ({names}{more})"] if which else []


def usual(layer: Layer, *keys: str) -> list[str]:
    """The sentences about what many formats have no place for, in the order of the keys."""
    marks, relations = layer.marks, layer.relations
    known = {
        "ids": (marks, "names of marks"),
        "times": ([m for m in marks if m.created or m.changed], "when a mark was made and changed"),
        "notes": ([m for m in marks if m.note], "notes"),
        "attributes": ([m for m in marks if m.attributes], "attributes"),
        "tags": (
            [m for m in marks if m.kind == "tag"],
            "tags of sentences become marks on their words",
        ),
        "relations": (relations, "arrows between marks"),
        "relation ids": (relations, "names of relations"),
    }
    lost = []
    for key in keys:
        if key != "layer":
            lost += gone(key, *known[key])
        elif layer.annotator or layer.scheme:
            about = "who annotated, with which scheme and on which version of the text"
            lost.append(f"layer: {about}")
    return lost


def pieces(layer: Layer) -> tuple[list[Mark], dict[str, str], list[str]]:
    """The marks with those that have gaps cut into their pieces; the id of the first piece for
    every id that was cut; and what gets lost so."""
    marks, now = [], {}
    taken = {mark.id for mark in layer.marks}
    for mark in layer.marks:
        if len(mark.fragments) < 2:
            marks.append(mark)
            continue
        for number, (start, end) in enumerate(mark.fragments, start=1):
            name = free(f"{mark.id[:50]}.{number}", taken)
            now.setdefault(mark.id, name)
            quote = mark.quote[start - mark.start : end - mark.start]
            part = replace(mark, id=name, start=start, end=end, quote=quote, fragments=())
            marks.append(part)
    cut = [mark for mark in layer.marks if mark.id in now]
    return marks, now, gone("gaps", cut, "marks with gaps become one mark a piece")


def free(name: str, taken: set[str]) -> str:
    """`name`, or with a number behind it, so that it is none of `taken`; and then it is taken."""
    new, number = name, 1
    while new in taken:
        number += 1
        new = f"{name[:58]}-{number}"
    taken.add(new)
    return new


def one_word(label: str) -> str:
    return re.sub(r"\s", "_", label)


def dump(data: Any, indent: int | None = None) -> str:
    return json.dumps(data, ensure_ascii=False, indent=indent)


# --- tokens ----------------------------------------------------------------------------------


def tokens(article: Article) -> list[list[Span]]:
    """Words and the signs between them, a list a sentence. All but white space is in a token."""
    import regex

    text, found = article.text, []
    for start, end in sorted(sentence_spans(article)):
        here, place = [], 0
        said = text[start:end]
        for first, last in [*word_spans(said), (len(said), len(said))]:
            for run in re.finditer(r"\S+", said[place:first]):
                for sign in regex.finditer(r"\X", run.group()):
                    shift = start + place + run.start()
                    # A byte order mark before a text is no part of it to most tools.
                    if sign.group() != "\ufeff" or found or here:
                        here.append((shift + sign.start(), shift + sign.end()))
            here += [(start + first, start + last)] if first < last else []
            place = last
        found += [here] if here else []
    return found


def touched(spans: list[Span], mark: Mark) -> range:
    """Which of the spans, in order and apart from each other, share something with a mark."""
    first = bisect_right(spans, mark.start, key=lambda span: span[1])
    return range(first, bisect_left(spans, mark.end, key=lambda span: span[0]))


# --- in: a file before it meets the article --------------------------------------------------


@dataclass
class Source:
    """A file before it is understood. `place` is how an error calls it."""

    text: str
    place: str
    article: Article
    beside: str | None = None  # brat: the text in the .txt
    annotator: str | None = None

    def error(self, where: str, what: str, way_out: str) -> NutgrafError:
        return NutgrafError(f"{self.place}, {where}: {what} {way_out}")


@dataclass
class Raw:
    """A mark as a file has it: spans in the file's own unit, quotes where it gives them."""

    where: str
    id: Any
    label: Any
    spans: list[Span] | None
    quotes: tuple[str, ...] = ()  # of every piece, or one of all
    note: Any = ""
    kind: str = ""
    attributes: Any = field(default_factory=dict)
    created: Any = ""
    changed: Any = ""
    prefix: str = ""
    suffix: str = ""


@dataclass
class File:
    """What a file says, before it meets the article."""

    marks: list[Raw] = field(default_factory=list)
    # where, id, head, tail, label
    relations: list[tuple[str, Any, Any, Any, Any]] = field(default_factory=list)
    annotator: Any = ""
    scheme: Any = ""
    text: str | None = None  # the text that the file brings
    counts: str | None = None  # the unit, where the parser has settled it
    says: str | None = None  # the unit to report, where `counts` is about a text put together
    spaced: bool = False  # white space of `text` is made up
    problems: list[dict[str, str]] = field(default_factory=list)

    def out(self, raw: Raw, why: str, quote: str = "") -> None:
        quote = quote or " ".join(raw.quotes)
        self.problem(raw.where, "left out", why, id=raw.id, label=raw.label, quote=quote)

    def changed(self, raw: Raw, why: str) -> None:
        self.problem(raw.where, "changed", why, id=raw.id, label=raw.label)

    def problem(
        self, where: str, done: str, why: str, *, id: Any = "", label: Any = "", quote: str = ""
    ) -> None:
        row = {"where": where, "id": id, "label": label, "quote": quote, "done": done, "why": why}
        self.problems.append({name: whole(as_text(one))[:LONGEST] for name, one in row.items()})


def shown(value: Any) -> str:
    """Any value, in a few signs."""
    if value is None:
        return ""
    try:
        said = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or very deep
        return type(value).__name__
    return said if len(said) <= 60 else f"{said[:57]}..."


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def whole(value: str) -> str:
    """Without halves of surrogate pairs, which no file can hold."""
    return re.sub("[\ud800-\udfff]", "\ufffd", value)


# Marks that turn the direction of writing could make a label look like another one.
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(value: str) -> str:
    """A name on one line: without control characters and without signs that turn its direction."""
    kept = (sign for sign in _UNSEEN.sub("", whole(value)) if unicodedata.category(sign) != "Cc")
    return "".join(kept)


def another(format: str) -> str:
    return f"Export it again from the tool it comes from, or name its format if it is not {format}."


def number_of(value: Any) -> int | None:
    """A whole number as JSON or a cell has it, or None. True and 3.5 are none."""
    if type(value) is int:
        return value if abs(value) < 10**12 else None
    if isinstance(value, str) and re.fullmatch(r"[ \t\r\n]*-?[0-9]{1,12}[ \t\r\n]*", value):
        return int(value)
    return None


def span_of(start: Any, end: Any) -> Span | None:
    start, end = number_of(start), number_of(end)
    return None if start is None or end is None else (start, end)


def skeleton(text: str, compose: bool = True) -> tuple[str, list[int], list[int]]:
    """The text without white space; where each of its characters begins and ends.

    compose: then letters and accents become one (NFC), as many tools leave them.
    """
    import regex

    signs, starts, ends = [], [], []
    for match in regex.finditer(r"\X" if compose else r"(?s).", text):
        first, last = match.span()
        composed = unicodedata.normalize("NFC", match.group()) if compose else match.group()
        single = len(composed) == last - first
        for number, sign in enumerate(composed):
            if sign.isspace() or (sign == "\ufeff" and not signs):
                continue
            signs.append(sign)
            starts.append(first + number if single else first)
            ends.append(first + number + 1 if single else last)
    return "".join(signs), starts, ends


# --- in: JSON --------------------------------------------------------------------------------


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def parsed(source: Source, text: str, where: str = "") -> Any:
    """JSON; an error names the line, or `where`."""
    try:
        return json.loads(text)
    except ValueError as error:  # JSONDecodeError, or a number of thousands of digits
        where = where or f"line {getattr(error, 'lineno', 1)}"
        says = getattr(error, "msg", "a number is too long")
        raise source.error(where, f"this is no JSON ({says}).", "Export the file again.") from error


def the_entry(
    source: Source, text_of: Callable[[dict[str, Any]], str | None]
) -> tuple[str, dict[str, Any], str | None]:
    """The object about the article, its place and its text, in a file of JSON or of one object a
    line. Raises NutgrafError when several texts are there and not one of them is the article."""
    found = [(where, one, text_of(one)) for where, one in _objects(source)]
    if not found:
        raise source.error("line 1", "there is no text and no mark.", "Export the file again.")
    if len(found) == 1:
        return found[0]
    bare = skeleton(source.article.text)[0]
    same = [one for one in found if one[2] == source.article.text]
    same = same or [one for one in found if one[2] and skeleton(one[2])[0] == bare]
    if len(same) != 1:
        raise source.error(
            found[0][0],
            f"the file has {len(found)} texts, and {len(same) or 'none'} of them is the "
            f"article {source.article.name!r}.",
            "Keep only the entry with this text in the file.",
        )
    return same[0]


def _objects(source: Source) -> list[tuple[str, dict[str, Any]]]:
    lines = source.text.strip().split("\n")
    # A list, or one object with line ends in it.
    if lines[0].startswith("[") or (len(lines) > 1 and not lines[0].rstrip().endswith("}")):
        found: Iterable[Any] = as_list(parsed(source, source.text))
        data = [(f"entry {number}", one) for number, one in enumerate(found, start=1)]
    else:
        data = [
            (f"line {number}", parsed(source, line, f"line {number}"))
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
    for where, one in data:
        if not isinstance(one, dict):
            raise source.error(where, f"{shown(one)} is no object with a text.", "Export again.")
    return data

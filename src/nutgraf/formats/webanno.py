"""WebAnno TSV 3.3, which INCEpTION reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from nutgraf.annotating import Layer, Mark, in_order
from nutgraf.formats.common import (
    SIZES,
    File,
    Format,
    Raw,
    Source,
    Span,
    Written,
    another,
    gone,
    number_of,
    pieces,
    shown,
    tokens,
    touched,
    usual,
)
from nutgraf.formats.placing import code_point, offsets

if TYPE_CHECKING:
    from nutgraf.article import Article

_MARKS, _ARROWS = "webanno.custom.Mark", "webanno.custom.MarkRelation"

_LETTERS = {"\t": "t", "\n": "n", "\f": "f", "\r": "r", "\b": "b"}
_SIGNS = {letter: sign for sign, letter in _LETTERS.items()}


def _escape(value: str) -> str:
    """As INCEpTION escapes the value of a feature."""
    return _escaped(r"->|[\\\[\]|_;\t\n*]", value)


def _escape_text(text: str) -> str:
    """As INCEpTION escapes text: control characters and the backslash."""
    return _escaped(r"[\x00-\x08\t\n\f\r\x0e-\x1f\\]", text)


def _escaped(pattern: str, text: str) -> str:
    return re.sub(pattern, lambda found: "\\" + _LETTERS.get(found[0], found[0]), text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(->|.)", lambda m: _SIGNS.get(m[1], m[1]), text, flags=re.DOTALL)


# --- out -------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A token or a part of one, such as 1-2 and 1-2.1, and the numbers of the marks on it."""

    name: str
    span: Span
    marks: list[int]


def write(layer: Layer, article: Article) -> Written:
    """Offsets are UTF-16 units.

    The project needs a span layer Mark with the string features kind, label and note, and for
    relations a relation layer MarkRelation on it with the feature label.
    """
    text = article.text
    marks, now, gaps = pieces(layer)
    sentences, numbers, trimmed = _rows(tokens(article), marks)
    values, mended = {}, []
    for mark in marks:
        note = re.sub(r"\r\n?", "\n", mark.note)
        mended += [mark] if note != mark.note else []
        number = numbers.get(mark.id)
        values[number] = [
            f"{_escape(one) or '*'}[{number}]" for one in (mark.kind, mark.label, note)
        ]
    first: dict[int, str] = {}  # of every mark: the name of its first row
    for row in (row for rows in sentences for row in rows):
        for number in row.marks:
            first.setdefault(number, row.name)
    arrows: dict[str, list[Sequence[str]]] = {}
    loose = []
    for one in layer.relations:
        head, tail = (numbers.get(now.get(end, end)) for end in (one.head, one.tail))
        if head is None or tail is None:
            loose.append(one)
        else:
            cells = (_escape(one.label), f"{first[head]}[{head}_{tail}]")
            arrows.setdefault(first[tail], []).append(cells)
    lines = ["#FORMAT=WebAnno TSV 3.3", f"#T_SP={_MARKS}|kind|label|note"]
    lines += [f"#T_RL={_ARROWS}|label|BT_{_MARKS}"] if arrows else []
    lines.append("")
    units = offsets(text, "UTF-16")
    for rows in sentences:
        said = text[rows[0].span[0] : max(row.span[1] for row in rows)]
        lines += ["", *(f"#Text={_escape_text(line)}" for line in said.split("\n"))]
        for name, (start, end), here in rows:
            cells = [name, f"{units[start]}-{units[end]}", _escape_text(text[start:end])]
            cells += _stack([values[number] for number in here], 3)
            cells += _stack(arrows.get(name, []), 2) if arrows else []
            lines.append("\t".join(cells) + "\t")
    lost = [
        *usual(layer, "layer", "ids"),
        *gaps,
        *gone("marks", [m for m in marks if m.id not in numbers], "marks on white space only"),
        *gone("boundaries", trimmed, "white space at the ends of a mark"),
        *gone("notes", mended, "carriage returns in notes become line ends"),
        *usual(layer, "attributes", "times"),
        *gone("relations", loose, "they join no mark"),
        *usual(layer, "relation ids"),
    ]
    return Written("".join(f"{line}\n" for line in lines), lost)


def _stack(values: Sequence[Sequence[str]], columns: int) -> list[str]:
    return ["|".join(column) for column in zip(*values, strict=True)] or ["_"] * columns


def _rows(
    sentences: list[list[Span]], marks: list[Mark]
) -> tuple[list[list[_Row]], dict[str, int], list[Mark]]:
    """The rows of every sentence, the number of every mark that is on some, and the marks that are
    shorter there."""
    spans = [span for sentence in sentences for span in sentence]
    parts: list[dict[Span, list[int]]] = [{span: []} for span in spans]
    numbers: dict[str, int] = {}
    trimmed = []
    for mark in in_order(marks):
        here = touched(spans, mark)
        if not here:
            continue
        numbers[mark.id] = len(numbers) + 1
        for place in here:
            span = (max(mark.start, spans[place][0]), min(mark.end, spans[place][1]))
            parts[place].setdefault(span, []).append(numbers[mark.id])
        if mark.start < spans[here[0]][0] or mark.end > spans[here[-1]][1]:
            trimmed.append(mark)
    rows, rest = [], iter(parts)
    for number, sentence in enumerate(sentences, start=1):
        rows.append([])
        for token, found in enumerate((next(rest) for _ in sentence), start=1):
            # The token first, since it is the longest of those that begin with it.
            ordered = sorted(found.items(), key=lambda one: (one[0][0], -one[0][1]))
            for part, (span, on) in enumerate(ordered):
                name = f"{number}-{token}" + (f".{part}" if part else "")
                rows[-1].append(_Row(name, span, on))
    return rows, numbers, trimmed


# --- in --------------------------------------------------------------------------------------


class _Column(NamedTuple):
    layer: str
    feature: str
    sort: str  # "value" of a mark, "arrow" for one of a relation, its "base", or "skip"


class _Unit(NamedTuple):
    """A token or a part of one, with its place in the text as it is put together, and for every
    column what is stacked there: values, each with its number as it stands there."""

    where: str
    span: Span
    cells: list[list[tuple[str, str]]]


def read(source: Source) -> File:
    """Marks are on tokens and their parts. Offsets are ours: the tokens are found in the article
    one after the other."""
    lines = [line.removesuffix("\r") for line in source.text.split("\n")]
    file = File(counts="code points", spaced=True)
    columns, place = _head(source, lines, file)
    text, rows, fits = "", {}, dict.fromkeys(SIZES, True)
    token, base, begin = "", 0, 0  # what a part belongs to, and where it is: here, and in the file
    for where, name, start, end, said, values in _lines(source, lines, place, len(columns)):
        for unit, size in SIZES.items():
            fits[unit] &= size(said) == end - start
        if "." not in name:
            token, base, begin = said, len(text), start
            text += said + " "
            span = (base, base + len(said))
        else:
            unit = next((one for one, good in fits.items() if good), "code points")
            starts = offsets(token, unit)
            inner = [code_point(place - begin, starts) for place in (start, end)]
            if None in inner:
                at = token.find(said)
                inner = [at, at + len(said)] if at >= 0 and token.count(said) == 1 else [0, 0]
            span = (base + inner[0], base + inner[1])
        rows[name] = _Unit(where, span, [_stacked(value) for value in values])
    file.text = text
    file.says = next((unit for unit, good in fits.items() if good), "tokens")
    _read_rows(file, columns, rows)
    return file


def _head(source: Source, lines: list[str], file: File) -> tuple[list[_Column], int]:
    """The columns, and how many lines tell them."""
    columns: list[_Column] = []
    if not lines[0].startswith("#FORMAT=WebAnno TSV 3"):
        raise source.error(
            "line 1", f"{shown(lines[0])} is not #FORMAT=WebAnno TSV 3.", another("webanno")
        )
    for number, line in enumerate(lines[1:], start=2):
        if not line.startswith("#T_"):
            return columns, number - 1
        kind, _, rest = line.partition("=")
        name, *features = rest.split("|")
        if kind == "#T_CH":
            file.problem(f"line {number}", "left out", "chains cannot be kept", label=name)
        slot = False  # whether the column before is one: then this one is its target
        for feature in features or [""]:
            sort = "arrow" if kind == "#T_RL" else "value"
            sort = "base" if feature.startswith("BT_") else sort
            skip = kind == "#T_CH" or slot
            if slot := feature.startswith("ROLE_"):
                file.problem(f"line {number}", "left out", "slots cannot be kept", label=feature)
            columns.append(_Column(name, feature, "skip" if skip or slot else sort))
    return columns, len(lines)


def _lines(
    source: Source, lines: list[str], head: int, columns: int
) -> Iterator[tuple[str, str, int, int, str, list[str]]]:
    """The rows: place, name, start, end, words and cells."""
    seen: set[str] = set()
    token = ""
    for number, line in enumerate(lines[head:], start=head + 1):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        ends = [number_of(one) for one in cells[1].split("-")] if len(cells) > 1 else []
        named = re.fullmatch(r"(\d{1,9}-\d{1,9})(\.\d{1,9})?", cells[0], re.ASCII)
        inside = named is None or not named[2] or named[1] == token
        good = named and inside and len(ends) == 2 and None not in ends
        if not good or len(cells) < 3 + columns or cells[0] in seen:
            raise source.error(
                f"line {number}",
                f"{shown(line)} is no row such as 1-1, tab, 0-4, tab, This, and "
                f"{columns} more columns.",
                another("webanno"),
            )
        token = named[1]
        seen.add(cells[0])
        words, size = _unescape(cells[2]), ends[1] - ends[0]
        # Some versions of INCEpTION do not escape the words of a row.
        if size not in (len(words), SIZES["UTF-16"](words)) and SIZES["UTF-16"](cells[2]) == size:
            words = cells[2]
        yield f"line {number}", cells[0], *ends, words, cells[3 : 3 + columns]


_STACKED = re.compile(r"(?:\\(?:->|.)|[^\\|])+", re.DOTALL)
_NUMBERED = re.compile(r"(.*?)(?:\[(\d{1,9}(?:_\d{1,9})?)\])?", re.DOTALL)


def _stacked(cell: str) -> list[tuple[str, str]]:
    found = [] if cell == "_" else _STACKED.findall(cell)
    return [_NUMBERED.fullmatch(part).groups(default="") for part in found]


def _read_rows(file: File, columns: list[_Column], rows: dict[str, _Unit]) -> None:
    """Marks from the values in the rows: those of a layer with the same number are one mark."""
    layers = list(dict.fromkeys(one.layer for one in columns if one.sort == "value"))
    known: dict[tuple[str, str], list[Raw]] = {}  # by layer, and number or name of the row
    for name, row in rows.items():
        for layer in layers:
            here = _cells(columns, row, layer, "value")
            for stacked in range(max(map(len, here.values()))):
                values = {key: cell[stacked] for key, cell in here.items() if stacked < len(cell)}
                number = next((one for _, one in values.values() if one), "")
                if (layer, number) in known:
                    (raw,) = known[layer, number]
                    raw.spans = [(raw.spans[0][0], max(row.span[1], raw.spans[0][1]))]
                else:
                    said = {key: _unescape(one) for key, (one, _) in values.items() if one != "*"}
                    raw = _mark(row, layer, said, len(layers) > 1)
                    file.marks.append(raw)
                    raw.id = f"m{len(file.marks)}"
                    if number:
                        known[layer, number] = [raw]
                known.setdefault((layer, name), []).append(raw)
    for column in (one for one in columns if one.sort == "base"):
        for name, row in rows.items():
            _read_arrows(file, columns, column, (name, row), known)


def _cells(
    columns: list[_Column], row: _Unit, layer: str, sort: str
) -> dict[str, list[tuple[str, str]]]:
    return {
        one.feature: cell
        for one, cell in zip(columns, row.cells, strict=True)
        if (one.layer, one.sort) == (layer, sort)
    }


def _mark(row: _Unit, layer: str, said: dict[str, str], several: bool) -> Raw:
    if layer == _MARKS:
        label, kind, note = said.get("label"), said.get("kind", ""), said.get("note", "")
        return Raw(row.where, None, label, [row.span], note=note, kind=kind)
    short = layer.rpartition(".")[2]
    key = next((key for key in ("label", "value") if key in said), None)
    if key is None and len(said) == 1:
        key = next(iter(said))
    label = said.pop(key) if key else short
    if several:
        said["layer"] = short
    return Raw(row.where, None, label, [row.span], attributes=said)


def _read_arrows(
    file: File,
    columns: list[_Column],
    base: _Column,
    named: tuple[str, _Unit],
    known: dict[tuple[str, str], list[Raw]],
) -> None:
    """The relations that end in a row: it has a cell that says in which row they begin."""
    name, row = named
    target = base.feature.removeprefix("BT_")
    labels = _cells(columns, row, base.layer, "arrow").values()
    (bases,) = _cells(columns, row, base.layer, "base").values()
    for stacked, (head, numbers) in enumerate(bases):
        ends = []
        for number, at in zip((numbers or "0_0").split("_"), (head, name), strict=False):
            found = known.get((target, number)) or known.get((target, at), [])
            ends.append(found[0].id if len(found) == 1 else None)
        said = [cell[stacked][0] for cell in labels if stacked < len(cell)]
        label = next((_unescape(one) for one in said if one != "*"), "")
        ends = ends if len(ends) == 2 else [None, None]
        label = label or base.layer.rpartition(".")[2]
        file.relations.append((row.where, None, *ends, label))


FORMAT = Format(
    "WebAnno TSV 3.3",
    ".tsv",
    "Marks, tags, notes, relations by tokens and their parts. Counts UTF-16. For INCEpTION.",
    write,
    read,
)

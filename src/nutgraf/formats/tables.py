"""CSV: a table with a mark a row, for spreadsheets and pandas."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import Layer
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Written,
    another,
    dump,
    span_of,
    usual,
)

if TYPE_CHECKING:
    from nutgraf.article import Article

_COLUMNS = (
    *("id", "start", "end", "quote", "label", "kind", "note", "fragments", "attributes"),
    *("created", "changed", "annotator", "article", "sha256", "scheme"),
)
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""How a cell begins that a spreadsheet may run. An apostrophe before it stops that."""


def write(layer: Layer, article: Article) -> Written:
    """One mark a row. It begins with a byte order mark, so that spreadsheets read it as UTF-8;
    cells that a spreadsheet would run have an apostrophe before them, which `read` takes away."""
    lost = usual(layer, "relations", *([] if layer.marks else ["layer"]))
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for mark in layer.marks:
        row = [
            *(mark.id, mark.start, mark.end, mark.quote, mark.label, mark.kind, mark.note),
            ";".join(f"{start}-{end}" for start, end in mark.fragments),
            dump(dict(mark.attributes)) if mark.attributes else "",
            *(mark.created, mark.changed),
            *(layer.annotator, layer.article, layer.sha256, layer.scheme),
        ]
        table.writerow([f"'{one}" if _FORMULA.match(str(one)) else one for one in row])
    return Written("\ufeff" + out.getvalue(), lost)


def read(source: Source) -> File:
    rows = _rows(source)
    names = [name.strip().lower() for name in rows[0][1]] if rows else []
    if "label" not in names or not {"quote", "start"} & set(names):
        raise source.error(
            "line 1",
            "a table of marks has the columns label, and start and end, or quote.",
            "Name the columns so in the first line.",
        )
    whose: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for where, cells in rows[1:]:
        cells = [one[1:] if one[:1] == "'" and _FORMULA.match(one) else one for one in cells]  # noqa: PLW2901
        cell = dict(zip(names, cells, strict=False))
        whose.setdefault(cell.get("annotator", ""), []).append((where, cell))
    who = source.annotator
    if who is None and len(whose) < 2:
        who = next(iter(whose), "")
    elif who not in whose:
        people = ", ".join(one or "nobody" for one in whose) or "none"
        raise source.error(
            "annotator", f"there are marks by: {people}.", 'Say whose: read(..., annotator="1").'
        )
    file = File(annotator=who)
    for where, cell in whose.get(who, ()):
        file.scheme = file.scheme or cell.get("scheme", "")
        file.marks.append(_mark(file, cell, where))
    return file


def _rows(source: Source) -> list[tuple[str, list[str]]]:
    sign = max(",;\t", key=source.text.partition("\n")[0].count)
    old = csv.field_size_limit(len(source.text) + 1)
    try:
        table = csv.reader(io.StringIO(source.text, newline=""), delimiter=sign)
        return [(f"line {table.line_num}", row) for row in table if row]
    except csv.Error as error:
        raise source.error("CSV", f"{error}.", another("csv")) from error
    finally:
        csv.field_size_limit(old)


def _mark(file: File, cell: dict[str, str], where: str) -> Raw:
    span = span_of(cell.get("start"), cell.get("end"))
    spans = None if span is None else [span]
    pieces = cell.get("fragments", "")
    if pieces and span:
        found = [span_of(*one.split("-")) for one in pieces.split(";") if one.count("-") == 1]
        if found and None not in found and (found[0][0], found[-1][1]) == span:
            spans = found
        else:
            why = "its fragments are none of it"
            file.problem(where, "changed", why, id=cell.get("id"), label=pieces)
    attributes: Any = {}
    if cell.get("attributes"):
        try:
            attributes = json.loads(cell["attributes"])
        except ValueError:
            attributes = None
    quote = cell.get("quote", "")
    words = {name: cell.get(name, "") for name in ("note", "kind", "created", "changed")}
    return Raw(
        where,
        cell.get("id", ""),
        cell.get("label", ""),
        spans,
        (quote,) if quote else (),
        attributes=attributes,
        **words,
    )


FORMAT = Format(
    "CSV",
    ".csv",
    "A table, one mark a row, for spreadsheets and pandas. Counts code points.",
    write,
    read,
)

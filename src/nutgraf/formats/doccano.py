"""doccano's JSONL for sequence labelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nutgraf.annotating import Layer
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Written,
    another,
    as_dict,
    as_list,
    as_text,
    dump,
    pieces,
    span_of,
    the_entry,
    usual,
)

if TYPE_CHECKING:
    from nutgraf.article import Article


def write(layer: Layer, article: Article) -> Written:
    """One line of JSON with the text; `label` has [start, end, label], in code points. A layer with
    relations has `entities` and `relations` instead, as doccano has for such projects."""
    marks, now, gaps = pieces(layer)
    # Keys that doccano does not know are kept by it beside the text.
    data: dict[str, Any] = {
        "id": 1,
        "text": article.text,
        "article": layer.article,
        "sha256": layer.sha256,
        "scheme": layer.scheme,
        "annotator": layer.annotator,
    }
    if layer.relations:
        numbers = {mark.id: number for number, mark in enumerate(marks, start=1)}
        data["entities"] = [
            {
                "id": numbers[mark.id],
                "label": mark.label,
                "start_offset": mark.start,
                "end_offset": mark.end,
            }
            for mark in marks
        ]
        data["relations"] = [
            {
                "id": number,
                "from_id": numbers[now.get(one.head, one.head)],
                "to_id": numbers[now.get(one.tail, one.tail)],
                "type": one.label,
            }
            for number, one in enumerate(layer.relations, start=1)
        ]
    else:
        data["label"] = [[mark.start, mark.end, mark.label] for mark in marks]
    lost = usual(layer, "ids", "tags", "notes", "attributes", "times", "relation ids")
    return Written(dump(data) + "\n", lost + gaps)


def _text(entry: dict[str, Any]) -> str | None:
    return next((entry[k] for k in ("text", "data") if isinstance(entry.get(k), str)), None)


def read(source: Source) -> File:
    where, data, text = the_entry(source, _text)
    file = File(text=text, annotator=data.get("annotator", ""), scheme=data.get("scheme", ""))
    keys = ("entities", "label", "labels", "annotations")
    key = next((key for key in keys if isinstance(data.get(key), list)), None)
    if key is None:
        raise source.error(where, f"it has none of {', '.join(keys)}.", another("doccano"))
    for number, one in enumerate(data[key], start=1):
        place = f"{where}, {key} {number}"
        if isinstance(one, list) and len(one) >= 3:
            name, start, end, label = None, *one[:3]
        elif isinstance(one, dict):
            name, label = one.get("id"), one.get("label")
            start, end = one.get("start_offset"), one.get("end_offset")
        else:
            why = "it is no mark: a start, an end and a label"
            file.problem(place, "left out", why, label=as_text(one))
            continue
        span = span_of(start, end)
        file.marks.append(Raw(place, name, label, None if span is None else [span]))
    for number, one in enumerate(map(as_dict, as_list(data.get("relations"))), start=1):
        ends = (one.get("from_id"), one.get("to_id"))
        row = (f"{where}, relations {number}", one.get("id"), *ends, one.get("type"))
        file.relations.append(row)
    return file


FORMAT = Format(
    "doccano JSONL",
    ".jsonl",
    "Marks and relations, with the text. Counts code points; some exports count UTF-16.",
    write,
    read,
)

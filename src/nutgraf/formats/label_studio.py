"""Label Studio's JSON, and the labelling interface for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nutgraf.annotating import Layer, Scheme
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Written,
    as_dict,
    as_list,
    dump,
    gone,
    pieces,
    shown,
    span_of,
    the_entry,
    usual,
)

if TYPE_CHECKING:
    from nutgraf.article import Article


def label_studio_config(scheme: Scheme) -> str:
    """The labelling interface that a Label Studio project needs for what `write` makes."""
    from xml.sax.saxutils import quoteattr

    def labels(kind: str) -> str:
        return "".join(
            f"    <Label value={quoteattr(one.name)} hotkey={quoteattr(one.key)} "
            f"background={quoteattr(one.colour)}/>\n"
            for one in scheme.labels
            if one.kind == kind
        )

    relations = "".join(f"    <Relation value={quoteattr(one)}/>\n" for one in scheme.relations)
    return (
        "<View>\n"
        f'  <Labels name="highlight" toName="text">\n{labels("highlight")}  </Labels>\n'
        f'  <Labels name="tag" toName="text">\n{labels("tag")}  </Labels>\n'
        + (f"  <Relations>\n{relations}  </Relations>\n" if relations else "")
        + '  <Text name="text" value="$text"/>\n</View>\n'
    )


def write(layer: Layer, article: Article) -> Written:
    """A task with one annotation. Offsets are code points, as Label Studio stores them since 1.4.

    Tags are regions of a control of their own, notes and attributes stand in a region's `meta`.
    """
    marks, now, gaps = pieces(layer)
    result = []
    for mark in marks:
        value = {"start": mark.start, "end": mark.end, "text": mark.quote, "labels": [mark.label]}
        region: dict[str, Any] = {
            "id": mark.id,
            "from_name": mark.kind,
            "to_name": "text",
            "type": "labels",
            "value": value,
        }
        meta: dict[str, Any] = {k: v for k, v in mark.attributes.items() if k != "text"}
        meta |= {"text": [mark.note]} if mark.note else {}
        result.append(region | ({"meta": meta} if meta else {}))
    for one in layer.relations:
        result.append(
            {
                "type": "relation",
                "from_id": now.get(one.head, one.head),
                "to_id": now.get(one.tail, one.tail),
                "direction": "right",
                "labels": [one.label],
            }
        )
    unfit = [mark for mark in layer.marks if "text" in mark.attributes]
    why = "an attribute called text, which is where the note stands"
    task = {
        "id": 1,
        "data": {
            "text": article.text,
            "article": layer.article,
            "sha256": layer.sha256,
            "scheme": layer.scheme,
            "annotator": layer.annotator,
        },
        "annotations": [{"id": 1, "result": result}],
    }
    lost = [*gaps, *gone("attributes", unfit, why), *usual(layer, "times", "relation ids")]
    return Written(dump([task], indent=1) + "\n", lost)


def _text(task: dict[str, Any]) -> str | None:
    data = as_dict(task.get("data", task))
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    return texts.get("text", max(texts.values(), key=len, default=None))


def read(source: Source) -> File:
    where, task, text = the_entry(source, _text)
    data = as_dict(task.get("data"))
    file = File(text=text, scheme=data.get("scheme", ""))
    if "annotations" not in task and "completions" not in task:
        _read_minimal(file, task, where)
        return file
    done = as_list(task.get("annotations", task.get("completions")))  # the name before 1.0
    done = [one for one in done if isinstance(one, dict) and not one.get("was_cancelled")]
    by: dict[str, list[dict[str, Any]]] = {}
    for one in done:
        who = one.get("completed_by", "")
        who = who.get("id", "") if isinstance(who, dict) else who  # not the address
        by.setdefault(str(who) if isinstance(who, (str, int)) else "", []).append(one)
    if len(done) == 1 and not source.annotator:
        chosen = done[0]
        file.annotator = data.get("annotator") or next(iter(by))
    elif len(by.get(source.annotator, ())) == 1:
        chosen = by[source.annotator][0]
    else:
        names = ", ".join(f"{who or 'nobody'} ({len(one)})" for who, one in by.items()) or "none"
        raise source.error(
            where,
            f"there are annotations by: {names}.",
            'Say whose you want: read(..., annotator="1"); one a person can be read.',
        )
    for number, one in enumerate(as_list(chosen.get("result")), start=1):
        _read_region(file, as_dict(one), f"{where}, result {number}")
    return file


def _read_minimal(file: File, task: dict[str, Any], where: str) -> None:
    """Label Studio's JSON_MIN: the marks stand beside the text, under the name of their control."""
    file.annotator = task.get("annotator", "")
    for name, regions in task.items():
        for number, one in enumerate(as_list(regions), start=1):
            if isinstance(one, dict) and "start" in one:
                region = {"from_name": name, "type": "labels", "value": one}
                _read_region(file, region, f"{where}, {name} {number}")


def _read_region(file: File, region: dict[str, Any], where: str) -> None:
    sort, name, value = region.get("type"), region.get("id"), as_dict(region.get("value"))
    if sort == "relation":
        _read_relation(file, region, where)
        return
    place = as_dict(value.get("globalOffsets")) or value
    span = span_of(place.get("start"), place.get("end"))
    said = as_list(value.get(sort) if isinstance(sort, str) else None)
    before = next((raw for raw in file.marks if name is not None and raw.id == name), None)
    if before and sort != "labels":  # said of a region that is there already
        words = " ".join(map(str, said or as_list(value.get("text"))))
        if sort == "textarea" and not before.note:
            before.note = words
        else:
            before.attributes[str(region.get("from_name"))] = words
        return
    if span is None or not said:
        why = "it is no mark with a label on a stretch of the text"
        file.problem(where, "left out", why, id=name, label=region.get("from_name"))
        return
    meta = dict(as_dict(region.get("meta")))
    note = "\n".join(map(str, as_list(meta.pop("text", None))))
    tag = sort == "choices" or region.get("from_name") == "tag"
    quote = value.get("text")
    for number, label in enumerate(said):
        file.marks.append(
            Raw(
                where,
                name if number == 0 else None,
                label,
                [span],
                (quote,) if isinstance(quote, str) and quote else (),
                note=note,
                kind="tag" if tag else "highlight",
                attributes=dict(meta),
            )
        )


def _read_relation(file: File, region: dict[str, Any], where: str) -> None:
    ends = [region.get("from_id"), region.get("to_id")]
    ends = ends[::-1] if region.get("direction") == "left" else ends
    if region.get("direction") == "bi":
        why = "it goes both ways; now it goes one way"
        file.problem(where, "changed", why, label=shown(region.get("labels")))
    for label in as_list(region.get("labels")) or ["relation"]:
        file.relations.append((where, None, *ends, label))


FORMAT = Format(
    "Label Studio JSON",
    ".json",
    "Marks, tags, notes, relations, with the text. Counts code points; before 1.4, UTF-16.",
    write,
    read,
)

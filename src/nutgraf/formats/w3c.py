"""W3C Web Annotation, the kit's own format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from nutgraf.annotating import CONTEXT, Layer, Mark, Relation
from nutgraf.formats.common import (
    File,
    Format,
    Raw,
    Source,
    Written,
    as_dict,
    as_list,
    dump,
    parsed,
    shown,
    span_of,
)

if TYPE_CHECKING:
    from nutgraf.article import Article

_MARK, _RELATION = "urn:nutgraf:mark:", "urn:nutgraf:relation:"


def _percent(name: str) -> str:
    return quote(name, safe="")


def _text_body(value: str, purpose: str) -> dict[str, str]:
    return {"type": "TextualBody", "value": value, "purpose": purpose}


def write(layer: Layer, article: Article) -> Written:
    """JSON-LD of the Web Annotation Data Model (W3C 2017). Nothing is lost.

    A mark with gaps has one target a piece. What the model has no word for has a name that begins
    with "nutgraf:". Offsets are code points, as the recommendation asks.
    """
    source = f"urn:nutgraf:article:{_percent(layer.article)}"
    items = [_mark_item(mark, article.text, source) for mark in layer.marks]
    items += [_relation_item(relation) for relation in layer.relations]
    name = f"urn:nutgraf:layer:{layer.sha256[:16]}:{_percent(layer.annotator)}"
    collection = {
        "@context": ["http://www.w3.org/ns/anno.jsonld", {"nutgraf": "urn:nutgraf:"}],
        "id": name,
        "type": "AnnotationCollection",
        "creator": {"nickname": layer.annotator},
        "nutgraf:article": layer.article,
        "nutgraf:sha256": layer.sha256,
        "nutgraf:scheme": layer.scheme,
        "total": len(items),
        "first": {
            "id": f"{name}:1",
            "type": "AnnotationPage",
            "startIndex": 0,
            "items": items,
        },
    }
    return Written(dump(collection, indent=1) + "\n", [])


def _mark_item(mark: Mark, text: str, source: str) -> dict[str, Any]:
    targets = [{"source": source, "selector": _selectors(text, *span)} for span in mark.spans]
    item = {
        "id": _MARK + _percent(mark.id),
        "type": "Annotation",
        "motivation": "classifying" if mark.kind == "tag" else "highlighting",
        "body": [_text_body(mark.label, "tagging")],
        "target": targets if len(targets) > 1 else targets[0],
    }
    if mark.note:
        item["body"].append(_text_body(mark.note, "commenting"))
    if mark.created:
        item["created"] = mark.created
    if mark.changed:
        item["modified"] = mark.changed
    if mark.attributes:
        item["nutgraf:attributes"] = dict(mark.attributes)
    return item


def _selectors(text: str, start: int, end: int) -> list[dict[str, Any]]:
    position = {"type": "TextPositionSelector", "start": start, "end": end}
    words = {
        "type": "TextQuoteSelector",
        "exact": text[start:end],
        "prefix": text[max(0, start - CONTEXT) : start],
        "suffix": text[end : end + CONTEXT],
    }
    return [position, words]


def _relation_item(relation: Relation) -> dict[str, Any]:
    end = {
        "type": "SpecificResource",
        "source": _MARK + _percent(relation.tail),
        "purpose": "linking",
    }
    return {
        "id": _RELATION + _percent(relation.id),
        "type": "Annotation",
        "motivation": "linking",
        "body": [end, _text_body(relation.label, "tagging")],
        "target": _MARK + _percent(relation.head),
    }


def read(source: Source) -> File:
    data = parsed(source, source.text)
    file, items = File(), data if isinstance(data, list) else []
    page = data
    if isinstance(data, dict):
        # Full names and addresses that other tools write are not taken over.
        file.annotator = as_dict(data.get("creator")).get("nickname", "")
        file.scheme = data.get("nutgraf:scheme", "")
        page = data.get("first", data)
        if not isinstance(page, dict):
            raise source.error(
                "first",
                "the annotations are not in this file; it only says where they are.",
                "Export the collection with its pages.",
            )
    while isinstance(page, dict):  # a page may hold the next one
        items += as_list(page.get("items", page.get("@graph", page if "target" in page else [])))
        page = page.get("next")
    for number, item in enumerate(items, start=1):
        where = f"annotation {number}"
        if not isinstance(item, dict):
            file.problem(where, "left out", "it is no annotation", quote=shown(item))
        elif "linking" in as_list(item.get("motivation")):
            _read_relation(file, item, where)
        else:
            _read_mark(file, item, where)
    return file


def _name_of(iri: Any) -> Any:
    """What our own IRIs name; of others, the whole IRI."""
    for start in (_MARK, _RELATION):
        if isinstance(iri, str) and iri.startswith(start):
            return unquote(iri.removeprefix(start))
    return iri


def _bodies(item: dict[str, Any]) -> list[dict[str, Any]]:
    bodies = as_list(item.get("body", item.get("bodyValue")))
    return [body if isinstance(body, dict) else {"value": body} for body in bodies]


def _resource(one: Any) -> Any:
    return one.get("source", one.get("id")) if isinstance(one, dict) else one


def _read_relation(file: File, item: dict[str, Any], where: str) -> None:
    heads = [_resource(one) for one in as_list(item.get("target"))]
    tails = [_resource(body) for body in _bodies(item) if "value" not in body]
    labels = [body["value"] for body in _bodies(item) if "value" in body]
    ends = [_name_of(one[0]) if one else None for one in (heads, tails)]
    label = labels[0] if labels else "linking"
    file.relations.append((where, _name_of(item.get("id")), *ends, label))


def _read_mark(file: File, item: dict[str, Any], where: str) -> None:
    name, motivation = _name_of(item.get("id")), as_list(item.get("motivation"))
    bodies = _bodies(item)
    tags = [body for body in bodies if body.get("purpose") in ("tagging", "classifying")]
    if not tags:  # a tool that says no purpose: the first short word is the label
        short = (one for one in bodies if len(str(one.get("value", ""))) in range(1, 65))
        tags = [one for one in short if one.get("purpose") in (None, "identifying")][:1]
    labels = [body.get("value", _resource(body)) for body in tags]
    others = [body.get("value") for body in bodies if body not in tags]
    notes = [str(value) for value in others if isinstance(value, (str, int))]
    if not labels:
        labels = motivation[:1] or ["highlighting"]
        file.problem(where, "changed", "it has no label; now its motivation is one", id=name)
    spans, quotes, around = [], [], ("", "")
    targets = as_list(item.get("target"))
    for target in targets:
        selectors = as_list(as_dict(target).get("selector"))
        by_type = {one.get("type"): one for one in selectors if isinstance(one, dict)}
        place = by_type.get("TextPositionSelector", {})
        words = by_type.get("TextQuoteSelector", {})
        spans.append(span_of(place.get("start"), place.get("end")))
        quotes += [words["exact"]] if isinstance(words.get("exact"), str) else []
        if len(targets) == 1:
            said = (words.get("prefix"), words.get("suffix"))
            around = tuple(one if isinstance(one, str) else "" for one in said)
    placed = bool(spans) and None not in spans
    if not quotes and not placed:
        why = "it has no TextPositionSelector and no TextQuoteSelector"
        file.problem(where, "left out", why, id=name, label=labels[0])
        return
    for number, label in enumerate(labels):
        file.marks.append(
            Raw(
                where,
                name if number == 0 else None,
                label,
                sorted(spans) if placed else None,
                tuple(quotes),
                note="\n".join(notes),
                kind="tag" if "classifying" in motivation else "highlight",
                attributes=item.get("nutgraf:attributes", {}),
                created=item.get("created", ""),
                changed=item.get("modified", ""),
                prefix=around[0],
                suffix=around[1],
            )
        )


FORMAT = Format(
    "W3C Web Annotation",
    ".jsonld",
    "All of a layer, with quotes and what stands around them. Counts code points.",
    write,
    read,
)

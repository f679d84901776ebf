"""From marks as a file has them to marks in the article's own offsets, each of them checked."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import (
    CONTEXT,
    LONGEST,
    Layer,
    Mark,
    Relation,
    Scheme,
    in_order,
    mark_at,
    reanchor,
    sentence_spans,
    text_sha256,
)
from nutgraf.formats.common import (
    SIZES,
    File,
    Raw,
    Read,
    Span,
    as_text,
    free,
    plain,
    shown,
    skeleton,
    whole,
)

if TYPE_CHECKING:
    from nutgraf.article import Article


def placed(
    file: File, article: Article, scheme: Scheme | None, unit: str | None, origin: str
) -> Read:
    """The layer and what went wrong on the way; `unit` where it has been said."""
    import pandas as pd

    text = article.text if file.text is None else file.text
    name, places = _counted(file, text, file.counts or unit)
    if text != article.text:
        places = _carried(file, text, article.text, places)
    elif name is None:
        places = _looked_for(file, text, article.text, places)
    marks = _checked(file, article, scheme, name, places)
    ids = {key: mark.id for key, mark in reversed(marks) if key is not None}
    relations = _related(file, scheme, ids, {mark.id for _, mark in marks})
    said = file.scheme if isinstance(file.scheme, str) else ""
    if scheme is not None and said not in ("", scheme.name):
        why = f"it was made with {shown(said)}; now it has {scheme.name}"
        file.problem("file", "changed", why)
    who = str(file.annotator) if type(file.annotator) in (str, int) else ""
    layer = Layer(
        annotator=plain(who)[:64],
        article=article.name,
        sha256=text_sha256(article),
        scheme=scheme.name if scheme is not None else plain(said)[:64],
        marks=in_order(mark for _, mark in marks),
        relations=tuple(relations),
        origin=origin,
    )
    columns = ["where", "id", "label", "quote", "done", "why"]
    problems = pd.DataFrame(file.problems, columns=columns, dtype="str")
    return Read(layer, file.says or name or "quotes", problems)


# --- units -----------------------------------------------------------------------------------

_Places = list[list[Span] | None]
"""For every mark its spans in code points; None for those that are no places in the text."""


def offsets(text: str, unit: str) -> Sequence[int]:
    """Where every code point begins, and where the last one ends, in this unit."""
    if unit == "code points" or text.isascii():
        return range(len(text) + 1)
    return list(accumulate(map(SIZES[unit], text), initial=0))


def code_point(offset: int, starts: Sequence[int]) -> int | None:
    """The code point that begins there; None when there is none, or it is inside of one."""
    place = bisect_left(starts, offset)
    return place if place < len(starts) and starts[place] == offset else None


def _code_points(spans: list[Span] | None, starts: Sequence[int]) -> list[Span] | None:
    """The same spans in code points; None when they are no places in the text, in order."""
    places = [code_point(offset, starts) for span in spans or () for offset in span]
    if not places or None in places:
        return None
    found = list(zip(places[::2], places[1::2], strict=True))
    apart = all(a <= b for a, b in zip(places[1::2], places[2::2], strict=False))
    return found if apart and all(start < end for start, end in found) else None


def stands(raw: Raw, text: str, spans: list[Span] | None) -> bool:
    """Whether the quotes of a mark are what the text says there; white space may differ.

    There is a quote a piece, or one: from the first start to the last end, or of the pieces with a
    space between.
    """
    if spans is None:
        return False
    said = [text[start:end] for start, end in spans]
    ways = (said, [text[spans[0][0] : spans[-1][1]]], [" ".join(said)])
    quotes = [_squeezed(one) for one in raw.quotes]
    return any(quotes == [_squeezed(one) for one in way] for way in ways)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _counted(file: File, text: str, unit: str | None) -> tuple[str | None, _Places]:
    """How the file counts in this text, and the places of its marks.

    The unit is None when no way of counting makes all quotes fit.
    """
    places: dict[str, _Places] = {}
    for name in [unit] if unit else SIZES:
        starts = offsets(text, name)
        places[name] = [_code_points(raw.spans, starts) for raw in file.marks]
    quoted = [number for number, raw in enumerate(file.marks) if raw.quotes]
    fits = {
        name: {number for number in quoted if stands(file.marks[number], text, found[number])}
        for name, found in places.items()
    }
    for name, found in places.items():
        if len(fits[name]) == len(quoted) and None not in found:
            if unit is None and not quoted:
                _doubt(file, text, name, places)
            return name, found
    if not quoted:  # nothing to go by: what is a place is kept
        name = unit or "code points"
        return name, places[name]
    # Where most quotes stand at their offsets, those are kept.
    name = max(fits, key=lambda one: len(fits[one]))
    if 2 * len(fits[name]) <= len(quoted):
        return None, [None] * len(file.marks)
    kept = {n for n in fits[name] if not (file.marks[n].prefix or file.marks[n].suffix)}
    if kept:
        file.problem(
            "offsets",
            "kept",
            f"{len(kept)} of {len(quoted)} quotes stand where their offsets say, counted in "
            f"{name}; the others were looked for by their words",
        )
    return None, [found if n in kept else None for n, found in enumerate(places[name])]


def _doubt(file: File, text: str, name: str, places: dict[str, _Places]) -> None:
    """Say so when a file without quotes could count in UTF-16 just as well."""
    other = "UTF-16" if name == "code points" else "code points"
    if None in places[other] or places[other] == places[name]:
        return

    def torn(found: _Places) -> int:
        ends = [place for spans in found for span in spans for place in span]
        return sum(bool(re.fullmatch(r"\w\w", text[max(0, end - 1) : end + 1])) for end in ends)

    fewer = torn(places[other]) < torn(places[name])
    hint = " Then fewer of them would begin or end inside a word." if fewer else ""
    file.problem(
        "offsets",
        "kept",
        f"there are no quotes to check by, so the marks were read as counted in {name}. If they "
        f'look shifted, say read(..., unit="{other}").{hint}',
    )


# --- another text than the article's ---------------------------------------------------------


def _carried(file: File, text: str, target: str, places: _Places) -> _Places:
    """Spans in the file's own text, brought over to the article's."""
    for compose in (False, True):
        here, starts, ends = skeleton(text, compose)
        there, new_starts, new_ends = skeleton(target, compose)
        if here == there:
            break
    else:
        return _looked_for(file, text, target, places)

    def carry(span: Span) -> Span | None:
        first, last = bisect_right(ends, span[0]), bisect_left(starts, span[1]) - 1
        return (new_starts[first], new_ends[last]) if first <= last else None

    carried: _Places = []
    for raw, spans in zip(file.marks, places, strict=True):
        new = [carry(span) for span in spans] if spans else [None]
        if spans and None in new:
            file.out(raw, "it holds white space only", text[spans[0][0] : spans[-1][1]])
        carried.append(None if None in new else new)
    if not file.spaced and any(carried):
        file.problem(
            "text",
            "moved",
            "the file's text differs from the article's in white space, line ends or the form of "
            "accents only; its marks were carried over",
        )
    return carried


def _looked_for(file: File, text: str, target: str, places: _Places) -> _Places:
    """Marks placed by their words and what stands around, where offsets do not help.

    Words are compared without white space and with accents composed. Where they stand once with all
    that is known of what was around, they are; for the others `annotating.reanchor` decides.
    """
    same = text == target
    there, starts, ends = skeleton(target)
    unsure, inner, sure = [], {}, {}
    for number, (raw, spans) in enumerate(zip(file.marks, places, strict=True)):
        if same and spans:
            continue
        quote, prefix, suffix, pieces = _words_of(raw, None if same else text, spans)
        if not quote:
            file.out(raw, "its offsets do not fit, and it has no quote")
            continue
        inner[str(number)] = pieces
        around = there.find(prefix + quote + suffix) if prefix or suffix else -1
        if around >= 0 and there.find(prefix + quote + suffix, around + 1) < 0:
            sure[str(number)] = around + len(prefix)
            continue
        start = raw.spans[0][0] if raw.spans else 0
        unsure.append(
            Mark(
                id=str(number),
                start=start,
                end=start + len(quote),
                quote=quote,
                label=shown(raw.label),
                prefix=prefix,
                suffix=suffix,
            )
        )
    layer, lost = reanchor(Layer("", "", "", "", tuple(unsure)), there)
    found: _Places = list(places) if same else [None] * len(places)
    sure |= {mark.id: mark.start for mark in layer.marks}
    for number, start in sure.items():
        found[int(number)] = [(starts[start + a], ends[start + b - 1]) for a, b in inner[number]]
    for row in lost.itertuples():
        file.out(file.marks[int(row.id)], row.why)
    if sure:
        why = "no way of counting makes all quotes fit" if same else "its text is another one"
        file.problem("file", "moved", f"{why}: {len(sure)} marks were placed by their words")
    return found


def _words_of(
    raw: Raw, text: str | None, spans: list[Span] | None
) -> tuple[str, str, str, list[Span]]:
    """Quote, prefix, suffix and pieces of a mark, all without white space."""

    def bare(said: str) -> str:
        return skeleton(said)[0]

    if text is not None and spans:
        start, end = spans[0][0], spans[-1][1]
        pieces = [(len(bare(text[start:a])), len(bare(text[start:b]))) for a, b in spans]
        # Twice the context, for white space takes part of it.
        before, after = text[max(0, start - 2 * CONTEXT) : start], text[end : end + 2 * CONTEXT]
        return bare(text[start:end]), bare(before)[-CONTEXT:], bare(after)[:CONTEXT], pieces
    if len(raw.quotes) != 1 or len(raw.spans or [None]) != 1:
        return "", "", "", []  # the pieces alone do not say what stands in the gaps
    quote = bare(raw.quotes[0])
    return quote, bare(raw.prefix), bare(raw.suffix), [(0, len(quote))]


# --- checking --------------------------------------------------------------------------------


def _checked(
    file: File, article: Article, scheme: Scheme | None, unit: str | None, places: _Places
) -> list[tuple[Any, Mark]]:
    """The marks that have a place and a label, each with its id in the file."""
    marks, tagged = [], set()
    sentences = sentence_spans(article)
    taken: set[str] = set()
    reported = {(row["where"], row["id"]) for row in file.problems if row["done"] == "left out"}
    for raw, spans in zip(file.marks, places, strict=True):
        label = _label_of(file, raw, scheme)
        if label is None:
            continue
        if not spans:
            if (raw.where, whole(as_text(raw.id))[:LONGEST]) not in reported:
                file.out(raw, f"{shown(raw.spans)} is no place in the text, counted in {unit}")
            continue
        kind = raw.kind if raw.kind in ("tag", "highlight") else "highlight"
        if scheme is not None:
            kind = scheme.label(label).kind
        if kind == "tag":
            span = _sentence(file, raw, (spans[0][0], spans[-1][1]), sentences)
            if span is None:
                continue
            if span in tagged and scheme is not None and scheme.one_tag_a_sentence:
                file.out(raw, "its sentence has a tag already", article.text[slice(*span)])
                continue
            tagged.add(span)
            spans = [span]  # noqa: PLW2901
        spans = _joined(spans)  # noqa: PLW2901
        mark = mark_at(
            article,
            spans[0][0],
            spans[-1][1],
            label,
            id=_id_of(file, raw, taken, len(marks) + 1),
            note=_words(file, raw, raw.note, "note"),
            kind=kind,
            fragments=tuple(spans) if len(spans) > 1 else (),
            attributes=_attributes(file, raw),
            created=_words(file, raw, raw.created, "time"),
            changed=_words(file, raw, raw.changed, "time"),
        )
        marks.append((raw.id if isinstance(raw.id, (str, int)) else None, mark))
    return marks


def _label_of(file: File, raw: Raw, scheme: Scheme | None) -> str | None:
    """The label as it may be kept; None (and a row among the problems) when it cannot."""
    if type(raw.label) not in (str, int):
        return file.out(raw, "its label is no text")
    label = plain(str(raw.label))
    if not label.strip() or len(label) > 64:
        return file.out(raw, "its label is empty, or longer than 64 characters")
    if scheme is not None:
        names = {one.name for one in scheme.labels}
        alike = [one for one in names if one == label]
        alike = alike or [one for one in names if _loose(one) == _loose(label)]
        if len(alike) != 1:
            why = f"{scheme.name} has no such label; it has {', '.join(sorted(names))}"
            return file.out(raw, why)
        (label,) = alike
    if label != str(raw.label):
        file.changed(raw, f"its label is now {label!r}")
    return label


def _loose(label: str) -> str:
    return re.sub(r"[\s_-]", "", label).casefold()


def _words(file: File, raw: Raw, value: Any, what: str) -> str:
    """A note or a time as it may be kept."""
    if value is None or value == "":
        return ""
    kept = whole(as_text(value))[:LONGEST]
    if kept != value:
        file.changed(raw, f"its {what} was cut or mended")
    return kept


def _attributes(file: File, raw: Raw) -> dict[str, str]:
    if not isinstance(raw.attributes, dict):
        file.changed(raw, "its attributes are none")
        return {}
    kept = {}
    for name, value in raw.attributes.items():
        word = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(name) <= LONGEST and len(word) <= LONGEST:
            kept[whole(name)] = whole(word)
        else:
            file.changed(raw, f"{name[:40]} was left out")
    return kept


def _sentence(file: File, raw: Raw, span: Span, sentences: dict[Span, int]) -> Span | None:
    """The one sentence that a tag is on."""
    if span in sentences:
        return span
    touched = [one for one in sentences if one[0] < span[1] and span[0] < one[1]]
    if len(touched) == 1:
        file.changed(raw, "it is now on its whole sentence")
        return touched[0]
    return file.out(raw, "it is a tag, and not on one sentence")


def _joined(spans: list[Span]) -> list[Span]:
    """Pieces that touch become one."""
    joined = [spans[0]]
    for start, end in spans[1:]:
        if start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _id_of(file: File, raw: Raw, taken: set[str], number: int) -> str:
    """An id that no other mark has: the file's own if it will do."""
    said = as_text(raw.id)
    name = plain(said)
    new = free(name if 0 < len(name) <= 64 else f"m{number}", taken)
    if said and new != said:
        file.changed(raw, f"its id is now {new}")
    return new


def _related(
    file: File, scheme: Scheme | None, ids: dict[Any, str], taken: set[str]
) -> Iterator[Relation]:
    for number, (where, id, head, tail, label) in enumerate(file.relations, start=1):
        ends = [ids.get(end) if isinstance(end, (str, int)) else None for end in (head, tail)]
        word = plain(label) if isinstance(label, str) else ""
        why = ""
        if None in ends:
            why = f"a mark that it joins is not there ({shown(head)}, {shown(tail)})"
        elif not word.strip() or len(word) > 64:
            why = "its label is no text, or longer than 64 characters"
        elif scheme is not None and word not in scheme.relations:
            why = f"{scheme.name} has no such relation"
        if why:
            file.problem(where, "left out", why, id=id, label=label)
            continue
        said = id if isinstance(id, str) else ""
        name = plain(said)
        new = free(name if 0 < len(name) <= 64 else f"r{number}", taken)
        if said and new != said:
            file.problem(where, "changed", f"its id is now {new}", id=id, label=label)
        if word != label:
            file.problem(where, "changed", f"its label is now {word!r}", id=id, label=label)
        yield Relation(new, *ends, word)

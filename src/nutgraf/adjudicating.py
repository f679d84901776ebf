"""Layers side by side: where annotators agree, how a difference is settled, and scoring.

Readers who differ are not right or wrong. A difference is shown with both readings, settled with a
reason in words, and counted so that a reading one can defend costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nutgraf.annotating import (
    Label,
    Layer,
    Mark,
    Relation,
    Scheme,
    _short,
    as_article,
    controls,
    in_order,
    in_quotes,
    load_scheme,
    reference_layer,
    schemes,
    sentence_spans,
    text_sha256,
    validate_layer,
)
from nutgraf.errors import NutgrafError
from nutgraf.quizzes import FEEDBACK_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

    Layers = Sequence[Layer] | Mapping[str, Layer]

NONE = "none"
"""The choice that nothing is marked there."""

_OURS = ("group", "kind", "label", "start", "end", "quote", "sentence", "agreed", "why")


@dataclass(frozen=True)
class _Group:
    """Marks about the same thing: the tags of a sentence, or overlapping highlights of a label."""

    name: str
    kind: str
    label: str
    marks: tuple[tuple[str, Mark], ...]
    agreed: bool
    why: str

    @property
    def start(self) -> int:
        return min(mark.start for _, mark in self.marks)

    @property
    def end(self) -> int:
        return max(mark.end for _, mark in self.marks)


# --- side by side ----------------------------------------------------------------------------


def side_by_side(layers: Layers, article: Article | str) -> pd.DataFrame:
    """What several annotators marked, one row a group, in the order of the text.

    layers: of one text and one scheme, or a dict with a name for each. A group is the tags of one
    sentence ("S05"), or the highlights of one label that overlap ("LOADED@79", by where they
    begin). Columns: group, kind, label ("" for tags), start, end, quote, sentence (its number),
    one column an annotator with their tag, or the words they marked; agreed; why: "" or how they
    differ ("one tag is missing", "different tags", "not marked by all", "different words").

    Raises NutgrafError when the layers cannot be compared.
    """
    import pandas as pd

    article = as_article(article)
    named = _named(layers, article)
    sentences = sentence_spans(article)
    rows = []
    for group in _groups(named, article):
        row: dict[str, Any] = {
            "group": group.name,
            "kind": group.kind,
            "label": group.label,
            "start": group.start,
            "end": group.end,
            "quote": article.text[group.start : group.end],
            "sentence": _sentence(group.start, sentences),
        }
        for name in named:
            theirs = [mark for who, mark in group.marks if who == name]
            said = [
                mark.label if mark.kind == "tag" else in_quotes(_words(mark)) for mark in theirs
            ]
            row[name] = "; ".join(said)
        rows.append(row | {"agreed": group.agreed, "why": group.why})
    columns = [*_OURS[:-2], *named, *_OURS[-2:]]
    table = pd.DataFrame(rows, columns=columns)
    numbers = ("start", "end", "sentence")
    kinds = {name: "int64" if name in numbers else "str" for name in columns}
    return table.astype(kinds | {"agreed": "bool"})


def _named(layers: Layers, article: Article) -> dict[str, Layer]:
    """The layers by the name of the annotator, once it is sure that they can be compared."""
    pairs = (
        list(layers.items())
        if isinstance(layers, Mapping)
        else [(layer.annotator, layer) for layer in layers]
    )
    named = {name: layer for name, layer in pairs}
    if len(named) < 2:
        raise NutgrafError(
            f"Comparing takes layers of two annotators, and here is {len(named)}. Where two have "
            'the same number, name them: side_by_side({"Ann": one, "Ben": other}, article).'
        )
    if len(named) < len(pairs):
        raise NutgrafError(
            "Two of the layers have the same annotator. Leave one out, or name them: "
            '{"Ann": one, "Ben": other}.'
        )
    first = next(iter(named.values()))
    for name, layer in named.items():
        if not isinstance(name, str) or not name or name in (*_OURS, NONE):
            raise NutgrafError(f"{_short(name)} cannot be the name of an annotator. Take another.")
        if layer.scheme != first.scheme:
            raise NutgrafError(
                f"The layer of {name} was made with the scheme {_short(layer.scheme)}, the first "
                f"one with {_short(first.scheme)}. Compare layers of one scheme."
            )
        validate_layer(layer, article)
    return named


def _groups(named: Mapping[str, Layer], article: Article) -> list[_Group]:
    sentences = sentence_spans(article)
    tags: dict[int, list[tuple[str, Mark]]] = {}
    highlights: dict[str, list[tuple[str, Mark]]] = {}
    for name, layer in named.items():
        for mark in layer.marks:
            if mark.kind == "tag":
                tags.setdefault(sentences[(mark.start, mark.end)], []).append((name, mark))
            else:
                highlights.setdefault(mark.label, []).append((name, mark))
    groups = [_of_tags(number, marks, len(named)) for number, marks in tags.items()]
    for label, marks in highlights.items():
        marks.sort(key=lambda one: (one[1].start, one[1].end))
        together: list[list[tuple[str, Mark]]] = []
        reach = -1
        for one in marks:
            if one[1].start >= reach:
                together.append([])
            together[-1].append(one)
            reach = max(reach, one[1].end)
        groups += [_of_highlights(label, some, len(named)) for some in together]
    return sorted(groups, key=lambda one: (one.start, -one.end, one.kind, one.label))


def _of_tags(number: int, marks: list[tuple[str, Mark]], people: int) -> _Group:
    why = ""
    if len({name for name, _ in marks}) < people:
        why = "one tag is missing" if people == 2 else "tags are missing"
    elif len({mark.label for _, mark in marks}) > 1:
        why = "different tags"
    return _Group(f"S{number:02}", "tag", "", tuple(marks), not why, why)


def _of_highlights(label: str, marks: list[tuple[str, Mark]], people: int) -> _Group:
    why = ""
    if len({name for name, _ in marks}) < people:
        why = "not marked by all"
    elif len(marks) > people or len({mark.spans for _, mark in marks}) > 1:
        why = "different words"
    start = min(mark.start for _, mark in marks)
    return _Group(f"{label}@{start}", "highlight", label, tuple(marks), not why, why)


def _sentence(start: int, sentences: Mapping[tuple[int, int], int]) -> int:
    return max((number for (first, _), number in sentences.items() if first <= start), default=0)


def _words(mark: Mark) -> str:
    if not mark.fragments:
        return mark.quote
    pieces = (mark.quote[a - mark.start : b - mark.start] for a, b in mark.fragments)
    return " … ".join(pieces)


# --- settling --------------------------------------------------------------------------------


def adjudicate(
    layers: Layers, decisions: Mapping[str, tuple[str, str]], article: Article | str
) -> Layer:
    """One layer out of several: what all agree on, and for the rest what was decided.

    decisions: group (as in `side_by_side`) -> (choice, reason). The choice is the name of an
    annotator, whose marks are taken; for tags also a tag; or "none". The reason is a sentence, and
    it is kept: attributes["decided"] is "agreed" or the choice, attributes["reason"] the reason.

    Raises NutgrafError listing the groups that are not decided yet, and for a decision on no
    group, with no reason, or with a choice there is not.
    """
    article = as_article(article)
    named = _named(layers, article)
    groups = {group.name: group for group in _groups(named, article)}
    first = next(iter(named.values()))
    unknown = [name for name in decisions if name not in groups]
    if unknown:
        raise NutgrafError(
            f"There is no group {_short(unknown[0])}. side_by_side(layers, article) lists them all."
        )
    open_groups = [one.name for one in groups.values() if not one.agreed]
    open_groups = [name for name in open_groups if name not in decisions]
    if open_groups:
        raise NutgrafError(
            f"Not decided yet: {', '.join(open_groups)}. Give each a choice and a reason: "
            f'{{"{open_groups[0]}": ("{next(iter(named))}", "because ...")}}.'
        )
    marks: list[Mark] = []
    ids: dict[tuple[str, str], str] = {}  # (annotator, id) -> id in the new layer
    for group in groups.values():
        if group.name in decisions:
            taken, words = _decided(group, decisions[group.name], named, first.scheme)
        else:
            taken, words = group.marks[:1], {"decided": "agreed"}
        for _, mark in taken:
            new = replace(mark, id=f"A{len(marks) + 1:03}", attributes={**mark.attributes, **words})
            if group.name not in decisions:
                new = replace(new, note=_notes(group))
            marks.append(new)
            alike = (mark.spans, mark.label)
            ids |= {(w, o.id): new.id for w, o in group.marks if (o.spans, o.label) == alike}
    return Layer(
        annotator="adjudicated",
        article=article.name,
        sha256=text_sha256(article),
        scheme=first.scheme,
        marks=in_order(marks),
        relations=_joined(named, ids),
        origin=f"adjudicated from {', '.join(named)}",
    )


def _decided(
    group: _Group, decision: Any, named: Mapping[str, Layer], scheme: str
) -> tuple[Sequence[tuple[str, Mark]], dict[str, str]]:
    """The marks that a decision takes, and what is kept of it."""
    if (
        not isinstance(decision, (tuple, list))
        or len(decision) != 2
        or not all(isinstance(one, str) and one.strip() for one in decision)
    ):
        raise NutgrafError(
            f"{group.name}: a decision is a choice and a reason in words, such as "
            f'("{next(iter(named))}", "because ..."), not {_short(decision)}.'
        )
    choice, reason = decision
    words = {"decided": choice, "reason": reason}
    if choice == NONE:
        return (), words
    if choice in named:
        return [one for one in group.marks if one[0] == choice], words
    if group.kind == "tag":
        theirs = [one for one in group.marks if one[1].label == choice]
        if theirs:
            return theirs[:1], words
        if _is_tag(choice, scheme):  # neither reading, but a third
            name, mark = group.marks[0]
            return [(name, replace(mark, label=choice, note="", attributes={}))], words
    raise NutgrafError(
        f"{group.name}: there is no choice {_short(choice)}. Choose an annotator "
        f"({', '.join(named)}), {'a tag, ' if group.kind == 'tag' else ''}or {NONE!r}."
    )


def _is_tag(name: str, scheme: str) -> bool:
    labels = load_scheme(scheme).labels if scheme in schemes() else ()
    return any(one.name == name and one.kind == "tag" for one in labels)


def _notes(group: _Group) -> str:
    """The notes of marks that agree, each once."""
    return " / ".join(dict.fromkeys(mark.note for _, mark in group.marks if mark.note.strip()))


def _joined(named: Mapping[str, Layer], ids: Mapping[tuple[str, str], str]) -> tuple[Relation, ...]:
    """The relations between marks that were kept, each once."""
    found = dict.fromkeys(
        (ids[(name, one.head)], ids[(name, one.tail)], one.label)
        for name, layer in named.items()
        for one in layer.relations
        if (name, one.head) in ids and (name, one.tail) in ids
    )
    return tuple(Relation(f"R{n:03}", *one) for n, one in enumerate(found, start=1))


# --- scoring ---------------------------------------------------------------------------------

STATUSES = {
    "same": "as in the reference",
    "overlaps": "found, with other ends",
    "accepted": "not asked for, and can be defended",
    "near": "touches words of the reference; compare where they end",
    "differs": "another reading than the reference's",
    "control": "words that the reference holds to be plain",
    "to discuss": "not in the reference; talk it over",
    "open": "in the reference, and not marked",
}
"""What `differences` says of a mark or a place, and what it means. None of them says "wrong"."""


def score(
    layer: Layer,
    article: Article | str,
    scheme: Scheme | None = None,
    reference: Layer | None = None,
) -> pd.DataFrame:
    """How a layer compares with the reference, one row a label, in the order of the scheme.

    reference: a layer of your own to compare with, such as one from `adjudicate`; by default the
    article's, with its controls. Columns: label, kind, wanted (marks that have to be found), hits,
    accepted (others that can be defended), near, false_alarms (different controls that were
    marked), controls, to_discuss, score.

    A highlight is a hit when it shares at least half of the longer one with the reference's; where
    there are controls, words inside the reference's do as well. Score: hits (for tags, accepted
    ones too) out of wanted, less the share of controls that were marked, never below 0; NaN where
    nothing is wanted. What is in no reference is to be talked over and costs nothing.
    """
    import pandas as pd

    scheme = scheme or load_scheme(layer.scheme)
    found, core, plain = _compared(layer, as_article(article), scheme, reference)
    rows = []
    for label in scheme.labels:
        ours = [one for one in found if one.label == label.name]

        def count(*statuses: str, ours: list[_Finding] = ours) -> int:
            return sum(one.status in statuses for one in ours)

        wanted = sum(one.label == label.name for one in core)
        hits = count("same", "overlaps")
        alarms = len({control for one in ours for control in one.plain})
        row = {
            "label": label.name,
            "kind": label.kind,
            "wanted": wanted,
            "hits": hits,
            "accepted": count("accepted"),
            "near": count("near"),
            "false_alarms": alarms,
            "controls": sum(one.label == label.name for one in plain),
            "to_discuss": count("to discuss"),
            "score": float("nan"),
        }
        if wanted:
            good = hits + (row["accepted"] if label.kind == "tag" else 0)
            cost = alarms / row["controls"] if row["controls"] else 0.0
            row["score"] = max(0.0, good / wanted - cost)
        rows.append(row)
    return pd.DataFrame(rows)


def differences(
    layer: Layer,
    article: Article | str,
    scheme: Scheme | None = None,
    reference: Layer | None = None,
) -> pd.DataFrame:
    """Where a layer and the reference differ, both readings in words, in the order of the text.

    Columns: status (see STATUSES), label, start, end, quote, yours, reference, says. The arguments
    are those of `score`.
    """
    import pandas as pd

    scheme = scheme or load_scheme(layer.scheme)
    found, *_ = _compared(layer, as_article(article), scheme, reference)
    rows = [one.row for one in found if one.status not in ("same", "overlaps")]
    rows.sort(key=lambda row: (row["start"], row["end"], row["label"]))
    columns = ["status", "label", "start", "end", "quote", "yours", "reference", "says"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({c: "int64" if c in ("start", "end") else "str" for c in columns})


@dataclass(frozen=True)
class _Finding:
    """One mark, or one place of the reference, compared.

    label: whose row in the score it counts in; plain: ids of the controls it marks.
    """

    status: str
    label: str
    place: Mark
    yours: str = ""
    theirs: str = ""
    says: str = ""
    plain: tuple[str, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "label": self.label,
            "start": self.place.start,
            "end": self.place.end,
            "quote": self.place.quote,
            "yours": self.yours,
            "reference": self.theirs,
            "says": self.says,
        }


def _compared(
    layer: Layer, article: Article, scheme: Scheme, reference: Layer | None
) -> tuple[list[_Finding], tuple[Mark, ...], tuple[Mark, ...]]:
    """What was found, what has to be, and the controls."""
    validate_layer(layer, article, scheme)
    plain: tuple[Mark, ...] = ()
    if reference is None:
        reference, plain = reference_layer(article, scheme.name), controls(article, scheme.name)
    validate_layer(reference, article, scheme)
    found = _tags(layer, reference, scheme)
    for label in scheme.labels:
        if label.kind == "highlight":
            mine, theirs, neutral = (
                [mark for mark in marks if mark.label == label.name]
                for marks in (layer.marks, reference.marks, plain)
            )
            found += _highlights(label, mine, theirs, neutral)
    core = tuple(mark for mark in reference.marks if _is_core(mark))
    return found, core, plain


def _tags(layer: Layer, reference: Layer, scheme: Scheme) -> list[_Finding]:
    mine = {(m.start, m.end): m for m in layer.marks if m.kind == "tag"}
    theirs = {(m.start, m.end): m for m in reference.marks if m.kind == "tag"}
    found = []
    for place, ref in theirs.items():
        mark, label = mine.get(place), scheme.label(ref.label)
        status = _tag_status(mark, ref)
        yours = mark.label if mark else ""
        says = {
            "open": f"No tag from you yet. The reference reads {ref.label}.",
            "accepted": f"{yours} can be defended. The reference reads {ref.label}.",
            "differs": f"You read {yours}, the reference {ref.label}.",
        }.get(status, "")
        says = _brief(says, ref.note or label.definition, _KEEP if status == "differs" else "")
        found.append(_Finding(status, ref.label, ref, yours, ref.label, says))
    for place, mark in mine.items():
        if place not in theirs:
            says = "The reference has no tag here. Say why you gave it one."
            found.append(_Finding("to discuss", mark.label, mark, mark.label, "", says))
    return found


def _is_core(mark: Mark) -> bool:
    return mark.attributes.get("level", "core") == "core"


def _tag_status(mark: Mark | None, ref: Mark) -> str:
    if mark is None:
        return "open"
    if mark.label == ref.label:
        return "same"
    return "accepted" if mark.label in ref.attributes.get("accepted", "").split() else "differs"


def _highlights(
    label: Label, mine: list[Mark], theirs: list[Mark], plain: list[Mark]
) -> list[_Finding]:
    core = [mark for mark in theirs if _is_core(mark)]
    paired = _paired(mine, core, inside=bool(plain))
    taken = {ref.id for ref in paired.values()}
    found: list[_Finding] = []
    touched: set[str] = set()
    for mark in mine:
        if mark.id in paired:
            ref = paired[mark.id]
            status = "same" if mark.spans == ref.spans else "overlaps"
            found.append(_Finding(status, label.name, mark, mark.quote, ref.quote))
            continue
        near = [ref for ref in theirs if _shared(mark, ref)]
        fits = [ref for ref in near if _fits(mark, ref, bool(plain))]
        neutral = [one for one in plain if _fits(mark, one, inside=True)] if not near else []
        found.append(_other(label, mark, near, fits, neutral))
        touched |= {ref.id for ref in near}
    for ref in core:
        if ref.id not in taken | touched:  # else a mark that touches it has told of it
            says = f"The reference marks {in_quotes(ref.quote)} as {label.name}."
            says = _brief(says, _why(label, ref))
            found.append(_Finding("open", label.name, ref, "", ref.quote, says))
    return found


def _other(
    label: Label, mark: Mark, near: list[Mark], fits: list[Mark], neutral: list[Mark]
) -> _Finding:
    """A highlight that is none of those that have to be found."""
    if fits:
        says = _brief("Not asked for, and it can be defended.", _why(label, fits[0]))
        return _Finding("accepted", label.name, mark, mark.quote, fits[0].quote, says)
    if near:
        says = (
            f"The reference marks {in_quotes(near[0].quote)}. Compare where the two begin and end."
        )
        return _Finding("near", label.name, mark, mark.quote, near[0].quote, says)
    if neutral:
        says = f"The reference holds these words to be plain: {neutral[0].note}."
        ids = tuple(one.id for one in neutral)
        return _Finding("control", label.name, mark, mark.quote, "", says, plain=ids)
    says = "Not in the reference."
    if label.note and not mark.note.strip():
        says += f" Write {label.note} beside it, then talk it over."
    else:
        says += " Tell the others why you marked it."
    return _Finding("to discuss", label.name, mark, mark.quote, "", says)


_KEEP = "Compare the two definitions, then say which you would keep."


def _why(label: Label, ref: Mark) -> str:
    """What the reference says of its mark, in a sentence."""
    if not ref.note:
        return label.definition
    note = f"{label.note}: {ref.note}." if label.note else ref.note
    return note[0].upper() + note[1:]


def _brief(*sentences: str) -> str:
    """The sentences, but for those that would make it longer than anybody reads."""
    said = ""
    for sentence in sentences:
        longer = f"{said} {sentence}".strip()
        said = longer if len(longer.split()) <= FEEDBACK_WORDS else said
    return said


def _paired(mine: Iterable[Mark], theirs: Iterable[Mark], inside: bool) -> dict[str, Mark]:
    """id of a mark -> the one of theirs it hits; each once, the pairs that share most first."""
    pairs = [
        (_share(mark, ref), -ref.start, -mark.start, mark.id, ref.id, mark, ref)
        for mark in mine
        for ref in theirs
        if _fits(mark, ref, inside)
    ]
    pairs.sort(key=lambda pair: pair[:5], reverse=True)
    found: dict[str, Mark] = {}
    taken: set[str] = set()
    for *_, mark, ref in pairs:
        if mark.id not in found and ref.id not in taken:
            found[mark.id] = ref
            taken.add(ref.id)
    return found


def _fits(mark: Mark, ref: Mark, inside: bool) -> bool:
    """Whether they share half of the longer one; with `inside`, whether the mark lies in it."""
    within = ref.start <= mark.start and mark.end <= ref.end and _shared(mark, ref) > 0
    return 2 * _share(mark, ref) >= 1 or (inside and within)


def _share(one: Mark, other: Mark) -> float:
    return _shared(one, other) / max(_length(one), _length(other))


def _shared(one: Mark, other: Mark) -> int:
    return sum(max(0, min(b, d) - max(a, c)) for a, b in one.spans for c, d in other.spans)


def _length(mark: Mark) -> int:
    return sum(end - start for start, end in mark.spans)

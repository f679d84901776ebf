"""Marks on an article: what a mark, a layer and a scheme are, and the rules they follow. No screen.

A layer is what one annotator has marked in one article; a scheme says which labels there are and
how to decide between them. `nutgraf.journal` keeps a layer while it grows, `nutgraf.adjudicating`
compares layers, `nutgraf.formats` writes them for other tools.

The kit's scheme lies in `schemes/` beside this file. A class brings its own by putting such a file
into `schemes/` in the learner's folder; where two have the same name, the kit's is taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError

if TYPE_CHECKING:
    import pandas as pd

    from nutgraf.article import Article

Span = tuple[int, int]

KINDS = ("highlight", "tag")
"""A highlight is on words, a tag on a whole sentence."""

CONTEXT = 32
"""So many code points before and after a mark are kept, to find it again in a changed text."""

PATTERNS = {
    "solid": "underline solid 2px",
    "double": "underline double 2px",
    "dotted": "underline dotted 2px",
    "dashed": "underline dashed 2px",
    "wavy": "underline wavy 2px",
    "thick": "underline solid 5px",
    "thick-dotted": "underline dotted 5px",
    "thick-dashed": "underline dashed 5px",
    "overline": "overline solid 2px",
    "rails": "underline overline solid 2px",
}
"""Lines that tell labels apart without colour, as values of CSS `text-decoration`."""

TINT = 0.25
"""How much of a label's colour lies under the words; the rest is the page."""

LONGEST = 10_000
"""The most characters that a note, a name or an attribute of a mark may have."""


@dataclass(frozen=True)
class Mark:
    """A label on a stretch of the article's text.

    start, end: code points of `article.text`, end not included; quote: `text[start:end]`, always;
    kind: "highlight", or "tag" for a label on a sentence, whose span is the sentence's;
    fragments: the pieces of a mark with gaps, in order; start and end are then the hull;
    attributes: words beside the label, such as {"level": "accepted"};
    created, changed: UTC times such as "2026-01-24T09:30:00Z", or "";
    prefix, suffix: the text around it, to find it again (both "": not known).
    """

    id: str
    start: int
    end: int
    quote: str
    label: str
    note: str = ""
    kind: str = "highlight"
    fragments: tuple[Span, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    created: str = ""
    changed: str = ""
    prefix: str = field(default="", compare=False, repr=False)
    suffix: str = field(default="", compare=False, repr=False)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The pieces it covers: one, unless it has gaps."""
        return self.fragments or ((self.start, self.end),)


@dataclass(frozen=True)
class Relation:
    """An arrow from one mark to another; head and tail are ids of marks."""

    id: str
    head: str
    tail: str
    label: str


@dataclass(frozen=True)
class Layer:
    """What one annotator has marked in one article, with one scheme.

    annotator: a random number or a role such as "reference"; no name is asked for;
    article: the article's name; sha256: of its text as UTF-8; scheme: the scheme's name;
    origin: where the layer came from.
    """

    annotator: str
    article: str
    sha256: str
    scheme: str
    marks: tuple[Mark, ...] = ()
    relations: tuple[Relation, ...] = ()
    origin: str = ""

    def table(self, article: Article | None = None) -> pd.DataFrame:
        """The marks, one a row: id, start, end, quote, label, kind, note.

        With the article also sentence and paragraph, the numbers of those the mark begins in.
        """
        import pandas as pd

        columns: dict[str, pd.Series] = {
            name: pd.Series(
                [getattr(mark, name) for mark in self.marks],
                dtype="int64" if name in ("start", "end") else "str",
            )
            for name in ("id", "start", "end", "quote", "label", "kind", "note")
        }
        if article is not None:
            for name in ("sentence", "paragraph"):
                starts = list(getattr(article, f"{name}s")["start"])
                places = [max(0, bisect_right(starts, mark.start) - 1) for mark in self.marks]
                columns[name] = pd.Series(places, dtype="int64")
        return pd.DataFrame(columns)


@dataclass(frozen=True)
class Example:
    """Words that get a label, or do not, and why; start and end when they stand in an article."""

    quote: str
    why: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Label:
    """One label of a scheme.

    key: the letter or digit that gives it; kind: "highlight" or "tag"; note: what the annotator
    has to write beside it ("the plainer wording"), or ""; pattern: one of PATTERNS.
    """

    key: str
    name: str
    kind: str
    definition: str
    rules: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()
    colour: str = "#767676"
    pattern: str = "solid"
    note: str = ""


@dataclass(frozen=True)
class Scheme:
    """The labels there are, and the rules for deciding between them, in their order.

    relations: labels that an arrow between marks may have; article: the seed that the examples
    with start and end stand in, or "".
    """

    name: str
    title: str
    version: str
    labels: tuple[Label, ...]
    rules: tuple[str, ...] = ()
    one_tag_a_sentence: bool = True
    relations: tuple[str, ...] = ()
    article: str = ""

    def label(self, name: str) -> Label:
        """The label of that name. Raises NutgrafError listing those there are."""
        for label in self.labels:
            if label.name == name:
                return label
        names = ", ".join(label.name for label in self.labels)
        raise NutgrafError(f"{self.name} has no label {_short(name)}. There are: {names}.")


# --- making and checking marks ---------------------------------------------------------------


def text_sha256(article: Article | str) -> str:
    """The sha256 of a text as UTF-8, in hexadecimal: which text the offsets of a layer are for."""
    return hashlib.sha256(as_article(article).data).hexdigest()


def as_article(article: Article | str) -> Article:
    """An article, or a text made into one. Raises NutgrafError for anything else."""
    from nutgraf.article import Article

    return article if isinstance(article, Article) else Article.from_text(article)


def mark_at(
    article: Article | str, start: int, end: int, label: str, *, id: str, **fields: Any
) -> Mark:
    """A mark on `text[start:end]`, with its quote and the text around it.

    `fields`: any others of Mark. Raises NutgrafError when there is no such place.
    """
    text = as_article(article).text
    _check_place(start, end, len(text), f"mark {_short(id)}")
    return Mark(
        id=id,
        start=start,
        end=end,
        quote=text[start:end],
        label=label,
        prefix=text[max(0, start - CONTEXT) : start],
        suffix=text[end : end + CONTEXT],
        **fields,
    )


def in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks in the order of the text; of those that begin together, the longer first."""
    return tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.label, mark.id)))


def validate_layer(layer: Layer, article: Article | str, scheme: Scheme | None = None) -> None:
    """Check that every mark says what the text says, and with a scheme that it keeps to it.

    Raises NutgrafError naming the first mark that does not. That a note is missing is no error,
    since a layer grows; see `missing_notes`.
    """
    article = as_article(article)
    if layer.sha256 != text_sha256(article):
        raise NutgrafError(
            f"The layer of {_short(layer.annotator)} was made on another version of the text "
            f"{_short(layer.article)}. Move its marks over first: layer, lost = "
            "reanchor(layer, article)."
        )
    if scheme is not None and layer.scheme != scheme.name:
        raise NutgrafError(
            f"The layer of {_short(layer.annotator)} was made with the scheme "
            f"{_short(layer.scheme)}, not {scheme.name!r}. Check it against its own: "
            f"load_scheme({_short(layer.scheme)})."
        )
    ids: set[str] = set()
    tagged: set[Span] = set()
    sentences = sentence_spans(article) if any(m.kind == "tag" for m in layer.marks) else {}
    for mark in layer.marks:
        check_mark(mark, article.text, scheme, sentences)
        if mark.id in ids:
            raise NutgrafError(f"mark {_short(mark.id)}: the id is there twice. Rename one.")
        ids.add(mark.id)
        if mark.kind == "tag" and (scheme is None or scheme.one_tag_a_sentence):
            if (mark.start, mark.end) in tagged:
                raise NutgrafError(
                    f"mark {_short(mark.id)}: its sentence has a tag already. Keep one of them."
                )
            tagged.add((mark.start, mark.end))
    arrows: set[str] = set()
    for relation in layer.relations:
        check_relation(relation, ids, scheme)
        if relation.id in ids or relation.id in arrows:
            raise NutgrafError(f"relation {_short(relation.id)}: the id is there twice. Change it.")
        arrows.add(relation.id)


def check_mark(
    mark: Mark, text: str | None, scheme: Scheme | None = None, sentences: Any = None
) -> None:
    """Raise NutgrafError naming the mark and the field, unless it fits text and scheme.

    text: None where the text is not at hand, then only what needs none is checked; sentences: the
    spans of the sentences, for tags.
    """
    where = f"mark {_short(mark.id)}"
    for name in ("id", "quote", "label", "note", "kind", "created", "changed", "prefix", "suffix"):
        limit = {"id": 64, "label": 64, "quote": None}.get(name, LONGEST)
        _check_words(getattr(mark, name), f"{where}: {name}", limit, name in ("id", "label"))
    length = len(text) if text is not None else None
    _check_place(mark.start, mark.end, length, where)
    said = text[mark.start : mark.end] if text is not None else None
    if len(mark.quote) != mark.end - mark.start or said not in (None, mark.quote):
        says = "" if said is None else f", but {_short(said)}"
        raise NutgrafError(
            f"{where}: the text does not say {_short(mark.quote)} at {mark.start} to {mark.end}"
            f"{says}. Correct start and end, or the quote."
        )
    if mark.kind not in KINDS:
        raise NutgrafError(f"{where}: kind: {_short(mark.kind)} is none of {', '.join(KINDS)}.")
    _check_fragments(mark, where)
    if not isinstance(mark.attributes, Mapping):
        raise NutgrafError(f"{where}: attributes: this has to be a dict. Correct it.")
    for key, value in mark.attributes.items():
        for one in (key, value):
            _check_words(one, f"{where}: attributes", LONGEST)
    if mark.kind == "tag" and sentences is not None and (mark.start, mark.end) not in sentences:
        raise NutgrafError(
            f"{where}: a tag is on a whole sentence, and {mark.start} to {mark.end} is none of "
            "article.sentences. Take the start and end of one."
        )
    if scheme is not None and scheme.label(mark.label).kind != mark.kind:
        raise NutgrafError(
            f"{where}: {mark.label} is a {scheme.label(mark.label).kind} in {scheme.name}, not a "
            f"{mark.kind}. Choose another label."
        )


def check_relation(relation: Relation, ids: Any, scheme: Scheme | None = None) -> None:
    """Raise NutgrafError unless both ends are among `ids` and the scheme has the label."""
    where = f"relation {_short(relation.id)}"
    for name in ("id", "head", "tail", "label"):
        _check_words(getattr(relation, name), f"{where}: {name}", 64, needed=True)
    for end in (relation.head, relation.tail):
        if end not in ids:
            raise NutgrafError(f"{where}: there is no mark {_short(end)} that it could join.")
    if scheme is not None and relation.label not in scheme.relations:
        names = ", ".join(scheme.relations) or "none"
        raise NutgrafError(
            f"{where}: {scheme.name} has no relation {_short(relation.label)}. There are: {names}."
        )


def sentence_spans(article: Article) -> dict[Span, int]:
    """The sentences of an article: (start, end) -> its number."""
    table = article.sentences
    spans = zip(table["start"].tolist(), table["end"].tolist(), strict=True)
    return {span: number for number, span in enumerate(spans)}


def missing_notes(layer: Layer, scheme: Scheme) -> tuple[Mark, ...]:
    """The marks whose label asks for a note that is not written yet."""
    return tuple(
        mark for mark in layer.marks if scheme.label(mark.label).note and not mark.note.strip()
    )


def _check_words(value: Any, where: str, limit: int | None, needed: bool = False) -> None:
    if not isinstance(value, str) or (needed and not value):
        raise NutgrafError(f"{where}: {_short(value)} is no text. Write it as a string.")
    if limit is not None and len(value) > limit:
        raise NutgrafError(f"{where}: {len(value):,} characters; at most {limit:,} may be.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NutgrafError(
            f"{where}: half a character at {error.start}, which no file can hold. Type it again."
        ) from error


def _check_place(start: Any, end: Any, length: int | None, where: str) -> None:
    if type(start) is not int or type(end) is not int:
        raise NutgrafError(
            f"{where}: start and end have to be whole numbers, not {_short(start)} and "
            f"{_short(end)}. Count code points from 0."
        )
    if not 0 <= start < end or (length is not None and end > length):
        size = "a text" if length is None else f"a text of {length:,} characters"
        raise NutgrafError(
            f"{where}: {_short(start)} to {_short(end)} is no place in {size}. Start is counted "
            "from 0 and lies before end."
        )


def _check_fragments(mark: Mark, where: str) -> None:
    pieces = mark.fragments
    shaped = isinstance(pieces, tuple) and all(
        isinstance(one, tuple) and len(one) == 2 and all(type(place) is int for place in one)
        for one in pieces
    )
    places = [place for one in pieces for place in one] if shaped else [1, 0]
    hull = [mark.start, mark.end]
    if places and (any(a >= b for a, b in pairwise(places)) or [places[0], places[-1]] != hull):
        raise NutgrafError(
            f"{where}: fragments: {_short(pieces)} are no pieces of {mark.start} to {mark.end}, in "
            "order and with gaps. The first begins at start, the last stops at end."
        )


def _short(value: Any) -> str:
    try:
        shown = repr(value)
    except ValueError:  # a number of more than 4,300 digits
        return "a very long number"
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


# --- schemes ---------------------------------------------------------------------------------


def load_scheme(name: str | Path = "newsmarks-7") -> Scheme:
    """The scheme of that name: the kit's, or one in `schemes/` in the learner's folder; or a file.

    Anything that ends in .yml is a file. Raises NutgrafError naming file, label and field when
    there is none, or when it does not follow `scheme.schema.json`.
    """
    path = Path(name) if isinstance(name, Path) or str(name).endswith(".yml") else None
    if path is None:
        there = schemes()
        if name not in there:
            names = ", ".join(f'"{one}"' for one in there)
            raise NutgrafError(
                f"There is no scheme {_short(name)}. There are: {names}. To add your own, put it "
                "into schemes/ in your lesson folder as a .yml file."
            )
        path = there[name]
    try:
        state = path.stat()
    except OSError as problem:
        raise NutgrafError(
            f"{path.name}: cannot be read ({problem.strerror or problem}). Check the path."
        ) from problem
    return _cached_scheme(path.resolve(), (state.st_mtime_ns, state.st_size))


def schemes() -> dict[str, Path]:
    """The schemes there are: name -> file, the kit's before the learner's."""
    from nutgraf.paths import learner_folder

    learner = learner_folder()
    homes = [Path(__file__).parent / "schemes", *([learner / "schemes"] if learner else [])]
    there: dict[str, Path] = {}
    for home in homes:
        for path in sorted(home.glob("*.yml")):
            there.setdefault(path.stem, path)
    return there


@lru_cache(maxsize=16)
def _cached_scheme(path: Path, stamp: tuple[int, int]) -> Scheme:
    from nutgraf.article import read_yaml

    data = read_yaml(path)
    _follow_schema(data, path.name)
    if data["name"] != path.stem:
        raise NutgrafError(
            f"{path.name}: name: {data['name']!r} is not the file's name. Rename one of them, so "
            "that a layer's scheme can be found."
        )
    _make_sense(data, path.name)
    fields = data | {"labels": tuple(_label(raw) for raw in data["labels"])}
    for name in ("rules", "relations"):
        fields[name] = tuple(_stripped(fields.get(name, ())))
    return Scheme(**fields)


def _stripped(lines: Iterable[str]) -> Iterator[str]:
    return (line.strip() for line in lines)


def _label(raw: dict[str, Any]) -> Label:
    examples = {
        name: tuple(Example(**one) for one in raw.get(name, ()))
        for name in ("examples", "counter_examples")
    }
    fields = {**raw, **examples, "rules": tuple(_stripped(raw.get("rules", ())))}
    return Label(**fields | {"colour": raw["colour"].lower()})


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    schema = Path(__file__).parent / "scheme.schema.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _follow_schema(data: Any, file: str) -> None:
    problems = sorted(_validator().iter_errors(data), key=lambda one: list(map(str, one.path)))
    if not problems:
        return
    problem = problems[0]
    path = list(problem.absolute_path)
    place = file
    if path[:1] == ["labels"] and len(path) > 1:
        raw = data["labels"][path[1]]
        name = raw.get("name") if isinstance(raw, dict) else None
        place += f": label {name if isinstance(name, str) else f'number {path[1] + 1}'}"
        path = path[2:]
    if path:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        place += f": {steps.removeprefix('.')}"
    said = problem.message
    said = said if len(said) <= 200 else f"{said[:197]}..."
    raise NutgrafError(
        f"{place}: {said}. src/nutgraf/schemes/newsmarks-7.yml shows how a scheme is written."
    )


def _make_sense(data: dict[str, Any], file: str) -> None:
    """What a schema cannot say: nothing is there twice, colours can be read, examples fit."""
    for name in ("key", "name", "pattern", "colour"):
        seen: dict[str, str] = {}
        for label in data["labels"]:
            value = label[name].lower() if name == "colour" else label[name]
            if value in seen:
                raise NutgrafError(
                    f"{file}: label {label['name']}: {name}: {seen[value]} has {value} too. Give "
                    "each label its own, so that labels can be told apart."
                )
            seen[value] = label["name"]
    for label in data["labels"]:
        if problem := _unreadable(label["colour"]):
            raise NutgrafError(f"{file}: label {label['name']}: colour: {problem}")
    if "article" in data:
        _check_examples(data, file)


def _check_examples(data: dict[str, Any], file: str) -> None:
    from nutgraf.article import load, seeds

    if data["article"] not in seeds():  # a scheme may travel without its article
        return
    text = load(data["article"]).text
    for label in data["labels"]:
        for name in ("examples", "counter_examples"):
            for number, one in enumerate(label.get(name, ())):
                where = f"{file}: label {label['name']}: {name}[{number}]"
                if "start" in one and text[one["start"] : one["end"]] != one["quote"]:
                    raise NutgrafError(
                        f"{where}: {data['article']} does not say {_short(one['quote'])} at "
                        f"{one['start']} to {one['end']}, but "
                        f"{_short(text[one['start'] : one['end']])}. Correct it."
                    )


# Page and words of JupyterLab's light and dark theme.
_THEMES = {"light": ("#ffffff", "#212121"), "dark": ("#111111", "#e0e0e0")}


def _unreadable(colour: str) -> str:
    """Why a colour will not do in one of the themes, or "".

    Words on its tint need a contrast of 4.5 and its line one of 3 (WCAG 2.2, 1.4.3 and 1.4.11).
    """
    for theme, (page, words) in _THEMES.items():
        tint = _mixed(colour, page)
        if contrast(colour, page) < 3:
            way = "darker" if theme == "light" else "lighter"
            return f"a line in {colour} is hard to see in the {theme} theme. Take a {way} one."
        if contrast(words, tint) < 4.5:
            return f"words on {colour} are hard to read in the {theme} theme. Take another one."
    return ""


def _mixed(colour: str, page: str) -> str:
    mixed = (TINT * a + (1 - TINT) * b for a, b in zip(_rgb(colour), _rgb(page), strict=True))
    return "#" + "".join(f"{round(255 * one):02x}" for one in mixed)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours such as "#2a75cc", from 1 to 21 (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# --- the reference ---------------------------------------------------------------------------

_SECTIONS = {
    "QUOTE": ("quotations", ()),
    "SOURCE": ("sources", ()),
    "LOADED": ("loaded_language", ("voice", "of", "category", "leans")),
    "VAGUE": ("vague", ()),
}


def reference_layer(article: Article | str, scheme: str = "newsmarks-7") -> Layer:
    """What a careful reader marked, from the article's reference.json, as a layer.

    Every mark has attributes["level"]: "core" has to be found, "accepted" may be. A tag also has
    attributes["accepted"], the tags that can be defended, with spaces between. The note of LOADED
    is the plainer wording, that of VAGUE what is open. A section that a reference does not have
    gives no marks; `controls` gives the words that are plain.

    Raises NutgrafError when the article has no reference, or for a scheme of your own.
    """
    article = as_article(article)
    reference = article.reference
    _only_newsmarks(scheme)
    return _layer_of(article, reference, scheme, _quotes(reference))


def _layer_of(
    article: Article, reference: dict[str, Any], scheme: str, quotes: Mapping[str, str]
) -> Layer:
    marks = []
    for raw in reference.get("sentences", ()):
        if raw.get("tag"):
            accepted = " ".join(raw.get("accepted") or [raw["tag"]])
            attributes = {"level": "core", "accepted": accepted}
            marks.append(
                _from_reference(article, raw, raw["tag"], "tag", attributes, quotes=quotes)
            )
    for label, (section, kept) in _SECTIONS.items():
        for raw in reference.get(section, ()):
            attributes = {"level": raw.get("level", "core")}
            attributes |= {name: raw[name] for name in kept if name in raw}
            marks.append(
                _from_reference(article, raw, label, "highlight", attributes, quotes=quotes)
            )
    return Layer(
        annotator="reference",
        article=article.name,
        sha256=text_sha256(article),
        scheme=scheme,
        marks=in_order(marks),
        origin="reference.json",
    )


def controls(article: Article | str, scheme: str = "newsmarks-7") -> tuple[Mark, ...]:
    """Words that are plain: marking them is a false alarm. For LOADED and for VAGUE.

    Their label is the one that would be the false alarm, their note says why it would be; one
    stretch of words may be a control for both. Where a reader can defend the mark it is none.
    """
    article = as_article(article)
    _only_newsmarks(scheme)
    reference = article.reference
    quotes = _quotes(reference)
    layer = _layer_of(article, reference, scheme, quotes)
    found = []
    for raw in reference.get("controls", ()):
        for label in ("LOADED", "VAGUE"):
            taken = any(
                mark.label == label and mark.start < raw["end"] and raw["start"] < mark.end
                for mark in layer.marks
            )
            if not taken and not raw.get("either"):
                raw_id = {**raw, "id": f"{raw['id']}-{label}", "note": raw.get("why", "")}
                attributes = {"level": "control"}
                found.append(
                    _from_reference(article, raw_id, label, "highlight", attributes, quotes=quotes)
                )
    return in_order(found)


def _from_reference(
    article: Article,
    raw: dict[str, Any],
    label: str,
    kind: str,
    attributes: dict[str, str],
    *,
    quotes: Mapping[str, str],
) -> Mark:
    note = "; ".join(raw["neutral"]) if "neutral" in raw else raw.get("open", raw.get("note", ""))
    # A note may name another mark by its id, which tells a reader nothing: say its words.
    note = _IDS.sub(lambda found: quotes.get(found[0], found[0]), note)
    return mark_at(
        article,
        raw["start"],
        raw["end"],
        label,
        id=raw.get("id", f"{label}-{raw['start']}"),
        kind=kind,
        note=note,
        attributes=attributes,
    )


_IDS = re.compile(r"\b[A-Z]{1,2}\d\d\b")


def _quotes(reference: dict[str, Any]) -> dict[str, str]:
    """The words of each mark in the reference, in quotation marks, by its id."""
    sections = ("sentences", "controls", *(section for section, _ in _SECTIONS.values()))
    marks = (raw for section in sections for raw in reference.get(section, ()))
    return {raw["id"]: in_quotes(raw["quote"]) for raw in marks if "id" in raw}


def in_quotes(words: str, longest: int = 60) -> str:
    """Words in quotation marks, unless they have them, and cut when they are very long."""
    words = words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"
    return words if words.startswith(("“", '"', "«", "„")) else f"“{words}”"


def _only_newsmarks(scheme: str) -> None:
    if scheme != "newsmarks-7":
        raise NutgrafError(
            f"A reference is kept for newsmarks-7, not for {_short(scheme)}. Annotate the text "
            "with your scheme, settle it with adjudicate(...), and compare with that layer."
        )


# --- finding marks again in a changed text ---------------------------------------------------

_ENOUGH = 8
"""So many code points around a quote must still be the same, or half of all that are known, even
where it stands once: the marked one may be gone, and this another."""


def reanchor(layer: Layer, article: Article | str) -> tuple[Layer, pd.DataFrame]:
    """The layer on a changed text, and a table of what could not be placed: id, label, quote, why.

    A mark is placed where its quote stands once and something around it is as it was, or nothing
    is known of what was. Where it stands several times, all that is known of one side has to be as
    it was, in one of the places only; or of both sides. Nothing is guessed, and nearness decides
    nothing. The same text: nothing changes.
    (Quote and context as in the Web Annotation Data Model's TextQuoteSelector, W3C 2017.)
    """
    article = as_article(article)
    sha256, text = text_sha256(article), article.text
    if layer.sha256 == sha256 and all(text[m.start : m.end] == m.quote for m in layer.marks):
        return layer, _lost([])
    sentences = sentence_spans(article)
    found: dict[tuple[str, int], list[tuple[int, Mark]]] = {}  # (label, new start): how sure, mark
    why: dict[str, str] = {}
    for mark in layer.marks:
        start, sure, problem = _found_again(mark, text)
        if not problem and mark.kind == "tag" and (start, start + len(mark.quote)) not in sentences:
            problem = "the words are there, but they are no sentence of this text"
        if problem:
            why[mark.id] = problem
        else:
            found.setdefault((mark.label, start), []).append((sure, mark))
    marks = []
    for (_, start), rivals in found.items():
        # Where several places have become one, those with less of their surroundings have gone.
        best = max(sure for sure, _ in rivals)
        places = {(mark.start, mark.end) for sure, mark in rivals if sure == best}
        for sure, mark in rivals:
            if sure == best and len(places) == 1:
                marks.append(_moved(mark, start, text))
            else:
                why[mark.id] = "another mark with this label may stand there now"
    ids = {mark.id for mark in marks}
    relations = tuple(one for one in layer.relations if {one.head, one.tail} <= ids)
    lost = [(m.id, m.label, m.quote, why[m.id]) for m in layer.marks if m.id in why]
    lost += [
        (one.id, one.label, "", "a mark that it joins could not be placed")
        for one in layer.relations
        if one not in relations
    ]
    changes = {"sha256": sha256, "marks": in_order(marks), "relations": relations}
    return replace(layer, article=article.name, **changes), _lost(lost)


def _lost(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["id", "label", "quote", "why"], dtype="str")


def _moved(mark: Mark, start: int, text: str) -> Mark:
    by, end = start - mark.start, start + len(mark.quote)
    return replace(
        mark,
        start=start,
        end=end,
        fragments=tuple((first + by, last + by) for first, last in mark.fragments),
        prefix=text[max(0, start - CONTEXT) : start],
        suffix=text[end : end + CONTEXT],
    )


def _found_again(mark: Mark, text: str) -> tuple[int, int, str]:
    """Where the mark's words begin now, how much around them is the same, and why not, or ""."""
    places = list(_places(mark.quote, text))
    if not places:
        return -1, 0, "its words are not in this text"
    known = len(mark.prefix) + len(mark.suffix)
    if not known:
        if len(places) == 1:
            return places[0], 0, ""
        return -1, 0, f"its words are there {len(places)} times, and what stood around is not known"
    agreements = [(*_agreement(mark, text, place), place) for place in places]
    if len(places) == 1:
        _, same, place = agreements[0]
        if same < min(_ENOUGH, (known + 1) // 2):
            return -1, 0, "its words are there, but what stood around them is not"
        return place, same, ""
    for sides in (2, 1):
        whole = [(place, same) for full, same, place in agreements if full >= sides]
        if len(whole) == 1:
            return *whole[0], ""
    alike = "in the same surroundings" if whole else "and what stood around them nowhere"
    return -1, 0, f"its words are there {len(places)} times, {alike}"


def _places(quote: str, text: str) -> Iterator[int]:
    place = text.find(quote) if quote else -1
    while place >= 0:
        yield place
        place = text.find(quote, place + 1)


def _agreement(mark: Mark, text: str, place: int) -> tuple[int, int]:
    """On how many sides all is as it was, and how many code points around are.

    Where less than CONTEXT is known of a side, the text began or stopped there, and must again.
    """
    first, end = place - len(mark.prefix), place + len(mark.quote)
    last = end + len(mark.suffix)
    left = _same(mark.prefix[::-1], text[max(0, first) : place][::-1])
    right = _same(mark.suffix, text[end:last])
    full = left == len(mark.prefix) and (left == CONTEXT or first == 0)
    full += right == len(mark.suffix) and (right == CONTEXT or last == len(text))
    return full, left + right


def _same(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))

"""Quiz items: what they are, how they are read, how an answer is marked. No screen here.

Data: one YAML file a lesson in `notebooks/quizzes/`, checked against `quiz.schema.json`. A class
edition has a sealed file in its place (`nutgraf.sealing`), which gives the same items.
The key stays in this process: `public` is all that a front end may be sent.
"""

from __future__ import annotations

import json
import math
import random
import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import kit_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nutgraf.article import Article

KINDS = ("single", "multiple", "number", "text", "order", "match", "span")
SURE = {"guess": "a guess", "fairly": "fairly sure", "certain": "certain"}
"""How sure a learner can be, with the words they see."""

FEEDBACK_WORDS = 40
"""Longer feedback is not read: the limit, in words, that `load_quiz` holds authors to."""

SPARE_WORDS = 3
"""So many words more than the ones looked for may a mark of a passage take, or as many again."""

FAITHFUL = "words50"
"""The summary that follows the distorted ones."""

_PLAIN = str.maketrans("‘’“”–—‐", "''\"\"---")


@dataclass(frozen=True)
class Part:
    """One thing to choose, order, sort or mark: an option, a piece, a row or words of a passage.

    right: True, False or "also" (a defensible reading: accepted, not required);
    goes: for rows, the ids of the categories that are accepted;
    start, end: for words of a passage, where they stand in it.
    """

    id: str
    text: str
    right: bool | str = False
    says: str = ""
    goes: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Item:
    """One question. Which fields matter depends on `kind`; see CONTRIBUTING.md."""

    id: str
    lesson: str
    kind: str
    prompt: str
    skill: str = ""
    bloom: str = ""
    parts: tuple[Part, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    answer: float | None = None
    tolerance: float = 0.0
    accept: tuple[str, ...] = ()
    known: tuple[dict[str, Any], ...] = ()
    says: str = ""
    otherwise: str = ""
    hints: tuple[str, ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()
    check: tuple[str, ...] = ()
    again: str = ""
    code: bool = False
    shuffle: bool = True
    also: tuple[tuple[str, ...], ...] = ()
    passage: str = ""
    summary: str = ""
    watermark: str = ""
    distorted: bool = False

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """Every right order of the pieces, as tuples of part ids."""
        return (tuple(part.id for part in self.parts), *self.also)


@dataclass(frozen=True)
class Mark:
    """What the kit has to say of one answer.

    verdict: "right", "defensible", "not yet" or "not attempted"; says: sentences on the
    whole; parts: part id -> (verdict, sentence) for the parts the learner chose or found; hits,
    wanted and false_alarms: whole numbers, for items in which several parts are looked for;
    spans: for a passage, each of the learner's marks with its start, end, quote, verdict, says.
    """

    verdict: str
    says: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hits: int = 0
    wanted: int = 0
    false_alarms: int = 0
    spans: tuple[dict[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        return self.verdict in ("right", "defensible")


# --- reading -------------------------------------------------------------------------------


def load_quiz(path: Path) -> tuple[Item, ...]:
    """The items of one file, YAML or sealed, in its order.

    Raises NutgrafError naming file, item and field when the file does not follow the schema.
    """
    import yaml

    from nutgraf import sealing

    try:
        if path.suffix == sealing.SUFFIX:
            return sealing.unseal(path.read_bytes(), path.name)
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_unique_keys_loader())
    except OSError as problem:
        raise NutgrafError(
            f"{path.name}: cannot be read ({problem.strerror or problem})."
        ) from problem
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as problem:
        first = " ".join(str(problem).split())
        raise NutgrafError(f"{path.name}: is not readable YAML: {first}") from problem
    _follow_schema(data, path.name)
    items = tuple(_item(raw, data["lesson"], path.name) for raw in data["items"])
    for item in items:
        _make_sense(item, path.name)
    repeated = _repeats(item.id for item in items)
    if repeated:
        raise NutgrafError(f"{path.name}: item {repeated[0]}: this id stands twice; rename one.")
    return items


def quiz_files() -> list[Path]:
    """The files with the kit's items, one a lesson: its YAML or, where there is none, sealed."""
    from nutgraf.sealing import SUFFIX

    folder = kit_dir("notebooks") / "quizzes"
    files = {path.stem: path for ending in (SUFFIX, ".yml") for path in folder.glob(f"*{ending}")}
    return [files[stem] for stem in sorted(files)]


@cache
def all_items() -> dict[str, Item]:
    """Every item of the kit by its id, in the order of the lessons."""
    found: dict[str, Item] = {}
    for path in quiz_files():
        for item in load_quiz(path):
            if item.id in found:
                raise NutgrafError(
                    f"{path.name}: item {item.id}: {found[item.id].lesson}.yml has this id too; "
                    "ids are unique over all lessons, so rename one."
                )
            found[item.id] = item
    return found


def pick(*what: str) -> list[Item]:
    """The items named by id ("T1"), by lesson ("03" or "03-words"), or by both.

    Raises NutgrafError listing what there is when a name is unknown.
    """
    items = all_items()
    if not what:
        raise NutgrafError('Say which items: quiz("T1", "T2"), or a whole lesson: quiz("03").')
    chosen: list[Item] = []
    for name in map(str, what):
        of_lesson = [
            item for item in items.values() if name in (item.lesson, item.lesson.split("-")[0])
        ]
        if name in items:
            chosen.append(items[name])
        elif of_lesson:
            chosen += of_lesson
        else:
            raise NutgrafError(f"There is no quiz item {name!r}. There are: {', '.join(items)}.")
    return list({item.id: item for item in chosen}.values())


def key_namespace(article: Article) -> dict[str, Any]:
    """The names that a `check` expression may use, besides `answer`."""
    import nltk

    from nutgraf import (
        adjudicating,
        agreement,
        annotating,
        counting,
        load,
        quoting,
        samples,
        scoring,
        summarizing,
        tokenizing,
    )
    from nutgraf.cards import cards

    return {
        "article": article,
        "text": article.text,
        "data": article.data,
        "words": article.words,
        "sentences": article.sentences,
        "paragraphs": article.paragraphs,
        "reference": article.reference,
        "re": re,
        "unicodedata": unicodedata,
        "nltk": nltk,
        "load": load,
        "cards": cards,
        "counting": counting,
        "quoting": quoting,
        "scoring": scoring,
        "summarizing": summarizing,
        "adjudicating": adjudicating,
        "agreement": agreement,
        "annotating": annotating,
        "samples": samples,
        "tokenizing": tokenizing,
    }


@cache
def _unique_keys_loader():
    """PyYAML keeps the last of two equal keys in silence; an author wants to know."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            for index, key in enumerate(keys):
                if key in keys[:index]:
                    line = node.value[index][0].start_mark.line + 1
                    raise yaml.YAMLError(f"line {line}: {key!r} stands twice in one entry")
            return super().construct_mapping(node, deep)

    return Loader


@cache
def _validator():
    from jsonschema import Draft202012Validator

    schema = json.loads((Path(__file__).parent / "quiz.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _follow_schema(data: Any, name: str) -> None:
    problems = sorted(
        _validator().iter_errors(data), key=lambda problem: list(map(str, problem.path))
    )
    if not problems:
        return
    problem = problems[0]
    path = list(problem.absolute_path)
    place = name
    if path[:1] == ["items"] and len(path) > 1:
        raw = data["items"][path[1]]
        known_id = raw.get("id") if isinstance(raw, dict) else None
        place += f": item {known_id or 'number ' + str(path[1] + 1)}"
        path = path[2:]
    if path:
        place += ": " + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(
            "."
        )
    raise NutgrafError(f"{place}: {problem.message}. CONTRIBUTING.md shows each kind of item.")


def _item(raw: dict[str, Any], lesson: str, file: str) -> Item:
    parts = raw.get("options") or raw.get("pieces") or raw.get("rows") or ()
    marked: dict[str, Any] = _to_be_marked(raw, file) if raw["kind"] == "span" else {}
    return Item(
        id=raw["id"],
        lesson=lesson,
        kind=raw["kind"],
        prompt=raw["prompt"].strip(),
        skill=raw.get("skill", ""),
        bloom=raw.get("bloom", ""),
        parts=marked.pop("parts", ())
        or tuple(
            Part(
                part["id"],
                part["text"],
                part.get("right", False),
                part.get("says", ""),
                (part["goes"],)
                if isinstance(part.get("goes"), str)
                else tuple(part.get("goes", ())),
            )
            for part in parts
        ),
        categories=tuple((c["id"], c["text"]) for c in raw.get("categories", ())),
        answer=raw.get("answer"),
        tolerance=raw.get("tolerance", 0.0),
        accept=tuple(raw.get("accept", ())),
        known=tuple(raw.get("known", ())),
        says=raw.get("says", ""),
        otherwise=raw.get("otherwise", ""),
        hints=tuple(raw.get("hints", ())),
        evidence=tuple(raw.get("evidence", ())),
        check=_several(raw.get("check", ())),
        again=raw.get("again", ""),
        code=raw.get("code", False),
        shuffle=raw.get("shuffle", True),
        also=tuple(map(tuple, raw.get("also", ()))),
        **marked,
    )


def _wrong(file: str, item_id: str, where: str, what: str) -> NutgrafError:
    return NutgrafError(f"{file}: item {item_id}: {where}: {what}")


def _to_be_marked(raw: dict[str, Any], file: str) -> dict[str, Any]:
    """The fields of an item that has a passage: the text itself, and where its parts stand."""
    wrong = partial(_wrong, file, raw["id"])
    passage, summary = _passage(raw["passage"], wrong)
    targets = raw["targets"]
    if targets == "altered":
        if "altered" not in summary:
            raise wrong("targets", "only a distorted summary lists what was `altered`; list them.")
        parts = [
            Part(one["id"], one["altered"]["quote"], True, _what_was_altered(one),
                 start=one["altered"]["start"], end=one["altered"]["end"])
            for one in summary["altered"]
            if one.get("altered")  # something left out is nowhere to be marked
        ]  # fmt: skip
    else:
        parts = [
            _words_to_mark(one, f"targets[{place}]", passage, "also" if one.get("also") else True,
                           wrong)
            for place, one in enumerate(targets)
        ]  # fmt: skip
    parts += [
        _words_to_mark(one, f"controls[{place}]", passage, False, wrong)
        for place, one in enumerate(raw.get("controls", ()))
    ]
    return {
        "passage": passage,
        "parts": tuple(parts),
        "summary": summary.get("id", ""),
        "watermark": summary.get("watermark", ""),
        "distorted": "altered" in summary,
    }


def _passage(where: dict[str, Any], wrong) -> tuple[str, dict[str, Any]]:
    """A passage as text, and the entry of summaries.yml if it is a summary (else empty)."""
    if "text" in where:
        return where["text"].strip(), {}
    from nutgraf.article import load

    try:
        article = load()
        summaries = article.summaries if "summary" in where else {}
    except NutgrafError as problem:
        raise wrong("passage", f"it stands in the article, and: {problem}") from problem
    if "summary" in where:
        control = summaries["control"]
        every = [*summaries["faithful"], *summaries["distorted"], control]
        known = {one["id"]: one for one in every} | {"control": control}
        if where["summary"] not in known:
            raise wrong("passage", f"no summary {where['summary']!r}; there are {list(known)}.")
        one = known[where["summary"]]
        # The clean one carries its label beside its text: it must not stand out among the others.
        label = one.get("watermark", "")
        text = one["text"] if one["text"].startswith(label) else f"{label} {one['text']}"
        return text, one
    start, end = where["start"], where["end"]
    if not start < end <= len(article.text):
        raise wrong("passage", f"{start} to {end} is no place in {len(article.text)} characters.")
    return article.text[start:end], {}


def _words_to_mark(raw: dict[str, Any], where: str, passage: str, right: bool | str, wrong) -> Part:
    places = occurrences(passage, raw["quote"])
    number = raw.get("occurrence", 1)
    if len(places) < number:
        found = f"stands {len(places)} times in the passage" if places else "is not in the passage"
        raise wrong(where, f"{raw['quote']!r} {found}. Copy the words as they stand there.")
    if len(places) > 1 and "occurrence" not in raw:
        raise wrong(
            where, f"{raw['quote']!r} stands {len(places)} times; add `occurrence: 1` or another."
        )
    start, end = places[number - 1]
    return Part(raw.get("id", where), raw["quote"], right, raw["says"], start=start, end=end)


def _what_was_altered(one: dict[str, Any]) -> str:
    """Feedback made of what summaries.yml says of one altered spot; a long source is cut."""
    kind = one.get("kind", "altered")
    parts = [f"{kind[:1].upper()}{kind[1:]}.", f"Closer: {one['repair']}."]
    if one.get("source"):
        source, before = one["source"]["quote"], "The article:"
        room = FEEDBACK_WORDS - len(" ".join([*parts, before]).split())
        if len(source.split()) > room:
            source = " ".join(source.split()[: room - 1]) + " …"
        parts.insert(1, f"{before} `{source}`.")
    return " ".join(parts)


def _several(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _make_sense(item: Item, name: str) -> None:
    """What a schema cannot say: keys exist, categories are known, feedback is short."""

    wrong = partial(_wrong, name, item.id)
    ids = [part.id for part in item.parts]
    if repeated := _repeats(ids):
        raise wrong(repeated[0], "this id stands twice; rename one.")
    rights = [part.id for part in item.parts if part.right is True]
    if item.kind == "single" and len(rights) != 1:
        raise wrong("options", f"exactly one is `right: true`, not {len(rights)}.")
    if item.kind == "multiple" and not rights:
        raise wrong("options", "at least one is `right: true`.")
    for order in item.also + tuple(tuple(k["order"]) for k in item.known if "order" in k):
        if sorted(order) != sorted(ids):
            raise wrong("also", f"{list(order)} is not an order of {ids}.")
    categories = [category for category, _ in item.categories]
    for part in item.parts:
        for goes in part.goes:
            if goes not in categories:
                raise wrong(f"rows {part.id}", f"goes to {goes!r}, which is none of {categories}.")
    spoken = [("says", item.says), ("otherwise", item.otherwise)]
    spoken += [(f"{part.id}.says", part.says) for part in item.parts]
    spoken += [(f"known[{i}].says", known["says"]) for i, known in enumerate(item.known)]
    for where, words in spoken:
        if len(words.split()) > FEEDBACK_WORDS:
            count = len(words.split())
            raise wrong(where, f"has {count} words; feedback has at most {FEEDBACK_WORDS}.")
    if item.kind == "span":
        _make_sense_of_marks(item, wrong)


def _make_sense_of_marks(item: Item, wrong) -> None:
    if item.distorted and item.again:
        raise wrong("again", "a distorted summary is not asked alone; take `again` out.")
    words = passage_words(item)
    if not words:
        raise wrong("passage", "there is no word in it to be marked.")
    stretches = []
    for part in item.parts:
        stretch = _in_words(words, [(part.start, part.end)])
        if not stretch:
            raise wrong(part.id, f"{part.text!r} holds no word that can be marked.")
        stretches.append((*stretch[0], part))
    stretches.sort(key=lambda stretch: stretch[:2])
    for (_, after, one), (first, _, other) in pairwise(stretches):
        if first < after:
            raise wrong(other.id, f"shares words with {one.id}; keep them apart.")
        between = item.passage[words[after - 1][1] : words[first][0]]
        if first == after and not between.strip() and one.right and other.right:
            raise wrong(
                other.id,
                f"stands right beside {one.id}, and who clicks the words of both makes one mark; "
                "make them one target.",
            )


def _repeats(names: Iterable[str]) -> list[str]:
    names = list(names)
    return [name for index, name in enumerate(names) if name in names[:index]]


# --- what a front end may see --------------------------------------------------------------


def order_for(item: Item, learner: str) -> list[Part]:
    """The item's parts in the order this learner sees them: always the same for one learner.

    Pieces to be put in order are never shown in a right order. What is to be marked in a passage
    is never shown at all.
    """
    parts = list(item.parts)
    if item.kind == "span":
        return []
    if not item.shuffle or item.kind == "match":
        return parts
    dice = random.Random(f"{learner}:{item.id}")
    dice.shuffle(parts)
    while item.kind == "order" and tuple(part.id for part in parts) in item.orders:
        dice.shuffle(parts)
    return parts


def public(item: Item, learner: str) -> dict[str, Any]:
    """All that a front end is told before the learner answers: no key, no feedback, no hint.

    Parts are named by their place in this learner's order, since an id may give a key away.
    """
    view = {
        "id": item.id,
        "kind": item.kind,
        "prompt": item.prompt,
        "code": item.code,
        "parts": [part.text for part in order_for(item, learner)],
        "categories": [words for _, words in item.categories],
        "hints": len(item.hints),
    }
    if item.kind == "span":
        view["passage"] = {"text": item.passage, "words": passage_words(item)}
    return view


def from_places(item: Item, learner: str, answer: Any) -> Any:
    """A front end's answer (places) as the kit keeps it (ids); None when it makes no sense.

    Marks in a passage come as [start, end] and are kept with the words they cover, whole words
    only and those that overlap as one.
    """
    parts = order_for(item, learner)

    def at(things, place):
        sound = isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(things)
        return things[place] if sound else None

    if item.kind == "single":
        part = at(parts, answer)
        return part and part.id
    if item.kind in ("number", "text"):
        return answer if isinstance(answer, str | int | float) else None
    if not isinstance(answer, list | tuple):
        return None
    if item.kind == "span":
        spans = [(pair[0], pair[1]) for pair in answer if _is_span(pair)]
        stretches = _in_words(passage_words(item), spans)
        return _kept(item, stretches) if stretches or not answer else None
    if item.kind == "match":
        chosen = [at(item.categories, place) for place in answer[: len(parts)]]
        return {part.id: c[0] for part, c in zip(parts, chosen, strict=False) if c}
    chosen = [at(parts, place) for place in answer]
    return [part.id for part in chosen if part]


def to_places(item: Item, learner: str, answer: Any) -> Any:
    """A kept answer as places in this learner's order; None when the item has changed since."""
    places = {part.id: place for place, part in enumerate(order_for(item, learner))}
    if item.kind in ("number", "text"):
        return answer
    if item.kind == "single":
        return places.get(answer) if isinstance(answer, str) else None
    if item.kind == "span":
        stretches = _marked(item, answer)
        kept = None if stretches is None else _kept(item, stretches)
        return kept and [[one["start"], one["end"]] for one in kept]
    if item.kind == "match":
        if not isinstance(answer, dict):
            return None
        categories = [category for category, _ in item.categories]
        chosen = [answer.get(part.id) for part in order_for(item, learner)]
        return [categories.index(c) if c in categories else None for c in chosen]
    if not isinstance(answer, list) or any(part not in places for part in answer):
        return None
    return [places[part] for part in answer]


# --- passages ------------------------------------------------------------------------------

# A stretch is (first, after): numbers of words of the passage, `after` not included.


def passage_words(item: Item) -> list[tuple[int, int]]:
    """Spans of the words of an item's passage that can be marked: all but its watermark's."""
    return _words(item.passage, len(item.watermark))


@lru_cache(maxsize=64)
def _words(passage: str, skipped: int) -> list[tuple[int, int]]:
    from nutgraf.tokenizing import word_spans

    return [span for span in word_spans(passage) if span[0] >= skipped]


def occurrences(text: str, phrase: str, *, loosely: bool = False) -> list[tuple[int, int]]:
    """Spans of the places where `phrase` stands in `text`, never in the midst of a word.

    loosely: whatever the case and the kind of quotes, dashes and white space.
    """
    pattern, flags = re.escape(phrase), re.NOFLAG
    if loosely:
        text, phrase = text.translate(_PLAIN), phrase.translate(_PLAIN)
        pattern, flags = r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE
    if not phrase.strip():
        return []
    edges = r"(?<!\w)" * (phrase.strip()[0].isalnum()), r"(?!\w)" * (phrase.strip()[-1].isalnum())
    found = re.finditer(f"{edges[0]}(?=({pattern}){edges[1]})", text, flags)
    return [match.span(1) for match in found]


def _is_span(pair: Any) -> bool:
    """Whether something from a front end or a file can be read as start and end."""
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(type(n) is int for n in pair)


def _in_words(
    words: list[tuple[int, int]], spans: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The spans as stretches of whole words, in order; those that share a word become one."""
    stretches: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        first = bisect_right(words, start, key=lambda word: word[1])
        after = bisect_left(words, end, key=lambda word: word[0])
        if first >= after or start >= end:
            continue
        if stretches and first < stretches[-1][1]:
            first, before = stretches.pop()
            after = max(after, before)
        stretches.append((first, after))
    return stretches


def _kept(item: Item, stretches: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    """Stretches as an answer is kept: start and end in code points, and the words themselves."""
    words = passage_words(item)
    spans = [(words[first][0], words[after - 1][1]) for first, after in stretches]
    return [{"start": s, "end": e, "quote": item.passage[s:e]} for s, e in spans]


def _marked(item: Item, answer: Any) -> list[tuple[int, int]] | None:
    """A kept answer as stretches of today's passage; None when there is none (left of it).

    Words that have moved are found again, if they stand there once.
    """
    if not isinstance(answer, list | tuple):
        return None
    spans = []
    for one in answer:
        if not isinstance(one, dict) or not isinstance(quote := one.get("quote"), str):
            continue
        span = (one.get("start"), one.get("end"))
        if quote and _is_span(span) and span[0] >= 0 and item.passage[slice(*span)] == quote:
            spans.append(span)
        elif len(places := occurrences(item.passage, quote)) == 1:
            spans += places
    stretches = _in_words(passage_words(item), spans)
    return stretches if stretches or not answer else None


# --- marking -------------------------------------------------------------------------------


def mark(item: Item, answer: Any) -> Mark:
    """Mark one answer.

    answer: single: an option's id; multiple: a list of them; number: a number or what a person
    typed; text: what they typed; order: all pieces' ids in order; match: {row id: category id};
    span: [{start, end, quote}, ...], the marks in the passage; [] says that there is none to make.
    """
    return _MARKERS[item.kind](item, answer)


def _single(item: Item, answer: Any) -> Mark:
    chosen = next((part for part in item.parts if part.id == answer), None)
    if chosen is None:
        return Mark("not attempted", ("Choose one of the options first.",))
    verdict = {True: "right", False: "not yet", "also": "defensible"}[chosen.right]
    return Mark(verdict, (), {chosen.id: (verdict, chosen.says)})


def _multiple(item: Item, answer: Any) -> Mark:
    ids = {part.id for part in item.parts}
    chosen = [a for a in answer if a in ids] if isinstance(answer, list | tuple | set) else []
    if not chosen:
        return Mark("not attempted", ("Mark at least one of them first.",))
    wanted = [part for part in item.parts if part.right is True]
    hits = sum(part.id in chosen for part in wanted)
    alarms = sum(part.id in chosen for part in item.parts if part.right is False)
    parts = {
        part.id: ({True: "right", False: "not yet", "also": "defensible"}[part.right], part.says)
        for part in item.parts
        if part.id in chosen
    }
    says = [f"Found: {hits} of {len(wanted)}. Marked in error: {alarms}. Score: {hits - alarms}."]
    if hits == len(wanted) and not alarms:
        parts |= {p.id: ("left out", p.says) for p in item.parts if p.right is False}
        says += [item.says] if item.says else []
        return Mark("right", tuple(says), parts, hits, len(wanted), alarms)
    says += [item.otherwise] if item.otherwise else []
    return Mark("not yet", tuple(says), parts, hits, len(wanted), alarms)


def read_number(typed: Any) -> float | None:
    """The one number in what a person typed: "2,697", "0,57", "about 430"; None if not one.

    A comma before groups of three digits separates thousands, any other is a decimal comma.
    """
    if isinstance(typed, bool):
        return None
    if isinstance(typed, int | float):
        return float(typed) if math.isfinite(typed) else None
    if not isinstance(typed, str) or len(typed) > 200:
        return None
    typed = unicodedata.normalize("NFKC", typed).replace("\u2212", "-").strip()
    if typed.lower().rstrip(".") in ("none", "zero", "nil", "no"):
        return 0.0
    found = re.findall(r"[-+]?\d+(?:[.,\u00a0 ]\d+)*|[-+]?[.,]\d+", typed, re.ASCII)
    if len(found) != 1:
        return None
    number = found[0]
    if re.fullmatch(r"[-+]?\d{1,3}(?:[, \u00a0]\d{3})+(?:\.\d+)?", number):
        number = re.sub(r"[, \u00a0]", "", number)
    try:
        value = float(number.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _number(item: Item, answer: Any) -> Mark:
    value = read_number(answer)
    if value is None:
        return Mark("not attempted", ("Type one number in digits, such as 12 or 0.5.",))
    close = item.tolerance + 1e-9  # 0.57 and 0.015 do not quite add up to 0.585
    if abs(value - item.answer) <= close:
        return Mark("right", (item.says,))
    for known in item.known:
        if "value" in known and abs(value - known["value"]) <= close:
            return Mark("not yet", (known["says"],))
    return Mark("not yet", (item.otherwise,))


def fold(typed: str) -> str:
    """Words as they are compared: no case, no outer punctuation, one kind of quote and space."""
    typed = unicodedata.normalize("NFKC", typed).casefold()
    typed = typed.translate(_PLAIN)
    return " ".join(typed.split()).strip(" .,;:!?\"'()[]`")


def _text(item: Item, answer: Any) -> Mark:
    typed = fold(answer) if isinstance(answer, str) else ""
    if not typed:
        return Mark("not attempted", ("Type your answer first.",))
    if typed in map(fold, item.accept):
        return Mark("right", (item.says,))
    for known in item.known:
        if "text" in known and typed == fold(known["text"]):
            return Mark("not yet", (known["says"],))
    return Mark("not yet", (item.otherwise,))


def _order(item: Item, answer: Any) -> Mark:
    given = tuple(answer) if isinstance(answer, list | tuple) else ()
    if sorted(map(str, given)) != sorted(part.id for part in item.parts):
        return Mark("not attempted", ("Put all the pieces in order first.",))
    if given in item.orders:
        return Mark("right", (item.says,))
    for known in item.known:
        if tuple(known.get("order", ())) == given:
            return Mark("not yet", (known["says"],))
    placed = max(_shared_start(given, order) for order in item.orders)
    start = {0: "The first one has to move.", 1: "The first one is in its place."}
    words = start.get(placed, f"The first {placed} are in their places.")
    return Mark("not yet", (words, item.otherwise), hits=placed, wanted=len(given))


def _shared_start(one: tuple, other: tuple) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def _match(item: Item, answer: Any) -> Mark:
    given = answer if isinstance(answer, dict) else {}
    chosen = {part.id: given.get(part.id) for part in item.parts}
    missing = sum(not category for category in chosen.values())
    if missing:
        return Mark("not attempted", (f"Choose for every row first: {missing} to go.",))
    parts = {
        part.id: ("right" if chosen[part.id] in part.goes else "not yet", part.says)
        for part in item.parts
    }
    hits = sum(verdict == "right" for verdict, _ in parts.values())
    if hits == len(item.parts):
        return Mark("right", (item.says,), parts, hits, hits)
    says = (f"{hits} of {len(item.parts)} are in their places.", item.otherwise)
    return Mark("not yet", says, parts, hits, len(item.parts))


def _span(item: Item, answer: Any) -> Mark:
    stretches = _marked(item, answer)
    if stretches is None:
        return Mark("not attempted", ("Mark words first, or say that there is nothing to mark.",))
    words = passage_words(item)
    where = {part.id: _in_words(words, [(part.start, part.end)])[0] for part in item.parts}

    def fitting(stretch: tuple[int, int], right: bool | str) -> list[Part]:
        return [p for p in item.parts if p.right == right and _fits(stretch, where[p.id])]

    wanted = [part for part in item.parts if part.right is True]
    found = _pair_off([[part.id for part in fitting(one, True)] for one in stretches])
    by_id = {part.id: part for part in item.parts}
    said = []
    for number, stretch in enumerate(stretches):
        if number in found:
            said.append(("right", by_id[found[number]].says))
        elif fitting(stretch, True):
            said.append(("right", "This belongs to a spot that another mark of yours has found."))
        elif also := fitting(stretch, "also"):
            said.append(("defensible", also[0].says))
        else:
            controls = [p for p in item.parts if p.right is False and _shared(stretch, where[p.id])]
            said.append(("not yet", controls[0].says if controls else item.otherwise))
    hits = len(found)
    alarms = sum(verdict == "not yet" for verdict, _ in said)
    spans = tuple(
        one | {"verdict": verdict, "says": says}
        for one, (verdict, says) in zip(_kept(item, stretches), said, strict=True)
    )
    parts = {part_id: ("right", by_id[part_id].says) for part_id in found.values()}
    # "Found: 0 of 0" would tell somebody who has marked too much that there is nothing at all.
    score = [f"Found: {hits} of {len(wanted)}."] if wanted else []
    score += [f"Marked in error: {alarms}. Score: {hits - alarms}."] if wanted or alarms else []
    right = hits == len(wanted) and not alarms
    says = [" ".join(score)] if score else []
    return Mark(
        "right" if right else "not yet",
        (*says, item.says) if right else tuple(says),
        parts,
        hits,
        len(wanted),
        alarms,
        spans,
    )


def _shared(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _fits(stretch: tuple[int, int], target: tuple[int, int]) -> bool:
    """Whether a mark is a fair way to point at a target.

    It lies within it, or covers at least half of its words and takes few others: "all" for
    "have all turned their backs" is right, and so is "Iraq have all turned their backs".
    """
    shared, marked, looked_for = (
        _shared(stretch, target), stretch[1] - stretch[0], target[1] - target[0],
    )  # fmt: skip
    if shared == marked:
        return True
    covers = shared > 0 and 2 * shared >= looked_for
    return covers and marked - shared <= max(SPARE_WORDS, looked_for)


def _pair_off(choices: list[list[str]]) -> dict[int, str]:
    """Mark number -> target id, each used once, and as many pairs as there can be.

    choices: for each mark, the targets it would fit. A mark that covers two targets must not take
    the one from a mark that fits no other. (Augmenting paths: Kuhn, 1955.)
    """
    taken: dict[str, int] = {}

    def place(number: int, tried: set[str]) -> bool:
        for target in choices[number]:
            if target not in tried:
                tried.add(target)
                if target not in taken or place(taken[target], tried):
                    taken[target] = number
                    return True
        return False

    for number in range(len(choices)):
        place(number, set())
    return {number: target for target, number in sorted(taken.items(), key=lambda pair: pair[1])}


def missed(item: Item, mark: Mark) -> list[dict[str, Any]]:
    """What was looked for in a passage and not found, in the form of `Mark.spans`."""
    return [
        {"start": p.start, "end": p.end, "quote": p.text, "verdict": "missed", "says": p.says}
        for p in item.parts
        if p.right is True and p.id not in mark.parts
    ]


def faithful(items: Iterable[Item]) -> str:
    """The summary that has to follow these items: "" when none of them shows a distorted one.

    Raises NutgrafError when of the distorted summaries one is shown without its mirror image,
    which would teach that only one side distorts.
    """
    items = list(items)
    shown = {item.summary for item in items if item.distorted}
    if not shown:
        return ""
    from nutgraf.article import load

    summaries = load().summaries
    missing = [one["id"] for one in summaries["distorted"] if one["id"] not in shown]
    if missing:
        names = ", ".join(item.id for item in items if item.distorted)
        raise NutgrafError(
            f"{names} shows a text that is distorted on purpose; it is shown together with its "
            f"mirror image ({', '.join(missing)}) only. Ask for the items of both at once."
        )
    return next(one["text"] for one in summaries["faithful"] if one["id"] == FAITHFUL)


_MARKERS = {
    "single": _single,
    "multiple": _multiple,
    "number": _number,
    "text": _text,
    "order": _order,
    "match": _match,
    "span": _span,
}


def key(item: Item) -> Any:
    """A right answer, in the form that `mark` takes."""
    if item.kind == "single":
        return next(part.id for part in item.parts if part.right is True)
    if item.kind == "multiple":
        return [part.id for part in item.parts if part.right is True]
    if item.kind == "number":
        return item.answer
    if item.kind == "text":
        return item.accept[0]
    if item.kind == "order":
        return [part.id for part in item.parts]
    if item.kind == "span":
        spans = [(part.start, part.end) for part in item.parts if part.right is True]
        return _kept(item, _in_words(passage_words(item), spans))
    return {part.id: part.goes[0] for part in item.parts}


def in_words(item: Item, answer: Any) -> str:
    """An answer as a person would read it: "a; b", "x → y"."""
    texts = {part.id: part.text for part in item.parts}
    if item.kind == "single":
        return texts.get(answer, "")
    if item.kind in ("multiple", "order") and isinstance(answer, list | tuple):
        return "; ".join(texts.get(part, "") for part in answer)
    if item.kind == "span" and isinstance(answer, list | tuple):
        return "; ".join(one["quote"] for one in answer) or "there is nothing to mark"
    if item.kind == "match" and isinstance(answer, dict):
        names = dict(item.categories)
        return "; ".join(
            f"{texts[r]} → {names.get(c, '')}" for r, c in answer.items() if r in texts
        )
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    return str(answer)

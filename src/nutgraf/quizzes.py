"""Quiz items: what they are, how they are read, how an answer is marked. No screen here.

Data: one YAML file a lesson in `notebooks/quizzes/`, checked against `quiz.schema.json`.
The key stays in this process: `public` is all that a front end may be sent.
"""

from __future__ import annotations

import json
import math
import random
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutgraf.errors import NutgrafError
from nutgraf.paths import kit_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nutgraf.article import Article

KINDS = ("single", "multiple", "number", "text", "order", "match")
SURE = {"guess": "a guess", "fairly": "fairly sure", "certain": "certain"}
"""How sure a learner can be, with the words they see."""

FEEDBACK_WORDS = 40
"""Longer feedback is not read: the limit, in words, that `load_quiz` holds authors to."""


@dataclass(frozen=True)
class Part:
    """One thing to choose, order or sort: an option, a piece or a row.

    right: True, False or "also" (a defensible reading: accepted, not required);
    goes: for rows, the ids of the categories that are accepted.
    """

    id: str
    text: str
    right: bool | str = False
    says: str = ""
    goes: tuple[str, ...] = ()


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

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """Every right order of the pieces, as tuples of part ids."""
        return (tuple(part.id for part in self.parts), *self.also)


@dataclass(frozen=True)
class Mark:
    """What the kit has to say of one answer.

    verdict: "right", "defensible", "not yet" or "not attempted"; says: sentences on the
    whole; parts: part id -> (verdict, sentence) for the parts the learner chose; hits, wanted
    and false_alarms: whole numbers, for items in which several parts are looked for.
    """

    verdict: str
    says: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hits: int = 0
    wanted: int = 0
    false_alarms: int = 0

    @property
    def passed(self) -> bool:
        return self.verdict in ("right", "defensible")


# --- reading -------------------------------------------------------------------------------


def load_quiz(path: Path) -> tuple[Item, ...]:
    """The items of one YAML file, in its order.

    Raises NutgrafError naming file, item and field when the file does not follow the schema.
    """
    import yaml

    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_unique_keys_loader())
    except OSError as problem:
        raise NutgrafError(
            f"{path.name}: cannot be read ({problem.strerror or problem})."
        ) from problem
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as problem:
        first = " ".join(str(problem).split())
        raise NutgrafError(f"{path.name}: is not readable YAML: {first}") from problem
    _follow_schema(data, path.name)
    items = tuple(_item(raw, data["lesson"]) for raw in data["items"])
    for item in items:
        _make_sense(item, path.name)
    repeated = _repeats(item.id for item in items)
    if repeated:
        raise NutgrafError(f"{path.name}: item {repeated[0]}: this id stands twice; rename one.")
    return items


@cache
def all_items() -> dict[str, Item]:
    """Every item of the kit by its id, in the order of the lessons."""
    found: dict[str, Item] = {}
    for path in sorted((kit_dir("notebooks") / "quizzes").glob("*.yml")):
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

    from nutgraf import tokenizing

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


def _item(raw: dict[str, Any], lesson: str) -> Item:
    parts = raw.get("options") or raw.get("pieces") or raw.get("rows") or ()
    return Item(
        id=raw["id"],
        lesson=lesson,
        kind=raw["kind"],
        prompt=raw["prompt"].strip(),
        skill=raw.get("skill", ""),
        bloom=raw.get("bloom", ""),
        parts=tuple(
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
    )


def _several(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _make_sense(item: Item, name: str) -> None:
    """What a schema cannot say: keys exist, categories are known, feedback is short."""

    def wrong(where: str, what: str) -> NutgrafError:
        return NutgrafError(f"{name}: item {item.id}: {where}: {what}")

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


def _repeats(names: Iterable[str]) -> list[str]:
    names = list(names)
    return [name for index, name in enumerate(names) if name in names[:index]]


# --- what a front end may see --------------------------------------------------------------


def order_for(item: Item, learner: str) -> list[Part]:
    """The item's parts in the order this learner sees them: always the same for one learner.

    Pieces to be put in order are never shown in a right order.
    """
    parts = list(item.parts)
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
    return {
        "id": item.id,
        "kind": item.kind,
        "prompt": item.prompt,
        "code": item.code,
        "parts": [part.text for part in order_for(item, learner)],
        "categories": [words for _, words in item.categories],
        "hints": len(item.hints),
    }


def from_places(item: Item, learner: str, answer: Any) -> Any:
    """A front end's answer (places) as the kit keeps it (ids); None when it makes no sense."""
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
    if item.kind == "match":
        if not isinstance(answer, dict):
            return None
        categories = [category for category, _ in item.categories]
        chosen = [answer.get(part.id) for part in order_for(item, learner)]
        return [categories.index(c) if c in categories else None for c in chosen]
    if not isinstance(answer, list) or any(part not in places for part in answer):
        return None
    return [places[part] for part in answer]


# --- marking -------------------------------------------------------------------------------


def mark(item: Item, answer: Any) -> Mark:
    """Mark one answer.

    answer: single: an option's id; multiple: a list of them; number: a number or what a person
    typed; text: what they typed; order: all pieces' ids in order; match: {row id: category id}.
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
    close = max(item.tolerance, 1e-9)
    if abs(value - item.answer) <= close:
        return Mark("right", (item.says,))
    for known in item.known:
        if "value" in known and abs(value - known["value"]) <= close:
            return Mark("not yet", (known["says"],))
    return Mark("not yet", (item.otherwise,))


def fold(typed: str) -> str:
    """Words as they are compared: no case, no outer punctuation, one kind of quote and space."""
    typed = unicodedata.normalize("NFKC", typed).casefold()
    typed = typed.translate(str.maketrans("‘’“”–—‐", "''\"\"---"))
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


_MARKERS = {
    "single": _single,
    "multiple": _multiple,
    "number": _number,
    "text": _text,
    "order": _order,
    "match": _match,
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
    return {part.id: part.goes[0] for part in item.parts}


def in_words(item: Item, answer: Any) -> str:
    """An answer as a person would read it: "a; b", "x → y"."""
    texts = {part.id: part.text for part in item.parts}
    if item.kind == "single":
        return texts.get(answer, "")
    if item.kind in ("multiple", "order") and isinstance(answer, list | tuple):
        return "; ".join(texts.get(part, "") for part in answer)
    if item.kind == "match" and isinstance(answer, dict):
        names = dict(item.categories)
        return "; ".join(
            f"{texts[r]} → {names.get(c, '')}" for r, c in answer.items() if r in texts
        )
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    return str(answer)

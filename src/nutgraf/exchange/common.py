"""What the formats share: items made ready to leave the kit, their words as HTML, and what is lost.

`ready` turns items into `Question`s, which every learning platform has in some form; each format's
module writes those. Words are plain text with `code` in backticks, as in the kit; `Html` makes
elements of them in which nothing of an author's is taken for markup.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from nutgraf import quizzes
from nutgraf.errors import NutgrafError
from nutgraf.paths import kit_dir

NAME = 60
"""Longest name of a question, in characters, besides its id."""

STRETCH = 2
"""Fewest words of a stretch of a passage that is offered beside the ones looked for."""

PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
}

FAITHFUL = "As short, and faithful to the article:"
NOTHING = "There is nothing to mark in it"
NOT_NOTHING = "There is something to mark in it. Look once more."

_ILLEGAL = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2 Characters) has no place for, half characters included."""

_MARKUP = re.compile(r"`([^`]+)`|!\[([^\[\]\n]*)\]\(([^()\s]+)\)")
_PLAIN_SIGNS = str.maketrans("‘’“”–—‐", "''\"\"---")


@dataclass(frozen=True)
class Loss:
    """What became of one item in one format.

    what: "left out" or "changed"; why: a sentence for the teacher.
    """

    item: str
    form: str
    what: str
    why: str


@dataclass(frozen=True)
class Written:
    """One quiz in one format: the file's bytes, the items in it and what was lost on the way."""

    content: bytes
    items: tuple[str, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Quiz:
    """Questions that travel together. slug: the file's name without its ending."""

    slug: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Block:
    """A piece of a page: kind "p", "quote", "head" or "list"; a list has `texts`."""

    kind: str
    text: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """An option, a piece or a row, under a number that tells nothing of the key.

    right: True, False or "also" (accepted, not required); goes: numbers of accepted categories;
    start, end: its place in the passage, for what is to be marked there.
    """

    id: str
    text: str
    right: bool | str = False
    says: str = ""
    goes: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Known:
    """A wrong answer that the kit knows: value, text or order; how it reads; what is said of it."""

    answer: Any
    words: str
    says: str


@dataclass(frozen=True)
class Question:
    """An item as platforms know questions.

    kind: "single", "multiple", "number", "text", "order" or "match" (`item.kind` is "span" for a
    passage, which becomes "multiple"); stem: what is asked; orders: every right order of choice
    numbers; right, wrong: what is said of the whole; always: what is said in any case.
    """

    id: str
    item: quizzes.Item
    kind: str
    name: str
    stem: tuple[Block, ...]
    choices: tuple[Choice, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    shuffle: bool = True
    orders: tuple[tuple[str, ...], ...] = ()
    right: str = ""
    wrong: str = ""
    known: tuple[Known, ...] = ()
    always: tuple[Block, ...] = ()

    @property
    def wanted(self) -> int:
        """How many choices are looked for."""
        return sum(choice.right is True for choice in self.choices)


# --- ready to leave --------------------------------------------------------------------------


def ready(items: Iterable[quizzes.Item]) -> tuple[list[Question], list[tuple[str, str, str]]]:
    """The items as questions, and what is true of them in any format: (id, what, why).

    A text that is distorted on purpose goes with its mirror image and the faithful one, or not at
    all: question banks deal questions out one by one, so each of its questions shows all of them.
    """
    notes: list[tuple[str, str, str]] = []
    kept = []
    for item in items:
        clean = cleaned(item)
        if clean != item:
            notes.append((item.id, "changed", "a sign that XML has no place for became �"))
        kept.append(clean)
    try:
        faithful = quizzes.faithful(kept)
    except NutgrafError:
        faithful = ""
        why = "its text is distorted on purpose, and is shown with its mirror image only"
        notes += [(item.id, "left out", why) for item in kept if item.distorted]
        kept = [item for item in kept if not item.distorted]
    together = tuple(item for item in kept if item.summary) if faithful else ()
    return [_question(item, together, cleaned(faithful)) for item in kept], notes


def cleaned(thing: Any) -> Any:
    """The same, with � for every sign that XML has no place for; lengths stay as they are."""
    if isinstance(thing, str):
        ends = thing.replace("\r\n", " \n").replace("\r", "\n")
        return _ILLEGAL.sub("\ufffd", ends)
    if isinstance(thing, tuple | list):
        return type(thing)(map(cleaned, thing))
    if isinstance(thing, dict):
        return {key: cleaned(value) for key, value in thing.items()}
    if is_dataclass(thing):
        return replace(thing, **{f.name: cleaned(getattr(thing, f.name)) for f in fields(thing)})
    return thing


def _question(item: quizzes.Item, together: tuple[quizzes.Item, ...], faithful: str) -> Question:
    numbers = _numbers(item)
    question = Question(
        id="nutgraf-" + re.sub(r"[^A-Za-z0-9_.-]", lambda sign: f"x{ord(sign[0]):x}", item.id),
        item=item,
        kind=item.kind,
        name=_name(item),
        stem=(Block("p", item.prompt),),
        choices=tuple(
            Choice(numbers["part", part.id], part.text, part.right, part.says,
                   tuple(numbers["category", goes] for goes in part.goes))
            for part in item.parts
        ),
        categories=tuple((numbers["category", name], words) for name, words in item.categories),
        shuffle=item.shuffle,
        right=item.says,
        wrong=item.otherwise,
        known=_known(item, numbers),
        always=_evidence(item),
    )  # fmt: skip
    if item.kind == "order":
        orders = tuple(tuple(numbers["part", part] for part in order) for order in item.orders)
        return replace(question, orders=orders)
    if item.kind == "span":
        return _with_stretches(question, numbers, together, faithful)
    return question


def _name(item: quizzes.Item) -> str:
    words = " ".join(item.prompt.split())
    return f"{item.id} {words if len(words) <= NAME else words[:NAME].rsplit(' ', 1)[0] + ' …'}"


def _numbers(item: quizzes.Item) -> dict[tuple[str, str], str]:
    """Five digits for each part and category: the same in every export, and silent on the key."""
    numbers: dict[tuple[str, str], str] = {}
    names = [("part", part.id) for part in item.parts]
    names += [("category", name) for name, _ in item.categories]
    for name in names:
        numbers[name] = _free(numbers.values(), f"{item.id}:{':'.join(name)}")
    return numbers


def _free(taken: Iterable[str], seed: str) -> str:
    digest = int(hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest(), 16)
    number = digest % 90_000 + 10_000
    taken = set(taken)
    while str(number) in taken:
        number = number + 1 if number < 99_999 else 10_000
    return str(number)


def _known(item: quizzes.Item, numbers: dict[tuple[str, str], str]) -> tuple[Known, ...]:
    found = []
    for one in item.known:
        if "value" in one:
            found.append(Known(one["value"], digits(one["value"]), one["says"]))
        elif "text" in one:
            found.append(Known(one["text"], one["text"], one["says"]))
        elif "order" in one:
            order = list(one["order"])
            ids = tuple(numbers["part", part] for part in order)
            texts = {part.id: part.text for part in item.parts}
            code = "`{}`" if item.code else "{}"
            words = " / ".join(code.format(texts[part].strip()) for part in order)
            found.append(Known(ids, words, one["says"]))
    return tuple(found)


def _evidence(item: quizzes.Item) -> tuple[Block, ...]:
    quotes = tuple(one["quote"] for one in item.evidence)
    return (Block("head", "In the article"), Block("list", texts=quotes)) if quotes else ()


def digits(value: float | Decimal) -> str:
    """A number as platforms read it: digits and a full stop, no more than it takes."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return format(exact.normalize() + 0, "f")


def bounds(item: quizzes.Item) -> tuple[str, str, str]:
    """The answer of a number, and the lowest and the highest that is right, as digits."""
    answer, tolerance = Decimal(repr(item.answer)), Decimal(repr(item.tolerance))
    return digits(answer), digits(answer - tolerance), digits(answer + tolerance)


def wordings(item: quizzes.Item) -> list[str]:
    """What counts as right in a text item, typed with plain signs as well as with curly ones."""
    found: dict[str, str] = {}
    for text in item.accept:
        for one in (text, text.translate(_PLAIN_SIGNS)):
            found.setdefault(one.casefold(), one)
    return list(found.values())


# --- passages --------------------------------------------------------------------------------


def _with_stretches(
    question: Question,
    numbers: dict[tuple[str, str], str],
    together: tuple[quizzes.Item, ...],
    faithful: str,
) -> Question:
    """A passage to mark as a question with options: its targets and controls, in their order.

    Where the item has no controls, the stretches between the targets take their place.
    """
    item = question.item
    parts = sorted(item.parts, key=lambda part: part.start)
    choices = [
        Choice(numbers["part", p.id], p.text, p.right, p.says, (), p.start, p.end) for p in parts
    ]
    if not any(part.right is False for part in parts):
        taken = set(numbers.values())
        for start, end in _gaps(item):
            number = _free(taken, f"{item.id}:gap:{start}")
            taken.add(number)
            text = item.passage[start:end]
            choices.append(Choice(number, text, False, item.otherwise, (), start, end))
        choices.sort(key=lambda choice: choice.start)
    choices = _told_apart(choices, item.passage)
    empty = not any(choice.right is True for choice in choices)
    says = item.says if empty else NOT_NOTHING
    number = _free((choice.id for choice in choices), f"{item.id}:nothing")
    choices.append(Choice(number, NOTHING, empty, says))
    stem = [*question.stem, Block("quote", item.passage)]
    always = question.always
    if item in together:
        texts = sorted({other.passage for other in together})
        stem = [*question.stem, *(Block("quote", text) for text in texts)]
        stem.append(Block("p", f"Choose from the text that begins with {item.watermark}."))
        always = (*always, Block("head", FAITHFUL), Block("quote", faithful))
    return replace(
        question,
        kind="multiple",
        stem=tuple(stem),
        choices=tuple(choices),
        shuffle=False,
        wrong="",
        right="" if empty else question.right,
        always=tuple(always),
    )


def _gaps(item: quizzes.Item) -> list[tuple[int, int]]:
    """Spans of the stretches between the targets, cut at punctuation, of two words or more."""
    edges = [0]
    for part in sorted(item.parts, key=lambda part: part.start):
        edges += [part.start, part.end]
    edges.append(len(item.passage))
    words = quizzes.passage_words(item)
    found = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        here = [word for word in words if left <= word[0] and word[1] <= right]
        run: list[tuple[int, int]] = []
        for word in [*here, None]:
            between = item.passage[run[-1][1] : word[0]] if run and word else ""
            if run and (word is None or re.search(r"[,;:.!?…]", between)):
                if len(run) >= STRETCH:
                    found.append((run[0][0], run[-1][1]))
                run = []
            if word:
                run.append(word)
    return found


def _told_apart(choices: list[Choice], passage: str) -> list[Choice]:
    """The choices, those with the same words shown in their surroundings."""
    texts = [choice.text for choice in choices]
    clear = []
    for choice in choices:
        if texts.count(choice.text) > 1:
            before = " ".join(passage[: choice.start].split()[-3:])
            after = " ".join(passage[choice.end :].split()[:3])
            around = f"{choice.text} (in: … {before} {choice.text} {after} …)"
            clear.append(replace(choice, text=around))
        else:
            clear.append(choice)
    return clear


# --- words as HTML ---------------------------------------------------------------------------

Image = Callable[[str, str], "ET.Element | None"]
"""Takes a picture's file name and what it shows, gives its element; None: its words instead."""


@dataclass
class Pictures:
    """The pictures that a quiz takes along, by file name: `![what it shows](strip.png)`.

    folder: where they lie; default: beside the kit's quizzes.
    """

    folder: Path | None = None
    found: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """A picture's bytes. Raises NutgrafError when there is none of this name in the folder."""
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
            raise NutgrafError(
                f"{name}: this is no name for a picture. Put it beside the questions, and use "
                "letters from a to z, digits, - and _ in its name."
            )
        folder = self.folder or kit_dir("notebooks") / "quizzes"
        try:
            self.found[name] = (folder / name).read_bytes()
        except OSError as problem:
            raise NutgrafError(
                f"{name}: there is no such picture in {folder}. Put it there, or correct its name."
            ) from problem
        return self.found[name]


def is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in PICTURES


def pictures_in(text: str) -> list[str]:
    """File names of the pictures that a text shows."""
    return [m[3] for m in _MARKUP.finditer(text) if m[3] and is_picture(m[3])]


def inline(parent: ET.Element, text: str, image: Image | None = None) -> ET.Element:
    """Put words into an element: `code` as code, line ends as breaks, pictures as `image` says."""
    place = 0
    for match in _MARKUP.finditer(text):
        code, alt, name = match.groups()
        if code is None and not is_picture(name):
            continue
        inline_plain(parent, text[place : match.start()])
        if code is not None:
            _add_code(parent, code)
        else:
            shown = image(name, alt) if image else None
            if shown is None:
                inline_plain(parent, f"[{alt or name}]")
            else:
                parent.append(shown)
        place = match.end()
    inline_plain(parent, text[place:])
    return parent


def inline_plain(parent: ET.Element, text: str) -> None:
    """Put words into an element as they are, behind what is in it; line ends as breaks."""
    lines = text.split("\n")
    _append(parent, lines[0])
    for line in lines[1:]:
        ET.SubElement(parent, "br")
        _append(parent, line)


def _append(parent: ET.Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _add_code(parent: ET.Element, code: str) -> None:
    element = ET.SubElement(parent, "code")
    if re.search(r"^\s|\s\s|\s$", code):
        element.set("style", "white-space: pre-wrap")  # else browsers make one space of several
    inline_plain(element, code)


def blocks(pieces: Iterable[Block], image: Image | None = None) -> list[ET.Element]:
    """Pieces of a page as HTML elements."""
    made = []
    for piece in pieces:
        if piece.kind == "head":
            element = ET.Element("p")
            inline(ET.SubElement(element, "strong"), piece.text)
        elif piece.kind == "quote":
            element = ET.Element("blockquote")
            inline_plain(ET.SubElement(element, "p"), piece.text)
        elif piece.kind == "list":
            element = ET.Element("ul")
            for text in piece.texts:
                inline(ET.SubElement(element, "li"), text, image)
        else:
            element = inline(ET.Element("p"), piece.text, image)
        made.append(element)
    return made


def html(elements: Iterable[ET.Element] | ET.Element) -> str:
    """Elements as HTML that is well-formed XML, too. An element is taken without its own tags."""
    if isinstance(elements, ET.Element):
        copy = ET.Element("x")
        copy.text, copy[:] = elements.text, elements[:]
        text = ET.tostring(copy, encoding="unicode", short_empty_elements=False)[3:-4]
    else:
        text = "".join(
            ET.tostring(one, encoding="unicode", short_empty_elements=False) for one in elements
        )
    return text.replace("></br>", "/>").replace("></img>", "/>")


def of_text(text: str, image: Image | None = None) -> str:
    """Words as HTML within a line."""
    return html(inline(ET.Element("x"), text, image))


def of_code(text: str) -> str:
    """A line of code as HTML, its indentation kept."""
    line = ET.Element("x")
    inline_plain(ET.SubElement(line, "pre"), text)
    return html(line)


def of_choice(question: Question, choice: Choice, image: Image | None = None) -> str:
    """A choice's words as HTML: code as such, words of a passage with nothing in them read."""
    if question.item.code:
        return of_code(choice.text)
    if question.item.kind == "span":
        return of_quote(choice.text)
    return of_text(choice.text, image)


def of_quote(text: str) -> str:
    """Words of a passage as HTML: backticks and all as they are."""
    element = ET.Element("x")
    inline_plain(element, text)
    return html(element)


# --- what is said of the whole ---------------------------------------------------------------


def hints(question: Question) -> list[Block]:
    """The hints as a list, for formats without hints of their own."""
    found = question.item.hints
    return [Block("head", "Hints"), Block("list", texts=found)] if found else []


def known(question: Question) -> list[Block]:
    """What is said of wrong answers that the kit knows, for formats that cannot tell them."""
    if not question.known:
        return []
    said = tuple(f"{one.words}: {one.says}" for one in question.known)
    return [Block("head", "If your answer was"), Block("list", texts=said)]


def rows(question: Question) -> list[Block]:
    """What is said of each row, for formats in which rows have no feedback."""
    if question.item.kind != "match":
        return []
    names = dict(question.categories)
    said = []
    for row in question.choices:
        goes = " or ".join(names[category] for category in row.goes)
        said.append(f"{row.text} → {goes}" + (f": {row.says}" if row.says else ""))
    return [Block("head", "Row by row"), Block("list", texts=tuple(said))]


def other_orders(question: Question) -> list[Block]:
    """The orders that are right besides the first, for formats that know one only."""
    if len(question.orders) < 2:
        return []
    texts = {choice.id: choice.text for choice in question.choices}
    code = "`{}`" if question.item.code else "{}"
    said = tuple(
        " / ".join(code.format(texts[one].strip()) for one in order)
        for order in question.orders[1:]
    )
    return [Block("head", "Right as well"), Block("list", texts=said)]


def paragraph(text: str) -> list[Block]:
    return [Block("p", text)] if text else []


def positions(question: Question) -> Question:
    """An order as rows and the places they go to: what platforms without ordering can ask."""
    ids = [choice.id for choice in question.choices]
    places: list[tuple[str, str]] = []
    for number in range(len(ids)):
        taken = [*ids, *(place for place, _ in places)]
        places.append((_free(taken, f"{question.item.id}:place:{number}"), str(number + 1)))
    rows = [
        replace(choice, goes=(place,))
        for choice, (place, _) in zip(question.choices, places, strict=True)
    ]
    rows.sort(key=lambda row: row.id)
    # In no right order, since there are platforms that leave rows as they are.
    while tuple(row.id for row in rows) in question.orders and len(set(question.orders)) < len(ids):
        rows = rows[1:] + rows[:1]
    always = (*question.always, *other_orders(question))
    return replace(question, kind="match", choices=tuple(rows), categories=tuple(places),
                   always=always)  # fmt: skip

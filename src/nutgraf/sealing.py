"""Quiz items under a lid: a file in which questions can be read and answers cannot be glanced at.

A class edition answers every question at once and without a network, so whatever marks an answer
has to lie in it. `seal` leaves in plain what a learner sees before answering, and covers the rest:
keys, feedback, hints, names of the options, evidence and checks are compressed and mixed with a
keystream, as base64. A search, a preview or a glance at the file shows none of them, and a file
that was damaged or changed is noticed.

It is a lid, not a lock. The keystream is SHAKE-256 (FIPS 202) of `LABEL` and the lesson's name, and
both stand here: `unseal` opens it for the kit, and so it does for anybody who runs or reads this.

Nor could answers that are typed be kept better, as a slow hash of the right ones: "show me" has to
say the answer to somebody who does not know it, a number is right within a tolerance, and the
feedback for a known mistake must come to who makes it. What the kit can say, its files hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import MISSING, fields
from typing import Any

from nutgraf.errors import NutgrafError
from nutgraf.quizzes import Item, Part

SUFFIX = ".sealed"
"""How the name of a sealed quiz ends, in the place of `.yml`."""

FORMAT = 1
LABEL = "nutgraf sealed quiz 1"
ABOUT = (
    "Questions of a class edition. Their answers lie in `sealed`, so that nobody meets them by "
    "chance. Change nothing here: a changed file is not read."
)
PLAIN = ("id", "kind", "prompt", "code", "passage")
"""Fields of an item that stay readable, besides the texts of its parts and categories."""

_OWN_WAY = ("lesson", "parts", "categories")
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
AGAIN = "Get the class edition once more from your teacher."


def seal(items: Sequence[Item]) -> bytes:
    """The items of one lesson as a sealed file; the same for the same items."""
    shown = [_shown(item) for item in items]
    lesson = items[0].lesson
    page = {"about": ABOUT, "format": FORMAT, "lesson": lesson, "items": shown}
    covered = json.dumps([_covered(item) for item in items], separators=(",", ":")).encode()
    content = _digest(page, covered) + zlib.compress(covered, 9)
    page["sealed"] = base64.b64encode(_mixed(content, lesson)).decode("ascii")
    return f"{json.dumps(page, indent=1, ensure_ascii=False)}\n".encode()


def unseal(data: bytes, name: str) -> tuple[Item, ...]:
    """The items of a sealed file, equal to those that were sealed, in their order.

    Raises NutgrafError, naming the file (`name`), when it was damaged or changed, or was made by
    a version of the kit that seals in another way.
    """
    try:
        page = json.loads(data)
        if page["format"] != FORMAT:
            raise NutgrafError(
                f"{name}: is sealed in a way that this version of Nutgraf does not know (format "
                f"{page['format']!r}, not {FORMAT}). {AGAIN}"
            )
        lesson = page["lesson"]
        content = _mixed(base64.b64decode(page.pop("sealed"), validate=True), lesson)
        covered = zlib.decompress(content[32:])
        if _digest(page, covered) != content[:32]:
            raise ValueError("the digest differs")
        pairs = zip(page["items"], json.loads(covered), strict=True)
        return tuple(_item(shown, rest, lesson) for shown, rest in pairs)
    except (*_DAMAGE, zlib.error) as error:
        raise NutgrafError(f"{name}: was damaged or changed, so it is not read. {AGAIN}") from error


def _mixed(content: bytes, lesson: str) -> bytes:
    """The content with the lesson's keystream laid over it, or taken off again."""
    stream = hashlib.shake_256(f"{LABEL}: {lesson}".encode()).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, stream, strict=True))


def _digest(page: dict[str, Any], covered: bytes) -> bytes:
    """32 bytes that change when anything in the file does."""
    plain = json.dumps(page, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(plain + covered).digest()


def _by_text(item: Item) -> list[int]:
    """The parts' places, sorted by their texts: an author's order may give the key away."""
    return sorted(range(len(item.parts)), key=lambda place: item.parts[place].text)


def _shown(item: Item) -> dict[str, Any]:
    """What stays in plain: no more than a learner sees before answering."""
    shown = _not_default(item, PLAIN)
    if item.parts and item.kind != "span":  # what is to be marked in a passage is never shown
        shown["parts"] = [item.parts[place].text for place in _by_text(item)]
    if item.categories:
        shown["categories"] = [words for _, words in item.categories]
    return shown


def _covered(item: Item) -> dict[str, Any]:
    """All the rest, but for what has its default."""
    rest = _not_default(item, {one.name for one in fields(item)} - {*PLAIN, *_OWN_WAY})
    places = {place: number for number, place in enumerate(_by_text(item))}
    untold = {one.name for one in fields(Part)} - {"text"}
    rest["parts"] = [
        _not_default(part, untold) | {"text": part.text if item.kind == "span" else places[place]}
        for place, part in enumerate(item.parts)
    ]
    rest["categories"] = [name for name, _ in item.categories]
    return rest


def _not_default(thing: Item | Part, names: Collection[str]) -> dict[str, Any]:
    """Those of the named fields that have another value than every new one has."""
    return {
        one.name: getattr(thing, one.name)
        for one in fields(thing)
        if one.name in names and (one.default is MISSING or getattr(thing, one.name) != one.default)
    }


def _item(shown: dict[str, Any], rest: dict[str, Any], lesson: str) -> Item:
    texts = shown.pop("parts", ())
    words = shown.pop("categories", ())
    parts = []
    for raw in rest.pop("parts"):
        text = raw["text"] if isinstance(raw["text"], str) else texts[raw["text"]]
        parts.append(Part(**raw | {"text": text, "goes": tuple(raw.get("goes", ()))}))
    categories = tuple(zip(rest.pop("categories"), words, strict=True))
    rest = {name: tuple(value) if type(value) is list else value for name, value in rest.items()}
    if "also" in rest:
        rest["also"] = tuple(map(tuple, rest["also"]))
    return Item(lesson=lesson, parts=tuple(parts), categories=categories, **shown, **rest)

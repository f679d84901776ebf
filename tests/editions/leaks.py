"""Search for answers in files: in what a file says, and in all that can be decoded from it.

A secret is a stretch of words that must be in no file of an edition: a line of a solution, a
hidden test, a sentence of feedback. `find` looks for it in each file as it is and decoded, again
and again: JSON and YAML with their escapes, zip, gzip and zlib, base64, base85 and hexadecimal
runs, HTML entities and percent signs. Case and white space make no difference.
"""

from __future__ import annotations

import ast
import base64
import bz2
import contextlib
import gzip
import hashlib
import html
import io
import json
import lzma
import re
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nutgraf import exercises
from nutgraf.quizzes import Item, in_words, key, mark

DEEP = 6
"""So many times over a file is decoded."""

LONG_LINE = 20
"""A line of code with at least so many characters is looked for alone, a shorter one with those
around it."""


@dataclass(frozen=True)
class Secret:
    """Words that must not be found, and whose they are."""

    whose: str
    words: str

    @property
    def plain(self) -> str:
        return plain(self.words)


def plain(text: str) -> str:
    """Text as it is compared: one space for all white space, no capitals."""
    return " ".join(text.split()).lower()


# --- what is secret ----------------------------------------------------------------------------


def feedback(item: Item) -> Iterator[str]:
    """All that the kit says after an answer, and its hints."""
    yield from (item.says, item.otherwise, *item.hints)
    yield from (part.says for part in item.parts)
    yield from (known["says"] for known in item.known)


def of_quizzes(items: Iterable[Item]) -> list[Secret]:
    """Feedback, hints and checks of items; keys that have words enough to be told by them."""
    found = []
    for item in items:
        said = [words for words in feedback(item) if len(words.split()) > 3]
        keys = [*item.accept, *([in_words(item, key(item))] if item.kind == "match" else [])]
        said += [words for words in keys if len(words.split()) > 3]
        found += [Secret(item.id, words) for words in (*said, *item.check)]
    return found


def of_exercise(source: Mapping[str, Any], name: str) -> list[Secret]:
    """Lines of a source's solutions and hidden tests, and three in a row, whatever their length.

    A line that the learner's edition has too is none.
    """
    public = {
        line.strip()
        for cell in exercises.release(source, name)["cells"]
        for line in "".join(cell["source"]).splitlines()
    }
    found = []
    for cell in source["cells"]:
        for region in regions("".join(cell["source"])):
            lines = [line.strip() for line in region if line.strip()]
            alone = [line for line in lines if len(line) >= LONG_LINE and line not in public]
            rows = [lines[place : place + 3] for place in range(max(1, len(lines) - 2))]
            rows = [row for row in rows if len("".join(row)) >= LONG_LINE and {*row} - public]
            found += [Secret(name, words) for words in (*alone, *map("\n".join, rows))]
    return found


def regions(source: str) -> Iterator[list[str]]:
    """Lines between a line that begins a region and the one that ends it."""
    marked = re.findall(r"^ *### BEGIN [A-Z ]+\n(.*?)^ *### END", source, re.DOTALL | re.MULTILINE)
    yield from (text.splitlines() for text in marked)


def of_exercises(root: Path) -> list[Secret]:
    """The secrets of all exercises of a checkout."""
    sources = sorted((root / "exercises/solutions").glob("*.ipynb"))
    return [
        one for path in sources for one in of_exercise(json.loads(path.read_bytes()), path.stem)
    ]


def of_summaries(summaries: Mapping[str, Any], text: str) -> list[Secret]:
    """What was altered in summaries of an article, and how to put it right.

    Words that are the article's own are none.
    """
    found = [Secret(one["id"], one["leans"]) for one in summaries["distorted"]]
    for spot in (spot for one in summaries["distorted"] for spot in one["altered"]):
        said = [spot["repair"], spot["kind"]]
        found += [Secret(spot["id"], one) for one in said if len(one.split()) > 2]
    return [one for one in found if one.words not in text]


# --- looking for it ----------------------------------------------------------------------------


def find(files: Mapping[str, bytes], secrets: Iterable[Secret]) -> list[tuple[str, Secret]]:
    """Secrets that stand in files, plainly or decoded: names of the files, and the secrets."""
    wanted = [(one, one.plain, inner(one.plain)) for one in set(secrets)]
    found = set()
    for name, content in files.items():
        for text in texts(content):
            words = set(text.split())
            for one, said, within in wanted:
                if within <= words and said in text:
                    found.add((name, one))
    return sorted(found, key=lambda pair: (pair[0], pair[1].whose, pair[1].words))


def inner(words: str) -> frozenset[str]:
    """The words that stand between others, so that a text with them has each between spaces."""
    return frozenset(words.split()[1:-1])


@cache
def texts(content: bytes) -> tuple[str, ...]:
    """All that can be read out of a file, to be compared: once for each way of reading it."""
    seen: set[bytes] = set()
    read: dict[str, None] = {}
    todo = [(content, 0)]
    while todo:
        data, depth = todo.pop()
        digest = hashlib.sha256(data).digest()
        if digest in seen:
            continue
        seen.add(digest)
        text = as_text(data)
        if text is not None:
            read[plain(text)] = None
        if depth < DEEP:
            inside = unpacked(data) if text is None else decoded(text)
            todo += [(one, depth + 1) for one in inside]
    return tuple(read)


def as_text(data: bytes) -> str | None:
    """Bytes as text, None when they are none."""
    for encoding in ("utf-8-sig", *(["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else [])):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def unpacked(data: bytes) -> Iterator[bytes]:
    """What lies in an archive or a compressed stretch."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for open_it in (
        zlib.decompress, gzip.decompress, bz2.decompress, lzma.decompress,
        lambda raw: zlib.decompress(raw, -15),
    ):  # fmt: skip
        try:
            yield open_it(data)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            continue


def decoded(text: str) -> Iterator[bytes]:
    """What a text says once more when it is read as JSON, YAML, escapes, entities or a code."""
    for tree in trees(text):
        strings = list(leaves(tree))
        yield "\n".join(strings).encode("utf-8", "replace")
        yield from (one.encode("utf-8", "replace") for one in strings if len(one) >= LONG_LINE)
    if "\\" in text:
        yield unescaped(text).encode("utf-8", "replace")
    if "&" in text:
        yield html.unescape(text).encode("utf-8", "replace")
    if "%" in text:
        yield urllib.parse.unquote_to_bytes(text.encode("utf-8", "replace"))
    yield from coded(text)


def trees(text: str) -> Iterator[Any]:
    """A text as the trees it can be read as: JSON, JSON by the line, YAML."""
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            yield json.loads(text)
        except (ValueError, RecursionError):
            with contextlib.suppress(ValueError, RecursionError):
                yield [json.loads(line) for line in text.splitlines() if line.strip()]
    if re.match(r"(#.*\n|\s)*[\w-]+:\s", text):
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with contextlib.suppress(yaml.YAMLError, ValueError, RecursionError):
            yield yaml.load(text, loader)


def leaves(tree: Any) -> Iterator[str]:
    """All strings in a tree, keys too; a list of strings once more as the text it may be."""
    todo = [tree]
    while todo:
        here = todo.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, dict):
            todo += [*map(str, here), *here.values()]
        elif isinstance(here, list | tuple):
            todo += here
            if here and all(isinstance(one, str) for one in here):
                yield "".join(here)


_ESCAPE = re.compile(r"\\(?:u\{?([0-9a-fA-F]{4,6})\}?|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


def unescaped(text: str) -> str:
    """Text with its escapes taken for what they stand for."""

    def letter(found: re.Match) -> str:
        code = found[1] or found[2]
        if code:
            return chr(min(int(code, 16), 0x10FFFF))
        return {"n": "\n", "t": "\t", "r": "\r", "\n": ""}.get(found[3], found[3])

    return _ESCAPE.sub(letter, text)


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_BASE64_LINES = re.compile(
    r"(?:^[ \t]*[A-Za-z0-9+/]{40,}[ \t]*\n)+[ \t]*[A-Za-z0-9+/]+={0,2}", re.MULTILINE
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_BASE85 = re.compile(r"(?:(?<=[\s\"'(>~])|^)[^\s\"'\\]{30,}(?=[\s\"')~]|$)")


def coded(text: str) -> Iterator[bytes]:
    """What stretches of a text are in base64, base85 or hexadecimal, if it is a text or packed."""
    for run in [*_BASE64.findall(text), *map("".join, map(str.split, _BASE64_LINES.findall(text)))]:
        letters = run.rstrip("=").translate(str.maketrans("-_", "+/"))
        for start in range(4):  # letters before it would shift it
            piece = letters[start:]
            piece = piece[: len(piece) - (len(piece) % 4 == 1)]
            yield from readable(base64.b64decode(piece + "=" * (-len(piece) % 4)))
    for run in _HEX.findall(text):
        yield from readable(bytes.fromhex(run))
    for run in _BASE85.findall(text):
        for decode in (base64.b85decode, base64.a85decode):
            try:
                yield from readable(decode(run))
            except ValueError:
                continue


def readable(data: bytes) -> Iterator[bytes]:
    """The bytes, if they are a text or look packed; most stretches of letters are no code."""
    text = as_text(data)
    packed = data[:2] in (b"PK", b"\x1f\x8b", b"BZ", b"\xfd7") or data[:1] == b"\x78"
    if packed or (text is not None and sum(map(str.isprintable, text)) > 0.9 * len(text)):
        yield data


# --- keys by their form ------------------------------------------------------------------------

KEY_FIELDS = {"right", "says", "otherwise", "accept", "goes", "targets", "known", "repair", "leans"}
"""Names of fields by which a question's key is told apart, in a file of any form."""


def key_fields(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Files in which something has the fields of a key, with the fields."""
    found = set()
    for name, content in files.items():
        todo = list(trees(as_text(content) or ""))
        while todo:
            here = todo.pop()
            if isinstance(here, dict):
                found |= {(name, field) for field in KEY_FIELDS & {str(one) for one in here}}
                todo += here.values()
            elif isinstance(here, list):
                todo += here
    return sorted(found)


def answered(source: str, items: Mapping[str, Item]) -> Iterator[str]:
    """Ids of items for which a cell gives a right answer: `answer("T1", 0)`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "answer":
            try:
                name, given, *_ = [ast.literal_eval(argument) for argument in node.args]
            except ValueError:
                continue
            if name in items and mark(items[name], given).passed:
                yield name


# --- files -------------------------------------------------------------------------------------


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def files_of_zip(path: Path) -> dict[str, bytes]:
    """Every file in a zip or wheel, by its path in it."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}

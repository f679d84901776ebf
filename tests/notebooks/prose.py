"""What a notebook's Markdown says: headings, links, images, and prose with its code told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from typing import Any

Token = dict[str, Any]


@dataclass(frozen=True)
class Passage:
    """A paragraph, list item or table row as read aloud.

    text: white space collapsed, code in backticks; plain: as long as text, True where a character
    is the author's plain prose (no code, link, formula or quoted block); quoted: a block quote.
    """

    text: str
    plain: tuple[bool, ...]
    quoted: bool = False

    def only_plain(self) -> str:
        """The text without its code, links and formulas."""
        return "".join(c for c, plain in zip(self.text, self.plain, strict=True) if plain)


@cache
def _markdown() -> Callable[[str], list[Token]]:
    import mistune

    return mistune.create_markdown(renderer="ast", plugins=["table", "strikethrough", "math"])


def tokens(source: str) -> list[Token]:
    """The Markdown as a tree of tokens."""
    return _markdown()(source)


def headings(source: str) -> list[tuple[int, str]]:
    """(level, words) of each heading, in order; `<h2>` counts too."""
    found = []
    for token in walk(tokens(source)):
        if token["type"] == "heading":
            found.append((token["attrs"]["level"], spoken(token)))
        elif token["type"] in ("block_html", "inline_html"):
            for level, words in re.findall(
                r"<h([1-6])\b[^>]*>(.*?)(?:</h\1>|$)", token["raw"], re.I | re.S
            ):
                found.append((int(level), _without_tags(words)))
    return found


def anchor(heading: str) -> str:
    """The anchor that JupyterLab gives a heading: its words with a dash for each space."""
    return heading.replace(" ", "-")


def links(source: str) -> list[str]:
    """Where the links lead, Markdown's and HTML's."""
    found = []
    for token in walk(tokens(source)):
        if token["type"] == "link":
            found.append(token["attrs"]["url"])
        elif token["type"] in ("block_html", "inline_html"):
            found += [tag["href"] for name, tag in html_tags(token["raw"]) if "href" in tag]
    return found


def images(source: str) -> list[tuple[str, str]]:
    """(address, alternative text) of each image; "" where there is none."""
    found = []
    for token in walk(tokens(source)):
        if token["type"] == "image":
            found.append((token["attrs"]["url"], spoken(token).strip()))
        elif token["type"] in ("block_html", "inline_html"):
            found += html_images(token["raw"])
    return found


def html_images(html: str) -> list[tuple[str, str]]:
    """(what, alternative text) of each `<img>`, and of each `<svg>` that is no decoration."""
    found = []
    for name, tag in html_tags(html):
        if name == "img":
            found.append((tag.get("src", "")[:40], tag.get("alt", "").strip()))
        elif name == "svg" and tag.get("aria-hidden") != "true":
            found.append(("<svg>", tag.get("aria-label", "").strip()))
    return found


def html_tags(html: str) -> list[tuple[str, dict[str, str]]]:
    """Each opening tag with its attributes."""
    found: list[tuple[str, dict[str, str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    Reader().feed(html)
    return found


def walk(tree: list[Token]) -> Iterator[Token]:
    """Every token of a tree, parents first."""
    for token in tree:
        yield token
        yield from walk(token.get("children") or [])


def spoken(token: Token) -> str:
    """The words of a token and its children."""
    return "".join(text for text, _ in _pieces(token)).replace("`", "")


def passages(source: str) -> list[Passage]:
    """The prose of a Markdown cell in order; headings and code blocks are left out."""
    found: list[Passage] = []
    _collect(tokens(source), found, quoted=False)
    return [passage for passage in found if passage.text]


def _collect(tree: list[Token], found: list[Passage], quoted: bool) -> None:
    for token in tree:
        kind = token["type"]
        if kind in ("paragraph", "block_text"):
            found.append(_passage(_pieces(token), quoted))
        elif kind == "block_html":
            found.append(_passage([(_without_tags(token["raw"]), True)], quoted))
        elif kind in ("table_row", "table_head"):
            cells = [[*_pieces(cell), (" | ", True)] for cell in token["children"]]
            found.append(_passage([piece for cell in cells for piece in cell][:-1], quoted))
        elif kind not in ("heading", "block_code", "block_math"):
            _collect(token.get("children") or [], found, quoted or kind == "block_quote")


def _pieces(token: Token) -> list[tuple[str, bool]]:
    """(text, is it plain prose) for the leaves of an inline token."""
    kind, raw = token["type"], token.get("raw", "")
    if kind == "codespan":
        return [(f"`{raw}`", False)]
    if kind in ("softbreak", "linebreak", "blank_line"):
        return [(" ", True)]
    if kind == "inline_math":
        return [(raw, False)]
    if kind == "inline_html":
        return []
    if kind == "image":
        return [(text, False) for child in token["children"] for text, _ in _pieces(child)]
    if "children" in token:
        pieces = [piece for child in token["children"] for piece in _pieces(child)]
        return [(text, False) for text, _ in pieces] if kind == "link" else pieces
    return [(raw, True)]


def _passage(pieces: list[tuple[str, bool]], quoted: bool) -> Passage:
    text: list[str] = []
    plain: list[bool] = []
    for words, is_plain in pieces:
        for char in words:
            if char.isspace():
                if not text or text[-1] == " ":
                    continue
                char = " "  # noqa: PLW2901 - a no-break space is read as a space
            text.append(char)
            plain.append(is_plain and not quoted)
    while text and text[-1] == " ":
        text.pop()
        plain.pop()
    return Passage("".join(text), tuple(plain), quoted)


def _without_tags(html: str) -> str:
    words: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Reader().feed(re.sub(r"<!--.*?-->", "", html, flags=re.S))
    return " ".join(" ".join(words).split())


# --- reading grade -------------------------------------------------------------------------


def grade(found: list[Passage]) -> float:
    """Flesch-Kincaid grade of the author's own prose, roughly; 0.0 when there is hardly any.

    Kincaid, Fishburne, Rogers and Chissom, "Derivation of New Readability Formulas for Navy
    Enlisted Personnel", 1975. Code, links, names, numbers and quotations are not counted: an
    author cannot make them easier.
    """
    words = syllables = sentences = 0
    for passage in found:
        if passage.quoted:
            continue
        # A code span or link holds the place of a word, so that the sentence keeps its length.
        told = "".join(c if p else "\0" for c, p in zip(passage.text, passage.plain, strict=True))
        told = re.sub(r"“[^”]*”|\0+", " thing ", told)
        for sentence in re.split(r"(?<=[.!?])\s+|\s\|\s", told):
            spelled = re.findall(r"[A-Za-z]+(?:['’-][A-Za-z]+)*", sentence)
            own = [w for place, w in enumerate(spelled) if place == 0 or not w[0].isupper()]
            if len(own) < 2:
                continue
            sentences += 1
            words += len(own)
            syllables += sum(map(_syllables, own))
    if sentences == 0:
        return 0.0
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def _syllables(word: str) -> int:
    """Vowel groups, less a silent e: right for nine in ten English words."""
    total = 0
    for part in re.split(r"[-'’]", word.lower()):
        groups = len(re.findall(r"[aeiouy]+", part))
        silent = re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxzcg]es$", part)
        total += max(1, groups - bool(silent)) if part else 0
    return max(1, total)
